import type { FormState } from "../lib/event/call-types.js";
import { loadForms } from "./chunks.js";
import type { EventParts } from "./event.js";

/** An event as the action of a form: called with the form, or, by `useActionState`, with a state and the form. */
export interface Form {
  (...args: unknown[]): Promise<FormState | undefined>;
  bind(self: unknown, ...bound: unknown[]): Form;
  /** Asked by React where a page is rendered: what a browser posts by itself. */
  $$FORM_ACTION(): object | null;
}

/** A form in the place of arguments: its fields, and the bound arguments. PROTOCOL.md §2. */
export interface Filled {
  readonly fields: readonly (readonly [name: string, value: unknown])[];
  readonly bound: readonly unknown[];
}

/** Makes what a browser posts by itself of an event. The server gives it, in whose process pages are rendered: browsers do without. */
export type Rendering = (parts: EventParts, bound: readonly unknown[]) => object | null;
const RENDERING = Symbol.for("twinstate.form");

export function createForm(parts: EventParts, bound: readonly unknown[] = []): Form {
  // Loaded early, while the page is online.
  loadForms().catch(() => {});
  return Object.assign(async (...args: unknown[]) => (await loadForms()).submit(parts, bound, args), {
    bind: (_: unknown, ...more: unknown[]) => createForm(parts, bound.concat(more)),
    $$FORM_ACTION: () => (globalThis as { [RENDERING]?: Rendering })[RENDERING]?.(parts, bound) ?? null,
  });
}
