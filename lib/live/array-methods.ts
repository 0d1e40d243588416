import type { ArrayNode } from "../graph/array.js";
import { liveOf, nodeOf, type Stored } from "../graph/node.js";
import { ORDER } from "../graph/path.js";
import { readMethods } from "./array-face.js";
import { observeAll } from "./atoms.js";
import type { Methods } from "./collection-face.js";
import { callable } from "./iteration.js";
import { find, writing } from "./write-access.js";

const nodeFor = (array: unknown) => nodeOf(array) as ArrayNode;

/**
 * The methods by which an array is changed, where it may be: as one change each. The language's own would make many small ones. And
 * `lastIndexOf`, as what has entered is to be found. Those that read are among them: one look finds a method.
 */
export const arrayMethods: Methods & ThisType<unknown> = {
  __proto__: null,
  ...readMethods,
  push(...values: unknown[]): number {
    const node = nodeFor(this);
    const stored = enter(node, values, node.data.length);
    node.splice(node.data.length, 0, stored);
    return node.data.length;
  },
  pop(): unknown {
    const node = nodeFor(this);
    writing(node, "length");
    return liveOf(node.data.length === 0 ? undefined : node.splice(node.data.length - 1, 1, [])[0]);
  },
  shift(): unknown {
    const node = nodeFor(this);
    writing(node, "length");
    return liveOf(node.data.length === 0 ? undefined : node.splice(0, 1, [])[0]);
  },
  unshift(...values: unknown[]): number {
    const node = nodeFor(this);
    node.splice(0, 0, enter(node, values, 0));
    return node.data.length;
  },
  splice(...args: [start?: unknown, count?: unknown, ...values: unknown[]]): unknown[] {
    const node = nodeFor(this);
    const { length } = node.data;
    const at = position(args[0], length, 0);
    const rest = length - at;
    const remove = args.length === 0 ? 0 : args.length === 1 ? rest : Math.min(Math.max(integer(args[1]), 0), rest);
    const stored = enter(node, args.slice(2), at);
    return node.splice(at, remove, stored).map(liveOf);
  },
  sort(compare?: (a: unknown, b: unknown) => number): unknown {
    const node = nodeFor(this);
    if (compare !== undefined) callable(compare);
    writing(node, ORDER);
    const sorted = node.data.map(liveOf).sort(compare);
    const stored = sorted.map((value) => find(node, value));
    // Items that `compare` has added meanwhile stand at the end.
    node.assign(stored.concat(node.data.slice(stored.length)));
    return this;
  },
  reverse(): unknown {
    const node = nodeFor(this);
    writing(node, ORDER);
    node.assign(node.data.slice().reverse());
    return this;
  },
  copyWithin(to: number, start: number, end?: number): unknown {
    const node = nodeFor(this);
    writing(node);
    node.assign(node.data.slice().copyWithin(to, start, end));
    return this;
  },
  fill(value: unknown, start?: number, end?: number): unknown {
    const node = nodeFor(this);
    const { length } = node.data;
    const from = position(start, length, 0);
    const to = position(end, length, length);
    if (from < to) {
      const [stored] = enter(node, [value], from);
      node.assign(node.data.slice().fill(stored, from, to));
    } else writing(node);
    return this;
  },
  lastIndexOf(...args: [value: unknown, from?: number]): number {
    const node = nodeFor(this);
    observeAll(node);
    return node.data.lastIndexOf(find(node, args[0]), ...(args.slice(1) as [number]));
  },
};

/** Takes values into the graph. */
function enter(node: ArrayNode, values: readonly unknown[], at: number): Stored[] {
  const source = writing(node, at);
  if (values.length === 0) return [];
  return values.length === 1 ? [source.enter(values[0], node, at)] : source.enterAll(values, node, at);
}

/** The language's ToIntegerOrInfinity: throws for a bigint. */
const integer = (value: unknown) => Math.trunc(+(value as number)) || 0;

/** A place within 0 … length. */
function position(value: unknown, length: number, absent: number): number {
  if (value === undefined) return absent;
  const number = integer(value);
  return number < 0 ? Math.max(length + number, 0) : Math.min(number, length);
}
