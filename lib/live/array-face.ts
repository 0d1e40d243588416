import { arrayHole, cannotDefine, listName, symbolKey } from "../errors/state-errors.js";
import type { ArrayNode } from "../graph/array.js";
import { liveOf, NODE, nodeOf, type Stored } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { observeAll } from "./atoms.js";
import type { Methods } from "./collection-face.js";
import { type Callback, callable } from "./iteration.js";
import { isPlainProperty } from "./object-face.js";
import { proxyOf } from "./shadow.js";
import { find, writing } from "./write-access.js";

/** A Proxy's target: an array, as `Array.isArray` looks through the Proxy at it. */
export class Target extends Array<unknown> {
  node!: ArrayNode;
}

export function openArray(node: ArrayNode): object {
  const target = new Target();
  target.node = node;
  return proxyOf(node, target, arrayFace);
}

/** The data, for reading: reactions observe it. */
function read(node: ArrayNode): Stored[] {
  observeAll(node);
  return node.data;
}

const arrayFace: ProxyHandler<Target> = {
  get({ node }, key) {
    if (typeof key === "symbol") return key === NODE ? node : Reflect.get(Array.prototype, key);
    if (key === "length") return read(node).length;
    const index = indexOf(key);
    if (index >= 0) return liveOf(read(node)[index]);
    const method = (node.graph.mode?.writer?.arrayMethods ?? readMethods)[key];
    // Objects do the same.
    return method ?? (key === "__proto__" ? undefined : Reflect.get(Array.prototype, key));
  },
  set({ node }, key, value) {
    return set(node, key, value);
  },
  has({ node }, key) {
    if (key === NODE) return true;
    if (typeof key === "symbol") return key in Array.prototype;
    const index = indexOf(key);
    return index >= 0 ? index < read(node).length : key in Array.prototype;
  },
  deleteProperty({ node }, key) {
    if (typeof key === "symbol") return true;
    const index = indexOf(key);
    if (index < 0) return key !== "length";
    if (index >= node.data.length) return true;
    writing(node, index);
    throw arrayHole(pathOf(node, index));
  },
  ownKeys({ node }) {
    const keys = Object.keys(read(node));
    keys.push("length");
    return keys;
  },
  getOwnPropertyDescriptor({ node }, key) {
    if (typeof key === "symbol") return undefined;
    const data = read(node);
    if (key === "length") return { value: data.length, writable: true, enumerable: false, configurable: false };
    const index = indexOf(key);
    if (index < 0 || index >= data.length) return undefined;
    return { value: liveOf(data[index]), writable: true, enumerable: true, configurable: true };
  },
  defineProperty({ node }, key, descriptor) {
    if (!isPlainProperty(descriptor, key !== "length")) throw cannotDefine(pathOf(node, String(key)));
    return set(node, key, descriptor.value);
  },
  getPrototypeOf: () => Array.prototype,
  preventExtensions: () => false,
  setPrototypeOf: () => false,
};

/** The index that a property name stands for, or -1. */
function indexOf(key: string): number {
  // The index is parsed by hand, as this runs on each access: turning a number back into text would cost more than everything else here.
  let index = 0;
  for (let i = 0; i < key.length; i++) {
    const digit = key.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    index = index * 10 + digit;
  }
  const canonical = key.length === 1 || (key.length > 1 && key.length <= 10 && key[0] !== "0");
  return canonical && index < 2 ** 32 - 1 ? index : -1;
}

function set(node: ArrayNode, key: string | symbol, value: unknown): boolean {
  if (typeof key === "symbol") throw symbolKey(pathOf(node), key);
  if (key === "length") return resize(node, value);
  const index = indexOf(key);
  if (index < 0) throw listName(pathOf(node), "an array", key);
  if (index > node.data.length) throw arrayHole(pathOf(node, index));
  const stored = writing(node, index).enter(value, node, index);
  if (index === node.data.length) node.splice(index, 0, [stored]);
  else node.put(index, stored);
  return true;
}

function resize(node: ArrayNode, value: unknown): boolean {
  const length = Number(value);
  if (length >>> 0 !== length) throw new RangeError("Invalid array length");
  if (length > node.data.length) throw arrayHole(pathOf(node, length - 1));
  writing(node, "length");
  node.splice(length, node.data.length - length, []);
  return true;
}

/** Calls back for each item, as the language's own loops do: up to the length at the start, without items removed since. */
function each(array: unknown, fn: unknown, thisArg: unknown, visit: (result: unknown, value: unknown, index: number) => boolean | undefined): void {
  const node = nodeOf(array) as ArrayNode;
  const { length } = read(node);
  callable(fn);
  for (let i = 0; i < length; i++) {
    if (i >= node.data.length) continue;
    const value = liveOf(node.data[i]);
    if (visit(fn.call(thisArg, value, i, array), value, i)) return;
  }
}

/** Loops like {@link each}, for the `find…` methods: they see removed items as `undefined`. */
function search(array: unknown, fn: unknown, thisArg: unknown): { index: number; value: unknown } {
  const node = nodeOf(array) as ArrayNode;
  const { length } = read(node);
  callable(fn);
  for (let i = 0; i < length; i++) {
    const value = liveOf(node.data[i]);
    if (fn.call(thisArg, value, i, array)) return { index: i, value };
  }
  return { index: -1, value: undefined };
}

const nodeFor = (array: unknown) => nodeOf(array) as ArrayNode;

/** Methods for which the language's own would be right but slow, with one trap for each step. */
export const readMethods: Methods & ThisType<unknown> = {
  __proto__: null,
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
    return search(this, fn, thisArg).value;
  },
  findIndex(fn: Callback, thisArg?: unknown): number {
    return search(this, fn, thisArg).index;
  },
  indexOf(...args: [value: unknown, from?: number]): number {
    const node = nodeFor(this);
    return read(node).indexOf(find(node, args[0]), ...(args.slice(1) as [number?]));
  },
  includes(...args: [value: unknown, from?: number]): boolean {
    const node = nodeFor(this);
    return read(node).includes(find(node, args[0]), ...(args.slice(1) as [number?]));
  },
  slice(start?: number, end?: number): unknown[] {
    return read(nodeFor(this)).slice(start, end).map(liveOf);
  },
};
