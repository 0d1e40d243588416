import { batch } from "./batch.js";
import { isShared, type Kind, Node, type Stored, spoil } from "./node.js";

/** A Set. */
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
    this.graph.recorder?.key(this, stored, false, undefined);
    detach(this);
    this.data.add(stored);
    spoil(this);
    this.atoms?.reportChanged();
    this.graph.listeners?.key(this, undefined, false, undefined, stored);
  }

  remove(stored: Stored): boolean {
    if (!this.data.has(stored)) return false;
    this.graph.recorder?.delete(this, stored, undefined, () => [...this.data]);
    detach(this);
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

/** A view may share the data: it keeps the old. */
function detach(node: SetNode): void {
  if (isShared(node)) node.data = new Set(node.data);
}
