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
    this.graph.mode?.recorder?.splice(this, at, removed, add.slice());
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
    const { at, removed, added } = difference(this.data, next);
    this.splice(at, removed.length, added);
  }
}

/** The one splice that makes `before` equal to `after`, without the items that both have in common at the start and at the end. */
export function difference(before: readonly Stored[], after: readonly Stored[]): { at: number; removed: Stored[]; added: Stored[] } {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && Object.is(before[at], after[at])) at++;
  let end = 0;
  while (end < shorter - at && Object.is(before[before.length - 1 - end], after[after.length - 1 - end])) end++;
  return { at, removed: before.slice(at, before.length - end), added: after.slice(at, after.length - end) };
}

/** The most values for one call of `Array.prototype.splice`, which may overflow the stack with more. */
const MOST_AT_ONCE = 512;

/** Data with a splice done: the same array, or a new one. */
export function spliced(data: Stored[], at: number, remove: number, add: readonly Stored[]): Stored[] {
  if (add.length > MOST_AT_ONCE) return data.slice(0, at).concat(add, data.slice(at + remove));
  data.splice(at, remove, ...add);
  return data;
}
