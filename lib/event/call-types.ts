import type { Global, IsAny, ViewOf } from "../class/view-types.js";
import type { EventError } from "../errors/errors.js";

/** The promise that calling an event gives: it resolves with the event's value once the caller's twin shows what it changed. */
export interface Call<T> extends Promise<T> {
  /** Settles when the prediction (or nothing, where there is none) is on screen. */
  readonly local: Promise<void>;
  /** How much of the call's files is sent, from 0 to 1; `undefined` without files. */
  readonly progress?: number | undefined;
  /** Is called with `progress` whenever it changes. @example chat.attach(file).onProgress = (part) => { bar.value = part; }; */
  onProgress?: ((part: number) => void) | undefined;
  /** Asks the event to stop: one that waits does not begin, a running one sees it by `current().signal`. */
  cancel(reason?: unknown): void;
}

/**
 * The call of a generator event: also an async iterable of its yields. A loop over it that is left before its end, by `break` or an error, cancels the call.
 */
export interface StreamCall<Y, T> extends Call<T>, AsyncIterable<Y, T, undefined> {}

/** The call of an event by what the event returns: a `StreamCall` for generators, a `Call` for all others. */
export type CallOf<R> =
  IsAny<R> extends true
    ? Call<any>
    : [R] extends [AsyncGenerator<infer Y, infer T, any> | Generator<infer Y, infer T, any>]
      ? StreamCall<ViewOf<Y>, ViewOf<T>>
      : Call<ViewOf<Awaited<R>>>;

/** An event on a twin. */
// A function type, not an interface with a call signature: go-to-definition then has one answer, the class's method.
export type TwinEvent<A extends unknown[], R> = ((...args: A) => CallOf<R>) & EventTools<A, R>;

/** The result of a form, as `useActionState` keeps it. */
export interface FormState<T = unknown> {
  /** The event's return value. */
  readonly value?: T;
  /** Why it was refused. */
  readonly error?: EventError;
  /** The messages by field name; those of no field are under `""`. */
  readonly errors: Readonly<Record<string, readonly string[] | undefined>>;
  /** The field values of a refused form, for `defaultValue`: React empties a form that was sent. */
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/** An event as the action of a form: for `<form action>`, and for React's `useActionState`. */
export interface FormAction<A extends unknown[], T> {
  /** Resolves when the twin shows what the event did. A refusal goes to `<TwinProvider onError>`. */
  (data: Global<"FormData">): Promise<void>;
  /** Resolves to what came of it: a refusal too. */
  (state: FormState<T> | undefined, data: Global<"FormData">): Promise<FormState<T>>;
  /** Binds the first arguments, which are no fields. Without JavaScript they may be strings, numbers and booleans. */
  bind<B extends Partial<A>>(self: null | undefined, ...bound: B): FormAction<A, T>;
}

/** What an event in the browser has beside the call itself: `debounce`, `throttle` and `form`. */
export interface EventTools<A extends unknown[], R> {
  /**
   * The event, called only when `ms` have passed without another call, or before the next call of the same store that does not wait. The same function each
   * time.
   */
  debounce(ms: number): (...args: A) => CallOf<R>;
  /** The event, called at most once in `ms`, or before the next call of the same store that does not wait. The same function each time. */
  throttle(ms: number): (...args: A) => CallOf<R>;
  /**
   * The event as the action of a form, with JavaScript and without. Its one parameter that is an object gets the fields by their names; otherwise their values
   * are the arguments, in the form's order.
   * @example
   * <form action={todo.add.form}>
   *   <input name="title" />
   * </form>
   * @example const [state, add] = useActionState(todo.add.form, undefined);
   * @example <form action={todo.toggle.form.bind(null, item.id)}>
   */
  readonly form: FormAction<A, Awaited<CallOf<R>>>;
}
