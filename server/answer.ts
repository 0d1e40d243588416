import { put } from "../lib/node.js";
import { isState, viewOf } from "../lib/view.js";

/** A value of a store as server code gets it: views in the place of containers, all else as it is. */
export function plainOf(value: unknown, seen = new Map<unknown, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isState(value)) return viewOf(value);
  const found = seen.get(value);
  if (found) return found;
  if (Array.isArray(value)) {
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
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  const copy = {};
  seen.set(value, copy);
  for (const [name, item] of Object.entries(value)) put(copy, name, plainOf(item, seen));
  return copy;
}

/** A value for a stock tRPC client, in plain JSON: a Map as its entries, a Set as its items, a bigint as digits. */
export function jsonOf(value: unknown): unknown {
  const text = JSON.stringify(plainOf(value), (_, item: unknown) => {
    if (item instanceof Map || item instanceof Set) return [...item];
    return typeof item === "bigint" ? String(item) : item;
  });
  return text === undefined ? undefined : JSON.parse(text);
}
