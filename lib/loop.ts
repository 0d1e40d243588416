import type { Stored } from "./node.js";
import { notCallable } from "./state-errors.js";

/** The keys of a Map or Set as a loop meets them that changes it: its data may be replaced meanwhile, as a view keeps the old. */
export function* keysOf(node: { readonly data: Map<Stored, Stored> | Set<Stored> }): Generator<Stored> {
  let { data } = node;
  let keys = data.keys();
  let last: Stored;
  let met: Set<Stored> | undefined;
  for (let next = keys.next(); !next.done; next = keys.next()) {
    if (met?.has(next.value)) continue;
    met = undefined;
    last = next.value;
    yield last;
    if (node.data === data) continue;
    met = upTo(last, data.keys());
    data = node.data;
    keys = data.keys();
  }
}

function upTo(last: Stored, keys: Iterable<Stored>): Set<Stored> {
  const met = new Set<Stored>();
  for (const key of keys) {
    met.add(key);
    if (Object.is(key, last)) break;
  }
  return met;
}

export type Callback = (this: unknown, value: unknown, key: unknown, container: unknown) => unknown;

/** @throws TypeError as the language's own methods do */
export function callable(fn: unknown): asserts fn is Callback {
  if (typeof fn !== "function") throw notCallable(fn);
}
