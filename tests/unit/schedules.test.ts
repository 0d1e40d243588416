import { event, schedule } from "twinstate";
import { describe, expect, test } from "vitest";
import { durationOf } from "../../server/schedule/duration.js";
import { nextTime, planOf } from "../../server/schedule/plan.js";
import { DueTimes } from "../../server/task/due-times.js";
import { Random } from "../kit/random.js";

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1.5h", 5_400_000],
  ["2d", 172_800_000],
  ["1w", 604_800_000],
  [0, 0],
  [2.5, 2.5],
])("a time of %s is %s ms", (given, ms) => expect(durationOf(given)).toBe(ms));

test.each(["", "5", "m", "-5m", "5 m", "5M", "1e3s", "0 9 * * *", -1, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, {}])("%s is no time", (given) =>
  expect(durationOf(given)).toBeUndefined(),
);

describe("the next time", () => {
  const plan = (every: unknown, timeZone?: string) => planOf(every, timeZone);
  test("of a period is counted from the plan, past what was missed", () => {
    const next = (now: number) => nextTime(plan("10s"), 1000, now);
    expect([next(1000), next(1001), next(10_999), next(11_000), next(57_000), next(-5000)]).toEqual([11_000, 11_000, 11_000, 21_000, 61_000, 11_000]);
  });

  test("of a cron line is what the line names in its zone", () => {
    const next = (line: string, zone: string | undefined, now: string) => iso(nextTime(plan(line, zone), 0, at(now)));
    expect(next("0 9 * * MON-FRI", undefined, "2026-01-02T09:00:00Z")).toBe("2026-01-05T09:00:00.000Z");
    expect(next("*/10 * * * * *", undefined, "2026-01-02T09:00:01Z")).toBe("2026-01-02T09:00:10.000Z");
    expect(next("0 9 * * *", "America/New_York", "2026-01-02T13:00:00Z")).toBe("2026-01-02T14:00:00.000Z");
    expect(next("0 0 L * *", undefined, "2026-02-03T00:00:00Z")).toBe("2026-02-28T00:00:00.000Z");
  });

  test("of a cron line is there once where clocks are set back, and a time that is skipped is made up for", () => {
    const all = (line: string, from: string, count: number) => {
      let now = at(from);
      return Array.from({ length: count }, () => iso((now = nextTime(plan(line, "Europe/Berlin"), now, now) as number)));
    };
    expect(all("30 2 * * *", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]);
    const [skipped, after] = all("30 2 * * *", "2026-03-28T12:00:00Z", 2);
    expect(skipped?.slice(0, 13)).toBe("2026-03-29T01");
    expect(after).toBe("2026-03-30T00:30:00.000Z");
  });

  test("is never before that of the present plan, however the clock is set", () => {
    expect(nextTime(plan("0 * * * *"), at("2026-01-02T09:00:00Z"), at("2026-01-02T08:00:05Z"))).toBe(at("2026-01-02T10:00:00Z"));
  });
});

test.each([
  ["500ms", undefined, '`schedule.every()` was given "500ms": the shortest period is a second, `"1s"`'],
  [5, undefined, "the shortest period is a second"],
  [null, undefined, '`schedule.every()` was given null: it takes a period, as `"5m"`, or a cron line'],
  ["often", undefined, '`schedule.every()` was given "often", which is neither a period, as `"5m"`, nor a cron line'],
  ["61 * * * *", undefined, "nor a cron line of five or six fields"],
  ["0 0 30 2 *", undefined, "it names no time to come"],
  ["0 9 * * *", "Mars/Olympus", 'was given the time zone "Mars/Olympus", which is not known here. Give an IANA name'],
  ["0 9 * * *", 5, "was given the time zone 5"],
])("every %s in %s is refused", (every, zone, message) => {
  expect(() => planOf(every, zone)).toThrow(message);
});

test("outside an event nothing is scheduled, and the message says so", () => {
  class Store {
    @event close() {}
  }
  expect(() => schedule.after(5, new Store().close)).toThrow("`schedule.after()` was called outside an event");
  expect(() => schedule.cancel("x")).toThrow("`schedule.cancel()` was called outside an event");
});

test("due times are listed as a sorted list would have them, whatever was set before", () => {
  const random = new Random(1);
  const times = new DueTimes();
  const oracle = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    const id = `${random.int(60)}`;
    const due = random.chance(0.2) ? undefined : random.int(100);
    times.set(id, due);
    if (due === undefined) oracle.delete(id);
    else oracle.set(id, due);
    if (i % 20 > 0) continue;
    const [before, limit] = [random.int(120), 1 + random.int(80)];
    const listed = times.list(before, limit);
    const wanted = [...oracle.values()].filter((due) => due < before).sort((a, b) => a - b);
    expect(listed.map(({ due }) => due)).toEqual(wanted.slice(0, limit));
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    for (const { id, due } of listed) expect(oracle.get(id)).toBe(due);
  }
});
