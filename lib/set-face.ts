import { callable, keysOf } from "./loop.js";
import { liveOf, NODE, nodeOf, type Stored } from "./node.js";
import { observeAll } from "./observe.js";
import type { SetNode } from "./set.js";
import { find, writing } from "./writing.js";

export function openSet(node: SetNode): object {
  const set = Object.create(StateSet.prototype) as object;
  Object.defineProperty(set, NODE, { value: node });
  return set;
}

/** For reading. */
function read(node: SetNode): Set<Stored> {
  observeAll(node);
  return node.data;
}

const node = (set: unknown) => nodeOf(set) as SetNode;

/** What users hold of a Set: all of Set's interface, and `instanceof Set`, over a node. */
class StateSet {
  get size(): number {
    return read(node(this)).size;
  }

  has(value: unknown): boolean {
    const set = node(this);
    return read(set).has(find(set, value));
  }

  add(value: unknown): this {
    const set = node(this);
    set.put(writing(set, value).enterKey(value, set));
    return this;
  }

  delete(value: unknown): boolean {
    const set = node(this);
    writing(set, value);
    return set.remove(find(set, value));
  }

  clear(): void {
    const set = node(this);
    writing(set);
    set.clear();
  }

  forEach(callback: (value: unknown, key: unknown, set: unknown) => void, thisArg?: unknown): void {
    callable(callback);
    for (const value of this.values()) callback.call(thisArg, value, value, this);
  }

  *values(): SetIterator<unknown> {
    const set = node(this);
    read(set);
    for (const value of keysOf(set)) yield liveOf(value);
  }

  keys(): SetIterator<unknown> {
    return this.values();
  }

  *entries(): SetIterator<[unknown, unknown]> {
    for (const value of this.values()) yield [value, value];
  }

  [Symbol.iterator](): SetIterator<unknown> {
    return this.values();
  }

  get [Symbol.toStringTag](): string {
    return "Set";
  }

  toJSON(): unknown[] {
    return [...this.values()];
  }
}
Object.setPrototypeOf(StateSet.prototype, Set.prototype);
Object.defineProperty(StateSet.prototype, "constructor", { value: Set, writable: true, configurable: true });

// Set algebra reads internal slots, which a StateSet has not: it runs on a copy.
const algebra = ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"] as const;
for (const name of algebra) {
  const native = (Set.prototype as unknown as Record<string, ((other: unknown) => unknown) | undefined>)[name];
  if (!native) continue;
  const value = function (this: StateSet, other: unknown) {
    return native.call(new Set(this.values()), other);
  };
  Object.defineProperty(StateSet.prototype, name, { value, writable: true, configurable: true });
}
