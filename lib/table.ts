import type { Node } from "./node.js";

const BITS = 10;
const SIZE = 1 << BITS;

interface Page {
  readonly nodes: (Node | undefined)[];
  count: number;
}

/** Nodes by number. In pages, as numbers only grow: a page whose nodes are gone is gone too. */
export class NodeTable {
  readonly #pages = new Map<number, Page>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Node | undefined {
    return this.#pages.get(id >> BITS)?.nodes[id & (SIZE - 1)];
  }

  set(id: number, node: Node): void {
    let page = this.#pages.get(id >> BITS);
    if (!page) {
      page = { nodes: [], count: 0 };
      this.#pages.set(id >> BITS, page);
    }
    const { nodes } = page;
    const at = id & (SIZE - 1);
    while (nodes.length < at) nodes.push(undefined);
    if (nodes[at] === undefined) {
      page.count++;
      this.#size++;
    }
    nodes[at] = node;
  }

  delete(id: number): void {
    const page = this.#pages.get(id >> BITS);
    if (page?.nodes[id & (SIZE - 1)] === undefined) return;
    page.nodes[id & (SIZE - 1)] = undefined;
    this.#size--;
    if (--page.count === 0) this.#pages.delete(id >> BITS);
  }

  *[Symbol.iterator](): Iterator<Node> {
    for (const { nodes } of this.#pages.values()) for (const node of nodes) if (node) yield node;
  }
}
