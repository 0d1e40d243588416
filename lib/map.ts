import { transaction } from "mobx";
import { callable, type Kind, keysOf, liveOf, NODE, Node, nodeOf, presenceOf, type Stored, spoil } from "./node.js";
import { KEYS } from "./object.js";

/** Stands for "all entries" among the atoms. */
const ALL = Symbol("all");

/** A Map. */
export class MapNode extends Node {
  declare data: Map<Stored, Stored>;

  get kind(): Kind {
    return "map";
  }

  protected open(): object {
    const map = Object.create(StateMap.prototype) as object;
    Object.defineProperty(map, NODE, { value: this });
    return map;
  }

  children(visit: (child: Node) => void): void {
    for (const [key, value] of this.data) {
      if (key instanceof Node) visit(key);
      if (value instanceof Node) visit(value);
    }
  }

  put(key: Stored, stored: Stored): void {
    const present = this.data.has(key);
    const old = this.data.get(key);
    if (present && Object.is(old, stored)) return;
    this.graph.recorder?.key(this, key, present, old);
    detach(this);
    this.data.set(key, stored);
    spoil(this);
    if (present) this.announceKeys(key, ALL);
    else if (this.atoms) this.announceKeys(key, presenceOf(key), ALL, KEYS);
    if (!this.graph.listening) return;
    const name = liveOf(key);
    this.graph.tell(this, present ? { type: "update", name, value: liveOf(stored), old: liveOf(old) } : { type: "add", name, value: liveOf(stored) });
  }

  remove(key: Stored): boolean {
    if (!this.data.has(key)) return false;
    const old = this.data.get(key);
    this.graph.recorder?.delete(this, key, old, () => [...this.data.keys()]);
    detach(this);
    this.data.delete(key);
    spoil(this);
    if (this.atoms) this.announceKeys(key, presenceOf(key), ALL, KEYS);
    if (this.graph.listening) this.graph.tell(this, { type: "remove", name: liveOf(key), old: liveOf(old) });
    return true;
  }

  clear(): void {
    transaction(() => {
      for (const key of [...this.data.keys()]) this.remove(key);
    });
  }

  readKey(key: unknown): Stored {
    const stored = this.graph.find(key);
    this.observeKey(stored);
    return stored;
  }

  hasKey(key: unknown): boolean {
    const stored = this.graph.find(key);
    this.observePresence(stored);
    return this.data.has(stored);
  }

  /** The keys are about to be read. */
  observeKeys(): void {
    this.observeKey(KEYS);
  }

  /** All entries are about to be read. */
  observeEntries(): void {
    this.observeKey(ALL);
  }
}

/** A view may share the data: it keeps the old. */
function detach(node: MapNode): void {
  if (node.view === node.data) node.data = new Map(node.data);
}

const node = (map: unknown) => nodeOf(map) as MapNode;

/** What users hold of a Map: all of Map's interface, and `instanceof Map`, over a node. */
class StateMap implements Map<unknown, unknown> {
  get size(): number {
    const map = node(this);
    map.observeKeys();
    return map.data.size;
  }

  has(key: unknown): boolean {
    return node(this).hasKey(key);
  }

  get(key: unknown): unknown {
    const map = node(this);
    const stored = map.readKey(key);
    return liveOf(map.data.get(stored));
  }

  set(key: unknown, value: unknown): this {
    const map = node(this);
    map.graph.mayWrite(map, key);
    map.put(...map.graph.enterEntry(key, value, map));
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
    map.graph.mayWrite(map, key);
    return map.remove(map.graph.find(key));
  }

  clear(): void {
    const map = node(this);
    map.graph.mayWrite(map);
    map.clear();
  }

  forEach(callback: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void, thisArg?: unknown): void {
    callable(callback);
    for (const [key, value] of this) callback.call(thisArg, value, key, this);
  }

  *keys(): MapIterator<unknown> {
    const map = node(this);
    map.observeKeys();
    for (const key of keysOf(map)) yield liveOf(key);
  }

  *values(): MapIterator<unknown> {
    const map = node(this);
    map.observeEntries();
    for (const key of keysOf(map)) yield liveOf(map.data.get(key));
  }

  *entries(): MapIterator<[unknown, unknown]> {
    const map = node(this);
    map.observeEntries();
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
