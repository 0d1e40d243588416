import { current, type EventError, event, state, update } from "twinstate";
import { type LogEntry, type RoomHandle, scope } from "twinstate/server";
import { lasting, type Net, type PairOptions, pair as pairOver } from "twinstate/testing";
import { expect, test } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

// Behaviours of other systems' state that this one has too, each by its number in the list that they were taken from.

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The names of the events whose signals were aborted. */
const aborted: string[] = [];
const watch = (name: string) => {
  const { signal } = current();
  signal.addEventListener("abort", () => void aborted.push(name));
  return signal;
};
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "OK",
    (error: EventError) => error.code,
  );

class Counter {
  @state count = 0;
  @state log: string[] = [];

  @event async add(name = "add", ms = 0) {
    const signal = watch(name);
    for (let t = 0; t < ms && !signal.aborted; t += 10) await sleep(10);
    this.count++;
  }
  @event({ background: true }) async addMany(times: number) {
    for (let n = 0; n < times; n++) {
      await sleep(1);
      await update(() => void this.count++);
    }
  }
  @event({ background: true }) async *count1000() {
    for (let n = 1; n <= 1000; n++) {
      yield n;
      if (n % 100 === 0) await update(() => void this.count++);
    }
  }
  @event async *steps() {
    const signal = watch("steps");
    try {
      for (let n = 1; !signal.aborted; n++) {
        this.count = n;
        yield n;
        await sleep(20);
      }
    } finally {
      await twin().counter("other").add("after");
    }
  }
  /** Has events of other hosts done, one by the other. */
  @event async chain(depth: number): Promise<void> {
    const signal = watch(`chain ${depth}`);
    if (depth > 0)
      await twin()
        .counter(String(depth - 1))
        .chain(depth - 1);
    else await sleep(10_000);
    signal.throwIfAborted();
    this.count++;
  }
  @event({ background: true }) async nest(how: "awaited" | "forgotten" | "async") {
    await update(() => {
      this.log.push("outer");
      const inner = () => update(() => void this.log.push("inner"));
      if (how === "forgotten") void inner();
      else return (how === "async" ? (async () => inner())() : inner()) as never;
    });
  }
  /** Calls an event beside the queue as the method that it is. */
  @event async inline(fail: boolean) {
    this.count = 100;
    await this.addMany(3);
    if (fail) throw new Error("after it");
    return this.count;
  }
  @event inlineForgotten() {
    void this.addMany(1).catch((error: Error) => aborted.push(error.message));
  }
  /** Has a normal event done on its own room, with arguments of its own. */
  @event({ background: true }) async hire(list: string[]) {
    await update(() => void this.log.push("before"));
    const size = await twin().counter("a").take(list);
    return [...list, size, this.log.length];
  }
  @event take(list: string[]) {
    this.log.push(...list);
    // The argument is the event's own: it may change it, and keep it.
    list.push("mine");
    this.log = list;
    return this.log.length;
  }
  @event({ background: true }) async report(times: number) {
    for (let n = 1; n <= times; n++) {
      await sleep(100);
      await update(() => void (this.count = n));
    }
    return "done";
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
let twin: () => { counter: RoomHandle<Counter> };
function pair(more: Partial<PairOptions<typeof stores, {}>> = {}): Net<typeof stores> {
  aborted.length = 0;
  const net = pairOver({ stores, storage: lasting(), eventRate: 1e6, transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...more });
  twin = () => net.server;
  return net;
}

test("behaviour 45: to cancel an event that waits removes it; to cancel one that runs cancels all that it has had done", async () => {
  await using net = pair();
  const client = net.client();
  const a = await client.counter("a");
  const first = codeOf(a.add("first", 300));
  const waiting = a.add("waiting");
  const waited = codeOf(waiting);
  await net.wait(50);
  waiting.cancel();
  expect([await first, await waited]).toEqual(["OK", "CANCELLED"]);
  expect(a.count).toBe(1);
  const chain = (await client.counter("3")).chain(3);
  const ended = codeOf(chain);
  await net.wait(100);
  chain.cancel();
  expect(await ended).toBe("CANCELLED");
  await net.quiet();
  expect(aborted.sort()).toEqual(["chain 0", "chain 1", "chain 2", "chain 3"]);
  for (const key of ["0", "1", "2", "3"]) expect((await net.server.counter(key).$snapshot()).count).toBe(0);
});

test("behaviour 46: who leaves a stream of values ends what makes them; what was committed before arrives everywhere", async () => {
  await using net = pair();
  const mine = await net.client().counter("a");
  const other = await net.client().counter("a");
  const seen: number[] = [];
  for await (const n of mine.steps()) {
    seen.push(n);
    if (n === 5) break;
  }
  await net.quiet();
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(aborted).toEqual(["steps"]);
  expect(other.count).toBeGreaterThanOrEqual(5);
  expect(other.count).toBeLessThan(8);
  expect(mine.count).toBe(other.count);
  // The end of it is done too.
  expect((await net.server.counter("other").$snapshot()).count).toBe(1);
});

test.each(["awaited", "forgotten", "async"] as const)("behaviour 58: an `update()` inside an `update()` fails at once, and stops nobody: %s", async (how) => {
  const logs: LogEntry[] = [];
  await using net = pair({ log: (entry) => void logs.push(entry) });
  const a = await net.client().counter("a");
  expect(await codeOf(a.nest(how))).toBe("INTERNAL");
  expect(logs.map(({ message }) => message)).toEqual([
    expect.stringContaining(how === "async" ? "a function that returns a promise" : "`update()` was called inside `update()`"),
  ]);
  await a.add();
  expect(a.$snapshot()).toMatchObject({ count: 1, log: [] });
});

test("behaviour 59: an event beside the queue that is called as a method is a part of the event that calls it", async () => {
  await using net = pair();
  const a = await net.client().counter("a");
  expect(await a.inline(false)).toBe(103);
  expect(await codeOf(a.inline(true))).toBe("INTERNAL");
  expect(a.count).toBe(103);
  // It has no turn of its own: after the end of the event it changes nothing.
  await a.inlineForgotten();
  await net.wait(50);
  expect(aborted).toEqual([expect.stringContaining("after it had ended")]);
  expect(a.count).toBe(103);
});

test("behaviour 60: an event that one beside the queue calls runs in its turn on the latest state, with arguments of its own", async () => {
  await using net = pair();
  const a = await net.client().counter("a");
  expect(await a.hire(["x"])).toEqual(["x", 2, 2]);
  expect(a.log).toEqual(["x", "mine"]);
});

test("behaviour 61: events beside the queue and in it lose no increment of one counter, and 1,000 fast yields all arrive", async () => {
  await using net = pair();
  const clients = [net.client(), net.client(), net.client()];
  const counters = await Promise.all(clients.map((client) => client.counter("a")));
  const calls: Promise<unknown>[] = [];
  for (let round = 0; round < 10; round++) {
    for (const counter of counters) {
      calls.push(counter.addMany(20));
      for (let n = 0; n < 5; n++) calls.push(counter.add());
    }
    calls.push(net.server.counter("a").add());
    await net.wait(3);
  }
  const fast = (async () => {
    const seen: number[] = [];
    for await (const n of (counters[0] as (typeof counters)[0]).count1000()) seen.push(n);
    return seen;
  })();
  expect(await fast).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
  await Promise.all(calls);
  await net.quiet();
  const total = 10 * (3 * (20 + 5) + 1) + 10;
  for (const { count } of counters) expect(count).toBe(total);
  expect((await net.server.counter("a").$snapshot()).count).toBe(total);
});

test("behaviour 62: an event beside the queue outlives the stream of its caller, and what it does later comes by the next one", async () => {
  await using net = pair();
  const client = net.client();
  const a = await client.counter("a");
  const call = a.report(40);
  while (a.count < 3) await net.wait(10);
  net.cut(client);
  await net.wait(1000);
  const missed = a.count;
  expect((await net.server.counter("a").$snapshot()).count).toBeGreaterThan(missed + 5);
  net.heal(client);
  const shown: number[] = [];
  a.$subscribe(() => void shown.push(a.count));
  expect(await call).toBe("done");
  expect(shown.at(-1)).toBe(40);
  // Its changes go on to arrive one by one: they do not wait for its end.
  expect(shown.filter((count) => count > missed + 10 && count < 40).length).toBeGreaterThan(5);
});

test("behaviour 66: an event that keeps its turn for more than a second is named in a warning", async () => {
  const logs: LogEntry[] = [];
  await using net = pair({ log: (entry) => void logs.push(entry) });
  const a = await net.client().counter("a");
  await a.add("quick", 800);
  await a.report(20);
  expect(logs).toEqual([]);
  await a.add("slow", 1200);
  expect(logs.map(({ level, message }) => [level, message])).toEqual([
    ["warn", expect.stringMatching(/^`counter.add` kept its turn for 12\d\d ms, and other events of its scope instance could not run meanwhile\./)],
  ]);
});
