import { changed, type Node, Old, spoilUsers } from "../graph/node.js";
import { type Change, dataBefore } from "./recorder.js";

/** Undoes changes. Reactions are not notified. */
export function undo(changes: Iterable<readonly [Node, Change]>): void {
  for (const [node, change] of changes) {
    node.data = dataBefore(node, change);
    replaced(node);
  }
}

/** Marks a view as old, even if it was marked before: its data has been replaced. */
export function replaced(node: Node): void {
  changed?.(node);
  if (node.view === undefined) return;
  if (!(node.view instanceof Old)) node.view = new Old(node.view);
  spoilUsers(node);
}
