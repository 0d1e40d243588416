import { batch } from "./batch.js";
import { type Kind, Node, type Stored, spoil } from "./node.js";

/** A Set. No view shares its data, so that loops over it go on while it changes. */
export class SetNode extends Node {
  declare data: Set<Stored>;

  get kind(): Kind {
    return "set";
  }

  children(visit: (child: Node) => void): void {
    for (const value of this.data) if (value instanceof Node) visit(value);
  }

  put(stored: Stored): void {
    if (this.data.has(stored)) return;
    this.graph.mode?.recorder?.key(this, stored, false, undefined);
    this.data.add(stored);
    spoil(this);
    this.atoms?.reportChanged();
    this.graph.listeners?.key(this, undefined, false, undefined, stored);
  }

  remove(stored: Stored): boolean {
    if (!this.data.has(stored)) return false;
    this.graph.mode?.recorder?.delete(this, stored, undefined, () => [...this.data]);
    this.data.delete(stored);
    spoil(this);
    this.atoms?.reportChanged();
    this.graph.listeners?.delete(this, undefined, stored);
    return true;
  }

  clear(): void {
    batch(() => {
      for (const value of [...this.data]) this.remove(value);
    });
  }
}
