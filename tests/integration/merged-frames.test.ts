import { reaction } from "mobx";
import { current, event, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { type Follower, plainValue, serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin, shown } from "../kit/client.js";
import { Network } from "../kit/network.js";

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    return this.lines.push(line);
  }
  /** Changes both stores at each `yield`, all in one turn of the event loop. */
  @event async *count(to: number) {
    const tally = await current().get(Tally);
    for (let n = 1; n <= to; n++) {
      this.lines.push(String(n));
      tally.n = n;
      yield n;
    }
    return to;
  }
  @event *rows(to: number) {
    for (let n = 1; n <= to; n++) {
      this.lines.push(String(n));
      yield this.lines;
    }
  }
  @event({ background: true }) async fill(to: number) {
    await Promise.all(Array.from({ length: to }, (_, n) => update(() => this.lines.push(String(n + 1)))));
  }
}
class Tally {
  @state n = 0;
}

const allow = () => true;
const stores = { log: scope.room(Log, { allow }), tally: scope.room(Tally, { allow }), own: Log };
const key = "a";
const numbers = (to: number) => Array.from({ length: to }, (_, n) => String(n + 1));
const framesOf = (live: Follower) => live.all("frame") as never[];
const revisionsOf = (live: Follower) => framesOf(live).flatMap((frame) => commitsOf(frame).map(({ revision }) => revision));

/** Counts the turns of the event loop. */
function ticks(): () => number {
  let count = 1;
  let next = setImmediate(function beat() {
    count++;
    next = setImmediate(beat);
  });
  onTestFinished(() => clearImmediate(next));
  return () => count;
}

test("a generator that yields a thousand times at once sends a frame for each tick and reader at most, and every yield", async () => {
  const app = await serveTwin({ stores });
  const [caller, other] = [app.visitor(), app.visitor()];
  const mine = await caller.connect(1, { store: "log", key }, { store: "tally", key });
  const readers = [mine, other.live({ store: "log", key }, { store: "tally", key }), other.live({ store: "tally", key })];
  for (const live of readers) await live.state("tally");
  const count = ticks();
  expect(plainValue(await caller.number("log.count", 1, [1000], { key }))).toBe(1000);
  for (const live of readers) {
    await live.state("tally", ({ n }) => n === 1000);
    expect(framesOf(live).length).toBeLessThanOrEqual(count());
    // A thousand revisions, none of them twice.
    expect(revisionsOf(live)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
  }
  expect((await mine.state("log")).lines).toEqual(numbers(1000));
  await mine.until(([kind, ...rest]) => kind === "yield" && String(rest.at(-1)) === "1000");
  expect(mine.all("yield").map((message) => String(message.at(-1)))).toEqual(numbers(1000));
});

test("a background event with many updates in one tick sends them as one frame", async () => {
  const app = await serveTwin({ stores });
  const visitor = app.visitor();
  const readers = [visitor.live({ store: "log", key }), visitor.live({ store: "log", key })];
  for (const live of readers) await live.state("log");
  const count = ticks();
  await visitor.callIn(key, "log.fill", 300);
  for (const live of readers) {
    await live.state("log", ({ lines }) => (lines as string[]).length === 300);
    expect(framesOf(live).length).toBeLessThanOrEqual(count());
    expect(framesOf(live).length).toBeLessThan(100);
  }
  expect((await readers[0]?.state("log"))?.lines).toEqual(numbers(300));
});

test("a yield that names containers of the state keeps its place between the frames", async () => {
  const app = await serveTwin({ stores });
  const visitor = app.visitor();
  const live = await visitor.connect(1, { store: "log", key });
  await live.state("log");
  await visitor.number("log.rows", 1, [3], { key });
  await live.state("log", ({ lines }) => (lines as string[]).length === 3);
  const kinds = live.messages.map(([kind]) => (typeof kind === "number" ? "frame" : kind)).filter((kind) => kind === "frame" || kind === "yield");
  expect(kinds).toEqual(["frame", "yield", "frame", "yield", "frame", "yield"]);
});

test("a merged frame is applied at once: no reader sees one store without the other", async () => {
  const { site } = await serveTwin({ stores });
  const client = openClient(site.url);
  const [log, tally] = [await openTwin(client, "log", key), await openTwin(client, "tally", key)];
  const [lines, live] = [liveOf(log) as Log, liveOf(tally) as Tally];
  const seen: [number, number][] = [];
  onTestFinished(
    reaction(
      () => [lines.lines.length, live.n] as [number, number],
      (both) => void seen.push(both),
    ),
  );
  const yielded: unknown[] = [];
  const counting = call(log, "count", 1000) as unknown as AsyncIterable<unknown>;
  for await (const n of counting) yielded.push(n);
  expect(yielded.map(String)).toEqual(numbers(1000));
  expect(seen.at(-1)).toEqual([1000, 1000]);
  expect(seen.filter(([one, other]) => one !== other)).toEqual([]);
  expect(seen.length).toBeLessThan(500);
});

test("a client that an answer has brought the first commits of a merged frame takes the others, and asks for no snapshot", async () => {
  const { site, visitor } = await serveTwin({ stores });
  const keeper = visitor();
  // Revision 0 is kept nowhere.
  await keeper.call("own.add", "first");
  const network = new Network(keeper.jar);
  const opening = { now: Promise.resolve() };
  const fetch: typeof globalThis.fetch = async (url, init) => {
    if (init?.method !== "POST") await opening.now;
    return network.fetch(url, init);
  };
  const own = await openTwin(openClient(site.url, { transport: "sse", line: { fetch, openSocket: network.openSocket } }), "own");
  const live = keeper.live({ store: "own" });
  await live.state("own");
  // The server knows what the client has, and cannot send it yet.
  let open = () => {};
  opening.now = new Promise((resolve) => {
    open = resolve;
  });
  const connected = () => network.posted.filter(({ path }) => path === "$connect").length;
  const before = connected();
  network.cut();
  await expect.poll(connected).toBeGreaterThan(before);
  await call(own, "add", "mine");
  expect(own.mirror.read("lines")).toEqual(["first", "mine"]);
  for (const line of ["a", "b"]) await keeper.call("own.add", line);
  open();
  await shown<Log>(own, ({ lines }) => lines.length === 4);
  expect(own.mirror.read("lines")).toEqual(["first", "mine", "a", "b"]);
  expect(network.seen).toEqual({ snapshot: 1, resume: 1 });
});
