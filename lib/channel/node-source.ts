import type { Audience } from "../graph/audience.js";
import { InstanceNode } from "../graph/instance.js";
import type { Node } from "../graph/node.js";
import type { Contents } from "../wire/codec.js";

/** Containers as writers see them. */
export class NodeSource implements Contents<Node> {
  readonly audience: Audience;

  constructor(audience: Audience) {
    this.audience = audience;
  }

  kind(node: Node) {
    return node.kind;
  }

  data(node: Node): unknown {
    return node.data;
  }

  names(node: Node): readonly string[] {
    return node instanceof InstanceNode ? this.audience.names(node) : Object.keys(node.data as object);
  }

  className(node: Node): string {
    return (node as InstanceNode).className;
  }
}
