import { arrayHole, arrayName, cannotDefine, symbolKey } from "./errors.js";
import { type Callback, callable, isPlainProperty, type Kind, liveOf, NODE, Node, nodeOf, type Stored, spoil } from "./node.js";
import { spliced } from "./record.js";

// An array, as `Array.isArray` looks through the Proxy at its target.
const target: unknown[] = [];

/** The index that a property name stands for, or -1. */
function indexOf(key: string): number {
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

  /** Values as they enter. */
  enter(values: readonly unknown[], at: number): Stored[] {
    this.graph.mayWrite(this, at);
    return values.length === 1 ? [this.graph.enter(values[0], this, at)] : this.graph.enterAll(values, this, at);
  }

  get(_target: unknown[], key: string | symbol): unknown {
    if (typeof key === "symbol") return key === NODE ? this : Reflect.get(Array.prototype, key);
    if (key === "length") return this.read().length;
    const index = indexOf(key);
    if (index >= 0) return liveOf(this.read()[index]);
    return Object.hasOwn(methods, key) ? methods[key as keyof typeof methods] : Reflect.get(Array.prototype, key);
  }

  set(_target: unknown[], key: string | symbol, value: unknown): boolean {
    if (typeof key === "symbol") throw symbolKey(this.graph.pathOf(this), key);
    if (key === "length") return resize(this, value);
    const index = indexOf(key);
    if (index < 0) throw arrayName(this.graph.pathOf(this), key);
    if (index > this.data.length) throw arrayHole(this.graph.pathOf(this, index));
    const [stored] = this.enter([value], index);
    if (index === this.data.length) this.splice(index, 0, [stored]);
    else this.put(index, stored);
    return true;
  }

  has(_target: unknown[], key: string | symbol): boolean {
    if (key === NODE) return true;
    if (typeof key === "symbol") return key in Array.prototype;
    const index = indexOf(key);
    return index >= 0 ? index < this.read().length : key in Array.prototype;
  }

  deleteProperty(_target: unknown[], key: string | symbol): boolean {
    if (typeof key === "symbol") return true;
    const index = indexOf(key);
    if (index < 0) return key !== "length";
    if (index < this.data.length) throw arrayHole(this.graph.pathOf(this, index));
    return true;
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
    if (!isPlainProperty(descriptor, key !== "length")) throw cannotDefine(this.graph.pathOf(this, String(key)));
    return this.set(target, key, descriptor.value);
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

function resize(node: ArrayNode, value: unknown): boolean {
  const length = Number(value);
  if (length >>> 0 !== length) throw new RangeError("Invalid array length");
  if (length > node.data.length) throw arrayHole(node.graph.pathOf(node, length - 1));
  node.graph.mayWrite(node, "length");
  node.splice(length, node.data.length - length, []);
  return true;
}

/** As the language's ToIntegerOrInfinity: throws for a bigint. */
const integer = (value: unknown) => Math.trunc(+(value as number)) || 0;

/** A place within 0 … length. */
function position(value: unknown, length: number, absent: number): number {
  if (value === undefined) return absent;
  const number = integer(value);
  return number < 0 ? Math.max(length + number, 0) : Math.min(number, length);
}

/** Calls back for each item, in the way of the language's own loops: up to the length at the start, without what is gone since. */
function each(array: unknown, fn: unknown, thisArg: unknown, visit: (result: unknown, value: unknown, index: number) => boolean | undefined): void {
  const node = nodeOf(array) as ArrayNode;
  const { length } = node.read();
  callable(fn);
  for (let i = 0; i < length; i++) {
    if (i >= node.data.length) continue;
    const value = liveOf(node.data[i]);
    if (visit(fn.call(thisArg, value, i, array), value, i)) return;
  }
}

/** As {@link each}, for the `find…` methods, which see what is gone as `undefined`. */
function search(array: unknown, fn: unknown, thisArg: unknown, backwards: boolean): { index: number; value: unknown } {
  const node = nodeOf(array) as ArrayNode;
  const { length } = node.read();
  callable(fn);
  for (let n = 0; n < length; n++) {
    const i = backwards ? length - 1 - n : n;
    const value = liveOf(node.data[i]);
    if (fn.call(thisArg, value, i, array)) return { index: i, value };
  }
  return { index: -1, value: undefined };
}

const nodeFor = (array: unknown) => nodeOf(array) as ArrayNode;

/**
 * The methods that the language's own would do right but slowly (one trap for each step), or as many small changes in
 * place of one. The others are the language's.
 */
const methods = {
  push(...values: unknown[]): number {
    const node = nodeFor(this);
    const stored = node.enter(values, node.data.length);
    node.splice(node.data.length, 0, stored);
    return node.data.length;
  },
  pop(): unknown {
    const node = nodeFor(this);
    node.graph.mayWrite(node, "length");
    return liveOf(node.data.length === 0 ? undefined : node.splice(node.data.length - 1, 1, [])[0]);
  },
  shift(): unknown {
    const node = nodeFor(this);
    node.graph.mayWrite(node, "length");
    return liveOf(node.data.length === 0 ? undefined : node.splice(0, 1, [])[0]);
  },
  unshift(...values: unknown[]): number {
    const node = nodeFor(this);
    node.splice(0, 0, node.enter(values, 0));
    return node.data.length;
  },
  splice(...args: [start?: unknown, count?: unknown, ...values: unknown[]]): unknown[] {
    const node = nodeFor(this);
    const { length } = node.data;
    const at = position(args[0], length, 0);
    const rest = length - at;
    const remove = args.length === 0 ? 0 : args.length === 1 ? rest : Math.min(Math.max(integer(args[1]), 0), rest);
    const stored = node.enter(args.slice(2), at);
    return node.splice(at, remove, stored).map(liveOf);
  },
  sort(compare?: (a: unknown, b: unknown) => number): unknown {
    const node = nodeFor(this);
    if (compare !== undefined) callable(compare);
    node.graph.mayWrite(node);
    const sorted = node.data.map(liveOf).sort(compare);
    const stored = sorted.map((value) => node.graph.find(value));
    // What `compare` has added meanwhile stands behind.
    node.assign(stored.concat(node.data.slice(stored.length)));
    return this;
  },
  reverse(): unknown {
    const node = nodeFor(this);
    node.graph.mayWrite(node);
    node.assign(node.data.slice().reverse());
    return this;
  },
  copyWithin(to: number, start: number, end?: number): unknown {
    const node = nodeFor(this);
    node.graph.mayWrite(node);
    node.assign(node.data.slice().copyWithin(to, start, end));
    return this;
  },
  fill(value: unknown, start?: number, end?: number): unknown {
    const node = nodeFor(this);
    const { length } = node.data;
    const from = position(start, length, 0);
    const to = position(end, length, length);
    if (from < to) {
      const [stored] = node.enter([value], from);
      node.assign(node.data.slice().fill(stored, from, to));
    } else node.graph.mayWrite(node);
    return this;
  },
  forEach(fn: Callback, thisArg?: unknown): void {
    each(this, fn, thisArg, () => undefined);
  },
  map(fn: Callback, thisArg?: unknown): unknown[] {
    const { length } = nodeFor(this).data;
    const results: unknown[] = [];
    each(this, fn, thisArg, (result, _value, index) => {
      results[index] = result;
      return undefined;
    });
    results.length = length;
    return results;
  },
  filter(fn: Callback, thisArg?: unknown): unknown[] {
    const results: unknown[] = [];
    each(this, fn, thisArg, (result, value) => {
      if (result) results.push(value);
      return undefined;
    });
    return results;
  },
  some(fn: Callback, thisArg?: unknown): boolean {
    let found = false;
    each(this, fn, thisArg, (result) => {
      found = Boolean(result);
      return found;
    });
    return found;
  },
  every(fn: Callback, thisArg?: unknown): boolean {
    let all = true;
    each(this, fn, thisArg, (result) => {
      all = Boolean(result);
      return !all;
    });
    return all;
  },
  find(fn: Callback, thisArg?: unknown): unknown {
    return search(this, fn, thisArg, false).value;
  },
  findLast(fn: Callback, thisArg?: unknown): unknown {
    return search(this, fn, thisArg, true).value;
  },
  findIndex(fn: Callback, thisArg?: unknown): number {
    return search(this, fn, thisArg, false).index;
  },
  findLastIndex(fn: Callback, thisArg?: unknown): number {
    return search(this, fn, thisArg, true).index;
  },
  indexOf(...args: [value: unknown, from?: number]): number {
    const node = nodeFor(this);
    return node.read().indexOf(node.graph.find(args[0]), ...(args.slice(1) as [number?]));
  },
  lastIndexOf(...args: [value: unknown, from?: number]): number {
    const node = nodeFor(this);
    return node.read().lastIndexOf(node.graph.find(args[0]), ...(args.slice(1) as [number]));
  },
  includes(...args: [value: unknown, from?: number]): boolean {
    const node = nodeFor(this);
    return node.read().includes(node.graph.find(args[0]), ...(args.slice(1) as [number?]));
  },
  slice(start?: number, end?: number): unknown[] {
    return nodeFor(this).read().slice(start, end).map(liveOf);
  },
} as Record<string, (this: unknown, ...args: never[]) => unknown>;
