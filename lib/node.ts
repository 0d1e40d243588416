import { _isComputingDerivation, createAtom, type IAtom, transaction } from "mobx";
import { notCallable } from "./errors.js";
import type { Graph } from "./graph.js";
import type { Audience } from "./instance.js";

/** The brand of our containers, shared by all copies of this module: `container[NODE]` is its node. */
export const NODE = Symbol.for("twinstate.node");

export type Kind = "object" | "array" | "map" | "set" | "instance";

/** A value as a container's data holds it: nested containers as nodes, all else as it is. */
export type Stored = unknown;

/** Number of a container that no channel shows. */
export const UNNUMBERED = -1;
/** Number of a container that the running encoding has met, but not numbered yet. */
export const MET = -2;

/** How a channel knows a container: its number, how many slots refer to it, and the last walk that met it. */
export interface Tag {
  id: number;
  refs: number;
  mark: number;
}

/**
 * One container of a store: its data, and the handler of its own Proxy. A class to keep it small: a store of
 * 100,000 rows has 300,000 of them. Subclasses add the traps.
 */
export abstract class Node implements Tag {
  abstract readonly kind: Kind;
  readonly graph: Graph;
  /** Plain data; nested containers stand in it as nodes. Replaced, not changed, while a view shares it. */
  data: unknown;
  /** What users hold. Made when first asked for. */
  protected face: object | undefined = undefined;
  // As clients' channel knows it.
  id = UNNUMBERED;
  refs = 0;
  mark = 0;
  /** As the storage's channel knows it, where there is one. */
  kept: Tag | undefined = undefined;
  /** One atom, or one for each key: made while a reaction reads. */
  protected atoms: IAtom | Map<unknown, IAtom> | undefined = undefined;
  view: unknown = undefined;
  stale = false;
  /** The nodes whose views hold this one's view. */
  users: Node | Set<Node> | undefined = undefined;

  constructor(graph: Graph, data: unknown) {
    this.graph = graph;
    this.data = data;
  }

  /** What users hold of this container. */
  get live(): object {
    this.face ??= this.open();
    return this.face;
  }

  protected abstract open(): object;

  /** Calls back for each nested container that an audience sees. @default clients */
  abstract children(visit: (child: Node) => void, audience?: Audience): void;

  /** Tells reactions that all of this may have changed. */
  announce(): void {
    const { atoms } = this;
    if (atoms instanceof Map) for (const atom of atoms.values()) atom.reportChanged();
    else atoms?.reportChanged();
  }

  /** A reaction reads the whole. */
  protected observeAll(): void {
    if (!_isComputingDerivation()) return;
    this.atoms ??= createAtom("twinstate");
    (this.atoms as IAtom).reportObserved();
  }

  /** A reaction reads one key. */
  protected observeKey(key: unknown): void {
    if (!_isComputingDerivation()) return;
    this.atoms ??= new Map();
    const atoms = this.atoms as Map<unknown, IAtom>;
    let atom = atoms.get(key);
    if (!atom) {
      atom = createAtom("twinstate");
      atoms.set(key, atom);
    }
    atom.reportObserved();
  }

  /** A reaction asks whether there is a key. */
  protected observePresence(key: unknown): void {
    if (_isComputingDerivation()) this.observeKey(presenceOf(key));
  }

  /** Tells reactions that a key has changed. */
  protected announceKey(key: unknown): void {
    (this.atoms as Map<unknown, IAtom> | undefined)?.get(key)?.reportChanged();
  }

  /** Tells reactions that these keys have changed. */
  protected announceKeys(...keys: unknown[]): void {
    const atoms = this.atoms as Map<unknown, IAtom> | undefined;
    if (!atoms) return;
    transaction(() => {
      for (const key of keys) atoms.get(key)?.reportChanged();
    });
  }
}

/** Stands for "whether there is this key" among the atoms of a keyed container. Where two fall together, a reaction runs once more than it must. */
export const presenceOf = (key: unknown): unknown => (key instanceof Node ? key : `has ${typeof key} ${String(key)}`);

/** The keys of a Map or Set as a loop meets them that changes it: its data may be replaced meanwhile, as a view keeps the old. */
export function* keysOf(node: { readonly data: Map<Stored, Stored> | Set<Stored> }): Generator<Stored> {
  let { data } = node;
  let keys = data.keys();
  let last: Stored;
  let met: Set<Stored> | undefined;
  for (let next = keys.next(); !next.done; next = keys.next()) {
    if (met?.has(next.value)) continue;
    met = undefined;
    last = next.value;
    yield last;
    if (node.data === data) continue;
    met = upTo(last, data.keys());
    data = node.data;
    keys = data.keys();
  }
}

function upTo(last: Stored, keys: Iterable<Stored>): Set<Stored> {
  const met = new Set<Stored>();
  for (const key of keys) {
    met.add(key);
    if (Object.is(key, last)) break;
  }
  return met;
}

export type Callback = (this: unknown, value: unknown, key: unknown, container: unknown) => unknown;

/** @throws TypeError as the language's own methods do */
export function callable(fn: unknown): asserts fn is Callback {
  if (typeof fn !== "function") throw notCallable(fn);
}

/** The value that users see for a stored one. */
export const liveOf = (stored: Stored): unknown => (stored instanceof Node ? stored.live : stored);

/** The node of one of our containers, whichever copy of this module made it; `undefined` for anything else. */
export function nodeOf(value: unknown): Node | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { [NODE]?: Node })[NODE];
}

/** Tells all views that hold a view of this node that they are old. */
export function spoil(node: Node): void {
  if (node.stale || node.view === undefined) return;
  node.stale = true;
  const { users } = node;
  if (users instanceof Node) spoil(users);
  else if (users) for (const user of users) spoil(user);
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

/** Whether a descriptor defines what an assignment would: a property of state can be nothing else. */
export function isPlainProperty(descriptor: PropertyDescriptor, enumerable = true): boolean {
  if (!("value" in descriptor) || descriptor.writable === false) return false;
  return !enumerable || (descriptor.enumerable !== false && descriptor.configurable !== false);
}
