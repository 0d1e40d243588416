import type { Viewers } from "../../lib/channel/viewers.js";
import { tooDeepForJson, valueTooLarge } from "../../lib/errors/errors.js";
import type { Node } from "../../lib/graph/node.js";
import { copied, plainKindOf } from "../../lib/graph/plain.js";
import { copyFor } from "../../lib/view/copy-for.js";
import { isState, viewOf } from "../../lib/view/view.js";
import { ANSWER, CONTAINERS, DEPTH, LONGEST_TEXT } from "../../lib/wire/bounds.js";

/**
 * Gives a value of a store as server code gets it: views instead of containers, all else as it is. A promise in it that rejects does not end the process.
 * `most`: how many objects it may have, as getters may go on for ever. `viewers`: for whom it is, if they see hidden members.
 */
export function plainOf(value: unknown, most = ANSWER, viewers?: Viewers): unknown {
  if (typeof value !== "object" || value === null) return value;
  const stored = new Map<Node, object>();
  let count = 0;
  return copied(value, (part) => {
    if (isState(part)) return viewers ? copyFor(part, viewers, stored) : viewOf(part);
    if (plainKindOf(part) === "object" && !isPlain(part)) {
      if (part instanceof Promise) Promise.prototype.then.call(part, undefined, silence);
      return part;
    }
    if (Array.isArray(part) && part.length > CONTAINERS) throw valueTooLarge(CONTAINERS, "items");
    if (count++ >= most) throw valueTooLarge(most, "objects");
    return undefined;
  });
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** How much of a value is looked through for promises. */
const MOST_LOOKED_AT = 100_000;

/** Handles the promises in what an event returns or throws: nobody awaits them, and a rejection must not end the process. */
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
      // A Proxy may throw.
    }
  }
}

function lookInto(value: object, found: unknown[]): void {
  if (isState(value)) return;
  if (value instanceof Promise) Promise.prototype.then.call(value, undefined, silence);
  if (value instanceof Map) for (const [key, item] of value) found.push(key, item);
  if (value instanceof Set) for (const item of value) found.push(item);
  // Getters do not run.
  if (!ArrayBuffer.isView(value))
    for (const name of Object.keys(value).slice(0, MOST_LOOKED_AT)) found.push(Object.getOwnPropertyDescriptor(value, name)?.value);
  if (value instanceof Error) found.push(value.message, value.cause);
}

/**
 * Gives a value for a stock tRPC client, in plain JSON: a Map as its entries, a Set as its items, a bigint as digits.
 * @throws StateError for what JSON cannot say: a cycle, and what is nested so deep that an encoder of JSON may end before it
 */
export function jsonOf(value: unknown, viewers?: Viewers): unknown {
  /** The containers that the encoder is in. */
  const inside: unknown[] = [];
  const text = JSON.stringify(plainOf(value, ANSWER, viewers), function (this: unknown, _, item: unknown) {
    while (inside.length > 0 && inside[inside.length - 1] !== this) inside.pop();
    const part = item instanceof Map || item instanceof Set ? [...item] : typeof item === "bigint" ? String(item) : item;
    if (typeof part !== "object" || part === null) return part;
    if (inside.length >= DEPTH || inside.includes(part)) throw tooDeepForJson(DEPTH);
    inside.push(part);
    return part;
  });
  if (text === undefined) return undefined;
  if (text.length > LONGEST_TEXT) throw valueTooLarge(LONGEST_TEXT, "characters");
  return JSON.parse(text);
}
