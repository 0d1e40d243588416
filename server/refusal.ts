import { randomBytes } from "node:crypto";
import { EventError, isEventError } from "../lib/errors.js";

/** Takes what goes wrong, or slowly, on the server. */
export type Report = (level: "warn" | "error", error: unknown, id?: string, event?: ReportedEvent) => void;

/** The event in which something went wrong. */
interface ReportedEvent {
  /** `store.event` */
  readonly name: string;
  /** As far as logs may show them. */
  readonly args: readonly unknown[] | undefined;
}

/** An error as clients are told of it: PROTOCOL.md §2. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly data?: unknown;
}

/** What a client is told of an error: all of an `EventError`; of any other, only under which id it stands in the server's log. */
export function refusalOf(error: unknown, report: Report): Refusal {
  if (isEventError(error)) {
    const { code, message, data } = error as EventError;
    return data === undefined ? { code, message } : { code, message, data };
  }
  const id = randomBytes(6).toString("hex");
  report("error", error, id);
  return { code: "INTERNAL", message: `Something went wrong on the server. Its log has the details, under the id ${id}.`, data: { id } };
}

/** The error that a refusal tells of. */
export const errorOf = ({ code, message, data }: Refusal) => new EventError(code as "INTERNAL", message, data as undefined);

const STATUS: Readonly<Record<string, number>> = {
  INTERNAL: 500,
  FORBIDDEN: 403,
  INVALID: 400,
  NOT_FOUND: 404,
  SUPERSEDED: 409,
  DROPPED: 409,
  CANCELLED: 409,
  OUT_OF_ORDER: 409,
  UNKNOWN_OUTCOME: 409,
  // Not 408, upon which browsers repeat requests by themselves.
  INTERRUPTED: 504,
  OUTDATED: 412,
  RATE_LIMITED: 429,
  OFFLINE: 503,
  UNAVAILABLE: 503,
};

/** The HTTP status that goes with a code. The app's own codes are refusals of what was asked. */
export const statusOf = (code: string) => (Object.hasOwn(STATUS, code) ? (STATUS[code] as number) : 422);
