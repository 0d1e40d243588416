import { badTime, badUntilOptions } from "../../lib/errors/task-errors.js";
import { dueIn, durationOf } from "../schedule/duration.js";

/**
 * When a `sleep()` is over that begins now, in ms since 1970.
 * @throws StateError for what is no time
 */
export function sleepDue(time: unknown): number {
  const due = dueIn(durationOf(time));
  if (due === undefined) throw badTime("sleep", time);
  return due;
}

/**
 * When an `until()` gives up that begins now, in ms since 1970; `undefined`: never.
 * @throws StateError for options that are none
 */
export function untilDue(name: string, options: unknown): number | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) throw badUntilOptions(name, options);
  const { timeout } = options as { timeout?: unknown };
  if (timeout === undefined) return undefined;
  const due = dueIn(durationOf(timeout));
  if (due === undefined) throw badTime("until", timeout);
  return due;
}
