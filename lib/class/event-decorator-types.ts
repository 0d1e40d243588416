import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Current } from "../event/current.js";
import type { Problem } from "./register.js";
import type { QueueOwner, QueuePolicy } from "./schema.js";
import type { Fn, IsInternal } from "./view-types.js";

// The types of `@event`: what it may stand on, and its options. For both kinds of decorators; the legacy overload last, as TypeScript explains only that one.
// Legacy: (target: T, key: K). Standard: (value, context & { name: K }).

type Key = string | symbol;
type Named<K> = { readonly name: K };
type PublicEvent<T, K> = K extends keyof T ? unknown : Problem<"an @event can be called by every client: it cannot be private or protected">;
/** A method that says nothing of its `this`. */
type Method = (this: Problem<"an event with `this: Internal<this>` is for server code alone: write @event({ internal: true })">, ...args: any[]) => unknown;
type Marked<M> =
  IsInternal<M> extends true
    ? unknown
    : Problem<"an internal event is no part of the twin's type: declare `this: Internal<this>` as the method's first parameter">;
/** What `@event` may stand on: a public method. */
export interface EventDecorator<S = any> {
  <T extends S, K extends Key, M extends Fn>(method: M & Method, context: ClassMethodDecoratorContext<T, M> & Named<K> & PublicEvent<T, K>): void;
  <T extends S & object, K extends Key, M extends Method>(target: T, key: K & PublicEvent<T, K>, desc: TypedPropertyDescriptor<M>): void;
}
/** What `@event({ internal: true })` may stand on: a method that declares `this: Internal<this>`. */
export interface InternalEventDecorator {
  <T, K extends Key, M extends Fn>(method: M & Marked<M>, context: ClassMethodDecoratorContext<T, M> & Named<K> & PublicEvent<T, K>): void;
  <T extends object, K extends Key, M extends Fn>(target: T, key: K & PublicEvent<T, K>, desc: TypedPropertyDescriptor<M> & Marked<M>): void;
}
type Schemas = readonly StandardSchemaV1[];
type Inputs<S extends Schemas> = { -readonly [I in keyof S]: StandardSchemaV1.InferInput<S[I]> };
type Outputs<S extends Schemas> = { -readonly [I in keyof S]: StandardSchemaV1.InferOutput<S[I]> };
/** The schema must take what callers send (the parameter's type) and give what the method takes. */
type Fits<M extends Fn, S extends Schemas> =
  Outputs<S> extends Parameters<M>
    ? Required<Parameters<M>>["length"] extends S["length"]
      ? ((...args: Inputs<S>) => void) extends (...args: Parameters<M>) => void
        ? unknown
        : Problem<"callers send what the parameter is declared as, and the schema does not take that: declare the parameter as `z.input<typeof Schema>`">
      : Problem<"give one schema for each parameter">
    : Problem<"the schema's output is not the parameter's type">;
/** An `@event` with schemas: the method's parameters must take what the schemas give. */
export interface CheckedEventDecorator<I extends Schemas, S = any> {
  <T extends S, K extends Key, M extends Fn>(method: M & Method & Fits<M, I>, context: ClassMethodDecoratorContext<T, M> & Named<K> & PublicEvent<T, K>): void;
  <T extends S & object, K extends Key, M extends Method>(target: T, key: K & PublicEvent<T, K>, desc: TypedPropertyDescriptor<M> & Fits<M, I>): void;
}
/** How an event runs. */
type EventKind =
  | {
      /** Whether the browser predicts the event: it runs on the twin at once, if the browser has the class. */
      optimistic?: boolean;
      /** Whether the event runs beside the queue: it then changes state only inside `update()`. */
      background?: boolean;
      durable?: never;
      /** Whether calls have no number: they run at most once, in no order. */
      volatile?: boolean;
      /**
       * How long the event may run, in ms. Then its `signal` aborts, and its call is rejected with `INTERRUPTED`. An event in the queue is cut off at once, one
       * with `background: true` has five seconds to clean up.
       * @default the server's `eventTimeout`; for an event with `background: true`, no limit
       */
      timeout?: number;
    }
  | DurableKind;
/** A durable event: a task of the server. */
interface DurableKind {
  background: true;
  /**
   * Whether the event is a task: what its `step()`s and `update()`s give is kept, it may wait for days, and it goes on where it was after a kill.
   * @example
   * @event({ background: true, durable: true }) async publish() {
   *   const url = await step("upload", () => upload(this.text));
   *   await update(() => { this.url = url; });
   * }
   */
  durable: true;
  optimistic?: never;
  volatile?: never;
  timeout?: never;
}
/** The options of `@event`: how the event runs, who may call it, and how browsers call it. */
export type EventOptions<I extends Schemas, S> = EventKind & CallOptions<I, S>;
/** Who may call an event, how browsers call it, and what its arguments are. */
interface CallOptions<I extends Schemas, S> {
  /**
   * What the event does, for those who have only its description: tools of agents (`twinstate/server/mcp`) and `twin.openapi()`.
   * @example @event({ description: "Adds a task to the list, and gives its id." }) add(title: string) { … }
   */
  description?: string;
  /** The policy for a call while another call of this event by the same caller runs: it waits, aborts the other, or is refused. @default "serial" */
  queue?: QueuePolicy;
  /**
   * Whose calls `queue: "latest"` and `queue: "drop"` look at: those of the same caller (a tab, else a session, else server code), or those of everybody who
   * uses the scope instance. @default "caller"
   */
  per?: QueueOwner;
  /** A browser sends a call only after this many ms without another one. For one place: `todo.setDraft.debounce(300)(text)`. */
  debounce?: number;
  /** A browser sends a call at most once in this many ms. For one place: `todo.setDraft.throttle(100)(text)`. */
  throttle?: number;
  /** One Standard Schema for each parameter. */
  input?: readonly [...I];
  /**
   * Returns whether the caller may call the event. It gets what `current()` gives, the store (for an event of a model: the instance), and the arguments as the
   * event gets them: after their schemas. Annotate `store` with the class: the decorator checks it.
   * @example @event({ guard: ({ user }, poll: Poll, option: string) => poll.options.includes(option) && user !== undefined }) vote(option: string) { … }
   */
  guard?: (context: Current, store: S, ...args: any[]) => boolean | Promise<boolean>;
  /**
   * The tags of cached pages that the event makes old. Once a commit of it is stored that has changed state, they go to `createTwin({ revalidate })`. A
   * function gets the store as committed (for an event of a model: the instance) and the event's arguments. Annotate `store` with the class.
   * @example @event({ revalidate: ["todos"] }) add(title: string) { … }
   * @example @event({ revalidate: (post: Post) => [`post-${post.slug}`] }) publish() { … }
   */
  revalidate?: Revalidated<S>;
}
/** Tags, or what gives them. */
type Revalidated<S> = readonly string[] | ((store: S, ...args: any[]) => readonly string[]);
/** The options of an event for server code only. Options for callers in a browser do not apply, nor do guards. */
export interface InternalEventOptions {
  /**
   * Only server code may call the event: `twin.poll(id).open("…")`, `(await get(Poll)).open("…")`, and other events of the store. Clients do not see the event
   * and cannot call it. The method's `this: Internal<this>` removes it from the twin's type.
   * @example @event({ internal: true }) open(this: Internal<this>, question: string) { this.question = question; }
   */
  internal: true;
  background?: boolean;
  durable?: boolean;
  queue?: QueuePolicy;
  per?: QueueOwner;
  timeout?: number;
  /** The tags of cached pages that the event makes old, or a function that gives them. */
  revalidate?: Revalidated<any>;
}
/** `@event`, `@event(schema, …)` and `@event({ options })`. */
export interface EventDecoratorFactory extends EventDecorator {
  <const I extends readonly [StandardSchemaV1, ...StandardSchemaV1[]]>(...schemas: I): CheckedEventDecorator<I>;
  <const I extends readonly [StandardSchemaV1, ...StandardSchemaV1[]], S = any>(options: EventOptions<I, S> & { input: I }): CheckedEventDecorator<I, S>;
  <S = any>(options: EventOptions<[], S> & { input?: never; internal?: never }): EventDecorator<S>;
  (options: InternalEventOptions): InternalEventDecorator;
}
