import type { IsAny, ViewOf } from "./view-types.js";

/** The promise that calling an event gives: it resolves with the event's value once the caller's twin shows what it changed. */
export interface Call<T> extends Promise<T> {
  /** Settles when the prediction (or nothing, where there is none) is on screen. */
  readonly local: Promise<void>;
  /** Asks the event to stop: one that waits does not begin, a running one sees it by `current().signal`. */
  cancel(reason?: unknown): void;
}

/** The call of a generator event: also an async iterable of its yields. */
export interface StreamCall<Y, T> extends Call<T>, AsyncIterable<Y, T, undefined> {}

export type CallOf<R> =
  IsAny<R> extends true
    ? Call<any>
    : [R] extends [AsyncGenerator<infer Y, infer T, any> | Generator<infer Y, infer T, any>]
      ? StreamCall<ViewOf<Y>, ViewOf<T>>
      : Call<ViewOf<Awaited<R>>>;

/** An event on a twin. */
// A function type, not an interface with a call signature: go-to-definition then has one answer, the class's method.
export type TwinEvent<A extends unknown[], R> = ((...args: A) => CallOf<R>) & EventTools<A, R>;

export interface EventTools<A extends unknown[], R> {
  /** The event, called only when `ms` have passed without another call. The same function each time. */
  debounce(ms: number): (...args: A) => CallOf<R>;
  /** The event, called at most once in `ms`. The same function each time. */
  throttle(ms: number): (...args: A) => CallOf<R>;
}
