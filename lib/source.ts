import { transaction } from "mobx";
import { AdoptedNode, type Shape, shapeOf } from "./adopted.js";
import { ArrayNode } from "./array.js";
import { stateDate } from "./date.js";
import { outsideEvent } from "./errors.js";
import { openFace } from "./faces.js";
import { Graph } from "./graph.js";
import type { InstanceNode } from "./instance.js";
import { copyLeaf } from "./leaf.js";
import { MapNode } from "./map.js";
import { Node, nodeOf, Old, own, put, type Stored } from "./node.js";
import { ObjectNode } from "./object.js";
import { MEMBER, pathOf, step } from "./path.js";
import { type Change, dataBefore, type Recorder } from "./record.js";
import { SetNode } from "./set.js";
import { arrayHole, badKey, foreignInstance, notState, readOnlyComputed, sealedInstance, symbolKey, tooDeep } from "./state-errors.js";

declare const console: { error(...args: unknown[]): void };

/** The length up to which an array is copied at once. */
const SOLID = 100_000;

/** How deep a value may be nested when it enters. */
const MAX_DEPTH = 1000;

export interface SourceOptions {
  /** For messages. */
  name: string;
  /** Classes whose instances may enter, by name. */
  models?: Readonly<Record<string, new (...args: never[]) => object>>;
  /** Asked before each write; throws where writing is not allowed. */
  guard?: () => void;
  recorder: Recorder;
}

/** A graph that users write to: values enter here, what they changed can be undone, and computeds are kept up to date. */
export class SourceGraph extends Graph {
  override readonly recorder: Recorder;
  override readonly source: SourceGraph = this;
  override open = openFace;
  /** The open changes are undone for a moment. */
  rewound = false;
  /** The instances whose computeds are kept evaluated. */
  readonly maintained = new Set<AdoptedNode>();
  /** Clients see computeds. */
  maintaining = false;
  /** Clients may see fields that the storage does not keep. */
  forgets = false;
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
  /** How many had entered before the running write: those after them are forgotten when it fails. */
  #before = 0;
  /** The instances among it: they are taken over when all of the write has entered. */
  readonly #arrived: [AdoptedNode, object][] = [];
  #several = false;
  #evaluating = false;

  constructor({ name, models, guard, recorder }: SourceOptions) {
    super(name);
    this.recorder = recorder;
    this.#guard = guard;
    for (const [model, Class] of Object.entries(models ?? {})) this.#register(shapeOf(model, Class as new () => object));
  }

  /** Makes the user's instance the root of the graph. */
  adoptRoot(instance: object): void {
    const shape = shapeOf("", instance.constructor as new () => object);
    this.#look(shape);
    const root = new AdoptedNode(this, shape);
    this.root = root;
    this.#entered.set(instance, root);
    root.take(instance);
    root.adopt(instance);
  }

  /** Whether there are classes with computeds. */
  get computes(): boolean {
    return [(this.root as AdoptedNode).shape, ...this.#named.values()].some(({ computeds }) => computeds.length > 0);
  }

  #look({ visible, kept }: Shape): void {
    this.forgets ||= visible.some((field) => !kept.includes(field));
  }

  #register(shape: Shape): void {
    this.#look(shape);
    this.#shapes.set(shape.Class?.prototype, shape);
    this.#named.set(shape.name, shape);
  }

  /** Of a class that this side does not have, it is a bare one. */
  override instance(className: string): InstanceNode {
    const shape = this.#named.get(className);
    return shape ? new AdoptedNode(this, shape).embody() : super.instance(className);
  }

  override date(date: Date): Date {
    return stateDate(date.getTime());
  }

  /** Throws where a user may not write. */
  mayWrite(node: Node, key?: unknown): void {
    if (this.#evaluating) throw readOnlyComputed(pathOf(node, key));
    if (this.rewound) throw outsideEvent(this.name, pathOf(node, key));
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
    this.#before = this.#entered.size;
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
  }

  /** The running write has failed: nothing has happened. */
  #forget(): void {
    let n = 0;
    for (const value of this.#entered.keys()) if (n++ >= this.#before) this.#entered.delete(value);
    this.#arrived.length = 0;
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
    if (this.#trail.length >= MAX_DEPTH) throw tooDeep(pathOf(this.#holder as Node, this.#trail[0]), MAX_DEPTH);
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
    this.#made?.push(node);
  }

  #enterInstance(value: object, shape: Shape): Stored {
    if (!Object.isExtensible(value)) throw sealedInstance(this.#pathOfEntering(), value);
    const node = new AdoptedNode(this, shape);
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
    // A long one is not copied at once: where it has holes, its length tells nothing of its size.
    const data: Stored[] = value.length <= SOLID ? value.slice() : [];
    const node = new ArrayNode(this, data);
    this.#note(value, node);
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (item === undefined && !Object.hasOwn(value, i)) throw arrayHole(this.#pathOfEntering(node, i));
      data[i] = typeof item === "string" || typeof item === "number" ? item : this.enter(item, node, i);
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
        spoilAgain(node);
        node.atoms?.reportChanged();
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
        if (node instanceof AdoptedNode) node.keepComputeds(data as Record<string, Stored>);
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
  reconcile(holder: AdoptedNode, name: string, value: unknown): void {
    try {
      holder.put(name, this.#merge(own(holder.data, name), value, holder, name));
    } catch (error) {
      this.report(error, pathOf(holder, name));
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

  /** As {@link pathOf}, for what stands nowhere yet. Without a key: the value that enters just now. */
  #pathOfEntering(...[node, ...keys]: [] | [holder: Node, key: unknown]): string {
    if (this.#trail.length === 0) return pathOf(node as Node, ...keys);
    return pathOf(this.#holder as Node) + [...this.#trail, ...keys].map(step).join("");
  }
}

/** Marks a view old even where it was marked before: its data has been replaced. */
function spoilAgain(node: Node): void {
  if (node.view === undefined) return;
  if (!(node.view instanceof Old)) node.view = new Old(node.view);
  const { users } = node;
  if (users instanceof Node) spoilUp(users);
  else if (users) for (const user of users) spoilUp(user);
}

function spoilUp(node: Node): void {
  if (node.view === undefined || node.view instanceof Old) return;
  spoilAgain(node);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
