import type { Audience } from "../graph/audience.js";
import type { InstanceNode } from "../graph/instance.js";
import { type Node, type Tag, UNNUMBERED } from "../graph/node.js";

/** Clients that see the same hidden fields: those whose `visibleTo` is one of these predicates. They are one audience. */
export class Viewers {
  readonly predicates: ReadonlySet<unknown>;

  constructor(predicates: ReadonlySet<unknown>) {
    this.predicates = predicates;
  }

  /** The names that they see of an instance. */
  names(node: InstanceNode): readonly string[] {
    return node.visible(this.predicates);
  }
}

/** An audience of a channel whose tags stand beside the containers, as most stores have no such channel. */
export class SideAudience implements Audience {
  readonly #tags = new WeakMap<Node, Tag>();
  readonly names: (node: InstanceNode) => readonly string[];
  readonly met: (node: Node) => void;
  readonly lost: (node: Node) => void;

  /** @param names the names that it sees of an instance */
  constructor(names: (node: InstanceNode) => readonly string[], { met, lost }: { met(node: Node): void; lost(node: Node): void }) {
    this.names = names;
    this.met = met;
    this.lost = lost;
  }

  tag(node: Node): Tag {
    let tag = this.#tags.get(node);
    if (!tag) {
      tag = { id: UNNUMBERED, refs: 0, mark: 0 };
      this.#tags.set(node, tag);
    }
    return tag;
  }

  /** Whether a container has a number. */
  knows(node: Node): boolean {
    return (this.#tags.get(node)?.id ?? UNNUMBERED) >= 0;
  }
}
