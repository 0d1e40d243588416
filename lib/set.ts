import { transaction } from "mobx";
import { callable, type Kind, keysOf, liveOf, NODE, Node, nodeOf, type Stored, spoil } from "./node.js";

/** A Set. */
export class SetNode extends Node {
  declare data: Set<Stored>;

  get kind(): Kind {
    return "set";
  }

  protected open(): object {
    const set = Object.create(StateSet.prototype) as object;
    Object.defineProperty(set, NODE, { value: this });
    return set;
  }

  children(visit: (child: Node) => void): void {
    for (const value of this.data) if (value instanceof Node) visit(value);
  }

  add(stored: Stored): void {
    if (this.data.has(stored)) return;
    this.graph.recorder?.key(this, stored, false, undefined);
    detach(this);
    this.data.add(stored);
    spoil(this);
    this.announce();
    if (this.graph.listening) this.graph.tell(this, { type: "add", value: liveOf(stored) });
  }

  remove(stored: Stored): boolean {
    if (!this.data.has(stored)) return false;
    this.graph.recorder?.delete(this, stored, undefined, () => [...this.data]);
    detach(this);
    this.data.delete(stored);
    spoil(this);
    this.announce();
    if (this.graph.listening) this.graph.tell(this, { type: "remove", old: liveOf(stored) });
    return true;
  }

  clear(): void {
    transaction(() => {
      for (const value of [...this.data]) this.remove(value);
    });
  }

  read(): Set<Stored> {
    this.observeAll();
    return this.data;
  }
}

/** A view may share the data: it keeps the old. */
function detach(node: SetNode): void {
  if (node.view === node.data) node.data = new Set(node.data);
}

const node = (set: unknown) => nodeOf(set) as SetNode;

/** What users hold of a Set: all of Set's interface, and `instanceof Set`, over a node. */
class StateSet {
  get size(): number {
    return node(this).read().size;
  }

  has(value: unknown): boolean {
    const set = node(this);
    return set.read().has(set.graph.find(value));
  }

  add(value: unknown): this {
    const set = node(this);
    set.graph.mayWrite(set, value);
    set.add(set.graph.enterKey(value, set));
    return this;
  }

  delete(value: unknown): boolean {
    const set = node(this);
    set.graph.mayWrite(set, value);
    return set.remove(set.graph.find(value));
  }

  clear(): void {
    const set = node(this);
    set.graph.mayWrite(set);
    set.clear();
  }

  forEach(callback: (value: unknown, key: unknown, set: unknown) => void, thisArg?: unknown): void {
    callable(callback);
    for (const value of this.values()) callback.call(thisArg, value, value, this);
  }

  *values(): SetIterator<unknown> {
    const set = node(this);
    set.read();
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
