import { badStepName, largeProgress, notData } from "../../lib/errors/task-errors.js";
import type { StepAttempt } from "../../lib/event/task.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import type { Turn } from "../host/context.js";
import { plainOf, silence } from "../wire/plain-values.js";

/** How many characters the name of a step may have. */
const LONGEST_NAME = 200;
/** How many characters `progress()` takes. */
const MOST_PROGRESS = 1000;

/** The event of a task as it runs: what only those know who run it. */
export interface RunningEvent {
  readonly turn: Turn;
  /** Throws the reason where it was stopped. Gives whether it may clean up. */
  check(): boolean;
  /** The event has got the reason for which it was stopped: what it changes from now on is to clean up. */
  tell(): void;
  /** Runs one attempt of a step, as a part of the event. */
  attempt(key: string, run: (attempt: StepAttempt) => unknown, attempt: number, timeout: number | undefined): Promise<unknown>;
}

/** @throws StateError for what is no name */
export function checkedName(what: string, given: unknown): string {
  if (typeof given !== "string" || given === "" || given.length > LONGEST_NAME || !given.isWellFormed()) throw badStepName(what, given, LONGEST_NAME);
  return given;
}

/**
 * Encodes what `what` was given.
 * @throws StateError for what is no data
 */
export function encodedWithin(what: string, value: unknown, most?: number): Encoded {
  try {
    return encodeValue(plainOf(value, most));
  } catch (error) {
    silence(value);
    throw notData(what, error);
  }
}

/** @throws StateError for what is no data, or too much of it */
export function encodedProgress(value: unknown): Encoded {
  const progress = encodedWithin("progress()", value, MOST_PROGRESS);
  if (JSON.stringify(progress).length > MOST_PROGRESS) throw largeProgress(MOST_PROGRESS);
  return progress;
}
