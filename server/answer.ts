import { valueTooLarge } from "../lib/errors.js";
import { put } from "../lib/node.js";
import { isState, viewOf } from "../lib/view.js";

/** How many items a list in an answer may have, and how many characters all of it, as JSON. */
const MOST_ITEMS = 10_000_000;
const MOST_CHARACTERS = 1 << 26;

/** A value of a store as server code gets it: views in the place of containers, all else as it is. A promise in it that rejects does not end the process. */
export function plainOf(value: unknown, seen = new Map<unknown, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isState(value)) return viewOf(value);
  const found = seen.get(value);
  if (found) return found;
  if (Array.isArray(value)) {
    if (value.length > MOST_ITEMS) throw valueTooLarge(MOST_ITEMS, "items");
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(plainOf(item, seen));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(plainOf(key, seen), plainOf(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set();
    seen.set(value, copy);
    for (const item of value) copy.add(plainOf(item, seen));
    return copy;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (value instanceof Promise) Promise.prototype.then.call(value, undefined, silence);
    return value;
  }
  const copy = {};
  seen.set(value, copy);
  for (const [name, item] of Object.entries(value)) put(copy, name, plainOf(item, seen));
  return copy;
}

/** How much of a value is looked through for promises. */
const MOST_LOOKED_AT = 100_000;

/** Nobody awaits the promises in what an event gives, or throws: where one rejects, it must not end the process. */
export function silence(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const seen = new Set<unknown>();
  const found = [value];
  while (found.length > 0 && seen.size < MOST_LOOKED_AT) {
    const next = found.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    try {
      lookInto(next, found);
    } catch {
      // A Proxy that lets nobody look.
    }
  }
}

function lookInto(value: object, found: unknown[]): void {
  if (isState(value)) return;
  if (value instanceof Promise) Promise.prototype.then.call(value, undefined, silence);
  if (value instanceof Map) for (const [key, item] of value) found.push(key, item);
  if (value instanceof Set) for (const item of value) found.push(item);
  // Getters are left alone.
  if (!ArrayBuffer.isView(value))
    for (const name of Object.keys(value).slice(0, MOST_LOOKED_AT)) found.push(Object.getOwnPropertyDescriptor(value, name)?.value);
  if (value instanceof Error) found.push(value.message, value.cause);
}

/** A value for a stock tRPC client, in plain JSON: a Map as its entries, a Set as its items, a bigint as digits. */
export function jsonOf(value: unknown): unknown {
  const text = JSON.stringify(plainOf(value), (_, item: unknown) => {
    if (item instanceof Map || item instanceof Set) return [...item];
    return typeof item === "bigint" ? String(item) : item;
  });
  if (text === undefined) return undefined;
  if (text.length > MOST_CHARACTERS) throw valueTooLarge(MOST_CHARACTERS, "characters");
  return JSON.parse(text);
}
