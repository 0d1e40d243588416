import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Current } from "../event/current.js";
import type { KeepPlace } from "../wire/kept-text.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** A class, whatever its constructor takes. */
export type AnyClass = abstract new (...args: never[]) => object;

/** Whether the clients with a context see a member. */
export type VisibleTo = (viewer: never) => boolean;

export interface FieldSchema {
  readonly name: string;
  readonly private: boolean;
  readonly persist: boolean;
  readonly visibleTo?: VisibleTo;
  readonly keep?: KeepPlace;
  /** The schema of what browsers bring of a kept field. */
  readonly input?: StandardSchemaV1;
  /** The field lists who is here: the server alone writes it. */
  readonly presence?: PresenceSchema;
  /** The field lists the durable events that go on: the server alone writes it. */
  readonly tasks?: boolean;
}

/** How a presence field is made. */
export interface PresenceSchema {
  /** What the server says of a tab, by the context of its connection; nothing where the tab is not listed. */
  readonly of?: (context: never) => unknown;
  /** Checks what tabs show of themselves. Without it they show nothing. */
  readonly input?: StandardSchemaV1;
}

export interface ComputedSchema {
  readonly name: string;
  readonly visibleTo?: VisibleTo;
  get(this: object): unknown;
}

/** What a call of an event does while another of the same event waits or runs: it waits, aborts the other, or is refused. */
export const QUEUE_POLICIES = ["serial", "latest", "drop"] as const;
export type QueuePolicy = (typeof QUEUE_POLICIES)[number];
/** The calls that `latest` and `drop` look at: those of the same caller, or those of everybody who uses the scope instance. */
export const QUEUE_OWNERS = ["caller", "instance"] as const;
export type QueueOwner = (typeof QUEUE_OWNERS)[number];

export interface EventSchema {
  readonly name: string;
  /** What it does, for agents and scripts. */
  readonly description?: string;
  readonly optimistic: boolean;
  readonly background: boolean;
  /** The event is a task: its steps are kept, and it goes on after a kill. */
  readonly durable?: boolean;
  /** The event is for server code only. */
  readonly internal: boolean;
  readonly volatile: boolean;
  readonly queue: QueuePolicy;
  /** Only events whose policy looks at other calls have it. */
  readonly per?: QueueOwner;
  /** How long the event may run, in ms. */
  readonly timeout?: number;
  readonly debounce?: number;
  readonly throttle?: number;
  /** One schema for each parameter. */
  readonly input?: readonly StandardSchemaV1[];
  /** The parameters' types, where a compiler has emitted them. */
  readonly paramTypes?: readonly unknown[];
  readonly guard?: (context: Current, store: never, ...args: never[]) => unknown;
  /** The tags of cached pages that its commits make old, or how they are found. */
  readonly revalidate?: readonly string[] | ((store: never, ...args: never[]) => readonly string[]);
}

/** The declarations of a class and its ancestors, by decorators. */
export interface ClassSchema {
  readonly fields: ReadonlyMap<string, FieldSchema>;
  readonly computeds: ReadonlyMap<string, ComputedSchema>;
  readonly events: ReadonlyMap<string, EventSchema>;
}

/** The declarations of one class itself. Several copies of this module share them. */
export interface Declared {
  readonly fields: Record<string, FieldSchema>;
  readonly computeds: Record<string, Omit<ComputedSchema, "get">>;
  readonly events: Record<string, EventSchema>;
}

const SCHEMA = Symbol.for("twinstate.schema");
// Compilers of standard decorators look for it when a class is made.
(Symbol as { metadata?: symbol }).metadata ??= Symbol.for("Symbol.metadata");
const METADATA = (Symbol as { metadata?: symbol }).metadata as symbol;

/** The place of what a class's decorators declare: its prototype, or the metadata object of standard decorators. */
export function declaredOn(holder: object): Declared {
  if (!Object.hasOwn(holder, SCHEMA)) {
    const declared: Declared = { fields: Object.create(null), computeds: Object.create(null), events: Object.create(null) };
    Object.defineProperty(holder, SCHEMA, { value: declared });
  }
  return (holder as { [SCHEMA]: Declared })[SCHEMA];
}

const known = new WeakMap<object, ClassSchema>();

/** The schema of a class, with what it inherits. */
export function classSchema(Class: AnyClass): ClassSchema {
  let schema = known.get(Class);
  if (!schema) {
    schema = readSchema(Class.prototype);
    known.set(Class, schema);
  }
  return schema;
}

function readSchema(prototype: object): ClassSchema {
  const chain: object[] = [];
  for (let one: object | null = prototype; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) chain.unshift(one);
  const fields = new Map<string, FieldSchema>();
  const computeds = new Map<string, ComputedSchema>();
  const events = new Map<string, EventSchema>();
  for (const one of chain) {
    for (const declared of declarationsOf(one)) {
      for (const [name, field] of Object.entries(declared.fields)) fields.set(name, field);
      for (const [name, event] of Object.entries(declared.events)) events.set(name, event);
      for (const [name, computed] of Object.entries(declared.computeds)) {
        computeds.set(name, {
          ...computed,
          // The getter is looked up on the prototype chain, as a subclass may override it without declaring it again.
          get() {
            return Reflect.get(prototype, name, this);
          },
        });
      }
    }
  }
  return { fields, computeds, events };
}

/** The names of the fields that clients see. */
export const visibleFields = ({ fields }: ClassSchema): string[] =>
  [...fields.values()].filter((field) => !field.private && !field.visibleTo).map(({ name }) => name);

/** The computeds that clients see. */
export const visibleComputeds = ({ computeds }: ClassSchema): ComputedSchema[] => [...computeds.values()].filter(({ visibleTo }) => !visibleTo);

/** What only some clients see. */
export const hiddenMembers = ({ fields, computeds }: ClassSchema): { readonly fields: FieldSchema[]; readonly computeds: ComputedSchema[] } => ({
  fields: [...fields.values()].filter(({ visibleTo }) => visibleTo),
  computeds: [...computeds.values()].filter(({ visibleTo }) => visibleTo),
});

/** The names of the fields that the storage keeps. */
export const keptFields = ({ fields }: ClassSchema): string[] => [...fields.values()].filter(({ persist }) => persist).map(({ name }) => name);

/** The fields that list who is here. */
export const presenceFields = ({ fields }: ClassSchema): FieldSchema[] => [...fields.values()].filter(({ presence }) => presence);

/** The fields that list durable events. */
export const taskFields = ({ fields }: ClassSchema): FieldSchema[] => [...fields.values()].filter(({ tasks }) => tasks);

/** Whether a class declares something itself. */
export const declares = (prototype: object): boolean => declarationsOf(prototype).next().done !== true;

function* declarationsOf(prototype: object): Generator<Declared> {
  if (Object.hasOwn(prototype, SCHEMA)) yield (prototype as { [SCHEMA]: Declared })[SCHEMA];
  const Class = Object.hasOwn(prototype, "constructor") ? (prototype.constructor as unknown as { [METADATA]?: object }) : undefined;
  const metadata = Class && Object.hasOwn(Class, METADATA) ? Class[METADATA] : undefined;
  if (metadata && Object.hasOwn(metadata, SCHEMA)) yield (metadata as { [SCHEMA]: Declared })[SCHEMA];
}

// --- as clients are told of it ---

/** The options of an event that its caller needs; those that are default are left out. */
export interface WireEvent {
  readonly optimistic?: true;
  readonly background?: true;
  readonly volatile?: true;
  readonly queue?: QueuePolicy;
  readonly debounce?: number;
  readonly throttle?: number;
}

export interface WireClass {
  /** The class has members that only some clients see, so a name that is not listed may be one. Said in development only. */
  readonly partial?: true;
  /** The members without a decorator, which clients do not get, and the kind of each. Said in development only. */
  readonly undeclared?: Readonly<Record<string, "getter" | "field" | "method">>;
  /** The fields that clients see. */
  readonly fields: readonly string[];
  readonly computeds: readonly string[];
  readonly events: Readonly<Record<string, WireEvent>>;
  /** The fields that browsers keep: where, and the text of the default, which is not kept. */
  readonly kept?: Readonly<Record<string, readonly [place: KeepPlace, initial: string | null]>>;
}

/** PROTOCOL.md §6. */
export interface WireSchema {
  readonly hash: string;
  readonly stores: Readonly<Record<string, WireClass & { readonly scope: string }>>;
  readonly models: Readonly<Record<string, WireClass>>;
}

/** A class as clients are told of it. */
export function describeClass(Class: AnyClass): WireClass {
  const schema = classSchema(Class);
  const { fields, computeds } = hiddenMembers(schema);
  return {
    ...(process.env.NODE_ENV !== "production" && fields.length + computeds.length > 0 && { partial: true as const }),
    fields: visibleFields(schema),
    computeds: visibleComputeds(schema).map(({ name }) => name),
    events: Object.fromEntries([...schema.events].filter(([, event]) => !event.internal).map(([name, event]) => [name, describeEvent(event)])),
  };
}

function describeEvent({ optimistic, background, volatile, queue, debounce, throttle }: EventSchema): WireEvent {
  return {
    ...(optimistic && { optimistic }),
    ...(background && { background }),
    ...(volatile && { volatile }),
    ...(queue !== "serial" && { queue }),
    ...(debounce !== undefined && { debounce }),
    ...(throttle !== undefined && { throttle }),
  };
}
