import { callable, keysOf } from "./loop.js";
import type { MapNode } from "./map.js";
import { liveOf, NODE, nodeOf } from "./node.js";
import { ENTRIES, KEYS, observeKey, observePresence } from "./observe.js";
import { find, writing } from "./writing.js";

export function openMap(node: MapNode): object {
  const map = Object.create(StateMap.prototype) as object;
  Object.defineProperty(map, NODE, { value: node });
  return map;
}

const node = (map: unknown) => nodeOf(map) as MapNode;

/** What users hold of a Map: all of Map's interface, and `instanceof Map`, over a node. */
class StateMap implements Map<unknown, unknown> {
  get size(): number {
    const map = node(this);
    observeKey(map, KEYS);
    return map.data.size;
  }

  has(key: unknown): boolean {
    const map = node(this);
    const stored = find(map, key);
    observePresence(map, stored);
    return map.data.has(stored);
  }

  get(key: unknown): unknown {
    const map = node(this);
    const stored = find(map, key);
    observeKey(map, stored);
    return liveOf(map.data.get(stored));
  }

  set(key: unknown, value: unknown): this {
    const map = node(this);
    map.put(...writing(map, key).enterEntry(key, value, map));
    return this;
  }

  getOrInsert(key: unknown, value: unknown): unknown {
    return this.getOrInsertComputed(key, () => value);
  }

  getOrInsertComputed(key: unknown, make: (key: unknown) => unknown): unknown {
    if (!this.has(key)) this.set(key, make(key));
    return this.get(key);
  }

  delete(key: unknown): boolean {
    const map = node(this);
    writing(map, key);
    return map.remove(find(map, key));
  }

  clear(): void {
    const map = node(this);
    writing(map);
    map.clear();
  }

  forEach(callback: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void, thisArg?: unknown): void {
    callable(callback);
    for (const [key, value] of this) callback.call(thisArg, value, key, this);
  }

  *keys(): MapIterator<unknown> {
    const map = node(this);
    observeKey(map, KEYS);
    for (const key of keysOf(map)) yield liveOf(key);
  }

  *values(): MapIterator<unknown> {
    const map = node(this);
    observeKey(map, ENTRIES);
    for (const key of keysOf(map)) yield liveOf(map.data.get(key));
  }

  *entries(): MapIterator<[unknown, unknown]> {
    const map = node(this);
    observeKey(map, ENTRIES);
    for (const key of keysOf(map)) yield [liveOf(key), liveOf(map.data.get(key))];
  }

  [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return "Map";
  }

  toJSON(): [unknown, unknown][] {
    return [...this];
  }
}
Object.setPrototypeOf(StateMap.prototype, Map.prototype);
Object.defineProperty(StateMap.prototype, "constructor", { value: Map, writable: true, configurable: true });
