import { lostWrite } from "../errors/state-errors.js";
import type { Node } from "../graph/node.js";
import { pathOf } from "../graph/path.js";

declare const console: { warn(...args: unknown[]): void };

/** Containers that were copied into another store, with the path of the copy: a container belongs to one store. */
const copies = new WeakMap<Node, string>();

/** Records where a container was copied to. */
export const noteCopy = (node: Node, to: string): void => void copies.set(node, to);

/** Warns of a write to a container that was moved into another store: the write changes a container that is in no store any more. */
export function warnOfLostWrite(node: Node): void {
  const to = copies.get(node);
  // A container that is still in its own store may be changed there.
  if (to === undefined || pathOf(node) !== node.graph.name) return;
  copies.delete(node);
  console.warn(lostWrite(node.graph.name, to).message);
}
