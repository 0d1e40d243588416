import type { FormState } from "../lib/call.js";
import type { EventError } from "../lib/errors.js";
import type { EventParts } from "./event.js";
import { listen } from "./listen.js";

/** An event as the action of a form: given the form, or, by `useActionState`, a state and the form. */
export interface Form {
  (...args: unknown[]): Promise<FormState | undefined>;
  bind(self: unknown, ...bound: unknown[]): Form;
  /** Asked by React where a page is rendered: what a browser shall post by itself. */
  $$FORM_ACTION(): { name: null; action: string; method: "POST"; encType: string; data: FormData };
}

/** What a form sends in the place of arguments: its fields, and the arguments that stand in none. PROTOCOL.md §2. */
export interface Filled {
  readonly fields: readonly (readonly [name: string, value: unknown])[];
  readonly bound: readonly unknown[];
}

export function createForm(parts: EventParts, bound: readonly unknown[] = []): Form {
  const form = async (...args: unknown[]): Promise<FormState | undefined> => {
    // React's own names, and those of a form that was rendered for browsers without scripts, begin so.
    const fields = [...(args.at(-1) as FormData)].filter(([name]) => name[0] !== "$");
    const { call, send } = parts.begin();
    send(fields.length > 0 ? { fields, bound } : bound);
    return new Promise((resolve) =>
      listen(
        call,
        (value) => resolve({ value, errors: {}, fields: {} }),
        (error) => {
          resolve({ error: error as EventError, errors: errorsOf(error as EventError), fields: Object.fromEntries(fields) });
          // Without a state, nobody sees it.
          return args.length > 1;
        },
      ),
    );
  };
  return Object.assign(form, {
    bind: (_: unknown, ...more: unknown[]) => createForm(parts, [...bound, ...more]),
    $$FORM_ACTION() {
      const data = new FormData();
      data.set("$event", parts.label);
      if (parts.key !== null) data.set("$key", parts.key);
      // The state of `useActionState` is bound too, and is no argument.
      data.set("$bound", JSON.stringify(bound.filter((value) => /^[sbn]/.test(typeof value))));
      return { name: null, action: `${parts.url}/$form`, method: "POST" as const, encType: "multipart/form-data", data };
    },
  });
}

/** What is wrong, by the names of fields. */
function errorsOf({ data }: EventError): FormState["errors"] {
  const errors: Record<string, string[]> = {};
  for (const { path = [], message } of (data as { issues?: FormIssue[] } | undefined)?.issues ?? []) (errors[String(path[0] ?? "")] ??= []).push(message);
  return errors;
}

interface FormIssue {
  readonly path?: readonly unknown[];
  readonly message: string;
}
