import { current, type EventError, event, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, type Net, type PairOptions, pair as pairOver } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin, type Visitor } from "../kit/app.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The reason with which the signal of an event was aborted, once it was, and when. */
const ended = new Map<string, { readonly code: string; readonly at: number }>();
function watch(name: string): AbortSignal {
  const { signal } = current();
  ended.delete(name);
  signal.addEventListener("abort", () => ended.set(name, { code: (signal.reason as EventError).code, at: Date.now() }));
  return signal;
}

/** A model that writes token by token. */
abstract class Writer {
  @state text = "";

  @event({ background: true }) async answer(name = "answer") {
    const signal = watch(name);
    for (;;) {
      signal.throwIfAborted();
      await update(() => {
        this.text += ".";
      });
      await sleep(20);
    }
  }
  @event({ background: true, guard: () => !locked }) stop(): number {
    return current().cancel(this.answer);
  }
}
let locked = false;

class Chat extends Writer {
  /** Holds the queue, and commits at each `yield`. */
  @event async *recite(words: number, name = "recite") {
    const signal = watch(name);
    for (let n = 1; n <= words && !signal.aborted; n++) {
      this.text += `${n} `;
      yield n;
      await sleep(20);
    }
    return this.text;
  }
  @event({ background: true }) async *whisper(words: number) {
    const signal = watch("whisper");
    for (let n = 1; n <= words && !signal.aborted; n++) {
      await update(() => {
        this.text += `${n} `;
      });
      yield n;
      await sleep(20);
    }
  }
  @event({ background: true }) stopReciting(): number {
    return current().cancel(this.recite);
  }
  @event stopInTurn(): number {
    return current().cancel(this.answer);
  }
  /** One that stops all calls of its own event but itself. */
  @event({ background: true }) async only(ms: number): Promise<number> {
    const before = current().cancel(this.only);
    await sleep(ms);
    current().signal.throwIfAborted();
    return before;
  }
  @event async stopDraft() {
    return current().cancel((await current().get(Draft)).answer);
  }
  @event stopNothing(what: string) {
    if (what === "helper") return current().cancel(this.helper);
    if (what === "foreign") return current().cancel(Stats.prototype.count);
    return current().cancel(what as never);
  }
  @event({ optimistic: true }) stopAtOnce(): number {
    this.text = "stopped";
    return current().cancel(this.answer);
  }
  protected helper() {}
}
/** Another store of the same room, with the same inherited event. */
class Draft extends Writer {}
class Stats {
  @state visits = 0;
  @event count() {}
}

const stores = { chat: scope.room(Chat, { allow: () => true }), draft: scope.room(Draft, { allow: () => true }), stats: scope.shared(Stats) };
const pair = (more: Partial<PairOptions<typeof stores, {}>> = {}): Net<typeof stores> =>
  pairOver({ stores, storage: lasting(), transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...more });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "OK",
    (error: EventError) => error.code,
  );

test.each(["recite", "whisper"] as const)("`break` out of a loop over a call cancels it: %s", async (name) => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const call = chat[name](1000);
  for await (const n of call) if (n === 3) break;
  expect(await codeOf(call)).toBe("CANCELLED");
  await net.quiet();
  expect(ended.get(name)?.code).toBe("CANCELLED");
  expect(chat.text).toMatch(/^1 2 3 (\d+ ){0,3}$/);
  expect((await net.server.chat("a").$snapshot()).text).toBe(chat.text);
});

test("a call that waits for its turn is refused at once, and never begins", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const running = chat.recite(100);
  const waiting = chat.recite(5, "waiting");
  const code = codeOf(waiting);
  const after = chat.recite(1, "after");
  while (chat.text === "") await net.wait(10);
  ended.delete("waiting");
  waiting.cancel();
  expect(await code).toBe("CANCELLED");
  expect(chat.text).not.toContain("100 ");
  const text = (await running) as string;
  expect(text).toMatch(/ 99 100 $/);
  expect(await after).toBe(`${text}1 `);
  expect(ended.has("waiting")).toBe(false);
});

describe("a cancellation is as sure as its call", () => {
  const begun = async () => {
    const net = pair();
    const client = net.client();
    const chat = await client.chat("a");
    const call = chat.whisper(100_000);
    const code = codeOf(call);
    while (chat.text === "") await net.wait(10);
    return { net, client, chat, call, code };
  };
  const endsAtOnce = async ({ net, code }: Awaited<ReturnType<typeof begun>>) => {
    const since = net.now;
    await net.quiet();
    expect(await code).toBe("CANCELLED");
    expect(net.now - since).toBeLessThan(60_000);
  };

  test("where it is made at once, and may overtake it", async () => {
    await using net = pair();
    const chat = await net.client().chat("a");
    for (let ms = 0; ms < 12; ms++) {
      const call = chat.recite(100_000);
      const code = codeOf(call);
      if (ms > 0) await net.wait(ms);
      call.cancel();
      expect(await code).toBe("CANCELLED");
    }
    const text = chat.text;
    expect(await chat.recite(1)).toBe(`${text}1 `);
  });

  test("where its request is lost", async () => {
    const chat = await begun();
    await using net = chat.net;
    net.next(chat.client, "lose");
    chat.call.cancel();
    await endsAtOnce(chat);
  });

  test("where the line is cut", async () => {
    const chat = await begun();
    await using net = chat.net;
    for await (const n of chat.call) {
      if (n < 3) continue;
      net.cut(chat.client);
      break;
    }
    await net.wait(5000);
    await endsAtOnce(chat);
  });

  test("and ends no call of another incarnation that has its number", async () => {
    const { twin, visitor } = await serveTwin({ stores });
    const browser = visitor();
    const { client } = browser;
    const recite = () => browser.ask("chat.recite", { key: "a", args: encodeValue([1]), call: { client, epoch: 1, n: 1, at: null, seen: 0 } });
    const { i } = (await recite()).value as { i: string };
    expect((await browser.ask("$cancel", { store: "chat", key: "a", client, n: 1, i })).status).toBe(200);
    await twin.chat.delete("a");
    expect((await recite()).status).toBe(200);
  });

  test("where the server is killed before it has the call", async () => {
    await using net = pair();
    const client = net.client();
    const chat = await client.chat("a");
    net.next(client, "lose", "lose");
    const call = chat.recite(100_000);
    const code = codeOf(call);
    call.cancel();
    net.kill();
    await net.quiet();
    expect(await code).toBe("CANCELLED");
    expect(chat.text).toBe("");
  });
});

test("an error in a loop over a call cancels it, and goes on", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const loop = async () => {
    for await (const n of chat.recite(1000)) if (n === 2) throw new Error("enough");
  };
  await expect(loop()).rejects.toThrow("enough");
  await net.quiet();
  expect(ended.get("recite")?.code).toBe("CANCELLED");
});

test("a loop that comes to its end cancels nothing", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const call = chat.recite(3);
  const seen: number[] = [];
  for await (const n of call) seen.push(n);
  expect(seen).toEqual([1, 2, 3]);
  expect(await call).toBe("1 2 3 ");
  await net.quiet();
  expect(ended.has("recite")).toBe(false);
});

test("several loops over one call share its values, and all of them end", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const call = chat.recite(6);
  const seen: number[][] = [[], [], []];
  await Promise.all(
    seen.map(async (mine) => {
      for await (const n of call) mine.push(n);
    }),
  );
  expect(seen.flat().sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await call).toBe("1 2 3 4 5 6 ");
});

test("server code that leaves a loop over a call cancels it", async () => {
  await using net = pair();
  const call = net.server.chat("a").recite(1000);
  const loop = (async () => {
    for await (const n of call) if (n === 1) break;
  })();
  await net.quiet();
  await loop;
  await net.wait(100);
  expect(await codeOf(call)).toBe("CANCELLED");
  expect(ended.get("recite")?.code).toBe("CANCELLED");
  expect((await net.server.chat("a").$snapshot()).text).toMatch(/^1 (2 )?$/);
});

test("an event ends the calls of another one, whoever made them: what was committed stays, on all devices", async () => {
  await using net = pair();
  const first = net.client();
  const mine = await first.chat("a");
  const tab = await net.tab(first).chat("a");
  const device = await net.client().chat("a");
  const elsewhere = await net.client().chat("b");
  const calls = [mine.answer("1"), tab.answer("2"), device.answer("3")].map(codeOf);
  const other = codeOf(elsewhere.answer("4"));
  while (device.text.length < 9 || elsewhere.text.length < 3) await net.wait(5);
  const pressed = Date.now();
  expect(await device.stop()).toBe(3);
  expect(await Promise.all(calls)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
  for (const name of ["1", "2", "3"]) {
    expect(ended.get(name)?.code).toBe("CANCELLED");
    expect((ended.get(name)?.at as number) - pressed).toBeLessThanOrEqual(200);
  }
  expect(ended.has("4")).toBe(false);
  await net.wait(100);
  expect(mine.text.length).toBeGreaterThanOrEqual(9);
  expect([tab.text, device.text]).toEqual([mine.text, mine.text]);
  expect(await device.stop()).toBe(0);
  expect(await elsewhere.stop()).toBe(1);
  expect(await other).toBe("CANCELLED");
});

test("a page that was loaded anew ends the call of the page before", async () => {
  await using net = pair();
  const browser = net.client();
  const before = await browser.chat("a");
  before.answer("before").catch(() => {});
  while (before.text.length < 3) await net.wait(5);
  net.cut(browser);
  const after = await net.tab(browser).chat("a");
  expect(await after.stop()).toBe(1);
  expect(ended.get("before")?.code).toBe("CANCELLED");
});

test("an event beside the queue ends one that holds the queue, and those that wait for it", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const other = await net.client().chat("a");
  const calls = [codeOf(chat.recite(1000, "first"))];
  while (other.text === "") await net.wait(5);
  calls.push(codeOf(other.recite(1000, "second")));
  while (!other.text.includes("3 ")) await net.wait(5);
  expect(await other.stopReciting()).toBe(2);
  expect(await Promise.all(calls)).toEqual(["CANCELLED", "CANCELLED"]);
  expect(ended.get("first")?.code).toBe("CANCELLED");
  // The second one never began.
  expect(ended.has("second")).toBe(false);
  await net.quiet();
  expect(chat.text).toMatch(/^1 2 3 (4 )?$/);
  expect(other.text).toBe(chat.text);
});

test("a call of the event that asks goes on, its others end", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const first = codeOf(chat.only(1000));
  await net.wait(50);
  expect(await chat.only(1)).toBe(1);
  expect(await first).toBe("CANCELLED");
});

test("an inherited event is that of the store that names it", async () => {
  await using net = pair();
  const client = net.client();
  const [chat, draft] = [await client.chat("a"), await client.draft("a")];
  const calls = [chat.answer("chat"), draft.answer("draft")].map(codeOf);
  while (chat.text === "" || draft.text === "") await net.wait(5);
  expect(await chat.stopInTurn()).toBe(1);
  expect(await calls[0]).toBe("CANCELLED");
  expect(ended.has("draft")).toBe(false);
  expect(await draft.stop()).toBe(1);
  expect(await calls[1]).toBe("CANCELLED");
});

test("a guard says who may end calls", async () => {
  await using net = pair();
  const chat = await net.client().chat("a");
  const call = codeOf(chat.answer("guarded"));
  while (chat.text === "") await net.wait(5);
  locked = true;
  expect(await codeOf(chat.stop())).toBe("FORBIDDEN");
  locked = false;
  expect(ended.has("guarded")).toBe(false);
  expect(await chat.stop()).toBe(1);
  expect(await call).toBe("CANCELLED");
});

test.each([
  ["helper", "the function `helper`"],
  ["foreign", "the function `count`"],
  ["text", '"text"'],
])("what is no event of the scope instance is refused: %s", async (what, name) => {
  const errors: string[] = [];
  await using net = pair({ log: ({ message }) => void errors.push(message) });
  const chat = await net.client().chat("a");
  expect(await codeOf(chat.stopNothing(what))).toBe("INTERNAL");
  expect(errors).toEqual([expect.stringContaining(`\`current().cancel()\` was given ${name}, which is no event here.`)]);
});

test("a prediction ends where it cancels: the server alone knows what runs", async () => {
  await using net = pair({ browser: { stores: { chat: Chat } } });
  const chat = await net.client().chat("a");
  const shown: string[] = [];
  chat.$subscribe(() => shown.push(chat.text));
  const call = chat.stopAtOnce();
  expect(chat.text).toBe("");
  expect(await call).toBe(0);
  expect(chat.text).toBe("stopped");
});

class Item {
  @state text = "";
  @event({ background: true, queue: "latest", per: "instance" }) async write(word: string) {
    const { signal } = current();
    await update(() => {
      this.text = word;
    });
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
}
class List {
  @state items: Item[] = [];
  @event fill() {
    this.items.push(new Item(), new Item());
  }
  @event stop() {
    return current().cancel((this.items[0] as Item).write);
  }
}

test("events of instances are ended alike, on all instances; a queue policy looks at one instance", async () => {
  const { visitor } = await serveTwin({ stores: { list: scope.shared(List) }, models: { Item } });
  const [one, other] = [visitor(), visitor()];
  await one.call("list.fill");
  const live = await one.connect(1, { store: "list" });
  await live.state("list");
  const write = async (who: Visitor, row: number, word: string) => {
    const call = who.ask("list.Item.write", { on: live.on("list", ({ items }) => items[row]), args: [word] });
    await live.state("list", ({ items }) => items[row].text === word);
    return { code: call.then(({ error }) => error?.code) };
  };
  const first = await write(one, 0, "a");
  const second = await write(one, 1, "b");
  const third = await write(other, 0, "c");
  expect(await first.code).toBe("SUPERSEDED");
  expect(await other.call("list.stop")).toBe(2);
  expect([await second.code, await third.code]).toEqual(["CANCELLED", "CANCELLED"]);
});
