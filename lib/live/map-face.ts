import type { MapNode } from "../graph/map.js";
import { liveOf } from "../graph/node.js";
import { ENTRIES, KEYS, observeKey, observePresence } from "./atoms.js";
import { collectionFace, type Methods, receiver } from "./collection-face.js";
import { callable, MapLoop } from "./iteration.js";
import { proxyOf } from "./shadow.js";
import { find, writing } from "./write-access.js";

export const openMap = (node: MapNode): object => proxyOf(node, node, mapFace);

const mapOf = (value: unknown): MapNode => receiver("Map", value);

const methods: Methods & ThisType<unknown> = {
  __proto__: null,
  has(key: unknown): boolean {
    const map = mapOf(this);
    const stored = find(map, key);
    observePresence(map, stored);
    return map.data.has(stored);
  },
  get(key: unknown): unknown {
    return read(mapOf(this), key);
  },
  set(key: unknown, value: unknown): unknown {
    write(mapOf(this), key, value);
    return this;
  },
  getOrInsert(key: unknown, value: unknown): unknown {
    return make(mapOf(this), key, () => value);
  },
  getOrInsertComputed(key: unknown, compute: unknown): unknown {
    return make(mapOf(this), key, compute);
  },
  keys(): MapIterator<unknown> {
    const map = mapOf(this);
    observeKey(map, KEYS);
    return new MapLoop(map, liveOf);
  },
  values(): MapIterator<unknown> {
    const map = mapOf(this);
    observeKey(map, ENTRIES);
    return new MapLoop(map, (key) => liveOf(map.data.get(key)));
  },
  entries(): MapIterator<[unknown, unknown]> {
    return entries(mapOf(this));
  },
  get [Symbol.iterator]() {
    return methods.entries;
  },
  toJSON(): [unknown, unknown][] {
    return [...entries(mapOf(this))];
  },
};

function read(map: MapNode, key: unknown): unknown {
  const stored = find(map, key);
  observeKey(map, stored);
  return liveOf(map.data.get(stored));
}

function write(map: MapNode, key: unknown, value: unknown): void {
  map.put(...writing(map, key).enterEntry(key, value, map));
}

function make(map: MapNode, key: unknown, compute: unknown): unknown {
  callable(compute);
  const stored = find(map, key);
  observePresence(map, stored);
  if (!map.data.has(stored)) write(map, key, (compute as (key: unknown) => unknown)(key === 0 ? 0 : key));
  return read(map, key);
}

function entries(map: MapNode): MapIterator<[unknown, unknown]> {
  observeKey(map, ENTRIES);
  return new MapLoop(map, (key): [unknown, unknown] => [liveOf(key), liveOf(map.data.get(key))]);
}

/** The Proxy handler of Maps. */
const mapFace = collectionFace<MapNode>({
  kind: "Map",
  native: Map.prototype,
  methods,
  size(map) {
    observeKey(map, KEYS);
    return map.data.size;
  },
  entries,
  copy: (map) => new Map(entries(map)),
});
