import { Cron } from "croner";
import { badCron, badTimeZone, noPeriod, shortPeriod } from "../../lib/errors/schedule-errors.js";
import { durationOf } from "./duration.js";

/** The shortest period, in ms. */
const SHORTEST = 1000;

/** When an `every` runs: each so many ms, or as a cron line says. */
export interface Plan {
  readonly every: number | string;
  readonly timeZone?: string;
}

/**
 * Reads what `schedule.every()` is given.
 * @throws StateError where it is neither a period nor a cron line that names a time
 */
export function planOf(given: unknown, timeZone: unknown): Plan {
  const period = durationOf(given);
  if (period !== undefined) {
    if (period < SHORTEST) throw shortPeriod(given);
    return { every: Math.round(period) };
  }
  if (typeof given !== "string") throw noPeriod(given);
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw badTimeZone(timeZone);
  const plan: Plan = { every: given, ...(timeZone !== undefined && { timeZone }) };
  let next: number | undefined;
  try {
    next = nextTime(plan, 0, Date.now());
  } catch (error) {
    throw badCron(given, error);
  }
  if (next === undefined) throw badCron(given, "it names no time to come");
  return plan;
}

/** The next time of a plan that is later than now, and than the time of the present one; `undefined`: there is none. */
export function nextTime({ every, timeZone = "UTC" }: Plan, planned: number, now: number): number | undefined {
  if (typeof every === "number") return planned + every * (Math.floor(Math.max(0, now - planned) / every) + 1);
  const cron = new Cron(every, { paused: true, timezone: timeZone, mode: "5-or-6-parts" });
  return cron.nextRun(new Date(Math.max(now, planned)))?.getTime();
}

function isTimeZone(given: unknown): given is string {
  try {
    return typeof given === "string" && new Intl.DateTimeFormat("en", { timeZone: given }) !== undefined;
  } catch {
    return false;
  }
}
