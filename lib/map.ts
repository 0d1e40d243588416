import { transaction } from "mobx";
import { ENTRIES, isShared, KEYS, type Kind, liveOf, Node, presenceOf, type Stored, spoil } from "./node.js";

/** A Map. */
export class MapNode extends Node {
  declare data: Map<Stored, Stored>;

  get kind(): Kind {
    return "map";
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
    if (present) this.announceKeys(key, ENTRIES);
    else if (this.atoms) this.announceKeys(key, presenceOf(key), ENTRIES, KEYS);
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
    if (this.atoms) this.announceKeys(key, presenceOf(key), ENTRIES, KEYS);
    if (this.graph.listening) this.graph.tell(this, { type: "remove", name: liveOf(key), old: liveOf(old) });
    return true;
  }

  clear(): void {
    transaction(() => {
      for (const key of [...this.data.keys()]) this.remove(key);
    });
  }
}

/** A view may share the data: it keeps the old. */
function detach(node: MapNode): void {
  if (isShared(node)) node.data = new Map(node.data);
}
