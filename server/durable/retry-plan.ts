import { badStepOption } from "../../lib/errors/task-errors.js";
import type { Retry, StepOptions } from "../../lib/event/task.js";
import { dueIn, durationOf } from "../schedule/duration.js";

/** The most attempts, and the longest time that timers take, in ms. */
const MOST = 1000;
const LONGEST = 2 ** 31 - 1;

/** How often a step is tried, and for how long. */
export interface RetryPlan {
  /** How many attempts there are. */
  readonly attempts: number;
  /** How long an attempt may take, in ms. */
  readonly timeout: number | undefined;
  /** How long to wait after an attempt that has failed, in ms. */
  waitAfter(attempt: number): number;
}

/**
 * Reads the options of `step()`.
 * @throws StateError that names the step and the option
 */
export function retryPlan(step: string, options: unknown = {}): RetryPlan {
  if (typeof options !== "object" || options === null) throw badStepOption(step, "options", "an object", options);
  const { retry, timeout } = options as StepOptions;
  const limit = timeout === undefined ? undefined : durationOf(timeout);
  if (timeout !== undefined && !(limit !== undefined && limit >= 1 && limit <= LONGEST))
    throw badStepOption(step, "timeout", 'a time from 1 ms on, as 30000 or "30s"', timeout);
  if (retry === undefined) return { attempts: 1, timeout: limit, waitAfter: () => 0 };
  if (typeof retry !== "object" || retry === null) throw badStepOption(step, "retry", "an object, as { times: 3 }", retry);
  return { ...wavesOf(step, retry), timeout: limit };
}

/** A wait, in ms. Factors may grow until they are infinite. */
const waitFor = (first: number, most: number, times: number): number => (first === 0 ? 0 : Math.ceil(Math.min(most, first * times)));

function wavesOf(step: string, { times = 3, delay = "1s", factor = 2, max = "1m" }: Retry): Pick<RetryPlan, "attempts" | "waitAfter"> {
  if (!Number.isInteger(times) || times < 0 || times >= MOST) throw badStepOption(step, "retry.times", `a whole number from 0 to ${MOST - 1}`, times);
  if (typeof factor !== "number" || !(factor >= 1)) throw badStepOption(step, "retry.factor", "a number from 1 on", factor);
  const [first, most] = [durationOf(delay), durationOf(max)];
  if (first === undefined) throw badStepOption(step, "retry.delay", 'a time in ms, or as "1s"', delay);
  if (most === undefined || !dueIn(most)) throw badStepOption(step, "retry.max", 'a time in ms, or as "1m"', max);
  return { attempts: times + 1, waitAfter: (attempt) => waitFor(first, most, factor ** (attempt - 1)) };
}
