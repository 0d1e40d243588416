import { type ArrayNode, spliced } from "../graph/array.js";
import { type Node, own, put, type Stored } from "../graph/node.js";
import type { Change, KeyChanges, Splice } from "./recorder.js";

/**
 * Does the open changes of a container once more, on other data than they were made on: those that the container has now.
 * @param data the data that the open changes had led to
 * @returns the data to which they lead now. The changes say from now on what they have changed of the new ones.
 */
export function rebase(node: Node, open: Change, data: unknown): unknown {
  if (Array.isArray(open)) return rebaseSplices(node as ArrayNode, open);
  if (node.data instanceof Map) return rebaseKeys(open, mapKeys(node.data), mapKeys(data as Map<Stored, Stored>), mapKeys(new Map(node.data)));
  if (node.data instanceof Set) return rebaseKeys(open, setKeys(node.data), setKeys(data as Set<Stored>), setKeys(new Set(node.data)));
  const { data: before } = node as { data: Record<string, Stored> };
  return rebaseKeys(open, objectKeys(before), objectKeys(data as Record<string, Stored>), objectKeys({ ...before }));
}

/** A container's data by key. */
interface Keys<D> {
  readonly data: D;
  all(): Iterable<Stored>;
  has(key: Stored): boolean;
  get(key: Stored): Stored;
  set(key: Stored, value: Stored): unknown;
  delete(key: Stored): unknown;
}

function rebaseKeys<D>(open: KeyChanges, before: Keys<D>, after: Keys<D>, result: Keys<D>): D {
  if (open.order) open.order = [...before.all()];
  for (const change of open.all()) {
    const { key } = change;
    Object.assign(change, { was: before.has(key), old: before.get(key), text: undefined });
    if (!after.has(key) || change.moved) result.delete(key);
    if (after.has(key)) result.set(key, after.get(key));
  }
  return result.data;
}

const mapKeys = (data: Map<Stored, Stored>): Keys<Map<Stored, Stored>> => ({
  data,
  all: () => data.keys(),
  has: (key) => data.has(key),
  get: (key) => data.get(key),
  set: (key, value) => data.set(key, value),
  delete: (key) => data.delete(key),
});

const setKeys = (data: Set<Stored>): Keys<Set<Stored>> => ({
  data,
  all: () => data,
  has: (key) => data.has(key),
  get: () => undefined,
  set: (key) => data.add(key),
  delete: (key) => data.delete(key),
});

const objectKeys = (data: Record<string, Stored>): Keys<Record<string, Stored>> => ({
  data,
  all: () => Object.keys(data),
  has: (key) => Object.hasOwn(data, key as string),
  get: (key) => own(data, key as string),
  set: (key, value) => put(data, key as string, value),
  delete: (key) => delete data[key as string],
});

function rebaseSplices({ data: before }: ArrayNode, open: Splice[]): Stored[] {
  let data = before.slice();
  for (const splice of open) {
    splice.at = Math.min(splice.at, data.length);
    splice.removed = data.slice(splice.at, splice.at + splice.removed.length);
    splice.text = undefined;
    splice.parts = undefined;
    data = spliced(data, splice.at, splice.removed.length, splice.added);
  }
  return data;
}
