import { useEffect, useLayoutEffect, useMemo, useSyncExternalStore } from "react";
import { QUIET } from "../client/client.js";
import type { EventParts } from "../client/event.js";
import { hold, letGo } from "../client/held.js";
import { settle } from "../client/settle.js";
import { type EventError, noFieldSetter } from "../lib/errors/errors.js";
import { Signal } from "../lib/graph/signal.js";

// --- types ---

/** What an input shows: for a number also what is no number yet; nothing for what is missing. */
type Shown<V> = V extends number ? number | string : V extends null | undefined ? "" : V;
type Change<V> = V | { readonly target: { readonly value?: unknown } };
type SetterOf<V> = (value: Exclude<V, undefined>) => PromiseLike<unknown>;
type Setters<T, K extends keyof T & string> = T extends { readonly [P in `set${Capitalize<K>}`]: (value: Exclude<T[K], undefined>) => unknown }
  ? [set?: SetterOf<T[K]>]
  : [set: SetterOf<T[K]>];

export type FieldOf<V> = [V] extends [boolean | null | undefined] ? CheckedField : Field<V>;

// Classes, as a spread copies neither getters nor methods of theirs: what is no prop of an element does not get there.
abstract class AnyField<V> {
  /** The key, where there is one. */
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

  /** Why the server refused what stands in the field. */
  get error(): EventError | undefined {
    return this.#edit?.error;
  }

  /** What stands in the field has not come to the server yet. */
  get pending(): boolean {
    return this.#edit !== undefined && isOpen(this.#edit);
  }

  /** Shows what the store has, and forgets what was typed: what is not sent yet, or was refused. */
  reset(): void {
    this.#editor.reset();
  }
}

/**
 * A value in an input. It spreads on `<input>`, `<textarea>`, `<select>`, and what else takes `value` and `onChange`.
 * @example <input {...title} aria-invalid={title.error !== undefined} />
 */
export class Field<V> extends AnyField<V> {
  readonly value: Shown<V>;

  constructor(value: Shown<V>, editor: Editor, name: string | undefined) {
    super(editor, name);
    this.value = value;
  }

  /**
   * For Radix, and what else takes `value` and `onValueChange`.
   * @example <Select.Root {...theme.radix}>
   */
  get radix() {
    const { value, name, onChange } = this;
    return { value, onValueChange: onChange as (value: V) => void, ...(name !== undefined && { name }) };
  }
}

/**
 * Something that is on or off.
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
   * For Radix, and what else takes `checked` and `onCheckedChange`.
   * @example <Switch {...done.radix} />
   */
  get radix() {
    const { checked, name, onChange } = this;
    return { checked, onCheckedChange: (next: boolean | "indeterminate") => onChange(next === true), ...(name !== undefined && { name }) };
  }
}

// --- the hook ---

/** After how many ms without another change what was typed is sent. */
const PAUSE = 80;

/**
 * Binds a value of a store to an input. What is typed shows at once. It is sent when typing pauses for 80 ms, before any other call of the store, and when the field is left or
 * leaves the page, or the page ends; not in the middle of a composition (IME). Until the server has taken the last change, nothing else shows; from then on it is what the store has, with the caret where it was. What
 * the server refuses stays, with an `error`, until it is corrected or `reset()`, or the store's value changes.
 *
 * With a key, `title` is set by the event `setTitle`, or the one that is given. An event's own `debounce` or `throttle` takes the place of the 80 ms.
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed under another name is nothing of this one's
  const editor = useMemo(() => new Editor(), [name]);
  const local = useSyncExternalStore(editor.subscribe, editor.get, editor.get);
  const shown = editor.show(value);
  useLayoutEffect(() => editor.shown(shown, value, set));
  useEffect(() => editor.mount(), [editor]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a field tells of what is typed and its error too
  return useMemo(
    () => (typeof shown === "boolean" ? new CheckedField(shown, editor, name) : new Field<unknown>(shown, editor, name)),
    [shown, editor, name, local],
  );
}

type Set = ((value: unknown) => PromiseLike<unknown>) & { readonly "~"?: EventParts };

/** What a user has changed. */
interface Edit {
  /** As it stands in the input. */
  readonly shown: unknown;
  readonly value: unknown;
  /** `taken`: the store has it, but perhaps without the blank after which the user goes on. */
  readonly stage: "typed" | "sent" | "taken" | "refused";
  readonly error: EventError | undefined;
}

const isOpen = ({ stage }: Edit) => stage === "typed" || stage === "sent";

/** Whether the store has what is shown, but perhaps for the blanks around, or how a number is spelled. */
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
  /** What the page shows, what the store has, and how to set that: as of the last render that came to the page. */
  #shown: unknown;
  #value: unknown;
  #set!: Set;
  /** How many calls have no answer. */
  #calls = 0;
  /** What the store had when the server had refused another value. */
  #had: { readonly value: unknown } | undefined;
  /** Where it was before something else shows. */
  #caret: Caret | undefined;

  readonly get = () => this.#local;

  readonly ref = (element: Element | null): void => {
    this.#element = element ?? undefined;
    // It has taken its composition along.
    if (!element) this.#composing = false;
  };

  #tell(edit?: Edit): void {
    this.#local = edit ? { edit } : {};
    this.#changes.tell();
  }

  /** Whether the caret is here, be the window in front or not: `:focus` matches in that one alone. */
  get #focused(): boolean {
    const element = this.#element;
    return element !== undefined && (element.getRootNode?.() as Partial<DocumentOrShadowRoot> | undefined)?.activeElement === element;
  }

  // --- what the page shows ---

  /** What was changed, where that is to be seen, and not what the store has. */
  #standing(value: unknown): Edit | undefined {
    const { edit } = this.#local;
    if (!edit || isOpen(edit)) return edit;
    const stands = edit.stage === "refused" ? !this.#had || Object.is(this.#had.value, value) : same(edit.shown, value);
    return stands ? edit : undefined;
  }

  #wanted(value: unknown): unknown {
    const edit = this.#standing(value);
    return edit ? edit.shown : (value ?? "");
  }

  /** What a render is to show. As React puts the caret at the end when it writes, what somebody is in is shown as it was until the caret is noted. */
  show(value: unknown): unknown {
    return this.#standing(value) || this.#caret || !this.#focused ? this.#wanted(value) : this.#shown;
  }

  /** A render has come to the page. */
  shown(shown: unknown, value: unknown, set: Set): void {
    if (this.#caret) restore(this.#element, this.#caret, `${this.#shown}`, `${shown}`);
    this.#caret = undefined;
    this.#shown = shown;
    this.#value = value;
    this.#set = set;
    const { edit } = this.#local;
    // Only now, as what was shown of an event before its answer is undone with it, and as what was taken before may come later.
    if (edit?.stage === "refused" && this.#calls === 0) this.#had ??= { value };
    const other = !Object.is(this.#wanted(value), shown);
    if (other) this.#caret = caretOf(this.#element);
    if (other || (edit && !this.#standing(value))) this.#tell();
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
    this.#tell({ shown, value: numeric ? numberOf(shown) : shown, stage: "typed", error: this.#local.edit?.error });
    this.#plan();
  };

  readonly #composed = () => {
    this.#composing = false;
    this.#plan();
  };

  #plan(): void {
    const parts = this.#set["~"];
    const { debounce, throttle } = parts?.options() ?? {};
    hold(this.#send, parts?.twin, this.#composing ? undefined : (debounce ?? throttle ?? PAUSE));
  }

  /** The field was left. */
  readonly leave = (): void => {
    this.#send();
    // What is neither sent nor refused is the store's, but for its spelling, or no number.
    const { edit } = this.#local;
    if (edit && (edit.stage === "taken" || Number.isNaN(edit.value))) this.#tell();
  };

  reset(): void {
    letGo(this.#send);
    this.#tell();
  }

  mount(): () => void {
    this.#mounted = true;
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
    this.#tell(sent);
    const begun = this.#set["~"]?.begin();
    begun?.send([sent.value]);
    this.#calls++;
    const answered = () => {
      const { edit } = this.#local;
      if (--this.#calls === 0 && edit?.stage === "refused") this.#tell(edit);
    };
    settle(
      begun?.call ?? this.#set(sent.value),
      () => {
        if (this.#local.edit === sent) this.#tell(this.#focused ? { ...sent, stage: "taken", error: undefined } : undefined);
        answered();
      },
      (error) => {
        // Of what was changed since, the answer counts.
        const last = this.#local.edit === sent;
        if (last) {
          this.#had = undefined;
          this.#tell(QUIET.has((error as EventError).code) ? undefined : { ...sent, stage: "refused", error: error as EventError });
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

/** Puts the caret beside the letters beside which it was: those that both texts begin or end with. */
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
