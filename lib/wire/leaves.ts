import { badWire } from "../errors/errors.js";
import { DIGITS } from "./bounds.js";
import type { Slot } from "./codec.js";

/**
 * The first elements of the slots of objects that are no containers: a date, a URL, a RegExp, bytes. A new kind of value is one more tag here. This file
 * writes and reads it, `leaf-copies.ts` copies and compares it; reading and copying do not compile without it.
 */
export type LeafTag = "d" | "l" | "r" | "x";

/** The first elements of the other slots: `undefined`, the numbers that JSON lacks, bigints. */
type PrimitiveTag = "u" | "n" | "z" | "i" | "-i" | "b";

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
      return value === null ? null : objectSlot(value);
    default:
      return undefined;
  }
}

function objectSlot(value: object): readonly [LeafTag, ...unknown[]] | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  switch (tag) {
    case "Date": {
      const time = (value as Date).getTime();
      return ["d", Number.isNaN(time) ? null : time];
    }
    case "URL":
      return ["l", (value as { href: string }).href];
    case "RegExp":
      return ["r", (value as RegExp).source, (value as RegExp).flags];
    case "ArrayBuffer":
      return ["x", tag, toBase64(new Uint8Array(value as ArrayBuffer))];
    default:
      if (!ArrayBuffer.isView(value)) return undefined;
      return ["x", tag, toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))];
  }
}

/** The value of a slot that names a leaf. */
export function leafOf(slot: readonly unknown[]): unknown {
  const [tag, value, more] = slot as readonly [LeafTag | PrimitiveTag, unknown, unknown];
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
    case "d":
      return new Date(value === null ? Number.NaN : (value as number));
    case "l":
      return new (globalThis as unknown as { URL: new (href: string) => object }).URL(value as string);
    case "r":
      return new RegExp(value as string, more as string);
    case "x":
      return bytesOf(value as string, more as string);
    default:
      tag satisfies never;
      throw badWire("a value", slot);
  }
}

function bytesOf(type: string, text: string): object {
  const { buffer } = fromBase64(text);
  if (type === "ArrayBuffer") return buffer;
  const Bytes = (globalThis as unknown as Record<string, new (buffer: ArrayBufferLike) => object>)[type];
  if (!Bytes || (Bytes !== DataView && Object.getPrototypeOf(Bytes) !== Object.getPrototypeOf(Uint8Array))) throw badWire("bytes", type);
  return new Bytes(buffer);
}

declare const btoa: (text: string) => string;
declare const atob: (text: string) => string;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
