import { EventError, isEventError, messageOf } from "../../lib/errors/errors.js";
import { keyed, notKept } from "../../lib/errors/task-errors.js";
import { isState } from "../../lib/view/view.js";
import type { Encoded } from "../../lib/wire/codec.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { KeptError, KeptOutcome } from "../storage/task-records.js";
import { plainOf } from "../wire/plain-values.js";

/** How many characters of an error's message are kept. */
const LONGEST_MESSAGE = 2000;

/**
 * What is kept of a result. A part of a store's state is none: code that goes on after a kill could not change it.
 * @throws StateError for what is no data
 */
export function outcomeOf(key: string, value: unknown): KeptOutcome {
  if (value === undefined || isState(value)) return [key];
  try {
    return [key, encodeValue(plainOf(value))];
  } catch (error) {
    throw notKept(keyed(key), error);
  }
}

/** What is kept of an error. */
export const failureOf = (key: string, error: unknown): KeptOutcome => [key, null, keptError(error)];

function keptError(error: unknown): KeptError {
  const message = messageOf(error).slice(0, LONGEST_MESSAGE);
  if (!isEventError(error)) return [error instanceof Error ? String(error.name) : "Error", message, false];
  const data = encodedData(error.data);
  return [String(error.code), message, true, ...(data ? [data] : [])] as unknown as KeptError;
}

function encodedData(data: unknown): Encoded | undefined {
  try {
    return data === undefined ? undefined : encodeValue(plainOf(data));
  } catch {
    return undefined;
  }
}

/**
 * Gives a kept result as code gets it: another copy each time.
 * @param cause the error itself, where it has just been thrown
 * @throws the kept error
 */
export function settleOutcome([, value, error]: KeptOutcome, cause?: unknown): unknown {
  if (error) throw errorOf(error, cause);
  return value ? decodeValue(value) : undefined;
}

function errorOf([code, message, own, data]: KeptError, cause: unknown): Error {
  const error = own ? new EventError(code as "INTERNAL", message, (data && decodeValue(data)) as undefined) : new Error(message);
  if (!own) error.name = code;
  return cause === undefined ? error : Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
}
