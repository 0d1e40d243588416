import { stateDate } from "./date.js";

/** A copy of a value that is state but no container, as users hold it: a date, a URL, bytes. */
export function plainLeaf(value: object): object | undefined {
  return value instanceof Date ? new Date(value.getTime()) : copyLeaf(value);
}

/** A copy of such a value for state: see {@link plainLeaf}. */
export function copyLeaf(value: object): object | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  switch (tag) {
    case "Date":
      return value instanceof Date ? stateDate(value.getTime()) : undefined;
    case "RegExp":
      return value instanceof RegExp ? new RegExp(value.source, value.flags) : undefined;
    case "URL":
      return new (globalThis as unknown as { URL: new (href: string) => object }).URL((value as { href: string }).href);
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

/** Whether two of one kind are equal. */
export function sameLeaf(a: object, b: object): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  const [x, y] = [bytesOf(a), bytesOf(b)];
  if (!x || !y) return String(a) === String(b);
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

function bytesOf(leaf: object): Uint8Array | undefined {
  if (leaf instanceof ArrayBuffer) return new Uint8Array(leaf);
  return ArrayBuffer.isView(leaf) ? new Uint8Array(leaf.buffer, leaf.byteOffset, leaf.byteLength) : undefined;
}
