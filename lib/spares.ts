import type { InstanceNode } from "./instance.js";
import type { Kind, Node } from "./node.js";
import { replaced } from "./undo.js";

/**
 * Containers that predictions had made, and that were undone. What is made in their place becomes the same containers, so that views and faces of them
 * stay where the content does.
 */
export class Spares {
  readonly #nodes: Node[];

  constructor(nodes: Node[]) {
    this.#nodes = nodes;
  }

  /** The first one of a kind. Its data is still to be replaced. */
  take(kind: Kind, className?: string): Node | undefined {
    const index = this.#nodes.findIndex((node) => node.kind === kind && (node as InstanceNode).className === className);
    if (index < 0) return undefined;
    const [node] = this.#nodes.splice(index, 1) as [Node];
    replaced(node);
    return node;
  }
}
