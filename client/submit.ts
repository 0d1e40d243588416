import type { EventError } from "../lib/errors/errors.js";
import type { FormState } from "../lib/event/call-types.js";
import type { EventParts } from "./event.js";
import { sendHeld } from "./held.js";
import { settle } from "./settle.js";

/** Sends a form to its event. `args`: the form, perhaps after a state. Resolves in any case: to a new state, which somebody looks at where there was one. */
export function submit(parts: EventParts, bound: readonly unknown[], args: readonly unknown[]): Promise<FormState> {
  // React's own names, and those of a form that was rendered for browsers without scripts, begin so.
  const typed = [...(args.at(-1) as FormData)].filter(([name]) => !name.startsWith("$"));
  // An input for files without one has a nameless, empty file.
  const fields = typed.map(([name, value]) => [name, typeof value !== "string" && !value.name && value.size === 0 ? null : value] as const);
  sendHeld(parts.twin);
  const { call, send } = parts.begin();
  send(fields.length > 0 ? { fields, bound } : bound);
  return new Promise((resolve) =>
    settle(
      call,
      (value) => resolve({ value, errors: {}, fields: {} }),
      (error) => {
        resolve({ error: error as EventError, errors: errorsOf(error as EventError), fields: Object.fromEntries(fields.filter(isText)) });
        return args.length > 1;
      },
    ),
  );
}

/** Browsers take no file for the value of an input. */
const isText = (field: readonly [string, unknown]): field is readonly [string, string] => typeof field[1] === "string";

/** The messages of issues, by the names of fields. */
function errorsOf({ code, data }: EventError): FormState["errors"] {
  const errors: Record<string, string[]> = {};
  const issues = (data as { issues?: unknown } | undefined)?.issues;
  // Errors with other codes carry the app's own data, whatever its names.
  if (code === "INVALID" && Array.isArray(issues)) for (const { path = [], message } of issues as Issue[]) (errors[String(path[0] ?? "")] ??= []).push(message);
  return errors;
}

interface Issue {
  readonly path?: readonly unknown[];
  readonly message: string;
}
