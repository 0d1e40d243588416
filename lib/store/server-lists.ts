import { ArrayNode } from "../graph/array.js";
import { Node, own } from "../graph/node.js";
import { ObjectNode } from "../graph/object.js";
import { type Reconciliation, reconcile } from "./reconcile.js";
import type { Writer } from "./writer.js";

/** The lists of a store that the server alone writes: of who is here, and of durable events. Each item has an `id`. */
export class ServerLists {
  readonly #writer: Writer;
  readonly #reconciliation: Reconciliation;
  readonly #lists = new WeakSet<object>();
  /** The containers below the lists. */
  readonly #nodes = new WeakSet<Node>();

  constructor(writer: Writer) {
    this.#writer = writer;
    this.#reconciliation = { writer, reuse: () => "keep", enter: (value, holder, key) => writer.enter(value, holder, key) };
  }

  /** Makes the list of a field. */
  make(): ArrayNode {
    const list = this.#writer.make(ArrayNode, []);
    this.#lists.add(list);
    this.#nodes.add(list);
    return list;
  }

  /** Whether a container belongs to a list. */
  has(node: Node): boolean {
    return this.#nodes.has(node);
  }

  /** Whether a write would change a list, or take another value in its place. */
  guards(node: Node, key: unknown): boolean {
    if (this.#nodes.has(node)) return true;
    const held = typeof key === "string" && node instanceof ObjectNode ? own(node.data, key) : undefined;
    return held instanceof Node && this.#lists.has(held);
  }

  /** Lists an item, or shows what is new of it; `undefined`: it is not there any more. */
  show(list: ArrayNode, id: string, item: Readonly<Record<string, unknown>> | undefined): void {
    const at = list.data.findIndex((one) => (one as ObjectNode).data.id === id);
    const made: Node[] = [];
    this.#writer.made = made;
    try {
      if (!item) list.splice(at, at < 0 ? 0 : 1, []);
      else if (at < 0) list.splice(list.data.length, 0, [this.#writer.enter(item, list, list.data.length)]);
      else this.#update(list.data[at] as ObjectNode, item);
    } finally {
      this.#writer.made = undefined;
      for (const node of made) this.#nodes.add(node);
    }
  }

  /** Values that are equal stay the same containers. */
  #update(shown: ObjectNode, item: Readonly<Record<string, unknown>>): void {
    for (const key of Object.keys(shown.data)) if (!Object.hasOwn(item, key)) shown.remove(key);
    for (const key of Object.keys(item)) shown.put(key, reconcile(this.#reconciliation, own(shown.data, key), item[key], shown, key));
  }
}
