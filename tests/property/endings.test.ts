// biome-ignore-all lint/suspicious/noThenProperty: objects that only look like promises are of what an event may give.
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { computed, EventError, effect, event, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin, type Visitor } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { Random } from "../kit/random.js";

// How an event can end: whatever it throws, gives, yields or asks for, by whatever way it was called, the process lives, the call is answered, and the next one works.

const full = process.env.TEST_FULL !== undefined;
const rounds = full ? 4000 : 700;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

const bomb = (): never => {
  throw new Error("It throws when it is looked at.");
};
const TRAPS = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, bomb]));
const hostile = (target: object = {}) => new Proxy(target, TRAPS as ProxyHandler<object>);
const thrower = (name: string, of: object = {}) => Object.defineProperty(of, name, { enumerable: true, get: bomb });
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const cycle = () => {
  const value: Record<string, unknown> = { name: "cycle" };
  value.self = value;
  return value;
};
const deep = (levels: number) => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? { value } : [value];
  return value;
};
const endless = (): object => ({
  get next() {
    return endless();
  },
});
class Private {
  readonly #secret = 1;
  get secret() {
    return this.#secret;
  }
}

/** Values of every kind. */
const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  zero: () => 0,
  "an empty text": () => "",
  NaN: () => Number.NaN,
  bigint: () => 1n,
  "a huge bigint": () => 10n ** 20_000n,
  symbol: () => Symbol("x"),
  function: () => () => 1,
  class: () => Private,
  "an object": () => ({ left: 0n, at: new Date(0), tags: new Set([1]) }),
  "a cycle": cycle,
  "a Map with a cycle as key": () => new Map([[cycle(), cycle()]]),
  "a deep value": () => deep(30_000),
  "a long text": () => "x".repeat(300_000),
  "a long list": () => Array.from({ length: 50_000 }, (_, i) => i),
  "a list of 4 billion holes": () => new Array(2 ** 32 - 1),
  "an invalid date": () => new Date(Number.NaN),
  bytes: () => new Uint8Array([1, 2]),
  "a WeakMap": () => new WeakMap(),
  "a File": () => new File(["x"], "x.txt"),
  "a promise": () => Promise.resolve(1),
  "a promise that rejects": () => Promise.reject(new Error("Nobody waits for it.")),
  "promises that reject": () => ({ list: [Promise.reject(1)], map: new Map([[1, Promise.reject(Symbol("x"))]]) }),
  "a thenable that throws": () => ({ then: bomb }),
  "a thenable that rejects": () => ({ then: (_: unknown, reject: (why: unknown) => void) => reject(Symbol("x")) }),
  "a getter of then that throws": () => thrower("then"),
  "a Proxy that throws": () => hostile(),
  "a list that throws": () => hostile([]),
  "a function that throws": () => hostile(() => {}),
  "a revoked Proxy": revoked,
  "a getter that throws": () => thrower("x"),
  "getters without end": endless,
  "a toJSON that throws": () => ({ toJSON: bomb }),
  "a toJSON that gives itself": () => ({
    toJSON() {
      return this;
    },
  }),
  "a toJSON that leads back": () => ({
    toJSON() {
      return { self: this };
    },
  }),
  "a toString that throws": () => ({ toString: bomb, [Symbol.toPrimitive]: bomb }),
  "an object without prototype": () => Object.create(null),
  "an instance": () => new Private(),
  "an error": () => new Error("An error."),
  "an error with a message that throws": () => thrower("message", new Error()),
  "an error with a stack that throws": () => thrower("stack", new Error()),
  "an error with a cause that throws": () => thrower("cause", new Error()),
  "an error of its own kind": () => Object.assign(new Error("x".repeat(1e6)), { code: Symbol("x"), toString: bomb }),
  "an error that is inspected": () => Object.assign(new Error("x"), { [Symbol.for("nodejs.util.inspect.custom")]: bomb }),
  "a DOMException": () => new DOMException("x", "AbortError"),
  "a generator": () =>
    (function* () {
      yield 1;
    })(),
  "what calls itself a generator": () => ({ [Symbol.toStringTag]: "Generator", next: bomb }),
  "a Response": () => new Response("x"),
  "an EventError": () => new EventError("INVALID", "No.", { issues: [{ message: "No", path: ["a", 1] }] }),
  "an EventError with a message that throws": () => thrower("message", new EventError("NOT_FOUND", "")),
  "an EventError with a code that throws": () => thrower("code", new EventError("NOT_FOUND", "")),
  "an EventError with data that throws": () => thrower("data", new EventError("NOT_FOUND", "")),
  "an EventError with a long message": () => new EventError("FORBIDDEN", "x".repeat(1e6)),
}; // prettier-ignore
const KINDS = Object.keys(VALUES);
const make = (which: string) => (VALUES[which] as () => unknown)();

/** What becomes of a value. */
const ENDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  throw: (value) => {
    throw value;
  },
  give: (value) => value,
  reject: (value) => Promise.reject(value),
  "give in a list": (value) => [value, { value }],
  "throw as data": (value) => {
    throw new EventError("NOT_FOUND", "With data.", value as undefined);
  },
  "throw as message": (value) => {
    throw Object.assign(new EventError("NOT_FOUND", ""), { message: value, code: value });
  },
  "throw as issues": (value) => {
    throw new EventError("INVALID", "With issues.", { issues: [{ message: value, path: [value, { key: value }] }, value, hostile()] as never });
  },
  "throw as cause": (value) => {
    throw new Error("With a cause.", { cause: value });
  },
  "ask for": (value) => (effect as unknown as Record<string, (value: unknown) => void>).toast?.(value),
};
const end = (how: string, which: string) => (ENDS[how] as (value: unknown) => unknown)(make(which));

/** A schema that does with a value what the arguments ask for. */
const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: (given: unknown) => {
      const [how, which] = String(given).split(":") as [string, string];
      if (how === "issues") return { issues: make(which) };
      if (how === "issue") return { issues: [make(which)] };
      if (how === "key") return { issues: [{ message: make(which), path: [make(which), { key: make(which) }] }] };
      return how.startsWith("throw") ? end(how, which) : { value: given };
    },
  },
} as StandardSchemaV1;

let computes: [how: string, which: string] | undefined;

class Ends {
  @state n = 0;
  @state any: unknown = null;
  @computed get value(): unknown {
    return this.n > 0 && computes ? end(...computes) : 0;
  }
  @event next() {
    computes = undefined;
    this.any = null;
    return ++this.n;
  }
  @event sync(how: string, which: string) {
    this.n++;
    return end(how, which);
  }
  @event async later(how: string, which: string) {
    await undefined;
    return end(how, which);
  }
  @event *generator(how: string, which: string) {
    yield make(which);
    return end(how, which);
  }
  @event async *asyncGenerator(how: string, which: string) {
    try {
      yield 1;
      yield make(which);
      return how.startsWith("throw") ? undefined : end(how, which);
    } finally {
      if (how.startsWith("throw")) end(how, which);
    }
  }
  @event({ background: true }) async beside(how: string, which: string) {
    await undefined;
    return end(how, which);
  }
  @event({ background: true }) async *besideGenerator(how: string, which: string) {
    yield make(which);
    return end(how, which);
  }
  @event({ background: true }) async inUpdate(how: string, which: string) {
    return update(() => end(how, which) as never);
  }
  @event({ optimistic: true }) optimistic(how: string, which: string) {
    return end(how, which);
  }
  @event({ volatile: true }) volatile(how: string, which: string) {
    return end(how, which);
  }
  @event({ queue: "latest" }) async latest(how: string, which: string) {
    return end(how, which);
  }
  @event({ queue: "drop" }) async drop(how: string, which: string) {
    return end(how, which);
  }
  @event({ guard: (_, __, how, which) => end(how as string, which as string) as boolean }) guarded(_how: string, _which: string) {}
  @event(schema) checked(_: unknown) {}
  @event computed(how: string, which: string) {
    // Promises in what it gives are the app's.
    if (which !== "promises that reject") computes = [how, which];
    this.n++;
  }
  @event keep(_how: string, which: string) {
    // Of several promises, state refuses the first, and the others are the app's.
    this.any = which === "promises that reject" ? undefined : make(which);
  }
}
const FORMS = Object.getOwnPropertyNames(Ends.prototype).filter((name) => !["constructor", "value", "next"].includes(name));

type Way = (event: string, args: readonly unknown[]) => Promise<unknown>;

async function start() {
  const app = await serveTwin({
    stores: { ends: scope.shared(Ends) },
    eventRate: Infinity,
    maxPending: Infinity,
    log: ({ error }) => {
      // An app's log may fail as well.
      throw error;
    },
  });
  onTestFinished(await app.twin.attach(app.site.server, { events: true }));
  // A value that takes long to look through is no reason for lines to be closed.
  app.site.server.keepAliveTimeout = 60_000;
  const visitor = app.visitor();
  const { jar } = visitor;
  let n = 0;
  const [http, socket] = await Promise.all([
    openTwin(openClient(app.site.url, { transport: "sse" }), "ends"),
    openTwin(openClient(app.site.url, { transport: "websocket" }), "ends"),
  ]);
  const batched = (paths: readonly string[], inputs: object, headers = {}) =>
    jar.fetch(`${app.site.url}/${paths.join()}?batch=1`, {
      method: "POST",
      body: JSON.stringify(inputs),
      headers: { "content-type": "application/json", ...headers },
    });
  const ways: Readonly<Record<string, Way>> = {
    "server code": (event, args) =>
      (app.twin.ends() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[event]?.(...args) as Promise<unknown>,
    "a client": (event, args) => call(http, event, ...args),
    "a client by socket": (event, args) => call(socket, event, ...args),
    "a stock client": (event, args) => visitor.call(`ends.${event}`, ...args),
    "a batch of a stock client": async (event, args) => (await batched([`ends.${event}`, "ends.next"], { 0: { args }, 1: { args: [] } })).json(),
    "a streamed batch": async (event, args) => {
      const call = { client: visitor.client, epoch: 1, at: null, seen: n };
      const inputs = [event, "next"].map((_, i) => ({ args: encodeValue(i === 0 ? args : []), call: { ...call, n: ++n } }));
      const answer = await batched([`ends.${event}`, "ends.next"], { ...inputs }, { "trpc-accept": "application/jsonl" });
      const lines = (await answer.text()).split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as unknown);
    },
    "a form": async (event, args) => {
      const body = new URLSearchParams([[`$ends.${event}`, ""], ...args.map((arg, i) => [`f${i}`, String(arg)])] as string[][]);
      const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
      return (await jar.fetch(`${app.site.url}/$form`, { method: "POST", body, headers, redirect: "manual" })).text();
    },
  };
  return { ways, visitor };
}

async function works(visitor: Visitor, after: string): Promise<void> {
  try {
    expect(await visitor.call("ends.next")).toBeGreaterThan(0);
  } catch (error) {
    throw new Error(`The next event fails after ${after}`, { cause: error });
  }
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heap = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** Fails where no answer has come for long. */
async function answered(what: string, answer: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer to ${what}`)), 60_000);
  });
  const settled = answer.then(
    () => {},
    () => {},
  );
  await Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

test(`however an event ends, the process lives, the call is answered, and the next one works (seed ${seed})`, async () => {
  const random = new Random(seed);
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  const { error: print } = console;
  // What neither the app's log nor the console can show is printed in few words.
  console.error = () => {};
  onTestFinished(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
    console.error = print;
  });
  const { ways, visitor } = await start();
  await works(visitor, "the start");
  const before = heap();
  for (let i = 0; i < rounds; i++) {
    const [form, way, which] = [random.pick(FORMS), random.pick(Object.keys(ways)), random.pick(KINDS)];
    const how = form === "checked" ? random.pick(["issues", "issue", "key", ...Object.keys(ENDS)]) : random.pick(Object.keys(ENDS));
    const what = `${form} by ${way}: ${how}, ${which}`;
    await answered(what, (ways[way] as Way)(form, form === "checked" ? [`${how}:${which}`] : [how, which]));
    if (unhandled.length > 0) throw new Error(`Nobody has handled what came of ${what}: ${inspect(unhandled[0])}`);
    await works(visitor, what);
  }
  expect(heap() - before).toBeLessThan(100e6);
}, 600_000);
