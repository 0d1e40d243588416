import type { StandardSchemaV1 } from "@standard-schema/spec";
import { badDecoratorOption, misplacedDecorator, notCompiled, notDecoratorOptions } from "../errors/errors.js";
import { statePresence } from "../errors/presence-errors.js";
import { classViews } from "./class-views.js";
import type { EventDecoratorFactory } from "./event-decorator-types.js";
import type { CheckedKeptStateDecorator, KeptOptions, KeptStateDecorator } from "./kept-types.js";
import type { AppContext, Problem } from "./register.js";
import { type Declared, declaredOn, type EventSchema, type FieldSchema, QUEUE_OWNERS, QUEUE_POLICIES } from "./schema.js";
import { registerClassViews } from "./view-registry.js";
import type { Fn } from "./view-types.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

// --- types ---
// One set for both kinds of decorators; the legacy overload last, as TypeScript explains only the last one.
// Legacy: (target: T, key: K). Standard: (value, context & { name: K }).

type Key = string | symbol;
type Public<T, K> = K extends keyof T ? unknown : Problem<"this member is private or protected, yet @state would send it: write @state({ private: true })">;
type Hidden<T, K> = K extends keyof T
  ? Problem<"@state({ private: true }) is not sent: make the field private or protected, so that the twin's type lacks it">
  : unknown;
type Maybe<V> = undefined extends V ? unknown : Problem<"@state({ visibleTo }) may be absent in the browser: add `| undefined` to its type">;
type Named<K> = { readonly name: K };

/** What `@state` may stand on: a public field or accessor. */
export interface StateDecorator {
  <T, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<T, V> & Named<K> & Public<T, K>): void;
  <T, V, K extends Key>(value: ClassAccessorDecoratorTarget<T, V>, context: ClassAccessorDecoratorContext<T, V> & Named<K> & Public<T, K>): void;
  <T extends object, K extends Key>(target: T, key: K & Public<T, K>, desc?: undefined): void;
}
/** What `@state({ private: true })` may stand on: a field that is `private` or `protected` in TypeScript. */
export interface PrivateStateDecorator {
  <T, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<T, V> & Named<K> & Hidden<T, K>): void;
  <T, V, K extends Key>(value: ClassAccessorDecoratorTarget<T, V>, context: ClassAccessorDecoratorContext<T, V> & Named<K> & Hidden<T, K>): void;
  <T extends object, K extends Key>(target: T, key: K & Hidden<T, K>, desc?: undefined): void;
}
/** What `@state({ visibleTo })` may stand on: a field whose type includes `undefined`, as those who may not see it have that. */
export interface MaybeStateDecorator {
  <T, V>(value: undefined, context: ClassFieldDecoratorContext<T, V> & Maybe<V>): void;
  <T, V>(value: ClassAccessorDecoratorTarget<T, V>, context: ClassAccessorDecoratorContext<T, V> & Maybe<V>): void;
  <T extends object, K extends keyof T & Key>(target: T, key: K & Maybe<T[K]>, desc?: undefined): void;
}
/** The app's context, as `visibleTo` gets it. */
export type Viewer = AppContext;
/** The options of a `@state` that everybody sees. */
export interface StateOptions {
  /** Whether the storage keeps the field. @default true */
  persist?: boolean;
  keep?: never;
  private?: never;
  visibleTo?: never;
}
/** `@state`, with or without options. */
export interface State extends StateDecorator {
  (options: StateOptions): StateDecorator;
  (options: { private: true; persist?: boolean }): PrivateStateDecorator;
  (options: { visibleTo: (viewer: Viewer) => boolean; persist?: boolean }): MaybeStateDecorator;
  <S extends StandardSchemaV1>(options: KeptOptions & { input: S }): CheckedKeptStateDecorator<S>;
  (options: KeptOptions & { input?: never }): KeptStateDecorator;
}

type OneValue<V> = V extends Fn
  ? Problem<"@computed goes on a getter">
  : V extends Generator<any, any, any> | AsyncGenerator<any, any, any>
    ? Problem<"a computed has one value, or a promise of it: values that come one by one are an event's yields">
    : unknown;
/** What `@computed` may stand on: a getter that returns one value. */
export interface ComputedDecorator {
  <T, V>(getter: (this: T) => V, context: ClassGetterDecoratorContext<T, V> & OneValue<V>): void;
  <T extends object, K extends Key, V>(target: T, key: K, desc: TypedPropertyDescriptor<V> & OneValue<V>): void;
}
/** `@computed`, with or without `visibleTo`. */
export interface Computed extends ComputedDecorator {
  (options: { visibleTo?: (viewer: Viewer) => boolean }): ComputedDecorator;
}

// --- the decorators: they only declare ---

const PLACES: readonly string[] = ["localStorage", "sessionStorage", "cookie"];
/** The kind of an option that takes a schema. */
export const SCHEMA = "Standard Schema";

/** Values as a message lists them: `"a", "b" or "c"`. */
const oneOf = (values: readonly string[]) => `"${values.slice(0, -1).join('", "')}" or "${values.at(-1)}"`;

/**
 * Makes a field state: the server keeps it, and every subscribed browser mirrors it. A private or protected field must say
 * `{ private: true }`: the server keeps it and never sends it.
 * @example
 * @state items: Item[] = [];
 * @state({ private: true }) private secret = "";
 */
export const state = decorator(
  "state",
  ["field", "accessor"],
  { private: "boolean", persist: "boolean", visibleTo: "function", keep: "string", input: SCHEMA },
  (declared, name, options) => {
    const { persist = true, visibleTo, keep, input } = options as Partial<FieldSchema>;
    if (keep !== undefined && !PLACES.includes(keep)) throw badDecoratorOption("state", name, "keep", oneOf(PLACES), keep);
    if (input && !keep) throw badDecoratorOption("state", name, "input", "`keep` beside it");
    if (process.env.NODE_ENV !== "production" && declared.fields[name]?.presence) throw statePresence(name);
    declared.fields[name] = {
      name,
      private: options.private === true,
      persist,
      ...(visibleTo && { visibleTo }),
      ...(keep && { keep }),
      ...(input && { input }),
    };
  },
) as unknown as State;

/**
 * A getter whose value browsers see too. It is evaluated on the server while somebody watches, and cached until what it read has changed.
 *
 * The value may be a promise. Browsers then see `{ value, pending, error }`, a `Pending`: the last value stays while the next one is awaited. What the
 * getter reads before its first `await` decides when it runs again.
 * @example @computed get left() { return this.items.filter((item) => !item.done).length; }
 * @example @computed get weather(): Promise<Weather> { return forecast(this.city); }
 */
export const computed = decorator("computed", ["getter"], { visibleTo: "function" }, (declared, name, options) => {
  const { visibleTo } = options as Partial<FieldSchema>;
  declared.computeds[name] = { name, ...(visibleTo && { visibleTo }) };
}) as unknown as Computed;

/**
 * A method that browsers may call: it runs on the server. Its arguments are checked by schemas, one for each parameter.
 * @example
 * @event add(title: string) { this.items.push({ id: newId(), title, done: false }); }
 * @event(z.string().max(200)) rename(title: string) { this.title = title; }
 * @event({ queue: "latest" }) async search(text: string) { … }
 */
export const event = ((...args: unknown[]) =>
  isSchema(args[0]) ? declareEvent({ input: args }) : (declareEvent as (...args: unknown[]) => unknown)(...args)) as EventDecoratorFactory;

/** The longest time that timers take, in ms. */
const LONGEST = 2 ** 31 - 1;

const EVENT_OPTIONS = {
  description: "string",
  optimistic: "boolean",
  background: "boolean",
  durable: "boolean",
  internal: "boolean",
  volatile: "boolean",
  queue: "string",
  per: "string",
  timeout: "number",
  debounce: "number",
  throttle: "number",
  input: "object",
  guard: "function",
  revalidate: "function or object",
};
const declareEvent = decorator("event", ["method"], EVENT_OPTIONS, (declared, name, options, paramTypes) => {
  const {
    optimistic = false,
    background = false,
    durable,
    internal = false,
    volatile = false,
    queue = "serial",
    per,
    timeout,
    debounce,
    throttle,
    input,
    guard,
    description,
    revalidate,
  } = options as Partial<EventSchema>;
  if (!QUEUE_POLICIES.includes(queue)) throw badDecoratorOption("event", name, "queue", oneOf(QUEUE_POLICIES), queue);
  if (per !== undefined && (queue === "serial" || !QUEUE_OWNERS.includes(per)))
    throw badDecoratorOption("event", name, "per", `${oneOf(QUEUE_OWNERS)}, beside \`queue: "latest"\` or \`queue: "drop"\``, per);
  if (timeout !== undefined && !(timeout >= 1 && timeout <= LONGEST))
    throw badDecoratorOption("event", name, "timeout", `milliseconds from 1 to ${LONGEST}, got ${timeout}`);
  if (input !== undefined && !(Array.isArray(input) && input.every(isSchema)))
    throw badDecoratorOption("event", name, "input", "an array of Standard Schemas", input);
  declared.events[name] = {
    name,
    optimistic,
    background,
    internal,
    volatile,
    queue,
    ...(durable && { durable }),
    ...(per && { per }),
    ...(timeout !== undefined && { timeout }),
    ...(debounce !== undefined && { debounce }),
    ...(throttle !== undefined && { throttle }),
    ...(input && { input }),
    ...(guard && { guard }),
    ...(revalidate && { revalidate }),
    ...(description !== undefined && { description }),
    ...(paramTypes && { paramTypes }),
  };
});

// arktype's schemas are functions, and valibot's have a `kind`, as contexts of decorators do: so this is asked first.
const isSchema = (value: unknown): value is StandardSchemaV1 =>
  ((typeof value === "object" && value !== null) || typeof value === "function") && "~standard" in value;

type Options = Readonly<Record<string, unknown>>;
type Declare = (declared: Declared, name: string, options: Options, paramTypes?: readonly unknown[]) => void;

/** A decorator for both kinds, with and without options. */
export function decorator(what: string, kinds: readonly string[], known: Readonly<Record<string, string>>, declare: Declare) {
  function decorate(options: Options, target: unknown, key: unknown, descriptor: unknown): void {
    registerClassViews(classViews);
    if (isContext(key)) {
      const { kind, name, static: isStatic, private: isPrivate, metadata } = key;
      if (process.env.NODE_ENV !== "production" && !metadata) throw notCompiled(what, String(name));
      if (typeof name !== "string" || isStatic || isPrivate || !kinds.includes(kind)) throw misplacedDecorator(what, String(name));
      declare(declaredOn(metadata as object), name, checkOptions(what, name, known, options));
      return;
    }
    if (typeof key !== "string" || typeof target !== "object" || target === null) throw misplacedDecorator(what, String(key));
    if (!kinds.includes(kindOf(descriptor as PropertyDescriptor | undefined))) throw misplacedDecorator(what, key);
    declare(declaredOn(target), key, checkOptions(what, key, known, options), paramTypesOf(target, key));
  }

  return (...args: unknown[]): unknown => {
    if (args.length > 1) return decorate({}, args[0], args[1], args[2]);
    if (process.env.NODE_ENV !== "production") refuseElement(what, args[0]);
    const options = args[0] === undefined ? {} : args[0];
    if (typeof options !== "object" || options === null) throw notDecoratorOptions(what, options);
    return (target: unknown, key: unknown, descriptor: unknown) => {
      if (process.env.NODE_ENV !== "production") refuseElement(what, target);
      decorate(options as Options, target, key, descriptor);
    };
  };
}

/** Compilers that were not told which decorators are meant, as Next's, take them for those of 2018: with one argument, which describes the member. */
function refuseElement(what: string, value: unknown): void {
  if (typeof value === "object" && value !== null && "placement" in value) throw notCompiled(what, String((value as { key?: unknown }).key));
}

interface Context {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static: boolean;
  readonly private: boolean;
  readonly metadata: object | undefined;
}

const isContext = (value: unknown): value is Context => typeof value === "object" && value !== null && typeof (value as Context).kind === "string";

function kindOf(descriptor: PropertyDescriptor | undefined): string {
  if (!descriptor) return "field";
  if (descriptor.get) return "getter";
  if (descriptor.set) return "setter";
  return typeof descriptor.value === "function" ? "method" : "field";
}

function checkOptions(what: string, member: string, known: Readonly<Record<string, string>>, options: Options): Options {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) throw badDecoratorOption(what, member, name, `one of ${Object.keys(known).join(", ")}`);
    const kind = known[name];
    if (value !== undefined && (kind === SCHEMA ? !isSchema(value) : !kind?.includes(typeof value)))
      throw badDecoratorOption(what, member, name, `a ${kind}`, value);
  }
  return options;
}

/** What a compiler has emitted of a method's parameters, where `reflect-metadata` is loaded. */
function paramTypesOf(target: object, key: string): readonly unknown[] | undefined {
  const { getOwnMetadata } = Reflect as { getOwnMetadata?: (name: string, target: object, key: string) => unknown };
  const types = getOwnMetadata?.("design:paramtypes", target, key);
  return Array.isArray(types) ? types : undefined;
}
