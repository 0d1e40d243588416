import { useEffect, useLayoutEffect, useMemo, useSyncExternalStore } from "react";
import { QUIET } from "../client/client.js";
import type { EventParts } from "../client/event.js";
import { hold, letGo } from "../client/held.js";
import { settle } from "../client/settle.js";
import { type EventError, noFieldSetter } from "../lib/errors/errors.js";
import { Signal } from "../lib/graph/signal.js";

// --- types ---

/** What an input shows: for a number also text that is no number yet, and `""` for `null` and `undefined`. */
type Shown<V> = V extends number ? number | string : V extends null | undefined ? "" : V;
type Change<V> = V | { readonly target: { readonly value?: unknown } };
/** A value as events take it: views have read-only lists. */
type Given<V> = V extends undefined ? never : V extends readonly (infer E)[] ? E[] : V;
type SetterOf<V> = (value: Given<V>) => PromiseLike<unknown>;
type Setters<T, K extends keyof T & string> = T extends { readonly [P in `set${Capitalize<K>}`]: (value: Given<T[K]>) => unknown }
  ? [set?: SetterOf<T[K]>]
  : [set: SetterOf<T[K]>];

/** The field of a value: a `CheckedField` for booleans, a `Field` for all others. */
export type FieldOf<V> = [V] extends [boolean | null | undefined] ? CheckedField : Field<V>;

// Fields are instances of classes, as a spread copies neither their getters nor their methods: only props reach the element.
abstract class AnyField<V> {
  /** The key, if the field has one. */
  declare readonly name?: string;
  readonly ref: (element: Element | null) => void;
  readonly onBlur: () => void;
  readonly onChange: (change: Change<V>) => void;
  readonly #editor: Editor;
  readonly #edit: Edit | undefined;

  constructor(editor: Editor, name: string | undefined) {
    this.#editor = editor;
    this.#edit = editor.get().edit;
    this.ref = editor.ref;
    this.onBlur = editor.leave;
    this.onChange = editor.change;
    if (name !== undefined) this.name = name;
  }

  /** Why the server refused the value in the field. */
  get error(): EventError | undefined {
    return this.#edit?.error;
  }

  /** Whether the server has not acknowledged the value in the field yet. */
  get pending(): boolean {
    return this.#edit !== undefined && isOpen(this.#edit);
  }

  /** Shows the store's value, and forgets an edit that is not sent yet, or was refused. */
  reset(): void {
    this.#editor.reset();
  }
}

/**
 * A value in an input. Spread it on `<input>`, `<textarea>`, `<select>`, or any component with `value` and `onChange`.
 * @example <input {...title} aria-invalid={title.error !== undefined} />
 */
export class Field<V> extends AnyField<V> {
  readonly value: Shown<V>;

  constructor(value: Shown<V>, editor: Editor, name: string | undefined) {
    super(editor, name);
    this.value = value;
  }

  /**
   * Props for Radix, and for any component with `value` and `onValueChange`.
   * @example <Select.Root {...theme.radix}>
   */
  get radix() {
    const { value, name, onChange } = this;
    return { value, onValueChange: onChange as (value: V) => void, ...(name !== undefined && { name }) };
  }
}

/**
 * A boolean in a checkbox or switch.
 * @example <input type="checkbox" {...done} />
 */
export class CheckedField extends AnyField<boolean> {
  readonly checked: boolean;

  constructor(checked: boolean, editor: Editor, name: string | undefined) {
    super(editor, name);
    this.checked = checked;
  }

  get value(): boolean {
    return this.checked;
  }

  /**
   * Props for Radix, and for any component with `checked` and `onCheckedChange`.
   * @example <Switch {...done.radix} />
   */
  get radix() {
    const { checked, name, onChange } = this;
    return { checked, onCheckedChange: (next: boolean | "indeterminate") => onChange(next === true), ...(name !== undefined && { name }) };
  }
}

// --- the hook ---

/** How long after the last change an edit is sent, in ms. */
const PAUSE = 80;

/**
 * Binds a value of a store to an input. An edit shows at once. It is sent when typing pauses for 80 ms, before any other call of the store, when the field
 * loses the focus or unmounts, and when the page ends; never in the middle of a composition (IME). The edit shows until the server has acknowledged the last
 * one. After that the store's value shows, with the caret in its place. A refused edit stays, with an `error`, until it is corrected or `reset()`, or the
 * store's value changes.
 *
 * With a key, the event `setTitle` sets `title`, or the given event does. An event's own `debounce` or `throttle` replaces the 80 ms.
 * @example
 * const draft = useField(todo, "draft");
 * return <input {...draft} />;
 * @example const title = useField(item.title, (title) => todo.rename(item.id, title));
 */
export function useField<V>(value: V, set: (value: V) => PromiseLike<unknown>): FieldOf<V>;
export function useField<T extends object, K extends keyof T & string>(store: T, key: K, ...set: Setters<T, K>): FieldOf<T[K]>;
export function useField(from: unknown, how: string | Set, given?: Set): Field<unknown> | CheckedField {
  let [name, value, set]: [string | undefined, unknown, Set] = [undefined, from, how as Set];
  if (typeof how === "string") {
    const store = from as Record<string, unknown>;
    [name, value, set] = [how, store[how], given ?? (store[`set${how[0]?.toUpperCase()}${how.slice(1)}`] as Set)];
  }
  if (typeof set !== "function") throw noFieldSetter(name ?? "");
  // biome-ignore lint/correctness/useExhaustiveDependencies: an edit of another field, or of another room's, is not this field's
  const editor = useMemo(() => new Editor(), [name, set["~"]?.twin]);
  const local = useSyncExternalStore(editor.subscribe, editor.get, editor.hydrate);
  const shown = editor.show(value);
  useLayoutEffect(() => editor.shown(shown, value, set));
  useEffect(() => editor.mount(), [editor]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a field also holds the edit and its error
  return useMemo(
    () => (typeof shown === "boolean" ? new CheckedField(shown, editor, name) : new Field<unknown>(shown, editor, name)),
    [shown, editor, name, local],
  );
}

type Set = ((value: unknown) => PromiseLike<unknown>) & { readonly "~"?: EventParts };

/** A change that the user has made. */
interface Edit {
  /** The value as the input shows it. */
  readonly shown: unknown;
  readonly value: unknown;
  /** `taken`: the store has it, but perhaps without a trailing blank that the user has typed. */
  readonly stage: "typed" | "sent" | "taken" | "refused";
  readonly error: EventError | undefined;
  /** The setter of the value that the user has changed: the field may have got another one since. */
  readonly set: Set;
}

const isOpen = ({ stage }: Edit) => stage === "typed" || stage === "sent";

/** Whether the store has the shown value, apart from blanks around it, or the spelling of a number. */
function same(shown: unknown, value: unknown): boolean {
  if (typeof shown !== "string") return Object.is(shown, value);
  return typeof value === "number" ? Number(shown) === value : shown.trim() === `${value}`.trim();
}

/** One field, from the first key to the server's answer. */
class Editor {
  #local: { readonly edit?: Edit } = {};
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  #element: (Partial<HTMLInputElement> & Element) | undefined;
  #composing = false;
  #mounted = false;
  /** The shown value, the store's value, and its setter, as of the last committed render. */
  #shown: unknown;
  #value: unknown;
  #set!: Set;
  /** The count of calls without an answer. */
  #calls = 0;
  /** The store's value when the server refused another one. */
  #valueAtRefusal: { readonly value: unknown } | undefined;
  /** The place of the caret before another value is written. */
  #caret: Caret | undefined;

  readonly get = () => this.#local;
  #hydrates = false;
  readonly hydrate = () => {
    this.#hydrates = true;
    return this.#local;
  };

  readonly ref = (element: Element | null): void => {
    this.#element = element ?? undefined;
    // An element that is gone takes its composition along.
    if (!element) this.#composing = false;
  };

  #setEdit(edit?: Edit): void {
    this.#local = edit ? { edit } : {};
    this.#changes.tell();
  }

  /** Whether the caret is in this element, also in a window in the background, where `:focus` does not match. */
  get #focused(): boolean {
    const element = this.#element;
    return element !== undefined && (element.getRootNode?.() as Partial<DocumentOrShadowRoot> | undefined)?.activeElement === element;
  }

  // --- what the page shows ---

  /** The edit, if it shows instead of the store's value. */
  #standing(value: unknown): Edit | undefined {
    const { edit } = this.#local;
    if (!edit || isOpen(edit)) return edit;
    const stands = edit.stage === "refused" ? !this.#valueAtRefusal || Object.is(this.#valueAtRefusal.value, value) : same(edit.shown, value);
    return stands ? edit : undefined;
  }

  #wanted(value: unknown): unknown {
    const edit = this.#standing(value);
    return edit ? edit.shown : (value ?? "");
  }

  /** The value for a render. React puts the caret at the end when it writes, so a focused field shows its old value until the caret is noted. */
  show(value: unknown): unknown {
    return this.#standing(value) || this.#caret || !this.#focused ? this.#wanted(value) : this.#shown;
  }

  /** React has committed a render. */
  shown(shown: unknown, value: unknown, set: Set): void {
    if (this.#caret) restore(this.#element, this.#caret, `${this.#shown}`, `${shown}`);
    this.#caret = undefined;
    this.#shown = shown;
    this.#value = value;
    this.#set = set;
    const { edit } = this.#local;
    // The value is noted only now: a refusal rolls its prediction back, and an earlier acknowledged edit may come later.
    if (edit?.stage === "refused" && this.#calls === 0) this.#valueAtRefusal ??= { value };
    const changes = !Object.is(this.#wanted(value), shown);
    if (changes) this.#caret = caretOf(this.#element);
    if (changes || (edit && !this.#standing(value))) this.#setEdit();
  }

  // --- what the user does ---

  readonly change = (change: unknown): void => {
    const event = eventOf(change);
    const shown = event ? read(event.target) : change;
    const numeric = typeof this.#value === "number" || NUMERIC.has(event?.target.type ?? "");
    if (event) {
      this.#element = event.target;
      if (event.nativeEvent?.isComposing && !this.#composing) {
        this.#composing = true;
        event.target.addEventListener("compositionend", this.#composed, { once: true });
      }
    }
    this.#caret = undefined;
    this.#setEdit({ shown, value: numeric ? numberOf(shown) : shown, stage: "typed", error: this.#local.edit?.error, set: this.#set });
    this.#plan();
  };

  readonly #composed = () => {
    this.#composing = false;
    this.#plan();
  };

  #plan(): void {
    const parts = this.#local.edit?.set["~"];
    const { debounce, throttle, pause = PAUSE } = parts?.options() ?? {};
    hold(this.#send, parts?.twin, this.#composing ? undefined : (debounce ?? throttle ?? pause));
  }

  /** The field has lost the focus. */
  readonly leave = (): void => {
    this.#send();
    // An edit that is neither open nor refused is the store's value in another spelling, or no number.
    const { edit } = this.#local;
    if (edit && (edit.stage === "taken" || Number.isNaN(edit.value))) this.#setEdit();
  };

  reset(): void {
    letGo(this.#send);
    this.#setEdit();
  }

  mount(): () => void {
    this.#mounted = true;
    const target = this.#element as ChangeEvent["target"] | undefined;
    // The user has typed before the page's code had come.
    if (this.#hydrates && this.#focused && target && target.type !== "radio" && `${read(target)}` !== `${this.#shown}`) this.change({ target });
    this.#hydrates = false;
    return () => {
      this.#mounted = false;
      this.#composing = false;
      this.leave();
    };
  }

  readonly #send = (leaving?: boolean): void => {
    if (leaving) this.#composing = false;
    letGo(this.#send);
    const { edit } = this.#local;
    if (edit?.stage !== "typed" || this.#composing || Number.isNaN(edit.value)) return;
    const sent: Edit = { ...edit, stage: "sent" };
    this.#setEdit(sent);
    const { set } = sent;
    const begun = set["~"]?.begin();
    begun?.send([sent.value]);
    this.#calls++;
    const answered = () => {
      const { edit } = this.#local;
      if (--this.#calls === 0 && edit?.stage === "refused") this.#setEdit(edit);
    };
    settle(
      begun?.call ?? set(sent.value),
      () => {
        if (this.#local.edit === sent) this.#setEdit(this.#focused ? { ...sent, stage: "taken", error: undefined } : undefined);
        answered();
      },
      (error) => {
        // If there is a later edit, its answer counts.
        const last = this.#local.edit === sent;
        if (last) {
          this.#valueAtRefusal = undefined;
          this.#setEdit(QUIET.has((error as EventError).code) ? undefined : { ...sent, stage: "refused", error: error as EventError });
        }
        answered();
        return !last || this.#mounted;
      },
    );
  };
}

// --- elements ---

interface ChangeEvent {
  readonly target: HTMLInputElement & Partial<Pick<HTMLSelectElement, "selectedOptions">>;
  readonly nativeEvent?: { readonly isComposing?: boolean };
}

function eventOf(change: unknown): ChangeEvent | undefined {
  const { target } = (typeof change === "object" && change !== null ? change : {}) as Partial<ChangeEvent>;
  return typeof target === "object" && target !== null ? (change as ChangeEvent) : undefined;
}

const NUMERIC = new Set(["number", "range"]);

function read({ type, value, checked, selectedOptions }: ChangeEvent["target"]): unknown {
  if (type === "checkbox") return checked;
  return type === "select-multiple" ? Array.from(selectedOptions ?? [], (option) => option.value) : value;
}

const numberOf = (text: unknown) => (`${text}`.trim() === "" ? Number.NaN : Number(text));

interface Caret {
  readonly start: number;
  readonly end: number;
  readonly direction: HTMLInputElement["selectionDirection"];
}

const NO_CARET: Caret = { start: -1, end: -1, direction: null };

function caretOf(element: Partial<HTMLInputElement> | undefined): Caret {
  const { selectionStart: start, selectionEnd: end, selectionDirection: direction = null } = element ?? {};
  return typeof start === "number" && typeof end === "number" ? { start, end, direction } : NO_CARET;
}

/** Puts the caret beside the same letters as before, in the part that both texts begin or end with. */
function restore(element: Partial<HTMLInputElement> | undefined, { start, end, direction }: Caret, before: string, after: string): void {
  if (start < 0) return;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const moved = (at: number) => {
    if (at <= head) return at;
    return at >= before.length - tail ? at + after.length - before.length : Math.min(at, after.length - tail);
  };
  element?.setSelectionRange?.(moved(start), moved(end), direction ?? undefined);
}
