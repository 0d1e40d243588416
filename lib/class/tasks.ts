import { decorator } from "./decorators.js";
import type { Problem } from "./register.js";

/** A durable event that goes on, or has failed, as a `@tasks` field shows it. `P`: what its `progress()` gives. */
export interface RunningTask<P = unknown> {
  /** Stops it, by `stop(id)`. */
  readonly id: string;
  /** The event's name. */
  readonly event: string;
  /** `false`: it has failed. */
  readonly running: boolean;
  /** The name of the step that it is at, or of what it waits for: `"sleep"`, or the name that `until()` was given. */
  readonly step: string | undefined;
  readonly progress: P | undefined;
  readonly since: Date;
  /** Why it has failed: the code and message of an `EventError`; anything else is `INTERNAL`, without detail. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/**
 * The durable events of a store that go on, the first to begin first, and the last ones that have failed. A field with `@tasks` has this type.
 * @example @tasks tasks!: Tasks<number>;
 */
export interface Tasks<P = unknown> extends ReadonlyArray<RunningTask<P>> {}

type Key = string | symbol;
type Fits<V, K, T> = K extends keyof T
  ? [V] extends [readonly RunningTask<any>[]]
    ? unknown
    : Problem<"a field with @tasks lists durable events: declare it as `tasks!: Tasks`">
  : Problem<"a private or protected field is not sent: the list is for those who see the store">;

/** What `@tasks` may stand on: a field of type `Tasks`. */
export interface TasksDecorator {
  <C, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<C, V> & { readonly name: K } & Fits<V, K, C>): void;
  <C extends object, K extends Key>(target: C, key: K & Fits<K extends keyof C ? C[K] : never, K, C>, desc?: undefined): void;
}

/**
 * Makes a field the list of the store's durable events that go on, and of those that have failed. The server keeps it: code reads it, and never writes it.
 * @example
 * @tasks tasks!: Tasks<number>;
 * @event({ background: true, durable: true }) async publish() { … }
 */
export const tasks = decorator("tasks", ["field"], {}, (declared, name) => {
  declared.fields[name] = { name, private: false, persist: false, tasks: true };
}) as unknown as TasksDecorator;
