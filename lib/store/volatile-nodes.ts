import type { Audience } from "../graph/audience.js";
import type { InstanceNode } from "../graph/instance.js";
import { Node, type Stored } from "../graph/node.js";
import type { Change, KeyChanges } from "../record/recorder.js";
import { ClassNode } from "./class-node.js";

/** The containers of a graph that only volatile members hold. A change of theirs is neither stored nor does it take a revision. */
export class VolatileNodes {
  readonly #nodes = new WeakSet<Node>();

  /** Whether that place is volatile: what is put there is so too. */
  at(holder: Node, key: unknown): boolean {
    return this.#nodes.has(holder) || (holder instanceof ClassNode && holder.shape.isVolatile(key));
  }

  add(node: Node): void {
    this.#nodes.add(node);
  }

  /** Adds a container, and all in it of which `some` is true. */
  addAll(value: Stored, some: (node: Node) => boolean): void {
    const found = new Set(value instanceof Node ? [value] : []);
    for (const node of found) {
      if (!some(node)) continue;
      this.#nodes.add(node);
      node.children((child) => found.add(child), all);
    }
  }

  /** A container has been put into a place. If that is stored, the container is so from now on, with all that it holds. */
  put(node: Node, holder: Node, key: unknown): void {
    if (!this.#nodes.has(node) || this.at(holder, key)) return;
    this.#nodes.delete(node);
    const kept = [node];
    for (const one of kept) one.children((child) => this.#nodes.delete(child) && kept.push(child), lasting);
  }

  /** Whether a change is of volatile members alone. */
  covers(node: Node, change: Change): boolean {
    if (this.#nodes.has(node)) return true;
    if (!(node instanceof ClassNode) || !node.shape.changeable) return false;
    for (const { key } of (change as KeyChanges).all()) if (!node.shape.isVolatile(key)) return false;
    return true;
  }
}

type Sight = Pick<Audience, "names"> & Audience;

const tag = (node: Node) => node;

/** All that a container holds. */
const all: Sight = { tag, names: (node: InstanceNode) => Object.keys(node.data) };

/** All that is not volatile in it. */
const lasting: Sight = {
  tag,
  names: (node: InstanceNode) => Object.keys(node.data).filter((name) => !(node instanceof ClassNode && node.shape.isVolatile(name))),
};
