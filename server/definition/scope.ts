import type { AppContext } from "../../lib/class/register.js";
import type { ClassSchema } from "../../lib/class/schema.js";
import type { Loaded } from "../../lib/class/view-types.js";
import { badKeyedTab, illFormedKey } from "../../lib/errors/errors.js";
import type { KeptField } from "./kept-fields.js";

// --- what users write ---

/** A class whose instances are stores: made without arguments, with what migrates its older records. */
export interface StoreClass<T extends object = object> {
  new (): T;
  /**
   * The version of its state's shape: a whole number. What is kept of an earlier one is brought to it by `migrate`.
   * @default 1
   */
  readonly version?: number;
  /**
   * Brings what is kept of the store from an earlier version to this one. `old` has the fields as they were, private ones too, as plain objects, arrays,
   * Maps and Sets; change it, or return another object, which takes its place. New fields with a default, and fields that are gone, need no migration.
   * @example
   * static version = 2;
   * static migrate(old: any, fromVersion: number) {
   *   if (fromVersion < 2) old.items = old.titles.map((title) => ({ title, done: false }));
   * }
   */
  migrate?(old: any, fromVersion: number): unknown;
}
/** `keyed-tab`: a tab has one for each key. */
export type ScopeKind = "session" | "user" | "tab" | "keyed-tab" | "room" | "shared";
/** The scopes of which a caller names one by a key. */
export type KeyedKind = "keyed-tab" | "room";

/** A class with its scope, as `scope.room(Board, …)` gives it. */
export interface Scoped<Kind extends ScopeKind, T extends object> {
  readonly kind: Kind;
  readonly Class: StoreClass<T>;
}

/** The option of a scope: who may use the store. */
export interface GuardOptions {
  /**
   * Whether the caller may use the store at all: asked for each call, watch and page, after the app's `guard`. Where it refuses, the effects that it has had
   * take place in the caller's browser.
   * @example scope.user(Notes, { guard: ({ user }) => user !== null || signIn() })
   */
  guard?: (context: AppContext) => boolean | Promise<boolean>;
}

interface KeyedTabOptions {
  /** Whether a tab has one store for each key, in the place of one. */
  keyed: true;
  /** Whether the caller may use any such store. */
  guard?: (context: AppContext, key: string) => boolean | Promise<boolean>;
}

/** The options of `scope.room`: who may use a room. */
export interface RoomOptions<T> {
  /** Whether the caller may use any such room: asked before `allow`, and before the room is loaded. */
  guard?: (context: AppContext, key: string) => boolean | Promise<boolean>;
  /** Whether the caller may see and use the room. `store` is the loaded store, read-only, as of its last commit. */
  allow: (context: AppContext, key: string, store: NoInfer<Loaded<T>>) => boolean | Promise<boolean>;
}

/** The scopes: who shares one instance of a store. */
export interface Scopes {
  /** One for each visitor: what a bare class has. */
  session<T extends object>(Class: StoreClass<T>, options?: GuardOptions): Scoped<"session", T>;
  /** One for each signed-in user, on all devices: the context's `user.id`. */
  user<T extends object>(Class: StoreClass<T>, options?: GuardOptions): Scoped<"user", T>;
  /** One for each browser tab. */
  tab<T extends object>(Class: StoreClass<T>, options?: GuardOptions & { keyed?: false }): Scoped<"tab", T>;
  /**
   * One for each key in a browser tab: for each mounted component that names its own.
   * @example
   * stores: { draft: scope.tab(Draft, { keyed: true }) }
   * const draft = useDraft(item.id);
   */
  tab<T extends object>(Class: StoreClass<T>, options: KeyedTabOptions): Scoped<"keyed-tab", T>;
  /**
   * One for each key that `allow` lets the caller see. An `allow` that calls the twin needs a return type: the twin's type is circular otherwise.
   * @example scope.room(Board, { allow: ({ user }, key, board) => board.members.has(user.id) })
   */
  room<T extends object>(Class: StoreClass<T>, options: RoomOptions<T>): Scoped<"room", T>;
  /** One for everybody. */
  shared<T extends object>(Class: StoreClass<T>, options?: GuardOptions): Scoped<"shared", T>;
}

/** The scopes: whose a store is. */
export const scope: Scopes = {
  session: (Class, options) => ({ ...options, kind: "session", Class }),
  user: (Class, options) => ({ ...options, kind: "user", Class }),
  tab: tabScope as Scopes["tab"],
  room: (Class, options) => ({ ...options, kind: "room", Class }),
  shared: (Class, options) => ({ ...options, kind: "shared", Class }),
};

/** What is no boolean stays in the options, and is refused at start. */
function tabScope<T extends object>(Class: StoreClass<T>, { keyed = false, ...options }: { keyed?: boolean } = {}) {
  return { ...options, ...(typeof keyed !== "boolean" && { keyed }), kind: keyed === true ? "keyed-tab" : "tab", Class };
}

/** The stores of a twin by their names: bare classes, or classes with a scope. */
export interface Stores {
  readonly [name: string]: StoreClass | Scoped<ScopeKind, object>;
}
/** The scope of a store as `createTwin` has it: a bare class has `session`. */
export type KindOf<D> = D extends Scoped<infer K, any> ? K : "session";
/** The type of a store as `createTwin` has it. */
export type StoreOf<D> = D extends Scoped<any, infer T> ? T : D extends StoreClass<infer T> ? T : never;

/** A class whose instances a store holds. Named by its key: production builds rename classes. */
export type ModelClass = new (...args: any[]) => object;
/** Classes of instances in stores, by the names under which clients know them. */
export interface Models {
  readonly [name: string]: ModelClass;
}

// --- what the server makes of it ---

/** A class that has events: a store's, or that of instances in a store. */
export interface EventOwner {
  /** The name in paths and messages: `todo`, or `todo.Item`. */
  readonly name: string;
  readonly Class: ModelClass;
  readonly schema: ClassSchema;
}

/** An event's name in logs, telemetry and queues: `todo.add`, or `todo.Item.toggle`. */
export const labelOf = ({ name }: EventOwner, event: { readonly name: string }): string => `${name}.${event.name}`;

/** The app's guard, as the runtime calls it. */
export type AppGuard = (context: object, store: string, key: string | undefined) => unknown;

/** A store as the runtime knows it. */
export interface Definition extends EventOwner {
  readonly kind: ScopeKind;
  readonly Class: StoreClass;
  /** The models that have events, by name. */
  readonly models: ReadonlyMap<string, EventOwner>;
  /** The fields that browsers keep, if it has some. */
  readonly kept?: readonly KeptField[];
  readonly allow?: (context: object, key: string, store: object) => unknown;
  readonly guard?: (context: object, key: string | undefined) => unknown;
  /** The guard of all stores. */
  readonly appGuard?: AppGuard;
}

/**
 * The id under which a scope instance is live and stored.
 * @throws EventError `INVALID` where the key has half a surrogate pair: in UTF-8, as storages keep ids, all such halves are the same character
 */
export function hostId(kind: ScopeKind, key: string): string {
  if (!key.isWellFormed()) throw illFormedKey(kind, key);
  return `${kind}/${key}`;
}
/** The key of a tab's store that has a key of its own. The ids of tabs have no `/`. */
export function keyedTab(store: string, tab: string, key: string): string {
  if (tab === "" || tab.includes("/") || !isKey(key)) throw badKeyedTab(store, LONGEST_KEY);
  return `${tab}/${key}`;
}

export const LONGEST_KEY = 200;
/** Whether a value may be the key of a room, or of a tab's store. */
export const isKey = (key: unknown): key is string => typeof key === "string" && key !== "" && key.length <= LONGEST_KEY;

/** Whether callers name a scope instance by a key. */
export const isKeyed = (kind: ScopeKind): kind is KeyedKind => kind === "room" || kind === "keyed-tab";

/** The key in such an id: a room's key, a session's id, a tab's id, or that and a key of its own. */
export const keyOf = (id: string) => id.slice(id.indexOf("/") + 1);
export const scopeKindOf = (id: string) => id.slice(0, id.indexOf("/")) as ScopeKind;

/** A class's `static version`: 1 where it has none. */
export const versionOf = ({ Class }: Definition): number => Class.version ?? 1;
