import type { Viewers } from "../channel/viewers.js";
import type { Audience } from "../graph/audience.js";
import type { Graph } from "../graph/graph.js";
import { InstanceNode } from "../graph/instance.js";
import { type Node, nodeOf } from "../graph/node.js";
import { plainKindOf } from "../graph/plain.js";
import { copyFor } from "../view/copy-for.js";
import { viewOf } from "../view/view.js";
import type { BodyKind, Slot, SlotSource } from "../wire/codec.js";
import { namesOf } from "../wire/value-codec.js";
import { AnswerWriter } from "./answer-writer.js";

/** Writes a value: containers of this store by number, all others as plain values. */
export class AnswerSource extends AnswerWriter implements SlotSource<object> {
  readonly #graph: Graph;
  readonly #audience: Audience;
  readonly #viewers: Viewers | undefined;

  /** @param viewers those for whom it is, if they see hidden members */
  constructor(graph: Graph, audience: Audience, viewers: Viewers | undefined) {
    super();
    this.#graph = graph;
    this.#audience = audience;
    this.#viewers = viewers;
  }

  override slot(value: unknown): Slot {
    const node: Node | undefined = nodeOf(value);
    if (node?.graph === this.#graph) {
      const { id } = this.#audience.tag(node);
      if (id >= 0) return [id];
    }
    if (node instanceof InstanceNode) return super.slot(this.#viewers ? copyFor(node, this.#viewers) : viewOf(node));
    return super.slot(value);
  }

  kind(container: object): BodyKind {
    return plainKindOf(container);
  }

  data(container: object): unknown {
    return container;
  }

  names(container: object): readonly string[] {
    return namesOf(container);
  }

  className(): string {
    return "";
  }

  name(name: string): string {
    return name;
  }
}
