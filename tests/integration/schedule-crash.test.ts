import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { alarms } from "../crash/alarm-clock.js";
import type { Bug } from "../crash/bugs.js";
import { type Entry, faultless, judgeSchedules, type ScheduleVerdict } from "../crash/schedule-checker.js";
import { temporaryFolder } from "../kit/files.js";

const full = process.env.TEST_FULL !== undefined;
const [kills, schedules] = full ? [100, 1000] : [4, 40];
/** How late is late, in ms: a machine that tests keep busy may be late itself. */
const late = full ? 1000 : 10_000;
const seed = Number(process.env.SEED ?? (full ? Date.now() % 1e6 : 1));

test(`${schedules} schedules over ${kills} kills each run once, none early, and at most ${late / 1000} s late (seed ${seed})`, {
  timeout: kills * 60_000,
}, async ({ signal }) => {
  const { latest, ...report } = await alarms({ kills, schedules, seed, signal, late, file: join(temporaryFolder(), "twin.db") });
  console.log(`${schedules} schedules, ${kills} kills, seed ${seed}: at most ${latest} ms late`);
  expect(report).toEqual({ made: schedules, ran: schedules, ...faultless, wrong: 0 });
});

describe("the checker notices", () => {
  const planted: [Bug, (verdict: ScheduleVerdict) => number][] = [
    ["schedules twice", ({ doubled }) => doubled],
    ["schedules lost", ({ lost }) => lost],
  ];
  for (const [bug, fault] of planted) {
    test.runIf(full)(`${bug}`, { timeout: 240_000 }, async ({ signal }) => {
      const until = (verdict: ScheduleVerdict) => fault(verdict) > 0;
      const report = await alarms({ kills: 12, schedules: 120, seed, bug, signal, until, file: join(temporaryFolder(), "twin.db") });
      expect(fault(report)).toBeGreaterThan(0);
    });
  }

  const entry = (did: Entry["did"], at: number, ms = 0, tag = "1"): Entry => ({ did, at, id: "a", tag, ms });
  test.each<[string, Entry[], Partial<ScheduleVerdict>]>([
    ["nothing, where nothing is wrong", [entry("once", 0, 1000), entry("ran", 1500)], { ran: 1, latest: 500 }],
    ["what has not run", [entry("once", 0, 1000)], { lost: 1 }],
    ["what has run twice", [entry("once", 0, 1000), entry("ran", 1000), entry("ran", 1001)], { ran: 2, doubled: 1 }],
    ["what was cancelled", [entry("once", 0, 1000), entry("cancel", 500), entry("ran", 1000)], { ran: 1, doubled: 1 }],
    ["what was replaced", [entry("once", 0, 1000), entry("once", 500, 9000, "2"), entry("ran", 1000)], { ran: 1, doubled: 1 }],
    ["what is early", [entry("once", 0, 1000), entry("ran", 999), entry("ran", 1000)], { ran: 2, early: 1 }],
    ["what is late", [entry("once", 0, 1000), entry("ran", 2001)], { ran: 1, late: 1, latest: 1001 }],
    ["what a plan has once", [entry("every", 0, 4000), entry("ran", 4000), entry("ran", 4001), entry("ran", 8000)], { ran: 3, doubled: 1 }],
    ["a time that was passed by", [entry("every", 0, 4000), entry("ran", 4000), entry("ran", 9500)], { ran: 2, late: 1, latest: 1500 }],
  ])("%s", (_, log, found) => {
    const latest = { latest: 0 };
    expect(judgeSchedules(log, [[0, 10_000]], 9999)).toEqual({ ran: 0, ...faultless, ...latest, ...found });
  });
});
