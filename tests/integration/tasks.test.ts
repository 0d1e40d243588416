import { current, EventError, effect, event, newId, progress, resume, schedule, sleep, state, step, stop, type Tasks, tasks, until, update } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, type Net, pair } from "twinstate/testing";
import { beforeEach, describe, expect, test } from "vitest";

/** What steps did, in whichever process, by the clock of the test. */
let did: { what: string; at: number }[] = [];
let logs: string[] = [];
let net: Net<typeof stores>;
/** How often a step fails. */
let failures = 0;
let release = () => {};
let gate: Promise<void> | undefined;
const begin = Date.UTC(2026, 0, 1);
const minute = 60_000;
const note = (what: string) => void did.push({ what, at: Date.now() - begin });
function noted<R>(what: string, result: R): R {
  note(what);
  return result;
}
const names = () => did.map(({ what }) => what);
function close(): void {
  gate = new Promise((resolve) => {
    release = resolve;
  });
}

class Room {
  @state log: string[] = [];
  @state count = 0;
  @tasks tasks!: Tasks<number>;

  @event({ background: true, durable: true }) async publish(title: string) {
    const url = await step("upload", () => {
      note(`upload ${title}`);
      return `/${title}`;
    });
    await update(() => {
      this.log.push(`uploaded ${url}`);
    });
    await sleep("1h");
    const approved = await until<boolean>("approved");
    if (approved) await step("announce", () => note(`announce ${url}`));
    await update(() => {
      this.log.push(`announced ${approved}`);
    });
    return url;
  }
  @event approve(yes: boolean, task = "") {
    return resume("approved", yes, task ? { task } : {});
  }
  @event approveAndFail() {
    resume("approved", true);
    throw new Error("no");
  }
  @event say(text: string) {
    this.log.push(text);
  }
  @event({ background: true, durable: true }) async flaky(times: number) {
    try {
      return await step(
        "try",
        ({ attempt }) => {
          note(`attempt ${attempt}`);
          if (failures-- > 0) throw new EventError("NO" as never, `no ${attempt}`, { attempt } as never);
          return attempt;
        },
        { retry: { times, delay: "10s", factor: 3, max: "1m" } },
      );
    } catch (error) {
      await update(() => {
        this.log.push((error as Error).message);
      });
      await sleep("10m");
      throw error;
    }
  }
  @event({ background: true, durable: true }) async rows(count: number) {
    for (let i = 0; i < count; i++) {
      const row = await step("row", () => noted(`row ${i}`, i * 2));
      await update(() => {
        this.count += row;
      });
      progress((i + 1) / count);
      if (i === 1) await sleep("1m");
    }
    return this.count;
  }
  @event({ background: true, durable: true }) async slow() {
    const { signal } = current();
    try {
      await step("slow", async () => {
        note("slow");
        await gate;
      });
      return "done";
    } finally {
      if (signal.aborted) await update(() => this.log.push("cleaned"));
    }
  }
  @event stopIt(id: string) {
    return stop(id);
  }
  @event({ background: true }) cancelAll() {
    return current().cancel(this.slow) + current().cancel(this.publish);
  }
  @event({ background: true, durable: true }) async both() {
    const [a, b] = await Promise.all([
      (async () => {
        const first = await step("a1", () => noted("a1", "a1"));
        await sleep("1m");
        return [first, await step("a2", () => noted("a2", "a2"))];
      })(),
      (async () => {
        const first = await step("b1", () => noted("b1", "b1"));
        await sleep("2m");
        return [first, await step("b2", () => noted("b2", "b2"))];
      })(),
    ]);
    return [...a, ...b].join();
  }
  @event({ background: true, durable: true }) async race() {
    const winner = await Promise.race([sleep("1m").then(() => "sleep"), until<string>("answer").then((value) => `answer ${value}`)]);
    await step("then", () => note(winner));
    await sleep("1m");
    return winner;
  }
  @event answer(value: string) {
    return resume("answer", value);
  }
  @event({ background: true, durable: true }) async hurry() {
    return (await until<string>("answer", { timeout: "5m" })) ?? "late";
  }
  @event({ background: true, durable: true }) async ids() {
    const ids = [newId()];
    ids.push(await step("one", () => newId()));
    ids.push((await update(() => newId())) as string);
    await sleep("1m");
    ids.push(newId());
    return ids.join();
  }
  @event({ background: true, durable: true }) async who() {
    const one = JSON.stringify(seen());
    await sleep("1m");
    await update(() => {
      this.log.push(String(one === JSON.stringify(seen())), one);
      effect.toast("done");
    });
  }
  @event({ background: true, durable: true }) async call(to: string) {
    await step("add", () => net.server.other(to).add());
    await sleep("1m");
    await step("add", () => net.server.other(to).add());
  }
  @event({ background: true, durable: true }) async callLoosely(to: string) {
    await net.server.other(to).add();
  }
  @event({ background: true, durable: true, queue: "drop", per: "instance" }) async alone() {
    await sleep("1h");
  }
  @event({ background: true, durable: true, queue: "latest", per: "instance" }) async last(what: string) {
    await sleep("1h");
    return what;
  }
  @event({ background: true, durable: true }) async misuse(how: string) {
    return MISUSES[how]?.(this);
  }
  @event({ background: true }) async stray(how: string) {
    return MISUSES[how]?.(this);
  }
}
function seen() {
  const { user, session, connection, key, eventId } = current() as never as {
    user: unknown;
    session: { id: string };
    connection: object;
    key: string;
    eventId: string;
  };
  return { user, session: session?.id, connection, key, eventId };
}
const loose = { step, sleep, until, progress, resume } as never as Record<string, (...args: unknown[]) => unknown>;
const MISUSES: Record<string, (room: Room) => unknown> = {
  function: () => step("x", () => () => {}),
  name: () => loose.step?.("", () => 1),
  noFunction: () => loose.step?.("x", 1),
  times: () => step("x", () => 1, { retry: { times: -1 } }),
  delay: () => loose.step?.("x", () => 1, { retry: { delay: "soon" } }),
  timeout: () => loose.step?.("x", () => 1, { timeout: "never" }),
  time: () => loose.sleep?.("soon"),
  untilTime: () => loose.until?.("x", { timeout: "soon" }),
  nested: () => step("x", () => step("y", () => 1)),
  updateInStep: () => step("x", () => update(() => 1)),
  stepInUpdate: () => update(() => void loose.step?.("x", () => 1)).then(() => step("y", () => 1)),
  resumeOutside: () => resume("x", 1),
  largeProgress: () => progress("x".repeat(1001)),
  large: () => step("x", () => "x".repeat(1 << 20)),
  state: (room) => update(() => room.log).then((log) => (log as never as string[]).push("x")),
};
class Other {
  @state count = 0;
  @event add() {
    return ++this.count;
  }
}
const allow = () => true;
const stores = { room: scope.room(Room, { allow }), other: scope.room(Other, { allow }) };

beforeEach(() => {
  did = [];
  logs = [];
  failures = 0;
  gate = undefined;
});

function start(storage = lasting(), others: object = {}): Net<typeof stores> {
  net = pair({
    stores,
    storage,
    idle: 5,
    context: () => ({ user: { id: "ann", name: "Ann", greet() {} } }),
    log: ({ level, message }) => level === "error" && void logs.push(message),
    ...others,
  });
  return net;
}

describe.each([
  ["memory", undefined],
  ["a durable storage", lasting],
] as const)("with %s", (_, storage) => {
  const begun = () => start(storage?.() ?? undefined);
  test("steps, sleeps and answers follow each other, and the caller gets the result, though the state has left memory", async () => {
    await using pairs = begun();
    const call = pairs.server.room("a").publish("x");
    await pairs.wait(1000);
    expect(names()).toEqual(["upload x"]);
    expect(await pairs.server.room("a").$tasks()).toMatchObject([{ event: "publish", args: ["x"], running: true, step: "sleep", due: expect.any(Date) }]);
    await pairs.wait(30 * minute);
    expect(await pairs.server.room("a").approve(true)).toBe(1);
    expect((await pairs.server.room("a").$snapshot()).log).toEqual(["uploaded /x"]);
    await pairs.wait(31 * minute);
    expect(await call).toBe("/x");
    expect((await pairs.server.room("a").$snapshot()).log).toEqual(["uploaded /x", "announced true"]);
    expect(did).toEqual([
      { what: "upload x", at: expect.any(Number) },
      { what: "announce /x", at: expect.toSatisfy((at: number) => at >= 60 * minute && at < 60 * minute + 500) },
    ]);
    expect(await pairs.server.room("a").$tasks()).toEqual([]);
    expect(logs).toEqual([]);
  });

  test("a step that fails is tried again, each time later, and its last error is thrown", async () => {
    await using pairs = begun();
    failures = 2;
    expect(await pairs.server.room("a").flaky(4)).toBe(3);
    expect(did.map(({ at }) => Math.round(at / 1000))).toEqual([0, 10, 40]);
    did = [];
    failures = 9;
    const call = pairs.server.room("b").flaky(2);
    call.catch(() => {});
    await pairs.wait(12 * minute);
    await expect(call).rejects.toMatchObject({ code: "NO", message: "no 3", data: { attempt: 3 } });
    expect(names()).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
    expect((await pairs.server.room("b").$snapshot()).log).toEqual(["no 3"]);
    expect(await pairs.server.room("b").$tasks()).toMatchObject([{ running: false, error: { code: "NO", message: "no 3" } }]);
  });

  test("a task that is stopped aborts its signal, cleans up, and its caller gets STOPPED; one that sleeps is stopped too", async () => {
    await using pairs = begun();
    close();
    const room = pairs.server.room("a");
    const calls = [room.slow(), room.publish("x")].map((call) => call.catch((error: EventError) => error.code));
    await pairs.wait(1000);
    const [first] = await room.$tasks();
    expect(first).toMatchObject({ event: "slow", step: "slow" });
    expect(await room.stopIt("nothing")).toBe(false);
    expect(await room.stopIt(first?.id as string)).toBe(true);
    await pairs.wait(1000);
    expect((await room.$snapshot()).log).toEqual(["uploaded /x", "cleaned"]);
    await pairs.wait(10 * minute);
    expect(await room.cancelAll()).toBe(1);
    expect(await Promise.all(calls)).toEqual(["STOPPED", "STOPPED"]);
    expect(await room.$tasks()).toEqual([]);
    await pairs.wait(120 * minute);
    expect(names()).toEqual(["slow", "upload x"]);
    release();
  });

  test("until() gives up after its timeout, and an answer that came too early is kept for it", async () => {
    await using pairs = begun();
    const room = pairs.server.room("a");
    const [late, soon] = [room.hurry(), pairs.server.room("b").hurry()];
    await pairs.wait(4 * minute);
    expect(await pairs.server.room("b").answer("yes")).toBe(1);
    expect(await pairs.server.room("c").answer("yes")).toBe(0);
    await pairs.wait(2 * minute);
    expect(await late).toBe("late");
    expect(await soon).toBe("yes");
  });

  test("an answer is part of its event's commit, and goes to the one task that is named", async () => {
    await using pairs = begun();
    const room = pairs.server.room("a");
    const calls = [room.publish("x"), room.publish("y")];
    for (const call of calls) call.catch(() => {});
    await pairs.wait(61 * minute);
    await expect(room.approveAndFail()).rejects.toThrow();
    await pairs.wait(minute);
    const [, second] = await room.$tasks();
    expect(await room.approve(true, second?.id)).toBe(1);
    await pairs.wait(minute);
    expect(names()).toEqual(["upload x", "upload y", "announce /y"]);
    expect(await room.approve(false)).toBe(1);
    expect(await calls[0]).toBe("/x");
  });

  test("a task keeps its place over steps at once, and those who call it in a queue of one", async () => {
    await using pairs = begun();
    const room = pairs.server.room("a");
    const both = room.both();
    const [one, two] = [room.alone(), room.alone().catch((error: EventError) => error.code)];
    void one.catch(() => {});
    const first = room.last("1").catch((error: EventError) => error.code);
    await pairs.wait(100);
    const last = room.last("2");
    await pairs.wait(61 * minute);
    expect(await both).toBe("a1,a2,b1,b2");
    expect(await two).toBe("DROPPED");
    expect(await first).toBe("SUPERSEDED");
    expect(await last).toBe("2");
  });
});

/** Kills the server over and over while time goes by. */
async function killing(pairs: Net<typeof stores>, ms: number, every: number, points: (KillPoint | undefined)[] = [undefined]): Promise<void> {
  for (let i = 0; i * every < ms; i++) {
    pairs.kill(points[i % points.length]);
    await pairs.wait(every);
    await pairs.server.other("x").add();
  }
}

describe("after a kill", () => {
  test("a task goes on where it was: no step is run again, its caller gets the result, and pages see it all along", async () => {
    await using pairs = start();
    const room = await pairs.client().room("a");
    const call = room.publish("x");
    await pairs.wait(1000);
    expect(room.tasks).toMatchObject([{ event: "publish", running: true, step: "sleep", progress: undefined, since: expect.any(Date) }]);
    await killing(pairs, 61 * minute, 7 * minute);
    expect(room.tasks).toMatchObject([{ event: "publish", running: true, step: "approved" }]);
    pairs.kill();
    await pairs.wait(1000);
    expect(await room.approve(true)).toBe(1);
    expect(await call).toBe("/x");
    expect(room.tasks).toEqual([]);
    expect(names()).toEqual(["upload x", "announce /x"]);
    expect(room.log).toEqual(["uploaded /x", "announced true"]);
    expect(logs).toEqual([]);
  });

  test("an answer that is stored lets its task go on, though the server was killed before the task knew", async () => {
    await using pairs = start();
    const room = await pairs.client().room("a");
    const call = room.hurry();
    await pairs.wait(1000);
    pairs.kill("appended");
    const answered = room.answer("yes");
    await pairs.wait(5000);
    expect(await answered).toBe(1);
    expect(room.tasks).toEqual([]);
    expect(await call).toBe("yes");
  });

  test("the first request, or $start() alone, lets tasks go on that waited while no server ran", async () => {
    const storage = lasting();
    {
      await using pairs = start(storage);
      void pairs.server
        .room("a")
        .rows(4)
        .catch(() => {});
      await pairs.wait(5000);
      expect(names()).toEqual(["row 0", "row 1"]);
    }
    await using pairs = start(storage);
    await pairs.wait(10 * minute);
    expect(names()).toHaveLength(2);
    pairs.server.$start();
    await pairs.wait(500);
    expect(names()).toEqual(["row 0", "row 1", "row 2", "row 3"]);
    expect((await pairs.server.room("a").$snapshot()).count).toBe(12);
  });

  for (const point of ["append", "appended", "answer"] as const)
    test(`each change of a loop is made once, whatever kills at the ${point} cut off, and progress is shown`, async () => {
      await using pairs = start();
      const room = await pairs.client().room("a");
      const call = room.rows(6);
      await pairs.wait(40);
      for (let i = 0; i < 12; i++) {
        pairs.kill(point);
        await pairs.wait(10_000);
      }
      await pairs.quiet();
      expect(await call).toBe(30);
      expect(room.count).toBe(30);
      expect(room.tasks).toEqual([]);
    });

  test("a step's attempts are counted over kills, and its wait does not begin anew", async () => {
    await using pairs = start();
    failures = 2;
    const room = await pairs.client().room("a");
    const call = room.flaky(4);
    await pairs.wait(6000);
    pairs.kill();
    await pairs.wait(6000);
    pairs.kill();
    await pairs.wait(minute);
    expect(await call).toBe(3);
    expect(did.map(({ what, at }) => `${what} at ${Math.round(at / 1000)}`)).toEqual(["attempt 1 at 0", "attempt 2 at 10", "attempt 3 at 40"]);
  });

  test("an error that was thrown is thrown again, as it was", async () => {
    await using pairs = start();
    failures = 9;
    const room = await pairs.client().room("a");
    const call = room.flaky(0);
    call.catch(() => {});
    await pairs.wait(1000);
    await killing(pairs, 12 * minute, 5 * minute);
    await expect(call).rejects.toMatchObject({ code: "NO", message: "no 1", data: { attempt: 1 } });
    expect(room.log).toEqual(["no 1"]);
    expect(names()).toEqual(["attempt 1"]);
    expect(room.tasks).toMatchObject([{ running: false, error: { code: "NO", message: "no 1" } }]);
    await room.stopIt(room.tasks[0]?.id as string);
    // The list is volatile: after a commit that sends something, the next tick brings it.
    await pairs.wait(20);
    expect(room.tasks).toEqual([]);
  });

  test("what waits for several at once goes the same way as before", async () => {
    await using pairs = start();
    const room = await pairs.client().room("a");
    const [both, race] = [room.both(), (await pairs.client().room("b")).race()];
    await pairs.wait(61_000);
    expect(names()).toContain("sleep");
    pairs.kill();
    await pairs.wait(20_000);
    expect(await (await pairs.client().room("b")).answer("late")).toBe(1);
    await killing(pairs, 3 * minute, minute);
    expect(await both).toBe("a1,a2,b1,b2");
    expect(await race).toBe("sleep");
    expect([...names()].sort()).toEqual(["a1", "a2", "b1", "b2", "sleep"]);
  });

  test("ids, the caller and the event's id are the same, and a step's messages are done once", async () => {
    await using pairs = start();
    const client = pairs.client();
    const room = await client.room("a");
    const [ids, who, call] = [room.ids(), room.who(), room.call("z")];
    await pairs.wait(1000);
    pairs.kill("appended");
    await pairs.wait(2 * minute);
    await pairs.quiet();
    const all = ((await ids) as string).split(",");
    expect(new Set(all).size).toBe(4);
    await who;
    await call;
    const [same, one] = room.log;
    expect(same).toBe("true");
    expect(JSON.parse(one as string)).toMatchObject({
      user: { id: "ann", name: "Ann" },
      session: pairs.session(client),
      key: "a",
      connection: { id: expect.any(String) },
    });
    expect((await pairs.server.other("z").$snapshot()).count).toBe(2);
  });

  test("a client that cancels its call stops the task, and so does another tab, in a later process too", async () => {
    await using pairs = start();
    const room = await pairs.client().room("a");
    const [one, two] = [room.publish("x"), room.publish("y")];
    void one.catch(() => {});
    void two.catch(() => {});
    await pairs.wait(1000);
    pairs.kill();
    await pairs.wait(minute);
    one.cancel();
    await pairs.wait(1000);
    await expect(one).rejects.toMatchObject({ code: "STOPPED" });
    expect(room.tasks).toHaveLength(1);
    const other = await pairs.client().room("a");
    expect(await other.cancelAll()).toBe(1);
    await expect(two).rejects.toMatchObject({ code: "STOPPED" });
    await pairs.wait(90 * minute);
    expect(names()).toEqual(["upload x", "upload y"]);
  });

  test("a commit that the storage refuses lets the task go on from the last one that it took", async () => {
    const storage = lasting();
    let refused = 0;
    await using pairs = start({
      ...storage,
      append(id, commits) {
        if (refused-- > 0) throw new Error("The disk is full.");
        return storage.append(id, commits);
      },
    });
    const room = await pairs.client().room("a");
    const call = room.rows(4);
    await pairs.wait(20);
    refused = 2;
    await pairs.wait(5 * minute);
    expect(await call).toBe(12);
    expect(room.count).toBe(12);
  });

  test("a server that closes keeps what is under way, and the next one goes on", async () => {
    const storage = lasting();
    close();
    {
      await using pairs = start(storage);
      void pairs.server
        .room("a")
        .slow()
        .catch(() => {});
      void pairs.server
        .room("a")
        .publish("x")
        .catch(() => {});
      await pairs.wait(1000);
      const closed = pairs.server.close();
      await pairs.wait(1000);
      release();
      await closed;
    }
    gate = undefined;
    await using pairs = start(storage);
    pairs.server.$start();
    await pairs.wait(1000);
    expect(names()).toEqual(["slow", "upload x"]);
    expect(await pairs.server.room("a").$tasks()).toMatchObject([{ event: "publish", step: "sleep" }]);
    expect(logs).toEqual([]);
  });
});

describe("after a deploy", () => {
  const deployed = async (Class: new () => object) => {
    const storage = lasting();
    {
      await using pairs = start(storage);
      void pairs.server
        .room("a")
        .publish("x")
        .catch(() => {});
      await pairs.wait(1000);
    }
    await using pairs = start(storage, { stores: { room: scope.room(Class as typeof Room, { allow }), other: stores.other } });
    pairs.server.$start();
    await pairs.wait(70 * minute);
    const found = await pairs.server.room("a").$tasks();
    const room = await pairs.client().room("a");
    const shown = room.tasks?.map(({ running, error }) => ({ running, error }));
    await pairs.wait(90 * minute);
    return { found, shown };
  };
  const kept = (found: unknown) => expect(found).toMatchObject([{ event: "publish", running: false, error: { code: "INTERNAL" } }]);

  class Renamed {
    @state log: string[] = [];
    @tasks tasks!: Tasks;
    @event({ background: true, durable: true }) async publish(title: string) {
      await step("store", () => note(`store ${title}`));
      await update(() => this.log.push("stored"));
    }
  }
  class Inserted {
    @state log: string[] = [];
    @tasks tasks!: Tasks;
    @event({ background: true, durable: true }) async publish(title: string) {
      await step("check", () => note(`check ${title}`));
      await step("upload", () => note(`upload ${title}`));
    }
  }
  class Shorter {
    @state log: string[] = [];
    @tasks tasks!: Tasks;
    @event({ background: true, durable: true }) async publish(title: string) {
      await step("upload", () => note(`upload ${title}`));
    }
  }
  class Throwing {
    @state log: string[] = [];
    @tasks tasks!: Tasks;
    @event({ background: true, durable: true }) async publish(title: string) {
      throw new Error(`no ${title}`);
    }
  }
  class Less {
    @state log: string[] = [];
    @tasks tasks!: Tasks;
    @event say() {}
  }
  test.each([
    ["has another step in its place", Renamed, 'it had come to `step("upload")`, and the event now asks for `step("store")`'],
    ["has a new step before it", Inserted, 'it had come to `step("upload")`, and the event now asks for `step("check")`'],
    ["ends before it", Shorter, "it had come to `update()`, and the event now ends before. Nothing was run twice"],
    ["throws before it", Throwing, 'it had come to `step("upload")`, and the event now ends before, by an error: no x'],
    ["has no such event", Less, "no store has a durable event `room.publish` any more"],
  ])("a task whose class %s fails clearly, where pages and operators see it, and runs nothing", async (_, Class, why) => {
    const { found, shown } = await deployed(Class);
    kept(found);
    expect(found[0]?.error?.message).toContain(why);
    expect(shown).toMatchObject([{ running: false, error: { code: "INTERNAL", message: expect.stringContaining("Its log has the details") } }]);
    expect(logs.join()).toContain(why);
    expect(names()).toEqual(["upload x"]);
  });

  test("a store that cannot be made keeps its tasks, which are tried again", async () => {
    const storage = lasting();
    {
      await using pairs = start(storage);
      void pairs.server
        .room("a")
        .rows(3)
        .catch(() => {});
      await pairs.wait(1000);
    }
    class Broken {
      constructor() {
        throw new Error("broken");
      }
      @event({ background: true, durable: true }) async rows() {}
    }
    {
      await using pairs = start(storage, { stores: { room: scope.room(Broken as never, { allow }), other: stores.other } });
      pairs.server.$start();
      await pairs.wait(10 * minute);
      expect(logs.join()).toContain("broken");
      expect(logs.length).toBeLessThan(20);
    }
    await using pairs = start(storage);
    pairs.server.$start();
    await pairs.wait(2 * minute);
    expect((await pairs.server.room("a").$snapshot()).count).toBe(6);
  });
});

describe("is refused:", () => {
  test.each([
    ["function", 'The result of `step("x")` cannot be kept'],
    ["name", '`step()` takes a name of 1 to 200 characters first: it was given ""'],
    ["noFunction", '`step("x")` takes a function as its second argument: it was given 1'],
    ["times", 'The `retry.times` of `step("x")` is -1'],
    ["delay", 'The `retry.delay` of `step("x")` is "soon"'],
    ["timeout", 'The `timeout` of `step("x")` is "never"'],
    ["time", '`sleep()` was given "soon"'],
    ["untilTime", '`until()` was given "soon"'],
    ["nested", "`step()` was called inside `step()`"],
    ["updateInStep", "`update()` was called inside `step()`"],
    ["resumeOutside", "`resume()` was called where nothing may change"],
    ["largeProgress", "`progress()` was given more than 1000 characters"],
    ["large", "would keep more than 1048576 characters of arguments and results"],
    ["state", "Cannot read properties of undefined"],
  ])("%s", async (how, message) => {
    await using pairs = start();
    await expect(pairs.server.room("a").misuse(how)).rejects.toThrow(message);
    expect(await pairs.server.room("a").$tasks()).toMatchObject([{ running: false }]);
  });

  test.each(["noFunction", "time", "untilTime", "largeProgress"])("%s in an event that is not durable", async (how) => {
    await using pairs = start();
    await expect(pairs.server.room("a").stray(how)).rejects.toThrow(/was called in an event without `durable: true`/);
  });

  test("a call of another scope instance outside a step", async () => {
    await using pairs = start();
    await expect(pairs.server.room("a").callLoosely("z")).rejects.toThrow("`other.add` was called by a durable event outside a step");
    expect((await pairs.server.other("z").$snapshot()).count).toBe(0);
  });

  test("a step in update()", async () => {
    await using pairs = start();
    await pairs.server.room("a").misuse("stepInUpdate");
    expect(names()).toEqual([]);
  });

  test("the list of tasks cannot be written", async () => {
    class Writer {
      @tasks tasks!: Tasks;
      @event clear() {
        (this.tasks as unknown as unknown[]).length = 0;
      }
      @event assign() {
        this.tasks = [] as never;
      }
    }
    await using pairs = pair({ stores: { writer: scope.room(Writer, { allow }) }, log: () => {} });
    await expect(pairs.server.writer("a").clear()).rejects.toThrow("`writer.tasks.length` is a list that the server alone changes");
    await expect(pairs.server.writer("a").assign()).rejects.toThrow("is a list that the server alone changes");
  });
});

test("a scheduled task is begun by its schedule, which ends with that commit, and goes with its room", async () => {
  class Timed {
    @state log: string[] = [];
    @event later() {
      schedule.after("1m", this.work, ["x"], { id: "work" });
    }
    @event({ background: true, durable: true }) async work(what: string) {
      await step("one", () => note(what));
      await sleep("1h");
      await step("two", () => note(`${what} again`));
    }
  }
  await using pairs = pair({ stores: { timed: scope.room(Timed, { allow }), other: stores.other }, storage: lasting(), idle: 5, log: () => {} });
  await pairs.server.timed("a").later();
  await pairs.server.timed("b").later();
  pairs.kill();
  await pairs.wait(1000);
  await pairs.server.other("x").add();
  await pairs.wait(2 * minute);
  expect(names()).toEqual(["x", "x"]);
  expect(await pairs.server.timed("a").$schedules()).toEqual([]);
  pairs.kill();
  await pairs.wait(1000);
  await pairs.server.other("x").add();
  expect(await pairs.server.timed("a").$tasks()).toHaveLength(1);
  await pairs.server.timed.delete("b");
  await pairs.wait(90 * minute);
  expect(names()).toEqual(["x", "x", "x again"]);
});

test("an operator sees tasks and stops them, and an export has those of a session", async () => {
  class Mine {
    @state count = 0;
    @event({ background: true, durable: true }) async work(what: string) {
      void what;
      await until("never");
    }
  }
  await using pairs = pair({ stores: { mine: Mine }, storage: lasting(), idle: 5, log: () => {} });
  const call = pairs.server.mine("s").work("x");
  call.catch(() => {});
  await pairs.wait(1000);
  const [exported] = await pairs.server.$export({ session: "s" });
  expect(exported).toMatchObject({ store: "mine", key: "s", tasks: [{ event: "work", args: ["x"], step: "never", due: undefined }] });
  const [task] = await pairs.server.mine("s").$tasks();
  expect(await pairs.server.mine("s").$stopTask(task?.id as string)).toBe(true);
  await expect(call).rejects.toMatchObject({ code: "STOPPED" });
  const other = pairs.server.mine("s").work("y");
  other.catch(() => {});
  await pairs.wait(1000);
  await pairs.server.$erase({ session: "s" });
  await expect(other).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await pairs.server.mine("s").$tasks()).toEqual([]);
});
