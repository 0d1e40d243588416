import { EventError, event, state } from "twinstate";
import { type CommitRecord, memory } from "twinstate/server";
import { expect, test, vi } from "vitest";
import { plainValue, serveTwin, Visitor } from "../kit/app.js";
import { soon } from "../kit/soon.js";

class Counter {
  @state count = 0;
  @state({ private: true }) protected hidden = 0;
  @event add(n: number) {
    this.count += n;
    this.hidden -= n;
    return this.count;
  }
  @event *addTwice(n: number) {
    this.count += n;
    yield;
    this.count += n;
  }
  @event refuse() {
    this.count = -1;
    throw new EventError("NO", "no");
  }
}

/** Takes each commit, as a durable storage does, and can be told to be slow, or to fail. */
function watched() {
  const kept = memory();
  const storage = {
    ...kept,
    durable: true,
    commits: [] as CommitRecord[],
    fails: false,
    /** What an append waits for. */
    slow: undefined as Promise<void> | undefined,
    appends: 0,
    async append(id: string, commits: readonly CommitRecord[]): Promise<void> {
      storage.appends++;
      await storage.slow;
      if (storage.fails) throw new Error("the disk is full");
      await kept.append(id, commits);
      storage.commits.push(...commits);
    },
  };
  return storage;
}

async function start() {
  const storage = watched();
  const app = await serveTwin({ stores: { counter: Counter }, storage });
  const visitor = app.visitor();
  await visitor.call("counter.add", 1);
  return { ...app, storage, visitor };
}

test("each commit is one append, with the number of the event that it ends", async () => {
  const { storage, visitor } = await start();
  await visitor.number("counter.addTwice", 1, [1]);
  await visitor.number("counter.refuse", 2, []);
  expect(storage.commits.map(({ revision, event }) => [revision, event?.n, event && "answer" in event])).toEqual([
    [1, undefined, undefined],
    [2, 1, false],
    [3, 1, true],
  ]);
});

test("no answer and no frame leaves before its commit is stored", async () => {
  const { storage, visitor } = await start();
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  let stored = () => {};
  storage.slow = new Promise((resolve) => {
    stored = resolve;
  });
  let answered = false;
  const call = visitor.call("counter.add", 1).then(() => {
    answered = true;
  });
  await soon(() => expect(storage.appends).toBe(2));
  // Whatever was to leave would be here by the time that another request is answered.
  await visitor.ask("$unwatch", { client: visitor.client, epoch: 1, watch: [] });
  expect([answered, live.all("frame")]).toEqual([false, []]);
  stored();
  await call;
  expect((await live.state("counter", (counter) => counter.count === 2)).count).toBe(2);
});

test("who comes while a commit is being stored sees it when it is, and once", async () => {
  const { storage, visitor, twin } = await start();
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  let stored = () => {};
  storage.slow = new Promise((resolve) => {
    stored = resolve;
  });
  const call = visitor.call("counter.add", 1);
  await soon(() => expect(storage.appends).toBe(2));
  const late = visitor.live({ store: "counter" });
  const resumed = visitor.live({ store: "counter", have: live.have("counter") });
  await late.until(([kind]) => kind === "hello");
  await resumed.until(([kind]) => kind === "resume");
  const snapshot = twin.counter(visitor.session).$snapshot();
  await visitor.ask("$unwatch", { client: visitor.client, epoch: 1, watch: [] });
  expect([late.all("snapshot"), resumed.all("frame")]).toEqual([[], []]);
  stored();
  await call;
  expect(await snapshot).toEqual({ count: 2 });
  storage.slow = undefined;
  await visitor.call("counter.add", 1);
  for (const one of [live, late]) expect(await one.state("counter", (counter) => counter.count === 3)).toEqual({ count: 3 });
  await resumed.until(() => resumed.all("frame").length === 2);
});

test("a commit that the storage did not take never was: watchers are put right, and what comes next works", async () => {
  const { storage, visitor, logs } = await start();
  const live = visitor.live({ store: "counter" });
  await live.state("counter");
  storage.fails = true;
  expect((await visitor.ask("counter.add", { args: [10] })).error?.code).toBe("UNAVAILABLE");
  expect(logs.map(({ message }) => message).join()).toContain("did not take a commit");
  // As long as it fails, it is left in peace.
  for (let i = 0; i < 20; i++) await visitor.ask("$unwatch", { client: visitor.client, epoch: 1, watch: [] });
  expect(storage.appends).toBeLessThan(5);
  storage.fails = false;
  await live.until(() => live.all("snapshot").length === 2);
  expect(live.all("snapshot")[1]?.[4]).toBe(live.all("snapshot")[0]?.[4]);
  expect(await visitor.call("counter.add", 1)).toBe(2);
  expect(await live.state("counter", (counter) => counter.count === 2)).toEqual({ count: 2 });
  expect(JSON.stringify(live.messages)).not.toContain("11");
});

test("after a failed append the same number runs for the first time, and once", async () => {
  const { storage, visitor } = await start();
  storage.fails = true;
  expect((await visitor.number("counter.add", 1, [10])).error?.code).toBe("UNAVAILABLE");
  storage.fails = false;
  expect(plainValue(await visitor.number("counter.add", 1, [10]))).toBe(11);
  expect(plainValue(await visitor.number("counter.add", 1, [10]))).toBe(11);
  expect(await visitor.call("counter.add", 0)).toBe(11);
});

test("a scope instance that could not be loaded is tried again by the next who asks", async () => {
  const { storage, visitor } = await start();
  const other = visitor.url;
  const load = vi.spyOn(storage, "load").mockImplementationOnce(() => {
    throw new Error("the disk is away");
  });
  const stranger = new Visitor(other);
  expect((await stranger.ask("counter.add", { args: [1] })).error?.code).toBe("UNAVAILABLE");
  expect(await stranger.call("counter.add", 1)).toBe(1);
  expect(load).toHaveBeenCalledTimes(2);
});

test("a server that starts on the same storage goes on where the last one was, numbers and answers too", async () => {
  const { storage, visitor } = await start();
  const first = await visitor.number("counter.add", 1, [10]);
  const { twin, site } = await serveTwin({ stores: { counter: Counter }, storage });
  Object.assign(visitor, { url: site.url });
  expect((await visitor.number("counter.add", 1, [10])).value).toEqual(first.value);
  expect(plainValue(await visitor.number("counter.add", 2, [1], { seen: 1 }))).toBe(12);
  expect(await twin.counter(visitor.session).$snapshot()).toEqual({ count: 12 });
});
