import { transaction } from "mobx";
import { ArrayNode } from "./array.js";
import { stateDate } from "./date.js";
import { arrayHole, badKey, foreignInstance, notContainer, notState, outsideEvent, readOnlyComputed, sealedInstance, symbolKey, tooDeep } from "./errors.js";
import { InstanceNode, type Shape, shapeOf } from "./instance.js";
import { MapNode } from "./map.js";
import { Node, nodeOf, own, put, type Stored } from "./node.js";
import { ObjectNode } from "./object.js";
import { type Change, dataBefore, type Recorder } from "./record.js";
import { SetNode } from "./set.js";

/** One change of a container, as {@link onDelta} tells it. Values are live. */
export type Delta =
  | { readonly type: "add"; readonly name?: unknown; readonly value: unknown }
  | { readonly type: "update"; readonly name: unknown; readonly value: unknown; readonly old: unknown }
  | { readonly type: "remove"; readonly name?: unknown; readonly old: unknown }
  | { readonly type: "splice"; readonly index: number; added(): unknown[]; removed(): unknown[] };

declare const console: { error(...args: unknown[]): void };

/** How deep a value may be nested when it enters. */
const MAX_DEPTH = 1000;

export interface GraphOptions {
  /** For messages. */
  name: string;
  /** Classes whose instances may enter, by name. */
  models?: Readonly<Record<string, new (...args: never[]) => object>>;
  /** Asked before each write; throws where writing is not allowed. */
  guard?: () => void;
  /** Notes changes; without it they are final. */
  recorder?: Recorder;
}

/** The containers of one store. */
export class Graph {
  readonly name: string;
  readonly recorder: Recorder | undefined;
  root!: InstanceNode;
  /** The open changes are undone for a moment. */
  rewound = false;
  /** The instances whose computeds are kept evaluated. */
  readonly maintained = new Set<InstanceNode>();
  /** Clients see computeds. */
  maintaining = false;
  /** What a mirror's instance gives for a name that is no field. */
  method: ((node: InstanceNode, key: string) => unknown) | undefined;
  report: (error: unknown, path: string) => void = (error) => console.error(error);
  /** Told of what a record has and its class does not. */
  unknown: ((className: string, field: string) => void) | undefined;
  readonly #guard: (() => void) | undefined;
  readonly #shapes = new Map<unknown, Shape>();
  readonly #named = new Map<string, Shape>();
  /** What has entered in this turn: the same raw object is the same container. */
  #entered = new Map<object, Node>();
  /** Whose key the value that enters just now is put under, and the keys that lead down to it from there. */
  #holder: Node | undefined;
  readonly #trail: unknown[] = [];
  /** What the running write has brought so far: forgotten when it fails. */
  readonly #fresh: object[] = [];
  /** The instances among it: they are taken over when all of the write has entered. */
  readonly #arrived: [InstanceNode, object][] = [];
  #several = false;
  #evaluating = false;
  #listeners: Map<Node, Set<(delta: Delta) => void>> | undefined;

  constructor({ name, models, guard, recorder }: GraphOptions) {
    this.name = name;
    this.recorder = recorder;
    this.#guard = guard;
    for (const [model, Class] of Object.entries(models ?? {})) this.#register(shapeOf(model, Class as new () => object));
  }

  /** Makes the user's instance the root of the graph. */
  adoptRoot(instance: object): void {
    const shape = shapeOf("", instance.constructor as new () => object);
    this.root = new InstanceNode(this, {}, shape);
    this.#entered.set(instance, this.root);
    this.root.take(instance);
    this.root.adopt(instance);
  }

  #register(shape: Shape): void {
    this.#shapes.set(shape.Class?.prototype, shape);
    this.#named.set(shape.name, shape);
  }

  shapeNamed(name: string): Shape | undefined {
    return this.#named.get(name);
  }

  /** Throws where a user may not write. */
  mayWrite(node: Node, key?: unknown): void {
    if (this.#evaluating) throw readOnlyComputed(this.pathOf(node, key));
    if (this.rewound) throw outsideEvent(this.name, this.pathOf(node, key));
    this.#guard?.();
  }

  /** A user's value as containers hold it: plain values are cloned, once for each turn. */
  enter(value: unknown, holder: Node, key: unknown): Stored {
    switch (typeof value) {
      case "object":
        return value === null ? null : this.#enterObject(value, holder, key);
      case "function":
      case "symbol":
        throw notState(this.#pathOfEntering(holder, key), value);
      default:
        return value;
    }
  }

  /** Several values of one write, under consecutive keys from `at` on: all enter or none. */
  enterAll(values: readonly unknown[], holder: Node, at: number): Stored[] {
    const stored = new Array<Stored>(values.length);
    this.#together(() => {
      for (let i = 0; i < values.length; i++) stored[i] = this.enter(values[i], holder, at + i);
    });
    return stored;
  }

  /** A Map's key and value: both enter or none. */
  enterEntry(key: unknown, value: unknown, holder: Node): [key: Stored, value: Stored] {
    return this.#together(() => [this.enterKey(key, holder), this.enter(value, holder, key)]);
  }

  #together<R>(enter: () => R): R {
    if (this.#several || this.#trail.length > 0) return enter();
    this.#several = true;
    try {
      const result = enter();
      this.#settle();
      return result;
    } catch (error) {
      this.#forget();
      throw error;
    } finally {
      this.#several = false;
    }
  }

  /** The running write has entered whole. */
  #settle(): void {
    for (const [node, instance] of this.#arrived) node.adopt(instance);
    this.#arrived.length = 0;
    this.#fresh.length = 0;
  }

  /** The running write has failed: nothing has happened. */
  #forget(): void {
    for (const value of this.#fresh) this.#entered.delete(value);
    this.#arrived.length = 0;
    this.#fresh.length = 0;
  }

  /** A Map's key or a Set's member. */
  enterKey(value: unknown, holder: Node): Stored {
    const stored = this.enter(value, holder, MEMBER);
    if (typeof stored === "object" && stored !== null && !(stored instanceof Node)) throw badKey(this.#pathOfEntering(holder, MEMBER), stored);
    return stored;
  }

  /** A user's value as it stands in containers, if it does. */
  find(value: unknown): Stored {
    if (typeof value !== "object" || value === null) return value;
    return nodeOf(value) ?? this.#entered.get(value) ?? value;
  }

  #enterObject(value: object, holder: Node, key: unknown): Stored {
    const node = nodeOf(value);
    if (node?.graph === this) return node;
    const known = this.#entered.get(value);
    if (known) return known;
    if (this.#trail.length > 0) return this.#enterNew(value, node, key);
    this.#holder = holder;
    return this.#together(() => this.#enterNew(value, node, key));
  }

  #enterNew(value: object, node: Node | undefined, key: unknown): Stored {
    if (this.#trail.length >= MAX_DEPTH) throw tooDeep(this.pathOf(this.#holder as Node, this.#trail[0]), MAX_DEPTH);
    this.#trail.push(key);
    try {
      return this.#clone(value, node);
    } finally {
      this.#trail.pop();
    }
  }

  #clone(value: object, foreign: Node | undefined): Stored {
    if (Array.isArray(value)) return this.#enterArray(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#enterPlain(value);
    if (foreign?.kind === "instance") throw foreignInstance(this.#pathOfEntering(), value);
    const shape = this.#shapes.get(prototype);
    if (shape) return this.#enterInstance(value, shape);
    const leaf = copyLeaf(value);
    if (leaf) return leaf;
    if (value instanceof Map) return this.#enterMap(value);
    if (value instanceof Set) return this.#enterSet(value);
    // Of another realm.
    if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf")) return this.#enterPlain(value);
    throw notState(this.#pathOfEntering(), value);
  }

  #note(value: object, node: Node): void {
    this.#entered.set(value, node);
    this.#fresh.push(value);
    this.#made?.push(node);
  }

  #enterInstance(value: object, shape: Shape): Stored {
    if (!Object.isExtensible(value)) throw sealedInstance(this.#pathOfEntering(), value);
    const node = new InstanceNode(this, {}, shape);
    this.#note(value, node);
    node.take(value);
    this.#arrived.push([node, value]);
    return node;
  }

  #enterPlain(value: object): Stored {
    const symbol = Object.getOwnPropertySymbols(value)[0];
    if (symbol) throw symbolKey(this.#pathOfEntering(), symbol);
    const data = { ...value } as Record<string, Stored>;
    const node = new ObjectNode(this, data);
    this.#note(value, node);
    for (const key of Object.keys(data)) {
      const item = data[key];
      if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean") put(data, key, this.enter(item, node, key));
    }
    return node;
  }

  #enterArray(value: readonly unknown[]): Stored {
    const data: Stored[] = [];
    const node = new ArrayNode(this, data);
    this.#note(value, node);
    // Not copied at once: the length of one with holes tells nothing of its size.
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (item === undefined && !Object.hasOwn(value, i)) throw arrayHole(this.#pathOfEntering(node, i));
      data.push(typeof item === "string" || typeof item === "number" ? item : this.enter(item, node, i));
    }
    return node;
  }

  #enterMap(value: Map<unknown, unknown>): Stored {
    const node = new MapNode(this, new Map());
    this.#note(value, node);
    for (const [key, item] of value) node.data.set(this.enterKey(key, node), this.enter(item, node, key));
    return node;
  }

  #enterSet(value: Set<unknown>): Stored {
    const node = new SetNode(this, new Set());
    this.#note(value, node);
    for (const item of value) node.data.add(this.enterKey(item, node));
    return node;
  }

  /** The turn is over: what enters from now on is new, whatever raw object it was. */
  endTurn(): void {
    if (this.#entered.size > 0) this.#entered = new Map();
  }

  /** Makes all data as it was at the last commit, and says so to reactions. */
  rollback(): void {
    const changes = this.recorder?.changes;
    if (!changes) return;
    transaction(() => {
      for (const [node, change] of changes) {
        node.data = dataBefore(node, change);
        node.stale = false;
        spoilAgain(node);
        node.announce();
      }
    });
    this.recorder?.clear();
    this.endTurn();
  }

  /** Runs `read` on the state of the last commit. Synchronous, so that nobody notices. */
  rewind<R>(read: () => R): R {
    const recorder = this.recorder;
    if (this.rewound || !recorder?.open) return read();
    const now: [Node, unknown, Change][] = [];
    for (const [node, change] of recorder.changes) now.push([node, node.data, change]);
    for (const [node, , change] of now) {
      node.data = dataBefore(node, change);
      spoilAgain(node);
    }
    this.rewound = true;
    try {
      return read();
    } finally {
      this.rewound = false;
      for (const [node, data] of now) {
        if (node instanceof InstanceNode) node.keepComputeds(data as Record<string, Stored>);
        node.data = data;
        spoilAgain(node);
      }
    }
  }

  /** Brings all maintained computeds up to date. */
  evaluate(): void {
    if (this.maintained.size > 0)
      this.evaluating(() => {
        for (const node of this.maintained) node.evaluate();
      });
  }

  /** Runs what reads computeds: none of it may write. */
  evaluating(run: () => void): void {
    this.#evaluating = true;
    try {
      run();
    } finally {
      this.#evaluating = false;
    }
  }

  /** Gives a field the value of a computed, changing only what differs. */
  reconcile(holder: InstanceNode, name: string, value: unknown): void {
    try {
      holder.put(name, this.#merge(own(holder.data, name), value, holder, name));
    } catch (error) {
      this.report(error, this.pathOf(holder, name));
      holder.put(name, undefined);
    }
  }

  /** `old` made to equal `value` where both are containers of one kind that nothing but a computed holds. */
  #merge(old: Stored, value: unknown, holder: Node, key: unknown): Stored {
    if (typeof value !== "object" || value === null) return this.enter(value, holder, key);
    const node = nodeOf(value);
    if (node?.graph === this) return node;
    if (!(old instanceof Node) || this.#entered.has(value) || !this.#derived.has(old)) return this.#derive(value, holder, key);
    if (old instanceof ArrayNode && Array.isArray(value)) {
      old.assign(value.map((item, i) => this.#merge(old.data[i], item, old, i)));
      return old;
    }
    if (old instanceof ObjectNode && old.kind === "object" && isPlain(value)) {
      for (const name of Object.keys(old.data)) if (!Object.hasOwn(value, name)) old.remove(name);
      for (const name of Object.keys(value)) old.put(name, this.#merge(own(old.data, name), own(value, name), old, name));
      return old;
    }
    return this.#derive(value, holder, key);
  }

  /** The containers that computeds made: no state refers to them. */
  readonly #derived = new WeakSet<Node>();
  #made: Node[] | undefined;

  #derive(value: object, holder: Node, key: unknown): Stored {
    this.#made = [];
    try {
      const stored = this.enter(value, holder, key);
      for (const node of this.#made) this.#derived.add(node);
      return stored;
    } finally {
      this.#made = undefined;
    }
  }

  /** Somebody listens to a container: see {@link onDelta}. */
  get listening(): boolean {
    return this.#listeners !== undefined;
  }

  listen(node: Node, listener: (delta: Delta) => void): () => void {
    this.#listeners ??= new Map();
    const listeners = this.#listeners.get(node) ?? new Set();
    this.#listeners.set(node, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners?.delete(node);
      if (this.#listeners?.size === 0) this.#listeners = undefined;
    };
  }

  tell(node: Node, delta: Delta): void {
    const listeners = this.#listeners?.get(node);
    if (listeners) for (const listener of listeners) listener(delta);
  }

  /** As {@link pathOf}, for what stands nowhere yet. Without a key: the value that enters just now. */
  #pathOfEntering(...[node, ...keys]: [] | [holder: Node, key: unknown]): string {
    if (this.#trail.length === 0) return this.pathOf(node as Node, ...keys);
    return this.pathOf(this.#holder as Node) + [...this.#trail, ...keys].map(step).join("");
  }

  /** Where a value stands, for messages: `todo.items[3].title`. */
  pathOf(node: Node, key?: unknown): string {
    const path = this.root ? pathTo(this.root, node, this.name) : this.name;
    return key === undefined ? path : path + step(key);
  }
}

/** Marks a view old even where it was marked before: its data has been replaced. */
function spoilAgain(node: Node): void {
  node.stale = false;
  if (node.view === undefined) return;
  node.stale = true;
  const { users } = node;
  if (users instanceof Node) spoilUp(users);
  else if (users) for (const user of users) spoilUp(user);
}

function spoilUp(node: Node): void {
  if (node.stale || node.view === undefined) return;
  spoilAgain(node);
}

/** Stands in paths for a Map's key or a Set's member. */
const MEMBER = Symbol("key or member");

function step(key: unknown): string {
  if (key === MEMBER) return "[…]";
  if (typeof key === "string") return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return typeof key === "function" || (typeof key === "object" && key !== null) ? "[…]" : `[${String(key)}]`;
}

function pathTo(root: Node, wanted: Node, name: string): string {
  const paths = new Map<Node, string>([[root, name]]);
  for (const [node, path] of paths) {
    if (node === wanted) return path;
    const { data } = node;
    const entries: Iterable<[unknown, unknown]> =
      data instanceof Map
        ? data
        : data instanceof Set
          ? [...data].map((item) => [MEMBER, item])
          : Array.isArray(data)
            ? data.entries()
            : Object.entries(data as object);
    for (const [key, value] of entries) if (value instanceof Node && !paths.has(value)) paths.set(value, path + step(key));
  }
  return name;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A copy of a value that is state but no container, as users hold it: a date, a URL, bytes. */
export function plainLeaf(value: object): object | undefined {
  return value instanceof Date ? new Date(value.getTime()) : copyLeaf(value);
}

/** As {@link plainLeaf}, as state holds it. */
function copyLeaf(value: object): object | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const { constructor } = value;
  switch (tag) {
    case "Date":
      return value instanceof Date ? stateDate(value.getTime()) : undefined;
    case "RegExp":
      return value instanceof RegExp ? new RegExp(value.source, value.flags) : undefined;
    case "URL":
      return new (constructor as new (href: string) => object)((value as { href: string }).href);
    case "ArrayBuffer":
      return (value as ArrayBuffer).slice(0);
    case "DataView":
      return new DataView((value as DataView).buffer.slice((value as DataView).byteOffset, (value as DataView).byteOffset + (value as DataView).byteLength));
    default:
      return ArrayBuffer.isView(value) ? typed(tag, value as Uint8Array) : undefined;
  }
}

/** A plain copy: not of Node's `Buffer`, whose `slice` shares memory. */
const typed = (tag: string, value: Uint8Array) => new (globalThis as unknown as Record<string, new (source: Uint8Array) => object>)[tag]!(value);

/**
 * Calls back for each change of a container: what MobX's `observe` is for MobX's own. Not for what nested containers
 * change. Returns the function that ends it.
 * @throws StateError when `container` is none of twinstate's
 * @example const stop = onDelta(todo.items, (delta) => console.log(delta.type))
 */
export function onDelta(container: object, listener: (delta: Delta) => void): () => void {
  const node = nodeOf(container);
  if (!node) throw notContainer(container);
  return node.graph.listen(node, listener);
}
