import { useActionState, useEffect, useId, useLayoutEffect, useRef } from "react";
import type { FormAction, FormState } from "../../lib/event/call-types.js";

/** What a form does beside calling its event. */
export interface FormOptions<T> {
  /** Is called each time that the event has ended well, with its value. */
  onDone?(value: T): void;
}

/** Props for the elements of a form, and what came of it. `T` is the value of its event. */
export interface FormParts<T> {
  /** Props for the `<form>`. */
  readonly form: { readonly action: (data: FormData) => void; readonly ref: React.RefObject<HTMLFormElement | null>; readonly "aria-busy": boolean };
  /** Whether the event has no answer yet. */
  readonly pending: boolean;
  /** The event's value, once it has ended well. */
  readonly value: T | undefined;
  /** Why the event was refused, as far as no field is to blame. */
  readonly problem: string | undefined;
  /** Props for an input, a select or a text area. A default of yours stands before them: `<input defaultValue="1" {...form.field("count")} />`. */
  field(name: string): FieldProps & { readonly defaultValue?: string | undefined };
  /** Props for a checkbox. */
  check(name: string): FieldProps & { readonly type: "checkbox"; readonly defaultChecked?: boolean };
  /** Props for the label of a field. */
  label(name: string): { readonly htmlFor: string };
  /** Props for the element that says what is wrong with a field. It may be there while nothing is. */
  message(name: string): { readonly id: string };
  /** What is wrong with a field. */
  problemOf(name: string): string | undefined;
}

interface FieldProps {
  readonly id: string;
  readonly name: string;
  readonly "aria-invalid": true | undefined;
  readonly "aria-describedby": string | undefined;
}

/**
 * A form of an event whose fields keep what was typed, and say what is wrong with them. The first wrong one takes the focus. It works without JavaScript
 * as `<form action={event.form}>` does.
 * @example
 * const invite = useForm(guests.invite.form);
 * return <form {...invite.form}><label {...invite.label("name")}>Name</label><input {...invite.field("name")} /> {invite.problemOf("name")}</form>;
 */
export function useForm<A extends unknown[], T>(action: FormAction<A, T>, { onDone }: FormOptions<T> = {}): FormParts<T> {
  const id = useId();
  const ref = useRef<HTMLFormElement>(null);
  const [state, submit, pending] = useActionState<FormState<T> | undefined, FormData>(action, undefined);
  const done = useRef(onDone);
  useLayoutEffect(() => {
    done.current = onDone;
  });
  useLayoutEffect(() => keepChoices(ref.current, state), [state]);
  const seen = useRef(state);
  useEffect(() => {
    // `<Activity>` runs the effects of a page that it shows again.
    if (!state || seen.current === state) return;
    seen.current = state;
    if (state.error) ref.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    else done.current?.(state.value as T);
  }, [state]);
  const problemOf = (name: string) => state?.errors[name]?.join(" ");
  const props = (name: string): FieldProps => {
    const wrong = problemOf(name) !== undefined;
    return { id: `${id}-${name}`, name, "aria-invalid": wrong || undefined, "aria-describedby": wrong ? `${id}-${name}-message` : undefined };
  };
  const named = Object.keys(state?.errors ?? {}).some((name) => name !== "");
  return {
    form: { action: submit, ref, "aria-busy": pending },
    pending,
    value: state?.value,
    problem: problemOf("") ?? (named ? undefined : state?.error?.message),
    field: (name) => ({ ...props(name), ...(state?.error && { defaultValue: state.fields[name] }) }),
    check: (name) => ({ ...props(name), type: "checkbox", ...(state?.error && { defaultChecked: state.fields[name] !== undefined }) }),
    label: (name) => ({ htmlFor: `${id}-${name}` }),
    message: (name) => ({ id: `${id}-${name}-message` }),
    problemOf,
  };
}

/** React resets a form that was sent: selects and radio buttons, unlike inputs, to what they began with. */
function keepChoices(form: HTMLFormElement | null, state: FormState | undefined): void {
  if (!form || !state?.error) return;
  for (const control of form.elements as HTMLCollectionOf<HTMLInputElement | HTMLSelectElement>) {
    const value = state.fields[control.name];
    if (value === undefined) continue;
    if (control.type === "select-one") control.value = value;
    if (control.type === "radio") (control as HTMLInputElement).checked = control.value === value;
  }
}
