import {
  arrayHole,
  badMapKey,
  beyondBounds,
  foreignInstance,
  noPrototype,
  notPlain,
  notState,
  sealedInstance,
  symbolKey,
  tooDeep,
} from "../errors/state-errors.js";
import { ArrayNode } from "../graph/array.js";
import type { Graph } from "../graph/graph.js";
import type { InstanceNode } from "../graph/instance.js";
import { MapNode } from "../graph/map.js";
import { Node, nodeOf, put, type Stored } from "../graph/node.js";
import { ObjectNode } from "../graph/object.js";
import { MEMBER, pathOf, pathStep } from "../graph/path.js";
import { plainKindOf } from "../graph/plain.js";
import { SetNode } from "../graph/set.js";
import { arrayMethods } from "../live/array-methods.js";
import { DEPTH, excessOf, LONGEST_TEXT } from "../wire/bounds.js";
import { copyLeaf, sameLeaf } from "../wire/leaves.js";
import { noteCopy, warnOfLostWrite } from "./copies.js";
import type { VolatileNodes } from "./volatile-nodes.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

const development = typeof process !== "undefined" && process.env.NODE_ENV !== "production";

/** The length up to which an array is copied at once. */
const SOLID = 100_000;

export interface WriterOptions {
  /** Called before each write. It throws if writing is not allowed. */
  guard(node: Node, key: unknown): void;
  /** The container of an instance with this prototype; `undefined` where its class may not enter. */
  embody(prototype: object): Entrant | undefined;
  /** Whether only the server writes a container. Where users put it elsewhere, a copy enters. */
  keeps?(node: Node): boolean;
}

/** The container of an instance that enters. */
export interface Entrant extends InstanceNode {
  /** Takes the values of an instance's fields. The instance itself does not change before {@link adopt}. */
  take(instance: object): void;
  /** Takes over an instance: its fields become accessors. */
  adopt(instance: object): void;
}

/** Takes values of users' into a graph. */
export class Writer {
  readonly #graph: Graph;
  readonly #options: WriterOptions;
  /** The raw objects that entered in this turn, with their containers: the same raw object is the same container. */
  #entered = new Map<object, Node>();
  /**
   * The dates, bytes and other leaves that entered in this turn, with their copies. Missing where there are none: each session has a writer, and an empty
   * Map takes 200 bytes.
   */
  #leaves: Map<object, object> | undefined;
  /** The container that the entering value is put into, and the keys from there down to the value. */
  #holder: Node | undefined;
  readonly #trail: unknown[] = [];
  /** How many objects had entered before the current write: if the write fails, later ones are forgotten. */
  #before = 0;
  /** The instances that entered in the current write. They are adopted when the whole write has entered. */
  readonly #arrived: [Entrant, object][] = [];
  #several = false;
  /** Collects the containers that are made, if set. */
  made: Node[] | undefined;
  /** The containers that only volatile members hold. Set where there are such members. */
  volatile: VolatileNodes | undefined;
  /** The place into which the current write puts its values is volatile. */
  #passing = false;
  /** A container of another store has entered, as a copy. */
  foreign = false;
  /** Collects the instances that enter in this turn, if set: in the order in which a prediction of the same event makes them. */
  entrants: Node[] | undefined;

  constructor(graph: Graph, options: WriterOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  /** The methods of arrays that users may write to. */
  get arrayMethods(): typeof arrayMethods {
    return arrayMethods;
  }

  /** Throws if the user may not write. */
  mayWrite(node: Node, key?: unknown): void {
    this.#options.guard(node, key);
    if (development) warnOfLostWrite(node);
  }

  /** Whether a raw value has entered in this turn. */
  knows(value: object): boolean {
    return this.#entered.has(value);
  }

  /** Records the container of a raw value. */
  note(value: object, node: Node): void {
    this.#entered.set(value, node);
  }

  /** A user's value as containers hold it: plain values are cloned, once for each turn. */
  enter(value: unknown, holder: Node, key: unknown): Stored {
    switch (typeof value) {
      case "object":
        return value === null ? null : this.#enterObject(value, holder, key);
      case "function":
      case "symbol":
        throw notState(this.#pathOfEntering(holder, key), value);
      case "string":
        return isShort(value) ? value : this.#bounded(value, holder, key);
      case "bigint":
        return this.#bounded(value, holder, key);
      default:
        return value;
    }
  }

  /** Returns a value that is no container, if it is within the bounds. */
  #bounded<V>(value: V, ...at: [] | [holder: Node, key?: unknown]): V {
    const excess = excessOf(value);
    if (excess) throw beyondBounds(this.#pathOfEntering(...at), excess);
    return value;
  }

  /** Takes the name of a property. */
  enterName(name: string, holder: Node): string {
    return name.length > LONGEST_TEXT ? this.#bounded(name, holder) : name;
  }

  /** Takes several values of one write, under consecutive keys from `at` on: all enter or none. */
  enterAll(values: readonly unknown[], holder: Node, at: number): Stored[] {
    const stored = new Array<Stored>(values.length);
    this.#together(() => {
      for (let i = 0; i < values.length; i++) stored[i] = this.enter(values[i], holder, at + i);
    });
    return stored;
  }

  /** Takes a Map's key and value: both enter or none. */
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

  /** The current write has entered completely. */
  #settle(): void {
    for (const [node, instance] of this.#arrived) node.adopt(instance);
    this.#arrived.length = 0;
  }

  /** The current write has failed, and has no effect. */
  #forget(): void {
    let n = 0;
    for (const value of this.#entered.keys()) if (n++ >= this.#before) this.#entered.delete(value);
    this.#arrived.length = 0;
  }

  /** A Map's key or a Set's member. */
  enterKey(value: unknown, holder: Node): Stored {
    const stored = this.enter(value, holder, MEMBER);
    if (typeof stored === "object" && stored !== null && !(stored instanceof Node)) throw badMapKey(this.#pathOfEntering(holder, MEMBER), stored);
    return stored;
  }

  /** The stored value for a user's value, if the value is in a container. */
  find(value: unknown): Stored {
    if (typeof value !== "object" || value === null) return value;
    return nodeOf(value) ?? this.#entered.get(value) ?? this.#leaves?.get(value) ?? value;
  }

  #enterObject(value: object, holder: Node, key: unknown): Stored {
    const node = nodeOf(value);
    const known = node?.graph === this.#graph && !this.#options.keeps?.(node) ? node : this.#entered.get(value);
    if (known) {
      this.volatile?.put(known, holder, key);
      return known;
    }
    if (this.#trail.length > 0) return this.#enterNew(value, node, holder, key);
    this.#holder = holder;
    return this.#together(() => this.#enterNew(value, node, holder, key));
  }

  #enterNew(value: object, node: Node | undefined, holder: Node, key: unknown): Stored {
    if (this.#trail.length >= DEPTH) throw tooDeep(pathOf(this.#holder as Node, this.#trail[0]), DEPTH);
    this.#trail.push(key);
    this.foreign ||= node !== undefined;
    const outer = this.#passing;
    if (this.volatile) this.#passing = this.volatile.at(holder, key);
    if (development && node) noteCopy(node, this.#pathOfEntering());
    try {
      return this.#clone(value, node);
    } finally {
      this.#trail.pop();
      this.#passing = outer;
    }
  }

  #clone(value: object, foreign: Node | undefined): Stored {
    if (Array.isArray(value)) return this.#enterArray(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#enterPlain(value);
    if (prototype === null) throw noPrototype(this.#pathOfEntering());
    if (foreign?.kind === "instance") throw foreignInstance(this.#pathOfEntering(), value);
    const entrant = this.#options.embody(prototype);
    if (entrant) return this.#enterInstance(value, entrant);
    const leaf = copyOf(value);
    if (leaf) return this.#enterLeaf(value, this.#bounded(leaf));
    if (value instanceof Map) return this.#enterMap(value);
    if (value instanceof Set) return this.#enterSet(value);
    // A plain object of another realm.
    if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf")) return this.#enterPlain(value);
    // The error below tells of a missing `await`. A rejection of the promise must not end the process.
    if (value instanceof Promise) value.catch(() => {});
    throw notState(this.#pathOfEntering(), value);
  }

  /** Takes a leaf. An unchanged leaf gives the same copy as before, so that a search finds the first one. */
  #enterLeaf(value: object, copy: object): object {
    const known = this.#leaves?.get(value);
    if (known && sameLeaf(known, copy)) return known;
    (this.#leaves ??= new Map()).set(value, copy);
    return copy;
  }

  #enterInstance(value: object, node: Entrant): Stored {
    if (!Object.isExtensible(value)) throw sealedInstance(this.#pathOfEntering(), value);
    this.note(value, node);
    this.made?.push(node);
    this.entrants?.push(node);
    if (this.#passing) this.volatile?.add(node);
    node.take(value);
    this.#arrived.push([node, value]);
    return node;
  }

  /** Makes a container, or reuses one that was undone. */
  make<N extends Node>(Kind: new (graph: Graph, data: N["data"]) => N, data: N["data"]): N {
    let node = this.#graph.mode?.pool?.take(plainKindOf(data as object)) as N | undefined;
    if (node) node.data = data;
    else node = new Kind(this.#graph, data);
    this.made?.push(node);
    if (this.#passing) this.volatile?.add(node);
    return node;
  }

  #enterPlain(value: object): Stored {
    const symbol = Object.getOwnPropertySymbols(value)[0];
    if (symbol) throw symbolKey(this.#pathOfEntering(), symbol);
    let entering: string[] | undefined;
    for (const name of Object.keys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, name);
      if (isAccessor(property)) throw notPlain(this.#pathOfEntering() + pathStep(name));
      // The descriptor has the value already: it costs less than another read.
      if (name.length > LONGEST_TEXT || !standsAsItIs(property?.value)) (entering ??= []).push(name);
    }
    const data = { ...value } as Record<string, Stored>;
    const node = this.make(ObjectNode, data);
    this.note(value, node);
    if (!entering) return node;
    for (const key of entering) {
      if (key.length > LONGEST_TEXT) this.#bounded(key);
      put(data, key, this.enter(data[key], node, key));
    }
    return node;
  }

  /**
   * The names of a plain object's properties.
   * @throws StateError for an accessor or a symbol
   */
  namesOf(value: object, holder: Node, key: unknown): readonly string[] {
    const symbol = Object.getOwnPropertySymbols(value)[0];
    if (symbol) throw symbolKey(this.#pathOfEntering(holder, key), symbol);
    const names = Object.keys(value);
    const accessor = names.find((name) => isAccessor(Object.getOwnPropertyDescriptor(value, name)));
    if (accessor !== undefined) throw notPlain(this.#pathOfEntering(holder, key) + pathStep(accessor));
    return names;
  }

  #enterArray(value: readonly unknown[]): Stored {
    // A long array is not copied at once: if it has holes, its length says nothing about its size.
    const data: Stored[] = value.length <= SOLID ? value.slice() : [];
    const node = this.make(ArrayNode, data);
    this.note(value, node);
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (item === undefined && !Object.hasOwn(value, i)) throw arrayHole(this.#pathOfEntering(node, i));
      data[i] = isShort(item) || typeof item === "number" ? item : this.enter(item, node, i);
    }
    return node;
  }

  #enterMap(value: Map<unknown, unknown>): Stored {
    const node = this.make(MapNode, new Map());
    this.note(value, node);
    for (const [key, item] of value) node.data.set(this.enterKey(key, node), this.enter(item, node, key));
    return node;
  }

  #enterSet(value: Set<unknown>): Stored {
    const node = this.make(SetNode, new Set());
    this.note(value, node);
    for (const item of value) node.data.add(this.enterKey(item, node));
    return node;
  }

  /** Ends the turn: raw objects that enter later become new containers. */
  endTurn(): void {
    if (this.#entered.size > 0) this.#entered = new Map();
    this.#leaves = undefined;
    this.entrants = undefined;
  }

  /** Runs a write that is no part of the turn: what enters with it is not known afterwards. */
  apart(write: () => void): void {
    const [entered, leaves, entrants] = [this.#entered, this.#leaves, this.entrants];
    this.#entered = new Map();
    this.#leaves = undefined;
    this.entrants = undefined;
    try {
      write();
    } finally {
      this.#entered = entered;
      this.#leaves = leaves;
      this.entrants = entrants;
    }
  }

  /** The path of a value that is in no container yet. Without a key: of the entering value. */
  #pathOfEntering(...[node, ...keys]: [] | [holder: Node, key?: unknown]): string {
    if (this.#trail.length === 0) return pathOf(node as Node, ...keys);
    return pathOf(this.#holder as Node) + [...this.#trail, ...keys].map(pathStep).join("");
  }
}

/** A string whose length is within the bounds. */
const isShort = (value: unknown) => typeof value === "string" && value.length <= LONGEST_TEXT;

/**
 * A copy of a value that is no container. A value that cannot be copied is no state: transferred bytes, or a URL whose text parses to another URL, as every
 * receiver parses it again.
 */
function copyOf(value: object): object | undefined {
  try {
    const copy = copyLeaf(value);
    return (copy as { href?: unknown })?.href === (value as { href?: unknown }).href ? copy : undefined;
  } catch {
    return undefined;
  }
}

/** A value that needs no entry: a short string, a number or a boolean. */
const standsAsItIs = (value: unknown) => isShort(value) || typeof value === "number" || typeof value === "boolean";

const isAccessor = (property: PropertyDescriptor | undefined): boolean => property !== undefined && !("value" in property);
