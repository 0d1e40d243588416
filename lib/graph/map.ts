import { batch } from "./batch.js";
import { type KeyAtoms, type Kind, Node, type Stored, spoil } from "./node.js";

/** A Map. No view shares its data, so that loops over it go on while it changes. */
export class MapNode extends Node {
  declare data: Map<Stored, Stored>;
  declare atoms: KeyAtoms | undefined;

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
    this.graph.mode?.recorder?.key(this, key, present, old);
    this.data.set(key, stored);
    spoil(this);
    if (present) this.atoms?.changed(key);
    else this.atoms?.moved(key);
    this.graph.listeners?.key(this, key, present, old, stored);
  }

  remove(key: Stored): boolean {
    if (!this.data.has(key)) return false;
    const old = this.data.get(key);
    this.graph.mode?.recorder?.delete(this, key, old, () => [...this.data.keys()]);
    this.data.delete(key);
    spoil(this);
    this.atoms?.moved(key);
    this.graph.listeners?.delete(this, key, old);
    return true;
  }

  clear(): void {
    batch(() => {
      for (const key of [...this.data.keys()]) this.remove(key);
    });
  }
}
