import { current, type EventError, event, state, update } from "twinstate";
import { type RoomHandle, scope } from "twinstate/server";
import { lasting, type Net, type PairOptions, pair as pairOver } from "twinstate/testing";
import { expect, test } from "vitest";
import { plainValue, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const log: string[] = [];
const note = (what: string) => void log.push(what);
/** Notes how an event's signal ends. */
const watch = (name: string) => {
  const { signal } = current();
  signal.addEventListener("abort", () => note(`${name}: ${(signal.reason as EventError).code}`));
  return signal;
};

/** Does the work for other rooms. */
class Back {
  @state done: string[] = [];

  /** Looks at its signal. */
  @event async work(name: string, ms = 1000) {
    const signal = watch(name);
    this.done.push(`${name} began`);
    for (let t = 0; t < ms && !signal.aborted; t += 10) await sleep(10);
    this.done.push(`${name} ended`);
    return name;
  }
  /** Has a time of its own, and knows nothing of signals. */
  @event({ timeout: 600_000 }) async toil(name: string, ms = 100_000) {
    this.done.push(`${name} began`);
    await sleep(ms);
    this.done.push(`${name} ended`);
    return name;
  }
  @event({ background: true }) async beside(name: string) {
    const signal = watch(name);
    try {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    } finally {
      await update(() => void this.done.push(`${name} cleaned up`));
    }
  }
  @event tidy(name: string) {
    this.done.push(`${name} tidied`);
  }
}

/** Calls other rooms. */
class Front {
  @state notes: string[] = [];

  @event async ask(name: string) {
    return await twin().back("b").work(name);
  }
  @event({ queue: "latest", background: true }) async askBeside(name: string) {
    try {
      return await twin().back("b").work(name);
    } finally {
      await twin().back("c").tidy(name);
    }
  }
  @event async askToil(name: string) {
    return await twin().back("b").toil(name);
  }
  @event async askBackground(name: string) {
    return await twin().back("b").beside(name);
  }
  @event({ background: true, timeout: 2000 }) async askWithin(name: string) {
    return await twin().back("b").toil(name);
  }
  /** Awaits none of its calls. */
  @event async start(name: string, ms: number) {
    for (let n = 1; n <= 12; n++) void twin().back(String(n)).work(`${name}${n}`, 100);
    await sleep(ms);
    if (ms > 50) throw new Error("of its own");
  }
  @event begin() {
    this.notes.push("begun");
    void twin().back("later").work("later", 200);
    return "begun";
  }
  @event({ timeout: 300 }) async short() {
    this.notes.push("short began");
    await sleep(1000);
    try {
      this.notes.push("short ended");
    } finally {
      await twin()
        .back("c")
        .tidy("too late")
        .catch((error: Error) => note(error.message));
    }
  }
  @event({ timeout: 90_000 }) async long() {
    await sleep(60_000);
    this.notes.push("long");
    return "long";
  }
  @event async plain() {
    await sleep(60_000);
  }
  @event({ background: true, timeout: 300 }) async heedful() {
    const signal = watch("heedful");
    try {
      while (!signal.aborted) {
        await update(() => void this.notes.push("heedful"));
        await sleep(100);
      }
    } finally {
      await update(() => void this.notes.push("cleaned up"));
    }
  }
  /** Comes to no end at all. */
  @event({ background: true, timeout: 300 }) async stuck() {
    await sleep(30_000);
    await update(() => void this.notes.push("stuck")).catch((error: Error) => note(error.message));
    await update(() => void this.notes.push("stuck")).catch((error: Error) => note(error.message));
  }
  @event({ background: true }) async endless() {
    await sleep(3600_000);
    return "after an hour";
  }
}

const stores = { front: scope.room(Front, { allow: () => true }), back: scope.room(Back, { allow: () => true }) };
let twin: () => { back: RoomHandle<Back> };
function pair(more: Partial<PairOptions<typeof stores, {}>> = {}): Net<typeof stores> {
  log.length = 0;
  const net = pairOver({ stores, storage: lasting(), transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...more });
  twin = () => net.server;
  return net;
}
const outcome = (call: Promise<unknown>) =>
  call.then(
    (value) => String(value),
    ({ code, message }: EventError) => `${code} ${message}`,
  );

// --- `@event({ timeout })` ---

test("an event of the queue is cut off at its own `timeout`, not at the server's", async () => {
  await using net = pair({ eventTimeout: 10_000 });
  const front = await net.client().front("a");
  const [short, long] = [outcome(front.short()), outcome(front.long())];
  expect(await short).toBe(
    "INTERRUPTED `front.short` ran for more than 300 ms and was cut off: what it had not committed is undone. Use `background: true`, or raise its `@event({ timeout })`.",
  );
  expect(front.notes).toEqual([]);
  expect(await long).toBe("long");
  expect(await outcome(front.plain())).toBe(
    "INTERRUPTED `front.plain` ran for more than 10000 ms and was cut off: what it had not committed is undone. Use `background: true`, or raise `createTwin({ eventTimeout })`, or its own `@event({ timeout })`.",
  );
  expect(front.notes).toEqual(["long"]);
});

test("an event that is out of time calls no others any more", async () => {
  await using net = pair();
  const front = await net.client().front("a");
  expect(await outcome(front.short())).toContain("INTERRUPTED");
  await net.wait(2000);
  expect(log).toEqual([expect.stringContaining("`back.tidy` was not called: the event that calls it is over. `front.short` ran for more than 300 ms")]);
  expect((await net.server.back("c").$snapshot()).done).toEqual([]);
});

test("an event beside the queue is ended at its `timeout`, and cleans up", async () => {
  await using net = pair();
  const front = await net.client().front("a");
  expect(await outcome(front.heedful())).toBe(
    "INTERRUPTED `front.heedful` ran for more than 300 ms and was ended: what it had committed stays. Raise its `@event({ timeout })`.",
  );
  expect(log).toEqual(["heedful: INTERRUPTED"]);
  expect(front.notes).toContain("heedful");
  expect(front.notes.at(-1)).toBe("cleaned up");
});

test("one that does not end is answered for, five seconds later, and changes nothing any more", async () => {
  await using net = pair();
  const front = await net.client().front("a");
  const began = Date.now();
  expect(await outcome(front.stuck())).toContain("INTERRUPTED `front.stuck` ran for more than 300 ms");
  expect(Date.now() - began).toBeLessThan(6000);
  await net.wait(30_000);
  expect(log).toEqual([expect.stringContaining("`front.stuck` ran"), expect.stringContaining("`front.stuck` ran")]);
  expect(front.notes).toEqual([]);
});

test("an event beside the queue without a `timeout` has no limit", async () => {
  await using net = pair();
  const front = await net.client().front("a");
  const call = outcome(front.endless());
  await net.wait(3601_000);
  expect(await call).toBe("after an hour");
});

// --- what an event hands on to those that it calls ---

test.each(["ask", "askBeside"] as const)("an event that is cancelled cancels the calls that it has made to other hosts: %s", async (how) => {
  await using net = pair();
  const [front, back] = [await net.client().front("a"), await net.client().back("b")];
  const call = front[how]("x");
  const ended = outcome(call);
  await net.wait(50);
  call.cancel();
  expect(await ended).toBe("CANCELLED The call was cancelled.");
  await net.quiet();
  expect(log).toEqual(["x: CANCELLED"]);
  expect(back.done).toEqual([]);
  // What cleans up after that is called.
  expect((await net.server.back("c").$snapshot()).done).toEqual(how === "ask" ? [] : ["x tidied"]);
});

test("one that a later call has taken the place of cancels its calls", async () => {
  await using net = pair();
  const front = await net.client().front("a");
  const first = outcome(front.askBeside("x"));
  await net.wait(50);
  const second = outcome(front.askBeside("y"));
  expect(await first).toContain("SUPERSEDED");
  expect(await second).toBe("y");
  expect(log).toEqual(["x: SUPERSEDED"]);
  expect((await net.server.back("b").$snapshot()).done).toEqual(["y began", "y ended"]);
});

test("a call that waits for its turn in another host does not begin", async () => {
  await using net = pair();
  const [front, back] = [await net.client().front("a"), await net.client().back("b")];
  const busy = outcome(back.work("busy", 500));
  await net.wait(20);
  const call = front.ask("x");
  const ended = outcome(call);
  await net.wait(50);
  call.cancel();
  // Nor does the event wait for that turn.
  expect(await ended).toContain("CANCELLED");
  expect((await net.server.back("b").$snapshot()).done).toEqual([]);
  expect(await busy).toBe("busy");
  await net.quiet();
  expect(back.done).toEqual(["busy began", "busy ended"]);
});

test.each([
  ["askToil", "front.askToil", 30_000],
  ["askWithin", "front.askWithin", 2000],
] as const)("an event may not run longer than what is left to the one that has called it: %s", async (how, label, limit) => {
  await using net = pair();
  const front = await net.client().front("a");
  const began = Date.now();
  expect(await outcome(front[how]("x"))).toContain(`${label}\` ran for more than ${limit} ms`);
  expect(Date.now() - began).toBeLessThan(limit + 1000);
  // It was cut off and undone at that time: the next has its turn.
  expect(await outcome((await net.client().back("b")).work("next", 10))).toBe("next");
  expect(Date.now() - began).toBeLessThan(limit + 2000);
  expect((await net.server.back("b").$snapshot()).done).toEqual(["next began", "next ended"]);
});

test("an event beside the queue of another host ends with its caller, and cleans up", async () => {
  await using net = pair({ eventTimeout: 1000 });
  const front = await net.client().front("a");
  expect(await outcome(front.askBackground("x"))).toContain("`front.askBackground` ran for more than 1000 ms");
  await net.quiet();
  expect(log).toEqual(["x: INTERRUPTED"]);
  expect((await net.server.back("b").$snapshot()).done).toEqual(["x cleaned up"]);
});

test("what an event has called and not awaited goes on after it has ended well", async () => {
  const told: string[] = [];
  await using net = pair({ log: ({ message }) => void told.push(message) });
  const front = await net.client().front("a");
  await front.start("x", 10);
  await net.wait(500);
  for (let n = 1; n <= 12; n++) expect((await net.server.back(String(n)).$snapshot()).done).toEqual([`x${n} began`, `x${n} ended`]);
  expect([...log, ...told]).toEqual([]);
});

test("also when the event is cancelled while its commit is on its way into the storage", async () => {
  log.length = 0;
  renew();
  const storage = lasting();
  const { append } = storage;
  storage.append = async (id, commits) => {
    if (id.includes("front")) await wait();
    await append(id, commits);
  };
  const app = await serveTwin({ stores: { front: scope.room(Front, { allow: () => true }), back: stores.back }, storage });
  twin = () => app.twin;
  const visitor = app.visitor();
  const answer = visitor.number("front.begin", 1, [], { key: "front" });
  await reached();
  await visitor.ask("$cancel", { store: "front", key: "front", client: visitor.client, n: 1 });
  gate().open();
  expect(plainValue(await answer)).toBe("begun");
  await expect.poll(async () => (await app.twin.back("later").$snapshot()).done).toEqual(["later began", "later ended"]);
  expect(log).toEqual([]);
});

test("and is cancelled as long as the event runs, also when that fails", async () => {
  const told: string[] = [];
  const warned: string[] = [];
  process.on("warning", ({ name }) => void warned.push(name));
  await using net = pair({ log: ({ message }) => void told.push(message) });
  const front = await net.client().front("a");
  const call = front.start("x", 40);
  const ended = outcome(call);
  await net.wait(25);
  call.cancel();
  expect(await ended).toContain("CANCELLED");
  expect(await outcome(front.start("y", 60))).toContain("INTERNAL");
  await net.wait(500);
  for (let n = 1; n <= 12; n++) expect((await net.server.back(String(n)).$snapshot()).done).toEqual([]);
  expect(told).toEqual(["of its own"]);
  expect(warned).toEqual([]);
});
