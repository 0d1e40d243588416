import { randomBytes } from "node:crypto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { dataNotSent, dataTooLarge, EventError, isEventError, isLater, messageOf } from "../../lib/errors/errors.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Answer, RefusalParts } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { boundedIssues, cut } from "./issues.js";
import { jsonOf, plainOf, silence } from "./plain-values.js";

/** Takes what goes wrong, or slowly, on the server. It never throws. */
export type Report = (level: "warn" | "error", error: unknown, id?: string, event?: ReportedEvent) => void;

/** The event in which something went wrong. */
interface ReportedEvent {
  /** `store.event` */
  readonly name: string;
  /** The event's arguments, as logs may show them. */
  readonly args: readonly unknown[] | undefined;
}

/** An error as clients get it: PROTOCOL.md §2. Plain JSON, whatever the app has thrown. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The data, if JSON can write it. */
  readonly data?: unknown;
  /** The data as an encoded value, where JSON would lose some of it. */
  readonly value?: Encoded;
  /** The server's own: the call has taken no number, and may be made again. */
  readonly again?: true;
  /** What a numbered event had done before it failed: its answer, without a value. */
  readonly done?: Partial<Answer>;
}

/** How many characters of a message, and of a code, are sent. */
const LONGEST_MESSAGE = 2000;
const LONGEST_CODE = 100;
/** How many characters the data may have, as JSON. */
const MOST_DATA = 65_536;
/** How deep JSON may be nested in a refusal: what reads it may do so by recursion. */
const DEEPEST = 32;

/** The refusals of errors of ours, each made once, however often it is passed on. */
const made = new WeakMap<Error, Refusal>();

/**
 * Gives what a client gets of any thrown value: all of an `EventError`; of anything else, only the id under which the server's log has it.
 */
export function errorShapeOf(error: unknown, report: Report): Refusal {
  try {
    const before = made.get(error as Error);
    if (before) return before;
    silence(error);
    if (isEventError(error)) return toldOf(error, report);
  } catch {
    // A getter of the error has thrown: nothing of it can be told.
  }
  const id = randomBytes(6).toString("hex");
  report("error", error, id);
  return { code: "INTERNAL", message: `Something went wrong on the server${detailsOf(error)}. Its log has the details, under the id ${id}.`, data: { id } };
}

/** What is told of an error in development alone: it might be secret. */
function detailsOf(error: unknown): string {
  return process.env.NODE_ENV === "development" ? `: ${cut(messageOf(error), LONGEST_MESSAGE / 2).replace(/\.$/, "")}` : "";
}

function toldOf(error: EventError, report: Report): Refusal {
  const { code, message, data } = error as { code: unknown; message: unknown; data: unknown };
  const told = { code: String(code).slice(0, LONGEST_CODE), message: cut(String(message), LONGEST_MESSAGE), ...(isLater(error) && { again: true as const }) };
  if (data === undefined) return told;
  try {
    return { ...told, ...sent(code === "INVALID" ? withIssues(data) : data) };
  } catch (cause) {
    report("error", dataNotSent(told.code, cause));
    return told;
  }
}

function withIssues(data: unknown): unknown {
  const { issues, more = 0 } = (data ?? {}) as { issues?: unknown; more?: number };
  if (!Array.isArray(issues) || issues.length === 0) return data;
  const told = boundedIssues(issues as StandardSchemaV1.Issue[]);
  const left = issues.length - told.length;
  return { ...(data as object), issues: told, ...(left > 0 && { more: more + left }) };
}

/** The data of an error, as it is sent. */
function sent(given: unknown): Pick<Refusal, "data" | "value"> {
  const value = encodeValue(plainOf(given, MOST_DATA));
  const text = JSON.stringify(value);
  if (text.length > MOST_DATA) throw dataTooLarge(MOST_DATA);
  // A value that the reader would refuse is found here.
  decodeValue(value);
  const data = asJson(given);
  return JSON.stringify(encodeValue(data)) === text ? { data } : { ...(data !== undefined && { data }), value };
}

/** Gives a value as JSON, for clients that know nothing else; `undefined` where that cannot be: a cycle, or too deep nesting. */
function asJson(value: unknown): unknown {
  try {
    const json = jsonOf(value);
    return isDeep(json, DEEPEST) ? undefined : json;
  } catch {
    return undefined;
  }
}

const isDeep = (json: unknown, most: number): boolean =>
  typeof json === "object" && json !== null && (most === 0 || Object.values(json).some((part) => isDeep(part, most - 1)));

/** Makes the error of a refusal. */
export function errorOf(refusal: Refusal): EventError {
  const { code, message, data, value } = refusal;
  const error = new EventError(code as "INTERNAL", message, (value ? decodeValue(value) : data) as undefined);
  made.set(error, refusal);
  return error;
}

/** Makes an error of ours of any thrown value, with what clients may know: it can be passed on, and looked into. */
export const tellable = (error: unknown, report: Report): EventError =>
  made.has(error as Error) ? (error as EventError) : errorOf(errorShapeOf(error, report));

/** Gives a refusal for streams and pages, which our own clients alone read: its data is an encoded value. */
export function told({ code, message, data, value }: Refusal): RefusalParts {
  if (value) return [code, message, value];
  return data === undefined ? [code, message] : [code, message, encodeValue(data)];
}

const STATUS: Readonly<Record<string, number>> = {
  INTERNAL: 500,
  FORBIDDEN: 403,
  INVALID: 400,
  NOT_FOUND: 404,
  GONE: 410,
  TOO_LARGE: 413,
  CUT_SHORT: 400,
  SUPERSEDED: 409,
  DROPPED: 409,
  CANCELLED: 409,
  STOPPED: 409,
  OUT_OF_ORDER: 409,
  UNKNOWN_OUTCOME: 409,
  // The status is not 408: browsers repeat such requests by themselves.
  INTERRUPTED: 504,
  OUTDATED: 412,
  RATE_LIMITED: 429,
  OFFLINE: 503,
  UNAVAILABLE: 503,
};

/** The HTTP status that goes with a code. The app's own codes are refusals of what was asked. */
export const statusOf = (code: string) => (Object.hasOwn(STATUS, code) ? (STATUS[code] as number) : 422);
