import { logFailed, messageOf } from "../../lib/errors/errors.js";
import type { Models, Stores } from "../definition/scope.js";
import type { RuntimeOptions } from "../runtime.js";
import type { TwinOptions } from "../twin-options.js";
import type { Report } from "./error-shape.js";

/** One entry for the `log` option. */
export interface LogEntry {
  readonly level: "warn" | "error";
  readonly message: string;
  readonly error: unknown;
  /** The id that the client got instead of the error. */
  readonly id: string | undefined;
  /** The event in which it happened: `todo.add`. */
  readonly event: string | undefined;
  /** The event's arguments, as `logArguments` allows. */
  readonly args: readonly unknown[] | undefined;
}

/** Makes the function that gives an event's arguments as logs may show them, by the option `logArguments`. */
export function loggedBy(option: TwinOptions<Stores, Models>["logArguments"], report: Report): RuntimeOptions["logged"] {
  if (typeof option !== "function") return (_, args) => (option ? args : undefined);
  return (event, args) => {
    try {
      return option(event, args);
    } catch (error) {
      report("error", logFailed(error));
      return undefined;
    }
  };
}

/** Makes the report of the option `log`. Any error is reported, even when the app's `log` throws. */
export function reportTo(log: TwinOptions<Stores, Models>["log"]): Report {
  if (!log) return print;
  return (level, error, id, event) => {
    const tell = async () => log({ level, message: messageOf(error), error, id, event: event?.name, args: event?.args });
    tell().catch((thrown: unknown) => {
      print("error", logFailed(thrown));
      print(level, error, id, event);
    });
  };
}

const print: Report = (level, error, id, event) => {
  if (level === "warn" && process.env.NODE_ENV === "production") return;
  const where = [id, event?.name].filter((part) => part !== undefined).map((part) => ` ${part}:`);
  try {
    if (level === "warn") console.warn(`twinstate: ${messageOf(error)}`);
    else console.error(`twinstate:${where.join("")}`, error, ...(event?.args ? [event.args] : []));
  } catch {
    // The error throws when it is read.
    console.error(`twinstate:${where.join("")} ${messageOf(error)}`);
  }
};
