import type { Audience } from "./audience.js";
import type { Graph } from "./graph.js";

/** The brand of our containers, shared by all copies of this module: `container[NODE]` is its node. */
export const NODE = Symbol.for("twinstate.node");

export type Kind = "object" | "array" | "map" | "set" | "instance";

/** A value in a container's data: a node for a nested container, and any other value as it is. */
export type Stored = unknown;

/** Number of a container that no channel shows. */
export const UNNUMBERED = -1;
/** Number of a container that the running encoding has met, but not numbered yet. */
export const MET = -2;

/** A channel's tag of a container: its number, how many slots refer to it, and the last walk that met it. */
export interface Tag {
  id: number;
  refs: number;
  mark: number;
}

let walks = 0;

/** The mark of a new walk through containers, which no other walk has. It tells which containers the walk has met. */
export const nextWalk = (): number => ++walks;

/** Notifies reactions of changes. An array or Set has a single atom. */
export interface Atoms {
  /** Anything in the container may have changed. */
  reportChanged(): void;
}

/** The atoms of an object, instance or Map: one for each key. */
export interface KeyAtoms extends Atoms {
  /** The value of a key has changed. */
  changed(key: unknown): void;
  /** A key was added or removed. */
  moved(key: unknown): void;
}

/**
 * One container of a store: its data, and who must be told when it changes. A class to keep it small: a store of
 * 100,000 rows has 300,000 of them.
 */
export abstract class Node implements Tag {
  abstract readonly kind: Kind;
  readonly graph: Graph;
  /** Plain data; nested containers stand in it as nodes. Replaced, not changed, while a view shares it. */
  data: unknown;
  /** The object that users hold, made on first use. */
  face: object | undefined = undefined;
  // The tag of the clients' channel.
  id = UNNUMBERED;
  refs = 0;
  mark = 0;
  /** The tag of the storage's channel, if there is one. */
  storageTag: Tag | undefined = undefined;
  /** Notifies reactions. Made when a reaction first reads the container. */
  atoms: Atoms | undefined = undefined;
  /** Its view, or an {@link Old} with its last view if something has changed since. */
  view: object | undefined = undefined;
  /** The nodes whose views hold this one's view. */
  users: Node | Set<Node> | undefined = undefined;

  constructor(graph: Graph, data: unknown) {
    this.graph = graph;
    this.data = data;
  }

  /** The object that users hold of this container. */
  get live(): object {
    this.face ??= (this.graph.open as (node: Node) => object)(this);
    return this.face;
  }

  /** Calls back for each nested container that an audience sees. @default clients */
  abstract children(visit: (child: Node) => void, audience?: Audience): void;
}

/** The value that users see for a stored one. */
export const liveOf = (stored: Stored): unknown => (stored instanceof Node ? stored.live : stored);

/** The node of one of our containers, whichever copy of this module made it; `undefined` for anything else. */
export function nodeOf(value: unknown): Node | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { [NODE]?: Node })[NODE];
}

/** An outdated view. It stays, as the next view may turn out to equal it. */
export class Old {
  readonly view: object;

  constructor(view: object) {
    this.view = view;
  }
}

/** Whether a view shares the data of a container, which must be copied then before it changes. */
export const isShared = ({ view, data }: Node): boolean => view === data || (view instanceof Old && view.view === data);

/** Called for each change of a container, if set. */
export let changed: ((node: Node) => void) | undefined;

export function tellChanges(to: typeof changed): void {
  changed = to;
}

/** Marks the view of a node as old, and all views that hold it. */
export function spoil(node: Node): void {
  changed?.(node);
  if (node.view === undefined || node.view instanceof Old) return;
  node.view = new Old(node.view);
  spoilUsers(node);
}

/** Marks the views old that hold this node's view, at any depth: see {@link spoil}. */
export function spoilUsers(node: Node): void {
  const spoilt = [node];
  for (const { users } of spoilt) {
    for (const user of users instanceof Node ? [users] : (users ?? [])) {
      if (user.view === undefined || user.view instanceof Old) continue;
      user.view = new Old(user.view);
      spoilt.push(user);
    }
  }
}

/** Notes that the view of `user` holds the view of `node`. */
export function addUser(node: Node, user: Node): void {
  const { users } = node;
  if (users === undefined) node.users = user;
  else if (users instanceof Set) users.add(user);
  else if (users !== user) node.users = new Set([users, user]);
}

/** Sets an own property, whatever its name: `__proto__` too is a key like any other. */
export function put(target: object, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}

/** Reads an own property, and nothing of the prototype's. */
export const own = (target: object, key: string): unknown => (Object.hasOwn(target, key) ? (target as Record<string, unknown>)[key] : undefined);
