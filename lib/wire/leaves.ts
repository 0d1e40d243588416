import { badWire, tagOf } from "../errors/errors.js";
import { stateDate } from "../graph/date.js";
import { own } from "../graph/node.js";
import { DIGITS } from "./bounds.js";
import type { Slot } from "./codec.js";

/** A kind of values that are objects and no containers. Slots, copies and comparisons are made of its parts. */
interface LeafType {
  /** `name`: what `Object.prototype.toString` calls the value. */
  is(name: string, value: object): boolean;
  /** What makes the value, as JSON has it, and bytes. Slots have bytes in base64. */
  parts(value: never, name: string): readonly unknown[];
  make(parts: readonly any[]): object;
}

type Bytes = ArrayBuffer | ArrayBufferView;
const globals = globalThis as unknown as { readonly URL: new (href: string) => object } & Record<string, new (buffer: ArrayBufferLike) => Bytes>;

/** The kinds of such values, by the first elements of their slots. A new kind is one more entry, and its line in PROTOCOL.md §4. */
const LEAVES: { readonly [tag: string]: LeafType } = {
  d: {
    is: (name) => name === "Date",
    parts(value: Date) {
      const time = value.getTime();
      return [Number.isNaN(time) ? null : time];
    },
    make: ([time]) => new Date(time ?? Number.NaN),
  },
  l: {
    is: (name) => name === "URL",
    parts: ({ href }: { href: string }) => [href],
    make: ([href]) => new globals.URL(href),
  },
  r: {
    is: (name) => name === "RegExp",
    parts: ({ source, flags }: RegExp) => [source, flags],
    make: ([source, flags]) => new RegExp(source, flags),
  },
  x: {
    is: (name, value) => name === "ArrayBuffer" || ArrayBuffer.isView(value),
    parts: (value: Bytes, name) => [name, ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)],
    make: ([type, bytes]) => bytesOf(type, bytes),
  },
};

/** The tag of a value, and its parts; `undefined` for what is no such value. */
function partsOf(value: object): readonly [tag: string, ...parts: unknown[]] | undefined {
  const name = tagOf(value);
  for (const tag in LEAVES) if (LEAVES[tag]!.is(name, value)) return [tag, ...LEAVES[tag]!.parts(value as never, name)];
  return undefined;
}

function made([tag, ...parts]: readonly unknown[]): object {
  const type = own(LEAVES, tag as string) as LeafType | undefined;
  if (!type) throw badWire("a value", tag);
  return type.make(parts);
}

const BIGINT = /* @__PURE__ */ new RegExp(`^-?\\d{1,${DIGITS}}$`);

/** The slot of a value that is no container; `undefined` for what cannot be sent. */
export function leafSlot(value: unknown): Slot | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return Object.is(value, -0) ? ["z"] : value;
      return Number.isNaN(value) ? ["n"] : value > 0 ? ["i"] : ["-i"];
    case "undefined":
      return ["u"];
    case "bigint": {
      const text = String(value);
      return BIGINT.test(text) ? ["b", text] : undefined;
    }
    case "object":
      return value && (partsOf(value)?.map((part) => (part instanceof Uint8Array ? toBase64(part) : part)) as Slot | undefined);
    default:
      return undefined;
  }
}

/** The value of a slot that names a leaf. */
export function leafOf(slot: readonly unknown[]): unknown {
  const [tag, value] = slot;
  switch (tag) {
    case "u":
      return undefined;
    case "n":
      return Number.NaN;
    case "z":
      return -0;
    case "i":
      return Number.POSITIVE_INFINITY;
    case "-i":
      return Number.NEGATIVE_INFINITY;
    case "b":
      if (typeof value !== "string" || !BIGINT.test(value)) throw badWire("a bigint", value);
      return BigInt(value);
    default:
      return made(slot);
  }
}

/** A copy of a value that is state but no container, as state holds it; `undefined` for other values. */
export function copyLeaf(value: object): object | undefined {
  if (value instanceof Date) return stateDate(value.getTime());
  const parts = partsOf(value);
  // What only looks like a date is none.
  return parts && parts[0] !== "d" ? made(parts) : undefined;
}

/** A copy of such a value as users hold it: the setters of a date work. See {@link copyLeaf}. */
export const plainLeaf = (value: object): object | undefined => (value instanceof Date ? new Date(value.getTime()) : copyLeaf(value));

/** Tells whether two values are of one kind, and equal. */
export function sameLeaf(a: object, b: object): boolean {
  const parts = partsOf(b);
  return partsOf(a)?.every((part, i) => Object.is(part, parts?.[i]) || isSameBytes(part, parts?.[i])) ?? false;
}

const isSameBytes = (a: unknown, b: unknown) =>
  a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);

// --- bytes ---

declare const btoa: (text: string) => string;
declare const atob: (text: string) => string;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** Bytes in a new buffer. `type`: the name of the class that holds them; `from`: bytes, or their base64. */
function bytesOf(type: string, from: string | Uint8Array): Bytes {
  const { buffer } = from instanceof Uint8Array ? from.slice() : Uint8Array.from(atob(from), (letter) => letter.charCodeAt(0));
  if (type === "ArrayBuffer") return buffer as ArrayBuffer;
  const Class = globals[type];
  if (!Class || (Class !== DataView && Object.getPrototypeOf(Class) !== Object.getPrototypeOf(Uint8Array))) throw badWire("bytes", type);
  return new Class(buffer);
}
