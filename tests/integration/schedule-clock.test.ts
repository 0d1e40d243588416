import { join } from "node:path";
import { event, schedule, state } from "twinstate";
import { memory, scope } from "twinstate/server";
import { lasting, type Net, pair } from "twinstate/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { sqlite } from "../../server/storage/sqlite.js";
import { temporaryFolder } from "../kit/files.js";
import { Random } from "../kit/random.js";

const seeds = process.env.TEST_FULL === undefined ? 3 : 100;
const minute = 60_000;
const hour = 60 * minute;

/** What ran, by the clock of the server. */
let ran: { what: string; at: number; due: number }[] = [];
/** Which lifecycle methods have run. */
let lives: string[] = [];

class Room {
  @state log: string[] = [];

  protected onLoad() {
    lives.push("load");
  }
  protected onDispose() {
    lives.push("dispose");
  }
  @event ring(what: string, due: number) {
    ran.push({ what, at: Date.now(), due });
    lives.push("ring");
    this.log.push(what);
  }
  @event once(what: string, ms: number) {
    schedule.after(ms, this.ring, [what, Date.now() + ms], { id: what });
  }
  @event every(what: string, ms: number) {
    schedule.every(ms, this.ring, [what, Date.now()], { id: what });
    return Date.now();
  }
}
const stores = { room: scope.room(Room, { allow: () => true }) };

/** Sets the clock of the process, away from the time that its timers count. The pair puts its own back. */
function setClock(ms: number): void {
  const Before = Date;
  const now = () => Before.now() + ms;
  globalThis.Date = new Proxy(Before, {
    construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
    get: (target, key, self) => (key === "now" ? now : Reflect.get(target, key, self)),
  });
}

beforeEach(() => {
  [ran, lives] = [[], []];
});

describe.each([
  ["memory", memory],
  ["a durable storage", lasting],
  ["sqlite", () => sqlite(join(temporaryFolder(true), "twin.db"))],
] as const)("with %s", (name, storage) => {
  const open = (): Net<typeof stores> => pair({ stores, storage: storage(), idle: 5, log: () => {} });

  test("a schedule wakes an evicted host: its store is disposed of, and loaded again to run", async () => {
    await using net = open();
    await net.server.room("a").once("bell", hour);
    await net.wait(hour - minute);
    expect(lives).toEqual(["load", "dispose"]);
    await net.wait(2 * minute);
    expect(lives.slice(0, 4)).toEqual(["load", "dispose", "load", "ring"]);
    expect((await net.server.room("a").$snapshot()).log).toEqual(["bell"]);
  });

  test.each(Array.from({ length: name === "sqlite" ? 1 : seeds }, (_, i) => i + 1))(
    "clock set back and forward by an hour: none twice, none lost, none early (seed %i)",
    async (seed) => {
      await using net = open();
      const random = new Random(seed);
      const room = (what: string) => net.server.room(`r${what.length % 3}`);
      const begun = await room("every").every("every", 7 * minute);
      const made: string[] = [];
      let shift = 0;
      let highest = 0;
      for (let round = 0; round < 12; round++) {
        for (let i = 0; i < 3; i++) {
          const what = "x".repeat(made.length + 1);
          made.push(what);
          await room(what).once(what, random.int(2 * hour));
        }
        // Another server takes over what a durable storage has.
        if (name !== "memory" && random.chance(0.3)) {
          net.kill();
          await net.wait(1000);
          await net.server.room("other").$snapshot();
        }
        await net.wait(5000 + random.int(25 * minute));
        const by = random.pick([-hour, hour]);
        shift += by;
        highest = Math.max(highest, shift);
        setClock(by);
      }
      // All that was planned is past then: also what was planned while the clock was far ahead.
      setClock(highest - shift);
      await net.wait(3 * hour);
      const once = ran.filter(({ what }) => what !== "every");
      expect(once.map(({ what }) => what.length).sort((a, b) => a - b)).toEqual(made.map((_, i) => i + 1));
      expect(once.filter(({ at, due }) => at < due)).toEqual([]);
      // An every runs at most once for each time of its plan, also for one that the clock has shown twice, and for the last of them.
      const slots = ran.filter(({ what }) => what === "every").map(({ at }) => Math.floor((at - begun) / (7 * minute)));
      expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
      expect(slots.at(-1)).toBe(Math.floor((Date.now() - begun) / (7 * minute)));
      const logs = await Promise.all(["x", "xx", "xxx"].map(async (what) => (await room(what).$snapshot()).log.length));
      expect(logs.reduce((sum, length) => sum + length, 0)).toBe(ran.length);
    },
  );
});
