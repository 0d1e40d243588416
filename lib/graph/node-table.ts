import type { Node } from "./node.js";

const BITS = 10;
const SIZE = 1 << BITS;

interface Page {
  readonly number: number;
  readonly nodes: (Node | undefined)[];
  count: number;
}

/** Nodes by number. In pages, as numbers only grow: a page whose nodes are gone is gone too. */
export class NodeTable {
  readonly #pages = new Map<number, Page>();
  /** The page that was used last: numbers are mostly asked for in order. */
  #last: Page | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Node | undefined {
    return this.#page(id)?.nodes[id & (SIZE - 1)];
  }

  set(id: number, node: Node): void {
    let page = this.#page(id);
    if (!page) {
      page = { number: id >> BITS, nodes: [], count: 0 };
      this.#pages.set(page.number, page);
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
    const page = this.#page(id);
    if (page?.nodes[id & (SIZE - 1)] === undefined) return;
    page.nodes[id & (SIZE - 1)] = undefined;
    this.#size--;
    if (--page.count > 0) return;
    this.#pages.delete(page.number);
    this.#last = undefined;
  }

  #page(id: number): Page | undefined {
    if (this.#last?.number !== id >> BITS) this.#last = this.#pages.get(id >> BITS);
    return this.#last;
  }

  *[Symbol.iterator](): Iterator<Node> {
    for (const { nodes } of this.#pages.values()) for (const node of nodes) if (node) yield node;
  }
}
