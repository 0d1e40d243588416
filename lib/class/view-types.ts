import type { EventError } from "../errors/errors.js";
import type { TwinEvent } from "../event/call-types.js";

/** A global that need not exist: this layer compiles without DOM and Node. */
export type Global<K extends string> = typeof globalThis extends { readonly [P in K]: { prototype: infer V } } ? V : never;
type Leaf = string | number | bigint | boolean | symbol | null | undefined | Date | RegExp | ArrayBuffer | ArrayBufferView | Global<"URL"> | Global<"Blob">;
export type Fn = (...args: any[]) => unknown;
export type IsAny<T> = 0 extends 1 & T ? true : false;

declare const INTERNAL: unique symbol;
/**
 * The `this` of an event that only server code may call. It removes the event from the twin's type.
 * @example @event({ internal: true }) open(this: Internal<this>, question: string) { this.question = question; }
 */
export type Internal<T> = T & { readonly [INTERNAL]?: never };
/** Whether a method's `this` is {@link Internal}. */
// The types stand in an object, as TypeScript defers a condition on the polymorphic `this` itself.
export type IsInternal<M> = M extends (this: infer S, ...args: any) => unknown ? ({ it: S } extends { it: Internal<unknown> } ? true : false) : false;

declare const OWN: unique symbol;
/** Somebody who is here: their `id`, what the server says of them (`T`), and what they show of themselves (`I`). */
export type Person<T = {}, I = {}> = { readonly id: string } & View<T> & Partial<View<I>>;
/**
 * The people who are here, in the order in which they came: one for each tab. A field with `@presence` has this type.
 * @example @presence({ of: ({ user }) => ({ name: user.name }), input: Cursor }) people!: Presence<{ name: string }, { cursor: Cursor }>;
 */
export interface Presence<T = {}, I = {}> extends ReadonlyArray<Person<T, I>> {
  readonly [OWN]: I;
}

/** A value of a store, as the browser sees it: deeply read-only, its methods are events. */
export type ViewOf<T> =
  IsAny<T> extends true
    ? any
    : T extends Leaf
      ? T
      : T extends (...args: infer A) => infer R
        ? IsInternal<T> extends true
          ? never
          : TwinEvent<A, R>
        : // Array syntax: deferred, so that recursive types as `Json` end.
          T extends readonly (infer E)[]
          ? number extends T["length"]
            ? T extends Presence<any, any>
              ? T
              : readonly ViewOf<E>[]
            : { readonly [I in keyof T]: ViewOf<T[I]> }
          : T extends ReadonlyMap<infer K, infer V>
            ? ReadonlyMap<K, ViewOf<V>>
            : T extends ReadonlySet<infer V>
              ? ReadonlySet<ViewOf<V>>
              : T extends Promise<infer V>
                ? Pending<ViewOf<V>>
                : unknown extends T
                  ? unknown
                  : View<T>;

/**
 * A store, or an object in it, as the browser sees it.
 * @example function Row({ item }: { item: View<Item> }) { … }
 */
// Homomorphic over `keyof T`: private members drop out, modifiers and go-to-definition stay. Keys are never filtered by value: that makes types circular.
export type View<T> = { readonly [K in keyof T]: ViewOf<T[K]> };

/** The view that `allow` gets: methods are `never`, as types cannot tell events from helpers; getters stay. */
export type LoadedOf<T> =
  IsAny<T> extends true
    ? any
    : T extends Leaf
      ? T
      : T extends Fn
        ? never
        : T extends readonly (infer E)[]
          ? number extends T["length"]
            ? T extends Presence<any, any>
              ? T
              : readonly LoadedOf<E>[]
            : { readonly [I in keyof T]: LoadedOf<T[I]> }
          : T extends ReadonlyMap<infer K, infer V>
            ? ReadonlyMap<K, LoadedOf<V>>
            : T extends ReadonlySet<infer V>
              ? ReadonlySet<LoadedOf<V>>
              : T extends Promise<infer V>
                ? Promise<LoadedOf<V>>
                : unknown extends T
                  ? unknown
                  : Loaded<T>;

/** A loaded store as `allow` gets it: deeply read-only. */
export type Loaded<T> = { readonly [K in keyof T]: LoadedOf<T[K]> };

/**
 * A `@computed` that is a promise, as the browser sees it.
 * @example const { value, pending, error } = useSky().weather;
 */
export interface Pending<T> {
  /** The last value. It stays while the next one is awaited, and where that fails. `undefined` before the first one. */
  readonly value: T | undefined;
  /** The promise has not settled yet. */
  readonly pending: boolean;
  /** The error of the last promise that has settled, if it was rejected. Any error but an `EventError` is `INTERNAL`. The same object until the next one. */
  readonly error: EventError | undefined;
}
