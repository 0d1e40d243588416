import { badWire, notSent } from "../errors/errors.js";

// Messages as bytes: PROTOCOL.md §8. What JSON can say this can say, in half of the bytes.

/** Whole numbers from 0 up to here are their own byte. */
const SMALL = 0x7f;
/** Arrays of up to 15 values and strings of up to 31 bytes have their length in the tag. */
const ARRAY = 0x80;
const STRING = 0x90;
const NULL = 0xb0;
const FALSE = 0xb1;
const TRUE = 0xb2;
const FLOAT = 0xb3;
const NEGATIVE = 0xb4;
const LONG_STRING = 0xb5;
const LONG_ARRAY = 0xb6;
const OBJECT = 0xb7;
const SHORT_INTEGER = 0xb8;
const INTEGER = 0xb9;
/** Text with half of a surrogate pair, which UTF-8 cannot say, and JSON can. */
const UNPAIRED = 0xba;
/** Six bits of a whole number; the other eight follow. */
const MEDIUM = 0xc0;

const MEDIUM_FROM = 0x80;
const SHORT_FROM = 0x4080;
const LONG_FROM = 0x14080;
/** How deep values may stand in each other: those of messages do in less than ten. */
const DEEPEST = 100;
/** Shorter text is written and read here: calls into an encoder cost more. */
const SHORT_TEXT = 24;
/** How much memory is kept for the next encoding. */
const LEAST_KEPT = 1 << 10;
const MOST_KEPT = 1 << 20;

declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(encoding: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

// --- encode ---

let encoder: TextEncoder | undefined;
// Pure, so that bundlers leave it out of what only reads.
let scratch = /* @__PURE__ */ new Uint8Array(0);
let view = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(0));
let length = 0;

/**
 * A value of JSON as bytes. What is in it as bytes already, by an earlier call, stands there as it is: so what goes to many is encoded once.
 * @throws StateError for what JSON cannot say.
 */
export function encode(value: unknown): Uint8Array {
  length = 0;
  write(value);
  const bytes = scratch.slice(0, length);
  if (scratch.length > MOST_KEPT) grow(new Uint8Array(LEAST_KEPT));
  return bytes;
}

function grow(larger: Uint8Array<ArrayBuffer>): void {
  scratch = larger;
  view = new DataView(scratch.buffer);
}

function room(count: number): void {
  if (length + count <= scratch.length) return;
  const larger = new Uint8Array(Math.max(LEAST_KEPT, 2 * scratch.length, length + count));
  larger.set(scratch.subarray(0, length));
  grow(larger);
}

function byte(value: number): void {
  room(1);
  scratch[length++] = value;
}

function write(value: unknown): void {
  switch (typeof value) {
    case "number":
      return writeNumber(value);
    case "string":
      return writeText(value);
    case "boolean":
      return byte(value ? TRUE : FALSE);
    case "object":
      if (value === null) return byte(NULL);
      if (Array.isArray(value)) return writeArray(value);
      if (value instanceof Uint8Array) return writeBytes(value);
      return writeObject(value as Record<string, unknown>);
    case "bigint":
      throw notSent(value);
    default:
      // JSON has `null` there too.
      return byte(NULL);
  }
}

function writeNumber(value: number): void {
  if (!Number.isSafeInteger(value)) return Number.isFinite(value) ? writeFloat(value) : byte(NULL);
  if (value < 0) return writeCount(NEGATIVE, -1 - value);
  if (value <= SMALL) return byte(value);
  if (value >= LONG_FROM) return writeCount(INTEGER, value);
  room(3);
  if (value < SHORT_FROM) {
    scratch[length++] = MEDIUM | ((value - MEDIUM_FROM) >> 8);
    scratch[length++] = value - MEDIUM_FROM;
  } else {
    scratch[length++] = SHORT_INTEGER;
    scratch[length++] = (value - SHORT_FROM) >> 8;
    scratch[length++] = value - SHORT_FROM;
  }
}

function writeFloat(value: number): void {
  room(9);
  scratch[length++] = FLOAT;
  view.setFloat64(length, value);
  length += 8;
}

/** A tag, and a whole number: seven bits in each byte, the lowest first. */
function writeCount(tag: number, count: number): void {
  byte(tag);
  let rest = count;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) byte((rest % 0x80) | 0x80);
  byte(rest);
}

function writeText(text: string): void {
  if (text.length <= SHORT_TEXT) {
    room(text.length + 1);
    let all = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      scratch[length + 1 + i] = code;
      all |= code;
    }
    if (all < 0x80) {
      scratch[length] = STRING + text.length;
      length += text.length + 1;
      return;
    }
  }
  if (/[\ud800-\udfff]/u.test(text)) {
    writeCount(UNPAIRED, text.length);
    room(2 * text.length);
    for (let i = 0; i < text.length; i++, length += 2) view.setUint16(length, text.charCodeAt(i));
    return;
  }
  encoder ??= new TextEncoder();
  const bytes = encoder.encode(text);
  if (bytes.length < NULL - STRING) byte(STRING + bytes.length);
  else writeCount(LONG_STRING, bytes.length);
  writeBytes(bytes);
}

function writeBytes(bytes: Uint8Array): void {
  room(bytes.length);
  scratch.set(bytes, length);
  length += bytes.length;
}

function writeArray(values: readonly unknown[]): void {
  if (values.length < STRING - ARRAY) byte(ARRAY + values.length);
  else writeCount(LONG_ARRAY, values.length);
  for (let i = 0; i < values.length; i++) write(values[i]);
}

function writeObject(object: Record<string, unknown>): void {
  const names = Object.keys(object).filter((name) => !/undefined|function|symbol/.test(typeof object[name]));
  writeCount(OBJECT, names.length);
  for (const name of names) {
    writeText(name);
    write(object[name]);
  }
}

// --- decode ---

/**
 * The values that stand in bytes, one after the other.
 * @throws StateError where they are not whole.
 */
export function decode(bytes: Uint8Array): unknown[] {
  const reader = new Reader(bytes);
  const values: unknown[] = [];
  while (!reader.over) values.push(reader.value());
  return values;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get over(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(): unknown {
    const tag = this.#byte();
    if (tag <= SMALL) return tag;
    if (tag >= MEDIUM) return MEDIUM_FROM + ((tag - MEDIUM) << 8) + this.#byte();
    if (tag < STRING) return this.#array(tag - ARRAY);
    if (tag < NULL) return this.#text(tag - STRING);
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case FLOAT: {
        const value = this.#view.getFloat64(this.#skip(8));
        if (!Number.isFinite(value)) throw badWire("a number", value);
        return value;
      }
      case NEGATIVE:
        return -1 - this.#count();
      case LONG_STRING:
        return this.#text(this.#count());
      case LONG_ARRAY:
        return this.#array(this.#count());
      case OBJECT:
        return this.#object(this.#count());
      case SHORT_INTEGER:
        return SHORT_FROM + this.#view.getUint16(this.#skip(2));
      case INTEGER:
        return this.#count();
      case UNPAIRED: {
        const start = this.#skip(2 * this.#count());
        let text = "";
        for (let at = start; at < this.#at; at += 2) text += String.fromCharCode(this.#view.getUint16(at));
        return text;
      }
      default:
        throw badWire("a value", tag);
    }
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] as number;
  }

  /** Passes over so many bytes, and gives where they begin. @throws StateError where there are not so many. */
  #skip(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw badWire(`${count} bytes more`, this.#bytes.length - start);
    this.#at += count;
    return start;
  }

  #count(): number {
    let count = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#byte();
      count += (byte & 0x7f) * unit;
      if (count > Number.MAX_SAFE_INTEGER || unit > 2 ** 49) throw badWire("a whole number", count);
      if (byte < 0x80) return count;
    }
  }

  #text(size: number): string {
    const start = this.#skip(size);
    if (size <= SHORT_TEXT) {
      const codes = new Array<number>(size);
      let all = 0;
      for (let i = 0; i < size; i++) {
        const code = this.#bytes[start + i] as number;
        codes[i] = code;
        all |= code;
      }
      if (all < 0x80) return String.fromCharCode.apply(null, codes);
    }
    try {
      decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return decoder.decode(this.#bytes.subarray(start, this.#at));
    } catch (error) {
      throw badWire("text", `${size} bytes`, error);
    }
  }

  #array(count: number): unknown[] {
    this.#enter();
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(this.value());
    this.#depth--;
    return values;
  }

  #object(count: number): object {
    this.#enter();
    const entries: [string, unknown][] = [];
    for (let i = 0; i < count; i++) {
      const name = this.value();
      if (typeof name !== "string") throw badWire("a name", name);
      entries.push([name, this.value()]);
    }
    this.#depth--;
    // `Object.fromEntries` takes `__proto__` as an ordinary name.
    return Object.fromEntries(entries);
  }

  /** Goes into a container. However many values it says that it has, each takes a byte at least. */
  #enter(): void {
    if (++this.#depth > DEEPEST) throw badWire(`values ${DEEPEST} deep at most`, this.#depth);
  }
}

let decoder: TextDecoder | undefined;
