import { isShared, type Kind, Node, type Stored, spoil } from "./node.js";

/** An array. It has no holes. */
export class ArrayNode extends Node {
  declare data: Stored[];

  get kind(): Kind {
    return "array";
  }

  children(visit: (child: Node) => void): void {
    for (const value of this.data) if (value instanceof Node) visit(value);
  }

  /** Splices stored values: noted, and told to views and reactions. Returns what was removed. */
  splice(at: number, remove: number, add: Stored[]): Stored[] {
    if (remove === 0 && add.length === 0) return [];
    if (isShared(this)) this.data = this.data.slice();
    const removed = add.length === 0 ? this.data.splice(at, remove) : this.data.slice(at, at + remove);
    if (add.length === 1 && removed.length === 1) this.data[at] = add[0];
    else if (add.length > 0) this.data = spliced(this.data, at, remove, add);
    this.graph.recorder?.splice(this, at, removed, add.slice());
    spoil(this);
    this.atoms?.reportChanged();
    this.graph.listeners?.splice(this, at, removed, add);
    return removed;
  }

  /** Sets one item that is there. */
  put(index: number, stored: Stored): void {
    if (!Object.is(this.data[index], stored)) this.splice(index, 1, [stored]);
  }

  /** Makes the content equal to `next`, as one splice of what differs. */
  assign(next: Stored[]): void {
    const { data } = this;
    const shorter = Math.min(data.length, next.length);
    let start = 0;
    while (start < shorter && Object.is(data[start], next[start])) start++;
    let end = 0;
    while (end < shorter - start && Object.is(data[data.length - 1 - end], next[next.length - 1 - end])) end++;
    this.splice(start, data.length - start - end, next.slice(start, next.length - end));
  }
}

/** With more values at once, `Array.prototype.splice` may overflow the stack. */
const MOST_AT_ONCE = 512;

/** Data with a splice done: the same array, or a new one. */
export function spliced(data: Stored[], at: number, remove: number, add: readonly Stored[]): Stored[] {
  if (add.length > MOST_AT_ONCE) return data.slice(0, at).concat(add, data.slice(at + remove));
  data.splice(at, remove, ...add);
  return data;
}
