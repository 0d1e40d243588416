import { tagOf } from "../errors/errors.js";
import { stateDate } from "../graph/date.js";
import type { LeafTag } from "./leaves.js";

interface Leaves extends Record<LeafTag, object> {
  d: Date;
  l: { readonly href: string };
  r: RegExp;
  x: ArrayBuffer | ArrayBufferView;
}

interface LeafCopies<T> {
  /** `undefined` for what only looks like such a value. `name`: what `Object.prototype.toString` calls it. */
  copy(value: T, name: string): object | undefined;
  isEqual(a: T, b: T): boolean;
}

const isEqualText = (a: object, b: object) => String(a) === String(b);

/** How values that are objects and no containers are copied and compared. A page of views does not load it. */
const COPIES: { readonly [K in LeafTag]: LeafCopies<Leaves[K]> } = {
  d: {
    copy: (value) => (value instanceof Date ? stateDate(value.getTime()) : undefined),
    isEqual: (a, b) => Object.is(a.getTime(), b.getTime()),
  },
  l: {
    copy: ({ href }) => new (globalThis as unknown as { URL: new (href: string) => object }).URL(href),
    isEqual: isEqualText,
  },
  r: {
    copy: (value) => (value instanceof RegExp ? new RegExp(value.source, value.flags) : undefined),
    isEqual: isEqualText,
  },
  x: {
    copy(value, name) {
      if (!ArrayBuffer.isView(value)) return value.slice(0);
      if (name === "DataView") return new DataView(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
      // A plain copy, where Node's `Buffer` has a `slice` that shares memory.
      return new (globalThis as unknown as Record<string, new (source: ArrayBufferView) => object>)[name]!(value);
    },
    isEqual(a, b) {
      const [x, y] = [bytesOf(a), bytesOf(b)];
      return x.length === y.length && x.every((byte, i) => byte === y[i]);
    },
  },
};

/** A copy of a value that is state but no container, as state holds it; `undefined` for other values. */
export function copyLeaf(value: object): object | undefined {
  const name = tagOf(value);
  const tag = leafTagOf(value, name);
  return tag && COPIES[tag].copy(value as never, name);
}

/** A copy of such a value as users hold it: the setters of a date work. See {@link copyLeaf}. */
export const plainLeaf = (value: object): object | undefined => (value instanceof Date ? new Date(value.getTime()) : copyLeaf(value));

/** Tells whether two values of one kind are equal. */
export function sameLeaf(a: object, b: object): boolean {
  const tag = leafTagOf(a, tagOf(a));
  return tag !== undefined && COPIES[tag].isEqual(a as never, b as never);
}

function leafTagOf(value: object, name: string): LeafTag | undefined {
  switch (name) {
    case "Date":
      return "d";
    case "URL":
      return "l";
    case "RegExp":
      return "r";
    default:
      return name === "ArrayBuffer" || ArrayBuffer.isView(value) ? "x" : undefined;
  }
}

const bytesOf = (leaf: Leaves["x"]): Uint8Array =>
  ArrayBuffer.isView(leaf) ? new Uint8Array(leaf.buffer, leaf.byteOffset, leaf.byteLength) : new Uint8Array(leaf);
