import { useId } from "react";
import type { EventError } from "../../lib/errors/errors.js";

/** What a control needs to know of its value: a field of `useField` is one. */
export interface Controlled {
  readonly error?: Pick<EventError, "message"> | undefined;
  readonly pending?: boolean;
}

/** Props for a control and what stands around it. */
export interface Control {
  /** Props for the `<label>`. */
  readonly label: { readonly id: string; readonly htmlFor: string };
  /** Props for the input, beside those of the field. */
  readonly control: { readonly id: string; readonly "aria-invalid": true | undefined; readonly "aria-describedby": string | undefined };
  /** Props for the element that says what the value is for, if there is one. */
  readonly description: { readonly id: string };
  /** Props for the element that says why the value was refused: it shows while there is a `problem`. */
  readonly message: { readonly id: string; readonly role: "alert" };
  /** Why the server refused the value. */
  readonly problem: string | undefined;
}

/**
 * Ties a label, a control, its description and its error together, for people who hear the page.
 * @param described whether there is an element with the description
 * @example
 * const title = useField(todo, "title");
 * const { label, control, message, problem } = useControl(title);
 * return <><label {...label}>Title</label><input {...title} {...control} />{problem && <p {...message}>{problem}</p>}</>;
 */
export function useControl({ error }: Controlled, described = false): Control {
  const id = useId();
  const problem = error?.message;
  const describedBy = [described && `${id}-description`, problem !== undefined && `${id}-message`].filter(Boolean).join(" ");
  return {
    label: { id: `${id}-label`, htmlFor: id },
    control: { id, "aria-invalid": problem !== undefined || undefined, "aria-describedby": describedBy || undefined },
    description: { id: `${id}-description` },
    message: { id: `${id}-message`, role: "alert" },
    problem,
  };
}
