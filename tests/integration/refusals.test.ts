import { EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import * as v from "valibot";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { decodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { soon } from "../kit/soon.js";

// A refusal reaches whoever has called, whatever is in it. tests/property/endings.test.ts tries everything else that an event may end with.

/** What JSON would lose. */
const rich = () => {
  const self: Record<string, unknown> = { name: "cycle" };
  self.self = self;
  return { at: new Date(5), of: new Map([[1n, "a"]]), tags: new Set(["b"]), none: undefined, nan: Number.NaN, bytes: new Uint8Array([1, 255]), left: 0n, self };
};
const RICH = expect.objectContaining({ ...rich(), self: expect.objectContaining({ name: "cycle" }) });

class Shop {
  @state n = 0;
  @event buy() {
    this.n++;
    throw refused();
  }
  @event *queue() {
    yield { so: "far" };
    throw refused();
  }
  @event({ background: true }) async later() {
    throw refused();
  }
  @event({ volatile: true }) look() {
    throw refused();
  }
  @event fail(what: string) {
    throw FAILURES[what]?.();
  }
  @event(v.map(v.any(), v.string())) put(_: Map<any, string>) {}
  @event(z.array(z.object({ a: z.string() }))) many(_: { a: string }[]) {}
  @event(z.strictObject({ a: z.string() })) strict(_: { a: string }) {}
  @event unsound() {
    throw new EventError("INVALID", "x".repeat(100_000), { issues: Array.from({ length: 10_000 }, () => ({ message: "m".repeat(10_000), path: ["p"] })) });
  }
  @event next() {
    return ++this.n;
  }
}
function refused() {
  return new EventError("NOT_FOUND", "Nothing is left.", rich() as unknown as undefined);
}
const thrower = (name: string, of: object) =>
  Object.defineProperty(of, name, {
    get() {
      throw new Error("a trap");
    },
  });
const FAILURES: Readonly<Record<string, () => unknown>> = {
  "a promise as data": () => new EventError("NOT_FOUND", "Told.", Promise.reject(new Error("later")) as unknown as undefined),
  "a bigint that is too long": () => new EventError("NOT_FOUND", "Told.", { n: 10n ** 20_000n } as unknown as undefined),
  "too much data": () => new EventError("NOT_FOUND", "Told.", { text: "x".repeat(100_000) } as unknown as undefined),
  "a message that throws": () => thrower("message", new EventError("NOT_FOUND", "")),
  undefined: () => undefined,
};

test.each(["sse", "websocket"] as const)("the data of a refusal arrives as it was thrown, by %s", async (transport) => {
  await using net = pair({ stores: { shop: scope.shared(Shop) }, storage: lasting(), transport, socketEvents: transport === "websocket" });
  const shop = await net.client().shop();
  const asked = await Promise.allSettled([shop.buy(), shop.buy(), shop.queue(), shop.later(), shop.look()]);
  for (const one of asked) {
    const error = (one as PromiseRejectedResult).reason as EventError;
    expect([error.code, error.message, error.data]).toEqual(["NOT_FOUND", "Nothing is left.", RICH]);
    const { self } = error.data as unknown as ReturnType<typeof rich>;
    expect(self.self).toBe(self);
  }
  expect(await shop.next()).toBe(1);
});

test("a refusal is kept, and is the same after a kill", async () => {
  await using net = pair({ stores: { shop: scope.shared(Shop) }, storage: lasting() });
  const shop = await net.client().shop();
  await shop.next();
  net.kill("answer");
  await expect(shop.buy()).rejects.toMatchObject({ code: "NOT_FOUND", data: RICH });
});

test("server code gets the data of a refusal as it was thrown", async () => {
  await using net = pair({ stores: { shop: scope.shared(Shop) } });
  await expect(net.server.shop().buy()).rejects.toMatchObject({ code: "NOT_FOUND", data: RICH });
});

test("state in the data of a refusal is told as it is when the event is undone", async () => {
  class Cart {
    @state items = [{ id: 1, left: 3 }];
    @event take(id: number) {
      const item = this.items[0] as { id: number; left: number };
      item.left = 0;
      this.items.push({ id, left: 0 });
      throw new EventError("NOT_FOUND", "None is left.", { item, added: this.items[1], all: this.items } as unknown as undefined);
    }
  }
  await using net = pair({ stores: { cart: scope.shared(Cart) } });
  const cart = await net.client().cart();
  const data = { item: { id: 1, left: 3 }, added: { id: 5, left: 0 }, all: [{ id: 1, left: 3 }] };
  await expect(cart.take(5)).rejects.toMatchObject({ data });
  expect(cart.items).toEqual([{ id: 1, left: 3 }]);
});

test("a store that is refused says so with its data, on the stream and on a page", async () => {
  const stores = { shop: scope.room(Shop, { allow: () => Promise.reject(refused()) }) };
  await using net = pair({ stores });
  await expect(net.client().shop("a")).rejects.toMatchObject({ code: "NOT_FOUND", data: RICH });
});

test("stock clients get what JSON can write of it", async () => {
  const { visitor } = await serveTwin({ stores: { shop: scope.shared(Shop) } });
  const { status, error } = await visitor().ask("shop.buy", { args: [] });
  expect([status, error?.code, error?.message]).toEqual([404, "NOT_FOUND", "Nothing is left."]);
  // Its cycle cannot be written: all of it stands beside, as an encoded value.
  expect(error?.data).toBeUndefined();
  expect(decodeValue((error as unknown as { value: unknown }).value)).toEqual(RICH);
});

test.each(Object.keys(FAILURES))("a refusal that cannot be told whole is told as far as it can be: %s", async (what) => {
  const { site, logs } = await serveTwin({ stores: { shop: scope.shared(Shop) } });
  const shop = await openTwin(openClient(site.url), "shop");
  const error = (await call(shop, "fail", what).then(undefined, (error: unknown) => error)) as EventError;
  const told = what === "undefined" || what.includes("message") ? ["INTERNAL", { id: logs[0]?.id }] : ["NOT_FOUND", undefined];
  expect([error?.code, error?.data]).toEqual(told);
  expect(logs).toHaveLength(1);
  if (told[0] === "NOT_FOUND")
    expect(logs[0]?.message).toMatch(/^The data of `EventError\("NOT_FOUND"\)` cannot be sent: .+ The caller is told its code and message alone\.$/);
  expect(await call(shop, "next")).toBe(1);
});

test("keys of a Map that a schema names in its issues are told as text", async () => {
  await using net = pair({ stores: { shop: scope.shared(Shop) } });
  const shop = await net.client().shop();
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const [key, text] of [
    [1n, "1"],
    [cycle, "Array"],
    [new Date(0), "Date"],
    [undefined, "undefined"],
  ] as const)
    await expect(shop.put(new Map([[key, 5 as unknown as string]]))).rejects.toMatchObject({ code: "INVALID", data: { issues: [{ path: [0, text] }] } });
  expect(await shop.next()).toBe(1);
});

test("however many issues a schema finds, and however long they are, the answer is short", async () => {
  const { visitor: open } = await serveTwin({ stores: { shop: scope.shared(Shop) } });
  const visitor = open();
  const answers = [
    await visitor.ask("shop.many", { args: [Array.from({ length: 50_000 }, () => 1)] }),
    await visitor.ask("shop.strict", { args: [Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`a name that is not known ${i}`, 1]))] }),
    await visitor.ask("shop.many", { args: [[{ ["x".repeat(100_000)]: 1 }]] }),
    await visitor.ask("shop.unsound", { args: [] }),
  ];
  for (const { error, text } of answers) {
    expect(error?.code).toBe("INVALID");
    expect(text.length).toBeLessThan(40_000);
  }
  expect(answers[0]?.error?.data).toMatchObject({ issues: { length: 100 }, more: 49_900 });
  expect(answers[3]?.error?.data).toMatchObject({ more: 10_000 - 32 });
});

test("an app's log that throws is told of on the console, and so is what it was to take", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => print.mockRestore());
  const log = () => {
    throw new Error("The log is down.");
  };
  const { visitor } = await serveTwin({ stores: { shop: scope.shared(Shop) }, log, logArguments: () => log() });
  expect((await visitor().ask("shop.fail", { args: ["undefined"] })).error?.code).toBe("INTERNAL");
  await soon(() => expect(String(print.mock.calls)).toContain("The app's own `log` or `logArguments` has thrown: The log is down."));
  expect(await visitor().call("shop.next")).toBe(1);
});

/** What is more than its properties tell. */
const things = new Map<string, () => unknown>([
  ["File", () => new File(["x"], "a.txt")],
  ["Blob", () => new Blob(["x"])],
  ["Error", () => Object.assign(new TypeError("x"), { code: "E" })],
  ["Promise", () => Promise.reject(new Error("Nobody waits for it."))],
  ["WeakMap", () => new WeakMap()],
  ["Headers", () => new Headers()],
  ["Number", () => Object(5)],
]);

test("what cannot travel is refused, as an argument, an answer and a yield", async () => {
  class Desk {
    @event put(value: unknown) {
      return typeof value;
    }
    @event give(which: string) {
      return { it: things.get(which)?.() };
    }
    @event *pass(which: string) {
      try {
        yield [things.get(which)?.()];
      } finally {
        closed.push(which);
      }
    }
  }
  const closed: string[] = [];
  const { site, logs } = await serveTwin({ stores: { desk: scope.shared(Desk) } });
  const desk = await openTwin(openClient(site.url), "desk");
  for (const [name, make] of things) {
    const message = `A ${name} cannot be sent. Send plain data.`;
    const thing = make();
    if (thing instanceof Promise) thing.catch(() => {});
    // Files travel as arguments, by requests of their own.
    if (thing instanceof Blob) expect(await call(desk, "put", [thing])).toBe("object");
    else await expect(call(desk, "put", [thing])).rejects.toMatchObject({ code: "INVALID", message });
    await expect(call(desk, "give", name)).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(call(desk, "pass", name)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logs.splice(0).map((entry) => entry.message)).toEqual([message, message]);
  }
  expect(closed).toEqual([...things.keys()]);
  class Empty {}
  expect(await call(desk, "put", new Empty())).toBe("object");
});

test("a `toJSON` that gives itself, or leads back, is taken as JSON takes it", async () => {
  class Box {
    @event give(): unknown {
      const own = { a: 1, toJSON: () => own };
      const back = { toJSON: () => ({ back }) };
      return { own, again: own, back };
    }
  }
  await using net = pair({ stores: { box: scope.shared(Box) } });
  const box = await net.client().box();
  const { own, again, back } = (await box.give()) as { own: object; again: object; back: { back: unknown } };
  expect(own).toEqual({ a: 1 });
  expect(again).toBe(own);
  expect(back.back).toBe(back);
});

describe("a code of the server's own that an app throws reaches its caller:", () => {
  const CODES = ["UNAVAILABLE", "OUT_OF_ORDER", "RATE_LIMITED", "OFFLINE", "UNKNOWN_OUTCOME", "OUTDATED"] as const;
  // Whatever the data say: only the server itself can say that a call is to be made again.
  const DATA = { limit: "eventRate", retryAfter: 1, again: true, expected: 1 };
  class Bank {
    @state n = 0;
    @event pay(code: string) {
      this.n++;
      throw new EventError(code as "UNAVAILABLE", "The bank is closed.", DATA as unknown as undefined);
    }
    @event *steps(code: string) {
      this.n++;
      yield 1;
      throw new EventError(code as "UNAVAILABLE", "The bank is closed.", DATA as unknown as undefined);
    }
    @event({ volatile: true }) look(code: string) {
      throw new EventError(code as "UNAVAILABLE", "The bank is closed.", DATA as unknown as undefined);
    }
    @event({ guard: () => refuse() }) guarded() {}
    @event async through(code: string) {
      await server?.other().pay(code);
    }
  }
  function refuse(): never {
    throw new EventError("UNAVAILABLE", "Not today.");
  }
  let server: { other(): { pay(code: string): Promise<unknown> } } | undefined;

  test.each(CODES)("%s", async (code) => {
    await using net = pair({ stores: { bank: scope.shared(Bank), other: scope.room(Bank, { allow: () => true }) }, storage: lasting() });
    server = { other: () => net.server.other("a") as never };
    const tab = net.client();
    const bank = await tab.bank();
    const told = expect.objectContaining({ code, message: "The bank is closed.", data: DATA });
    for (const call of [() => bank.pay(code), () => bank.steps(code), () => bank.look(code), () => bank.through(code)])
      await expect(call()).rejects.toEqual(told);
    await expect(net.server.bank().pay(code)).rejects.toEqual(told);
    await expect(net.server.bank().steps(code)).rejects.toEqual(told);
    await expect(bank.guarded()).rejects.toMatchObject({ code: "UNAVAILABLE", message: "Not today." });
    // Each was made once, and what it did before it threw, and had not yielded, is undone.
    expect([bank.n, tab.$status.current.pending]).toEqual([2, 0]);
  });
});

test("a code of the server's own that the app's context throws reaches the caller of an event", async () => {
  class Open {
    @event hello() {
      return "hello";
    }
  }
  const { site } = await serveTwin({
    stores: { open: scope.shared(Open) },
    context: async ({ headers }) => {
      if (headers.get("x-shut")) throw new EventError("UNAVAILABLE", "The directory of users is down.");
      return {};
    },
  });
  let shut = false;
  const jar = new Jar();
  const fetch: typeof globalThis.fetch = (input, init) => jar.fetch(input, shut ? { ...init, headers: { ...(init?.headers as object), "x-shut": "1" } } : init);
  const open = await openTwin(openClient(site.url, { line: { fetch, openSocket: jar.openSocket } }), "open");
  shut = true;
  await expect(call(open, "hello")).rejects.toMatchObject({ code: "UNAVAILABLE", message: "The directory of users is down." });
  shut = false;
  expect(await call(open, "hello")).toBe("hello");
});

test("what a schema says is what its user reads: one issue as it is, several as sentences, with the event beside", async () => {
  class Chat {
    @event(z.string().min(1, "Say something")) say(_text: string) {}
    @event(z.object({ name: z.string().min(1, "Give your name."), age: z.number().min(18, "You must be 18") })) join(_who: { name: string; age: number }) {}
    @event(z.array(z.string().refine((text) => text === "", { error: ({ input }) => `No ${String(input)}` }))) many(_list: string[]) {}
  }
  await using net = pair({ stores: { chat: scope.shared(Chat) } });
  const chat = await net.client().chat();
  await expect(chat.say("")).rejects.toMatchObject({
    code: "INVALID",
    message: "Say something",
    data: { event: "chat.say", issues: [{ message: "Say something", path: [0] }] },
  });
  await expect(chat.join({ name: "", age: 3 })).rejects.toMatchObject({ message: "Give your name. You must be 18." });
  await expect(chat.many(Array.from({ length: 9 }, (_, i) => `${i}`))).rejects.toMatchObject({ message: "No 0. No 1. No 2. No 3. No 4. And 4 more." });
  // What no schema says is for who writes the app.
  await expect((chat as unknown as { say(...args: unknown[]): Promise<void> }).say("a", "b")).rejects.toMatchObject({
    message: "The arguments of `chat.say` are not valid: Expected at most 1 arguments, got 2.",
  });
});
