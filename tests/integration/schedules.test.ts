import { current, EventError, event, newId, schedule, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, type Net, pair } from "twinstate/testing";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

/** What ran, in whichever process, by the clock of the test. */
let ran: { what: string; at: number }[] = [];
let logs: string[] = [];
let gate: Promise<void> | undefined;
let net: Net<typeof stores>;
const begin = Date.UTC(2026, 0, 1);
const noteRun = (what: string) => ran.push({ what, at: Date.now() - begin });
const minute = 60_000;

class Room {
  @state log: string[] = [];
  @state open = false;

  @event ring(what: string) {
    noteRun(what);
    this.log.push(what);
  }
  @event close() {
    noteRun("close");
    this.open = false;
  }
  @event openFor(ms: number) {
    this.open = true;
    return schedule.after(ms, this.close);
  }
  @event openUntil(date: Date) {
    this.open = true;
    schedule.at(date, this.close, [], { id: "close" });
  }
  @event keepOpen() {
    schedule.cancel("close");
  }
  @event ringIn(ms: number, what: string) {
    return schedule.after(ms, this.ring, [what], { id: what });
  }
  @event ringEvery(every: string, what: string, timeZone = "UTC") {
    schedule.every(every, this.ring, [what], { id: what, timeZone });
  }
  @event failAfter(ms: number) {
    schedule.after(ms, this.close);
    throw new EventError("NO" as never, "No", undefined as never);
  }
  @event fail(what: string) {
    noteRun(what);
    this.log.push("half");
    throw new Error(`${what} has failed`);
  }
  @event failLater(every = "") {
    if (every) schedule.every(every, this.fail, ["every"], { id: "fail" });
    else schedule.after(1000, this.fail, ["once"]);
  }
  @event who() {
    const { user, session, connection, key, eventId } = current() as never as Record<string, unknown>;
    this.log.push(JSON.stringify({ user, session, connection, key, eventId, id: newId() }));
  }
  @event whoLater() {
    schedule.after(minute, this.who, [], { id: "who" });
  }
  @event async slow() {
    noteRun("slow");
    await gate;
    this.log.push("slow");
  }
  @event slowIn(ms: number) {
    schedule.after(ms, this.slow);
  }
  @event slowEvery() {
    schedule.every("1m", this.slow, [], { id: "slow" });
  }
  @event({ background: true }) async beside(what: string) {
    noteRun(what);
    await gate;
    await update(() => {
      this.log.push(what);
      schedule.after(1000, this.ring, ["after"]);
    });
  }
  @event besideLater() {
    schedule.after(1000, this.beside, ["beside"]);
  }
  @event({ background: true }) async stray() {
    schedule.after(1, this.close);
  }
  @event async *steps() {
    for (let i = 1; i <= 3; i++) {
      noteRun(`step ${i}`);
      this.log.push(`step ${i}`);
      yield i;
      await gate;
    }
  }
  @event stepsLater() {
    schedule.after(1000, this.steps, [], { id: "steps" });
  }
  @event({ input: [z.string().min(3)] }) checked(text: string) {
    this.log.push(text);
  }
  @event checkLater(text: string) {
    schedule.after(1000, this.checked, [text]);
    this.log.push("made");
  }
}
class Other {
  @state count = 0;
  @event add() {
    this.count++;
  }
  @event nextWeek() {
    schedule.after("1w", this.add);
  }
  @event later() {
    this.count = 0;
    schedule.after(minute, this.add, [], { id: "later" });
  }
}
class Seat {
  @state taken = true;
  @event free() {
    this.taken = false;
  }
}
class Twice {
  @event both() {}
  @event ask() {}
}
class Misuse {
  @state text = "";
  @state seats: Seat[] = [new Seat()];
  protected onCreate() {
    this.text = "made";
  }
  @event ok(text = "") {
    this.text = text;
  }
  @event use(how: string, count = 1) {
    for (let i = 0; i < count; i++) USES[how]?.(this, i);
  }
  @event({ guard: () => schedule.after(1, Twice.prototype.both) !== "" }) guarded() {}
  helper() {}
}
const loose = schedule as never as Record<string, (...args: unknown[]) => unknown>;
const USES: Record<string, (store: Misuse, i: number) => unknown> = {
  helper: ({ helper }) => schedule.after(1, helper),
  other: () => schedule.after(1, Room.prototype.close),
  text: () => loose.after?.(1, "close"),
  model: ({ seats: [seat] }) => schedule.after(1, (seat as Seat).free),
  twice: () => schedule.after(1, Twice.prototype.both),
  delay: ({ ok }) => schedule.after(-5, ok),
  date: ({ ok }) => schedule.at(new Date("never"), ok),
  endless: ({ ok }) => schedule.after(8.7e15, ok),
  seldom: ({ ok }) => schedule.every(8.7e15, ok, [], { id: "seldom" }),
  args: ({ ok }) => loose.after?.(1, ok, "text"),
  function: ({ ok }) => loose.after?.(1, ok, [() => {}]),
  id: ({ ok }) => schedule.after(1, ok, [], { id: "" }),
  longId: ({ ok }) => schedule.after(1, ok, [], { id: "x".repeat(201) }),
  noId: ({ ok }) => loose.every?.("1m", ok, []),
  large: ({ ok }) => schedule.after(1, ok, ["x".repeat(20_000)], { id: "large" }),
  many: ({ ok }, i) => schedule.after("1d", ok, [`${i}`], { id: `${i}` }),
  cron: ({ ok }) => schedule.every("often", ok, [], { id: "cron" }),
};
class Loaded {
  @state count = 0;
  protected onLoad() {
    schedule.every("1h", this.tick, [], { id: "tick" });
  }
  @event tick() {
    noteRun("tick");
    this.count++;
  }
  @event nothing() {}
}
const allow = () => true;
const views = { misuse: scope.room(Misuse, { allow }), one: scope.room(Twice, { allow }), two: scope.room(Twice, { allow }) };
const stores = { room: scope.room(Room, { allow }), other: scope.room(Other, { allow }), loaded: scope.room(Loaded, { allow }), mine: Other };

beforeEach(() => {
  ran = [];
  logs = [];
  gate = undefined;
});

function start(storage = lasting()): Net<typeof stores> {
  net = pair({ stores, storage, idle: 5, log: ({ level, message }) => level === "error" && void logs.push(message) });
  return net;
}
const log = async (key = "a") => (await net.server.room(key).$snapshot()).log;
/** Sets the clock of the process, away from the time that its timers count. The pair puts its own back. */
function setClock(ms: number): void {
  const Before = Date;
  const now = () => Before.now() + ms;
  globalThis.Date = new Proxy(Before, {
    construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
    get: (target, key, self) => (key === "now" ? now : Reflect.get(target, key, self)),
  });
}

describe.each([
  ["memory", undefined],
  ["a durable storage", lasting],
] as const)("with %s", (_, storage) => {
  test("after a time an event runs once, in a scope instance that has left memory", async () => {
    await using pairs = start(storage?.() ?? undefined);
    await pairs.server.room("a").openFor(10 * minute);
    await pairs.wait(10 * minute - 50);
    expect(ran).toEqual([]);
    await pairs.wait(200);
    expect(ran).toEqual([{ what: "close", at: expect.toSatisfy((at: number) => at >= 10 * minute && at < 10 * minute + 100) }]);
    expect((await pairs.server.room("a").$snapshot()).open).toBe(false);
    await pairs.wait(60 * minute);
    expect(ran).toHaveLength(1);
    expect(await pairs.server.room("a").$schedules()).toEqual([]);
  });

  test("a schedule of an id takes the place of the one before, and is cancelled by it", async () => {
    await using pairs = start(storage?.() ?? undefined);
    const room = pairs.server.room("a");
    await room.openUntil(new Date(Date.now() + minute));
    await room.openUntil(new Date(Date.now() + 2 * minute));
    expect(await room.$schedules()).toEqual([{ id: "close", event: "close", args: [], at: expect.any(Date) }]);
    await pairs.wait(1.5 * minute);
    expect(ran).toEqual([]);
    await room.keepOpen();
    expect(await room.$schedules()).toEqual([]);
    await pairs.wait(10 * minute);
    expect(ran).toEqual([]);
    expect((await room.$snapshot()).open).toBe(true);
  });

  test("every runs by its plan, neither drifts nor overlaps", async () => {
    await using pairs = start(storage?.() ?? undefined);
    await pairs.server.room("a").ringEvery("1m", "tick");
    const made = pairs.now;
    await pairs.wait(60 * minute + 500);
    expect(ran).toHaveLength(60);
    for (const [i, { at }] of ran.entries()) expect(at - made - (i + 1) * minute).toBeLessThan(100);
  });

  test("a run that is longer than the period skips the times that pass, and one that waits makes up for none of them", async () => {
    await using pairs = start(storage?.() ?? undefined);
    let release = () => {};
    gate = new Promise((resolve) => {
      release = resolve;
    });
    const room = pairs.server.room("a");
    await room.slowEvery();
    await pairs.wait(minute + 20_000);
    expect(ran).toHaveLength(1);
    // The event's deadline is 30 s, so the gate opens first.
    await pairs.wait(5000);
    release();
    await pairs.wait(5000);
    expect(await log()).toEqual(["slow"]);
    await pairs.wait(minute);
    expect(ran).toHaveLength(2);
  });

  test("what runs beside the queue keeps no other schedule of its instance from running, and does not begin twice", async () => {
    await using pairs = start(storage?.() ?? undefined);
    let release = () => {};
    gate = new Promise((resolve) => {
      release = resolve;
    });
    const room = pairs.server.room("a");
    await room.besideLater();
    await room.ringIn(minute, "meanwhile");
    await pairs.wait(60 * minute);
    expect(ran.map(({ what }) => what)).toEqual(["beside", "meanwhile"]);
    release();
    await pairs.wait(10_000);
    expect(await log()).toEqual(["meanwhile", "beside", "after"]);
    expect(await room.$schedules()).toEqual([]);
  });

  test("an event that fails leaves no schedule", async () => {
    await using pairs = start(storage?.() ?? undefined);
    await pairs.server.room("a").ring("x");
    await expect(pairs.server.room("a").failAfter(1000)).rejects.toMatchObject({ code: "NO" });
    // The next commit takes nothing of it along.
    await pairs.server.room("a").ring("x");
    await pairs.wait(minute);
    expect(ran).toHaveLength(2);
    expect(await pairs.server.room("a").$schedules()).toEqual([]);
  });

  test("a scheduled event that fails is reported and over, and an every goes on", async () => {
    await using pairs = start(storage?.() ?? undefined);
    await pairs.server.room("a").failLater();
    await pairs.wait(minute);
    expect(ran.map(({ what }) => what)).toEqual(["once"]);
    expect(logs).toEqual(["once has failed"]);
    await pairs.server.room("a").failLater("10s");
    await pairs.wait(minute + 1000);
    expect(ran.map(({ what }) => what)).toEqual(["once", ...Array<string>(6).fill("every")]);
    expect(await log()).toEqual([]);
  });

  test("a schedule of 26 days is not early, though timers end at 24", async () => {
    await using pairs = start(storage?.() ?? undefined);
    const days = 24 * 60 * minute;
    await pairs.server.room("a").openFor(26 * days);
    await pairs.wait(60 * minute);
    setClock(26 * days - 61 * minute);
    await pairs.wait(59_000);
    expect(ran).toEqual([]);
    await pairs.wait(2000);
    expect(ran).toHaveLength(1);
  });

  test("a clock set back by an hour makes nothing early or twice, one set forward loses nothing", async () => {
    await using pairs = start(storage?.() ?? undefined);
    const room = pairs.server.room("a");
    await room.ringEvery("10m", "every");
    await room.ringIn(30 * minute, "once");
    await pairs.wait(20 * minute + 1000);
    expect(ran.map(({ what }) => what)).toEqual(["every", "every"]);
    ran = [];
    setClock(-60 * minute);
    // The clock shows 23:20 of the day before.
    await pairs.wait(60 * minute);
    expect(ran).toEqual([]);
    await pairs.wait(10 * minute + 1000);
    expect(ran.map(({ what }) => what).sort()).toEqual(["every", "once"]);
    for (const { at } of ran) expect(at).toBeGreaterThanOrEqual(30 * minute);
    ran = [];
    setClock(60 * minute);
    // Six times of the plan have gone by: one run makes up for them, soon.
    await pairs.wait(20_000);
    expect(ran).toHaveLength(1);
    await pairs.wait(60 * minute);
    expect(ran).toHaveLength(7);
    expect(new Set(ran.map(({ at }) => Math.floor(at / minute))).size).toBe(7);
  });

  test("a clock set back while an event runs does not make it run again", async () => {
    await using pairs = start(storage?.() ?? undefined);
    let release = () => {};
    gate = new Promise((resolve) => {
      release = resolve;
    });
    await pairs.server.room("a").slowIn(minute);
    await pairs.wait(minute + 1000);
    expect(ran).toHaveLength(1);
    setClock(-60 * minute);
    release();
    await pairs.wait(90 * minute);
    expect(await log()).toEqual(["slow"]);
    expect(ran).toHaveLength(1);
  });

  test("schedules go with their room", async () => {
    await using pairs = start(storage?.() ?? undefined);
    await pairs.server.room("a").ringEvery("1m", "tick");
    await pairs.server.room("b").ringIn(minute, "b");
    await pairs.server.room.delete("a");
    await pairs.wait(10 * minute);
    expect(ran.map(({ what }) => what)).toEqual(["b"]);
    expect(await pairs.server.room("a").$schedules()).toEqual([]);
  });

  test("server code cancels one, and an export shows those of a session", async () => {
    await using pairs = start(storage?.() ?? undefined);
    const room = pairs.server.room("a");
    await room.ringIn(minute, "x");
    expect(await room.$unschedule("x")).toBe(true);
    expect(await room.$unschedule("x")).toBe(false);
    await pairs.wait(2 * minute);
    expect(ran).toEqual([]);
    await pairs.server.mine("s").later();
    const [exported] = await pairs.server.$export({ session: "s" });
    expect(exported).toMatchObject({ store: "mine", key: "s", schedules: [{ id: "later", event: "add", args: [] }] });
    await pairs.server.$erase({ session: "s" });
    expect(await pairs.server.mine("s").$schedules()).toEqual([]);
    await pairs.wait(10 * minute);
    expect((await pairs.server.mine("s").$snapshot()).count).toBe(0);
  });

  test("a cron line is read in its time zone, over a change to summer time", async () => {
    await using pairs = start(storage?.() ?? undefined);
    setClock(Date.UTC(2026, 2, 27, 12) - begin);
    await pairs.server.room("a").ringEvery("30 9 * * *", "work", "Europe/Berlin");
    await pairs.wait(3 * 24 * 60 * minute);
    const times = ran.map(({ at }) => new Date(at + begin).toISOString().slice(5, 16));
    expect(times).toEqual(["03-28T08:30", "03-29T07:30", "03-30T07:30"]);
  });
});

describe("once", () => {
  test("a scheduled event is a call of the server: without user, session and tab", async () => {
    await using pairs = start();
    await (await pairs.client().room("a")).whoLater();
    await pairs.wait(2 * minute);
    const [text = ""] = await log();
    const { eventId, id, ...who } = JSON.parse(text) as Record<string, string>;
    expect(who).toEqual({ key: "a" });
    expect(eventId).toMatch(/\.schedule\.\d+\.who$/);
    expect(id).toHaveLength(22);
  });

  for (const point of ["append", "appended"] as const satisfies KillPoint[]) {
    test(`a kill at the ${point} of its commit leaves its effect and the end of its schedule, or neither`, async () => {
      const storage = lasting();
      await using pairs = start(storage);
      await pairs.server.room("a").whoLater();
      await pairs.server.room("a").ringIn(minute, "ring");
      pairs.kill(point);
      await pairs.wait(10 * minute);
      expect(await log()).toHaveLength(point === "append" ? 0 : 1);
      await pairs.wait(minute);
      const entries = await log();
      expect(entries.filter((entry) => entry === "ring")).toHaveLength(1);
      expect(entries).toHaveLength(2);
      await pairs.wait(10 * minute);
      expect(await log()).toEqual(entries);
      expect(await pairs.server.room("a").$schedules()).toEqual([]);
    });
  }

  test("an event that a kill has cut off before its commit has the same ids when it runs again", async () => {
    const storage = lasting();
    const seen: string[] = [];
    const append = storage.append.bind(storage);
    await using pairs = start({
      ...storage,
      append(id, commits) {
        for (const [text] of JSON.stringify(commits).matchAll(/eventId[^}]*/g)) seen.push(text);
        return append(id, commits);
      },
    });
    await pairs.server.room("a").whoLater();
    pairs.kill("appended");
    await pairs.wait(2 * minute);
    await log();
    await pairs.wait(minute);
    expect(new Set(seen).size).toBe(1);
  });

  test("an event of several commits is not begun again after its first", async () => {
    await using pairs = start();
    let release = () => {};
    gate = new Promise((resolve) => {
      release = resolve;
    });
    await pairs.server.room("a").stepsLater();
    await pairs.wait(5000);
    expect(await log()).toEqual(["step 1"]);
    pairs.kill();
    gate = undefined;
    await pairs.wait(minute);
    expect(await log()).toEqual(["step 1"]);
    await pairs.wait(10 * minute);
    expect(await log()).toEqual(["step 1"]);
    expect(await pairs.server.room("a").$schedules()).toEqual([]);
    release();
  });

  test("what was missed while no server ran is one run, soon after the start", async () => {
    await using pairs = start();
    await pairs.server.room("a").ringEvery("1m", "every");
    await pairs.server.room("b").ringIn(minute, "once");
    pairs.kill();
    // The next server is there, and nobody has asked it for anything.
    await pairs.wait(10 * minute);
    expect(ran).toEqual([]);
    await pairs.server.other("c").add();
    await pairs.wait(500);
    expect(ran.map(({ what }) => what).sort()).toEqual(["every", "once"]);
    await pairs.wait(minute);
    expect(ran).toHaveLength(3);
  });

  test("a server that closes lets an event run again in the next one, if it has committed nothing", async () => {
    const storage = lasting();
    gate = new Promise(() => {});
    {
      await using pairs = pair({ stores, storage, closeGrace: 1, log: ({ level, message }) => level === "error" && void logs.push(message) });
      await pairs.server.room("a").slowEvery();
      await pairs.wait(minute + 1000);
      expect(ran).toHaveLength(1);
      const closed = pairs.server.close();
      await pairs.wait(5000);
      await closed;
    }
    gate = undefined;
    await using pairs = start(storage);
    await pairs.wait(2 * minute);
    await pairs.server.other("c").add();
    await pairs.wait(1000);
    expect(await log()).toEqual(["slow"]);
    expect(logs).toEqual([]);
  });

  test("a commit that the storage refuses lets the event run again", async () => {
    const storage = lasting();
    let failures = 0;
    await using pairs = start({
      ...storage,
      append(id, commits) {
        if (failures-- > 0) throw new Error("The disk is full.");
        return storage.append(id, commits);
      },
    });
    await pairs.server.room("a").ringIn(minute, "ring");
    failures = 3;
    await pairs.wait(2 * minute);
    expect(ran.length).toBeGreaterThan(1);
    expect(await log()).toEqual(["ring"]);
    await pairs.wait(10 * minute);
    expect(await log()).toEqual(["ring"]);
  });

  test("an every that is made again each time its store is loaded goes on by its plan", async () => {
    await using pairs = start();
    await pairs.server.loaded("a").nothing();
    for (let i = 0; i < 30; i++) {
      await pairs.wait(7 * minute);
      await pairs.server.loaded("a").$snapshot();
    }
    expect(ran.map(({ at }) => Math.round(at / minute))).toEqual([60, 120, 180]);
  });
});

test("more than can be woken at once all run, and those that go on beside their queues keep nobody from running", async () => {
  await using pairs = start();
  let release = () => {};
  gate = new Promise((resolve) => {
    release = resolve;
  });
  const rooms = Array.from({ length: 250 }, (_, i) => `${i}`);
  await Promise.all(rooms.map((room) => pairs.server.room(room).besideLater()));
  await pairs.wait(10_000);
  expect(ran).toHaveLength(250);
  ran = [];
  await Promise.all(rooms.map((room) => pairs.server.room(`late ${room}`).ringIn(minute, room)));
  await pairs.wait(minute + 500);
  expect(ran).toHaveLength(250);
  for (const { at } of ran) expect(at).toBeLessThan(pairs.now);
  release();
  await pairs.wait(5000);
  expect(await log("7")).toEqual(["beside", "after"]);
});

test("a build of the app, which renders pages, runs no schedules", async () => {
  vi.stubEnv("NEXT_PHASE", "phase-production-build");
  onTestFinished(() => void vi.unstubAllEnvs());
  await using pairs = start();
  await pairs.server.room("a").ringIn(1000, "ring");
  pairs.server.$start();
  await pairs.wait(minute);
  expect(ran).toEqual([]);
});

test("$start() alone lets what was missed run", async () => {
  const storage = lasting();
  {
    await using pairs = start(storage);
    await pairs.server.room("a").ringIn(10 * minute, "ring");
  }
  await using pairs = start(storage);
  await pairs.wait(20 * minute);
  expect(ran).toEqual([]);
  pairs.server.$start();
  await pairs.wait(500);
  expect(ran).toHaveLength(1);
});

describe("after a deploy", () => {
  class Less {
    @state log: string[] = [];
    @event close() {}
  }
  class Stricter {
    @state log: string[] = [];
    @event ring(what: number) {
      this.log.push(String(what));
    }
  }
  class Broken {
    constructor() {
      throw new Error("no");
    }
    @event ring(what: string) {
      void what;
    }
  }

  test.each([
    ["event", { room: scope.room(Less, { allow }) }, "No store has an event `room.ring` any more."],
    ["store", { other: scope.room(Other, { allow }) }, "No store has an event `room.ring` any more."],
    ["parameter", { room: scope.room(Stricter, { allow }) }, "Expected number, got string"],
    ["class", { room: scope.room(Broken as never, { allow }) }, "could not be made"],
  ])("a schedule whose %s is gone is reported and kept, and runs when it is back", async (_, others, why) => {
    const storage = lasting();
    {
      await using pairs = start(storage);
      await pairs.server.room("a").ringIn(10 * minute, "ring");
    }
    {
      const log = ({ level, message }: { level: string; message: string }) => level === "error" && void logs.push(message);
      await using pairs = pair({ stores: { ...others, mine: Other } as never, storage, idle: 5, log });
      await (pairs.server as never as Net<typeof stores>["server"]).mine("x").add();
      await pairs.wait(11 * minute);
      expect(logs.join()).toContain(why);
      expect(logs.join()).toContain("The schedule `ring` of `room/a` is due");
      expect(logs.join()).toContain("tried again in an hour");
      const reports = logs.length;
      await pairs.wait(50 * minute);
      expect(logs.length).toBe(reports);
      await pairs.wait(30 * minute);
      expect(logs.length).toBe(2 * reports);
    }
    expect(ran).toEqual([]);
    await using pairs = start(storage);
    setClock(3 * 60 * minute);
    await pairs.server.other("x").add();
    await pairs.wait(1000);
    expect(await log()).toEqual(["ring"]);
  });
});

describe("is refused, with the event's changes:", () => {
  test.each([
    ["helper", "`schedule.after()` was given the function `helper`, which is no event of a store of this scope instance"],
    ["text", '`schedule.after()` was given "close", which is no event'],
    ["model", "`schedule.after()` was given `Seat.free`, an event of a model"],
    ["twice", "was given a method that is `one.both` and `two.both`. Call it in an event of the store that is meant"],
    ["delay", "`schedule.after()` was given -5: it takes a time in ms"],
    ["date", "`schedule.at()` leads to null, which is no valid date"],
    ["endless", "`schedule.after()` leads to 8700000000000000, which is no valid date"],
    ["seldom", "`schedule.every()` leads to 8700000000000000, which is no valid date"],
    ["args", 'takes the arguments of the event as an array, as `[seat]`: it was given "text"'],
    ["function", "cannot be sent"],
    ["id", 'The id of a schedule is "": it must be a text of 1 to 200 characters'],
    ["longId", "it must be a text of 1 to 200 characters"],
    ["cron", '`schedule.every()` was given "often"'],
    ["large", "The arguments of the schedule `large` take 20023 characters: at most 16384 are kept"],
    ["other", "`schedule.after()` was given the function `close`, which is no event of a store of this scope instance"],
  ])("%s", async (how, message) => {
    await using pairs = pair({ stores: views, models: { Seat }, log: () => {} });
    const room = pairs.server.misuse("a");
    await expect(room.use(how)).rejects.toThrow(message);
    expect(await room.$schedules()).toEqual([]);
  });

  test("more than 1,000 in one scope instance", async () => {
    await using pairs = pair({ stores: views, models: { Seat }, log: () => {} });
    const room = pairs.server.misuse("a");
    await expect(room.use("many", 1001)).rejects.toThrow("`room/a` has 1000 schedules, as many as a scope instance may have");
    expect(await room.$schedules()).toEqual([]);
    await room.use("many", 1000);
    await room.use("many", 1000);
    expect(await room.$schedules()).toHaveLength(1000);
  });

  test("a guard that schedules", async () => {
    await using pairs = pair({ stores: views, models: { Seat }, log: ({ message }) => void logs.push(message) });
    const twin = await pairs.client().misuse("a");
    await expect(twin.guarded()).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logs.join()).toContain("`schedule.after()` was called where nothing may change: in a guard");
  });

  test("an event beside the queue, outside update()", async () => {
    await using pairs = start();
    await expect(pairs.server.room("a").stray()).rejects.toThrow("or as `await update(() => schedule.after(…))`");
  });

  test("arguments that the event's schema does not take", async () => {
    await using pairs = start();
    await expect(pairs.server.room("a").checkLater("ab")).rejects.toMatchObject({ code: "INVALID" });
    expect(await log()).toEqual([]);
    expect(await pairs.server.room("a").$schedules()).toEqual([]);
    await pairs.server.room("a").checkLater("abc");
    await pairs.wait(2000);
    expect(await log()).toEqual(["made", "abc"]);
  });
});

test("in an optimistic event the browser schedules nothing, and shows the id that the server gives", async () => {
  class Game {
    @state ends = "";
    @state over = 0;
    @event({ optimistic: true }) begin() {
      schedule.cancel("none");
      this.ends = schedule.after(1000, this.end);
      schedule.every("1h", this.end, [], { id: "each" });
    }
    @event end() {
      this.over++;
    }
  }
  await using pairs = pair({ stores: { game: Game }, browser: { stores: { game: Game } }, storage: lasting() });
  const game = await pairs.client().game();
  await pairs.quiet();
  const call = game.begin();
  await call.local;
  const predicted = game.ends;
  expect(predicted).toHaveLength(22);
  await call;
  expect(game.ends).toBe(predicted);
  await pairs.wait(minute);
  expect(game.over).toBe(1);
});

test("a session that expires takes its schedules along, but for those that are due and have not run", async () => {
  const storage = lasting();
  const day = 24 * 60 * minute;
  await using pairs = pair({ stores, storage, idle: 5, session: { life: 86_400 } });
  const sweeps: (readonly string[])[] = [];
  const { expire } = storage;
  storage.expire = async (prefix, before) => {
    const gone = await expire(prefix, before);
    if (gone.length > 0) sweeps.push(gone);
    return gone;
  };
  await pairs.server.mine("s").nextWeek();
  await pairs.wait(2 * day);
  expect(sweeps).toEqual([["session/s"]]);
  expect(await storage.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
});
