import { type EventError, event, resume, schedule, sleep, state, step, stop, type Tasks, tasks, until, update } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { fold } from "../../server/storage/records.js";
import type { LoadedHost } from "../../server/storage/storage.js";

const minute = 60_000;
let attempts = 0;

class Room {
  @state log: string[] = [];
  @tasks tasks!: Tasks;
  @event({ background: true, durable: true, queue: "latest", per: "instance" }) async last(what: string) {
    await sleep("1h");
    return what;
  }
  @event({ background: true, durable: true }) async fill(size: number) {
    if (size > 0) await step("fill", () => "x".repeat(size));
    return (await until<string>("go"))?.length;
  }
  @event({ background: true, durable: true }) async later() {
    await sleep("1h");
    return (await until<string>("go"))?.length;
  }
  @event go(...sizes: number[]) {
    this.log.push("go");
    return sizes.map((size) => resume("go", "y".repeat(size)));
  }
  @event({ background: true, durable: true }) async names() {
    const both = await Promise.all([step("a", () => "first"), step("a ", () => "second")]);
    await sleep("1m");
    await update(() => this.log.push(...both));
  }
  @event({ background: true, durable: true }) async again() {
    const run = ({ attempt }: { attempt: number }) => {
      attempts = attempt;
      if (attempt <= 700) throw new Error("not yet");
      return attempt;
    };
    return step("again", run, { retry: { delay: 0, factor: 3, times: 999 } });
  }
  @event({ background: true, durable: true }) async misuse(how: string) {
    return MISUSES[how]?.();
  }
  @event answer(how: string) {
    MISUSES[how]?.();
  }
  @event({ background: true, durable: true }) async tidy(what: string) {
    try {
      if (what === "sleep") await sleep("1h");
      else if (what === "until") await until("never");
      else await step("slow", () => new Promise(() => {}));
    } finally {
      await update(() => this.log.push(`tidied ${what}`));
    }
  }
  @event({ background: true, durable: true }) async deaf() {
    await sleep("1h").catch(() => {});
    await update(() => this.log.push("went on"));
    return "ended";
  }
  @event({ guard: () => stop("x") }) guarded() {}
  @event({ background: true, durable: true }) async fail(what: string) {
    await step("fail", () => Promise.reject(new Error(`no ${what.length}`)));
  }
  @event call() {
    return this.last("x") as never;
  }
  @event begin() {
    schedule.after(0, this.last, ["x"]);
  }
}
const loose = { until, resume } as never as Record<string, (...args: unknown[]) => unknown>;
const MISUSES: Record<string, () => unknown> = {
  sleepFar: () => sleep(1e300),
  sleepNaN: () => sleep(Number.NaN),
  sleepWeeks: () => sleep("99999999999999999999w"),
  untilFar: () => until("x", { timeout: 9e15 }),
  untilOptions: () => loose.until?.("x", 5),
  retryMax: () => step("x", () => 1, { retry: { max: 1e300 } }),
  resumeOptions: () => loose.resume?.("x", 1, "an id"),
  resumeName: () => resume("x".repeat(201)),
  resumeValue: () => loose.resume?.("x", () => {}),
};

function start(storage = lasting()) {
  return pair({ stores: { room: scope.room(Room, { allow: () => true }) }, storage, idle: 5, log: () => {} });
}
const code = (error: EventError) => error.code;

describe.each([
  ["memory", undefined],
  ["a durable storage", lasting],
] as const)("with %s", (_, storage) => {
  test("a task that is superseded before its beginning is stored still answers its caller", async () => {
    await using net = start(storage?.());
    const room = net.server.room("a");
    const calls = ["1", "2", "3"].map((what) => room.last(what).catch(code));
    await net.wait(61 * minute);
    expect(await Promise.all(calls)).toEqual(["SUPERSEDED", "SUPERSEDED", "3"]);
  });

  test("an answer for which one of the tasks has no room is given to none, and changes nothing; a smaller one is given to all", async () => {
    await using net = start(storage?.());
    const room = net.server.room("a");
    const calls = [room.fill(0), room.fill(1_000_000)];
    await net.wait(1000);
    const refused = '`resume("go")` was not taken: with this value, a task of `room.fill` would keep more results and answers than it may';
    await expect(room.go(100_000)).rejects.toThrow(refused);
    await expect(room.go(30_000, 30_000)).rejects.toThrow(refused);
    expect((await room.$snapshot()).log).toEqual([]);
    expect(await room.$tasks()).toHaveLength(2);
    expect(await room.go(10)).toEqual([2]);
    expect(await Promise.all(calls)).toEqual([10, 10]);
  });
});

test("answers that no task has asked for yet count as what it keeps, over kills too, and are given when it asks", async () => {
  await using net = start();
  const room = net.server.room("a");
  void room.later().catch(() => {});
  await net.wait(1000);
  for (let i = 0; i < 10; i++) expect(await room.go(100_000)).toEqual([1]);
  await expect(room.go(100_000)).rejects.toThrow("would keep more results and answers than it may");
  net.kill();
  await net.wait(1000);
  const again = net.server.room("a");
  await expect(again.go(100_000)).rejects.toThrow("would keep more results and answers than it may");
  expect(await again.go(10)).toEqual([1]);
  await net.wait(61 * minute);
  expect(await again.$tasks()).toEqual([]);
});

test("steps at once whose names differ by blanks alone are two steps after a kill too", async () => {
  await using net = start();
  const client = await net.client().room("a");
  const call = client.names();
  await net.wait(1000);
  net.kill();
  await net.wait(2 * minute);
  await call;
  expect(client.log).toEqual(["first", "second"]);
});

test("a step that is tried again without a wait goes on, however often", async () => {
  await using net = start();
  const call = net.server.room("a").again();
  await net.wait(minute);
  expect(attempts).toBe(701);
  expect(await call).toBe(701);
});

test.each([
  ["sleepFar", "`sleep()` was given 1e+300"],
  ["sleepNaN", "`sleep()` was given NaN"],
  ["sleepWeeks", `that ends before the year 275760`],
  ["untilFar", "`until()` was given 9000000000000000"],
  ["untilOptions", '`until("x")` takes options as its second argument, as `{ timeout: "2d" }`: it was given 5'],
  ["retryMax", 'The `retry.max` of `step("x")` is 1e+300'],
])("%s is refused, and the task fails with a date that all can read", async (how, message) => {
  await using net = start();
  await expect(net.server.room("a").misuse(how)).rejects.toThrow(message);
  expect(await net.server.room("a").$tasks()).toMatchObject([{ running: false, due: undefined }]);
});

test.each([
  ["resumeOptions", '`resume("x")` takes options as its third argument, as `{ task: id }`: it was given "an id"'],
  ["resumeName", "`resume()` takes a name of 1 to 200 characters first"],
  ["resumeValue", '`resume("x")` was given what cannot be kept: A Function cannot be sent'],
])("%s is refused", async (how, message) => {
  await using net = start();
  await expect(net.server.room("a").answer(how)).rejects.toThrow(message);
});

test.each(["sleep", "until", "step"])(
  "a task that is stopped in its %s cleans up by update() in `finally`, though it never looks at its signal",
  async (what) => {
    await using net = start();
    const room = net.server.room("a");
    const call = room.tidy(what).catch(code);
    await net.wait(1000);
    const [task] = await room.$tasks();
    await room.$stopTask(task?.id as string);
    expect(await call).toBe("STOPPED");
    await net.wait(1000);
    expect((await room.$snapshot()).log).toEqual([`tidied ${what}`]);
  },
);

test("a task that has failed keeps nothing of its caller and arguments, and is listed over a kill still", async () => {
  const storage = lasting();
  await using net = pair({
    stores: { room: scope.room(Room, { allow: () => true }) },
    storage,
    idle: 5,
    context: () => ({ user: { id: "ann", mail: "ann@example.com" } }),
    log: () => {},
  });
  const client = await net.client().room("a");
  await expect(client.fail("a secret")).rejects.toMatchObject({ code: "INTERNAL" });
  net.kill();
  await net.wait(minute);
  expect(client.tasks).toMatchObject([{ event: "fail", running: false, error: { code: "INTERNAL" } }]);
  const { record, tail } = (await storage.load("room/a")) as LoadedHost;
  expect(JSON.stringify(fold(record, tail))).toMatch(/^(?!.*ann@example)(?!.*a secret).*"no 8"/s);
});

test("a scope instance with a task that has failed has nothing due: nothing wakes it for that", async () => {
  const storage = lasting();
  await using net = start(storage);
  await expect(net.server.room("a").fail("x")).rejects.toThrow("no 1");
  expect(await storage.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
});

test("a stopped task whose code catches that and ends well is a stopped one still, for its caller and in the storage", async () => {
  const storage = lasting();
  await using net = start(storage);
  const client = await net.client().room("a");
  const call = client.deaf().catch(code);
  await net.wait(1000);
  await net.server.room("a").$stopTask(client.tasks[0]?.id as string);
  await net.wait(1000);
  expect(await call).toBe("STOPPED");
  expect(JSON.stringify(await storage.load("room/a"))).not.toContain('"ended"');
});

test("a guard stops no task", async () => {
  await using net = start();
  const client = await net.client().room("a");
  await expect(client.guarded()).rejects.toMatchObject({ code: "INTERNAL" });
});

test("an event that calls a task as a method is told how to begin it, and that way begins it", async () => {
  await using net = start();
  const room = net.server.room("a");
  await expect(room.call()).rejects.toThrow("begin it with `schedule.after(0, this.…)`");
  await room.begin();
  await net.wait(1000);
  expect(await room.$tasks()).toMatchObject([{ event: "last", running: true, step: "sleep" }]);
});
