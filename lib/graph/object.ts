import { isShared, type KeyAtoms, type Kind, Node, put, type Stored, spoil } from "./node.js";

/** A plain object. */
export class ObjectNode extends Node {
  declare data: Record<string, Stored>;
  declare atoms: KeyAtoms | undefined;

  get kind(): Kind {
    return "object";
  }

  children(visit: (child: Node) => void): void {
    const { data } = this;
    for (const key of Object.keys(data)) {
      const value = data[key];
      if (value instanceof Node) visit(value);
    }
  }

  /** Sets a stored value: noted, and told to views and reactions. */
  put(key: string, stored: Stored): void {
    const present = Object.hasOwn(this.data, key);
    const old = present ? this.data[key] : undefined;
    if (present && Object.is(old, stored)) return;
    this.graph.mode?.recorder?.key(this, key, present, old);
    detach(this);
    put(this.data, key, stored);
    spoil(this);
    if (present) this.atoms?.changed(key);
    else this.atoms?.moved(key);
    this.graph.listeners?.key(this, key, present, old, stored);
  }

  remove(key: string): void {
    if (!Object.hasOwn(this.data, key)) return;
    const old = this.data[key];
    this.graph.mode?.recorder?.delete(this, key, old, () => Object.keys(this.data));
    detach(this);
    delete this.data[key];
    spoil(this);
    this.atoms?.moved(key);
    this.graph.listeners?.delete(this, key, old);
  }
}

/** A view may share the data: it keeps the old. A function, as private methods would make each node larger. */
function detach(node: ObjectNode): void {
  if (isShared(node)) node.data = { ...node.data };
}
