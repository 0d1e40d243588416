import type { InstanceNode } from "../graph/instance.js";
import type { Kind, Node } from "../graph/node.js";
import { replaced } from "../record/undo.js";

/**
 * Containers that predictions had made, and that were undone. New containers of the same kind reuse them, so that views and proxies stay the same where the
 * content does.
 */
export class NodePool {
  /** The nodes by kind and class, the first one last. */
  readonly #nodes = new Map<string, Node[]>();

  /** The instances whose numbers are known. */
  readonly #numbered: ReadonlyMap<number, InstanceNode>;

  constructor(nodes: readonly Node[], numbered: ReadonlyMap<number, InstanceNode> = new Map()) {
    this.#numbered = numbered;
    for (const node of [...nodes].reverse()) {
      const key = poolKey(node.kind, (node as InstanceNode).className);
      const alike = this.#nodes.get(key);
      if (alike) alike.push(node);
      else this.#nodes.set(key, [node]);
    }
  }

  /** Takes the instance of a number, or the first node of a kind. The caller must replace its data. */
  take(kind: Kind, className?: string, id?: number): Node | undefined {
    const numbered = this.#numbered.get(id as number);
    const node = numbered && numbered.className === className ? numbered : this.#nodes.get(poolKey(kind, className))?.pop();
    if (node) replaced(node);
    return node;
  }
}

const poolKey = (kind: Kind, className = ""): string => `${kind} ${className}`;
