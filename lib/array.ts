import type { ArrayWrites, Methods } from "./array-writes.js";
import { type Kind, liveOf, NODE, Node, nodeOf, type Stored, spoil } from "./node.js";
import { spliced } from "./record.js";

// An array, as `Array.isArray` looks through the Proxy at its target.
const target: unknown[] = [];

/** The index that a property name stands for, or -1. */
export function indexOf(key: string): number {
  const first = key.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return -1;
  const index = Number(key);
  return String(index) === key && index < 2 ** 32 - 1 && Number.isInteger(index) ? index : -1;
}

/** An array. It has no holes. */
export class ArrayNode extends Node implements ProxyHandler<unknown[]> {
  declare data: Stored[];

  get kind(): Kind {
    return "array";
  }

  protected open(): object {
    return new Proxy(target, this);
  }

  children(visit: (child: Node) => void): void {
    for (const value of this.data) if (value instanceof Node) visit(value);
  }

  /** For reading. */
  read(): Stored[] {
    this.observeAll();
    return this.data;
  }

  /** Splices stored values: noted, and told to views and reactions. Returns what was removed. */
  splice(at: number, remove: number, add: Stored[]): Stored[] {
    if (remove === 0 && add.length === 0) return [];
    const removed = this.data.slice(at, at + remove);
    this.graph.recorder?.splice(this, at, removed, add);
    if (this.view === this.data) this.data = this.data.slice();
    this.data = spliced(this.data, at, remove, add);
    changed(this);
    if (this.graph.listening) this.graph.tell(this, { type: "splice", index: at, added: () => add.map(liveOf), removed: () => removed.map(liveOf) });
    return removed;
  }

  /** Sets one item that is there. */
  put(index: number, stored: Stored): void {
    const old = this.data[index];
    if (Object.is(old, stored)) return;
    this.graph.recorder?.splice(this, index, [old], [stored]);
    if (this.view === this.data) this.data = this.data.slice();
    this.data[index] = stored;
    changed(this);
    if (this.graph.listening) this.graph.tell(this, { type: "splice", index, added: () => [liveOf(stored)], removed: () => [liveOf(old)] });
  }

  /** Makes the content equal to `next`, as one splice of what differs. */
  assign(next: Stored[]): void {
    const { data } = this;
    const shorter = Math.min(data.length, next.length);
    let start = 0;
    while (start < shorter && Object.is(data[start], next[start])) start++;
    let end = 0;
    while (end < shorter - start && Object.is(data[data.length - 1 - end], next[next.length - 1 - end])) end++;
    this.splice(start, data.length - start - end, next.slice(start, next.length - end));
  }

  get(_target: unknown[], key: string | symbol): unknown {
    if (typeof key === "symbol") return key === NODE ? this : Reflect.get(Array.prototype, key);
    if (key === "length") return this.read().length;
    const index = indexOf(key);
    if (index >= 0) return liveOf(this.read()[index]);
    const methods = this.graph.arrays?.methods ?? reading;
    return Object.hasOwn(methods, key) ? methods[key] : Reflect.get(Array.prototype, key);
  }

  set(_target: unknown[], key: string | symbol, value: unknown): boolean {
    return this.writes(key).set(this, key, value);
  }

  has(_target: unknown[], key: string | symbol): boolean {
    if (key === NODE) return true;
    if (typeof key === "symbol") return key in Array.prototype;
    const index = indexOf(key);
    return index >= 0 ? index < this.read().length : key in Array.prototype;
  }

  deleteProperty(_target: unknown[], key: string | symbol): boolean {
    return this.writes(key).delete(this, key);
  }

  ownKeys(): string[] {
    const keys = Object.keys(this.read());
    keys.push("length");
    return keys;
  }

  getOwnPropertyDescriptor(_target: unknown[], key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === "symbol") return undefined;
    const data = this.read();
    if (key === "length") return { value: data.length, writable: true, enumerable: false, configurable: false };
    const index = indexOf(key);
    if (index < 0 || index >= data.length) return undefined;
    return { value: liveOf(data[index]), writable: true, enumerable: true, configurable: true };
  }

  defineProperty(_target: unknown[], key: string | symbol, descriptor: PropertyDescriptor): boolean {
    return this.writes(key).define(this, key, descriptor);
  }

  private writes(key: string | symbol): ArrayWrites {
    const { arrays } = this.graph;
    if (!arrays) this.graph.mayWrite(this, key);
    return arrays as ArrayWrites;
  }

  preventExtensions(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }
}

// Functions, as private methods would make each node larger.

function changed(node: ArrayNode): void {
  spoil(node);
  node.announce();
}

/** What a twin's arrays do faster than one trap for each step. */
const reading: Methods = {};
for (const name of ["forEach", "map", "filter", "some", "every", "find", "findIndex", "findLast", "flatMap", "reduce", "slice"] as const) {
  reading[name] = function (...args) {
    return (Array.prototype[name] as (...args: unknown[]) => unknown).apply((nodeOf(this) as ArrayNode).read().map(liveOf), args);
  };
}
