import { type Audience, clients } from "./audience.js";
import type { Graph } from "./graph.js";
import { type Kind, Node, type Stored } from "./node.js";
import { ObjectNode } from "./object.js";

/** The class names of what clients see of a computed that is a promise, and of its error. No app can have a model of such a name. */
export const AWAITED = "$Pending";
export const EVENT_ERROR = "$EventError";

/** An instance of a class that this side does not have: users hold a Proxy, as of a plain object. */
export class InstanceNode extends ObjectNode {
  /** The registered name of the class; `""` for the store's own class. */
  readonly className: string;

  constructor(graph: Graph, data: Record<string, Stored>, className: string) {
    super(graph, data);
    this.className = className;
  }

  override get kind(): Kind {
    return "instance";
  }

  override get live(): object {
    return this.graph.mode?.faceOf?.(this) ?? super.live;
  }

  override children(visit: (child: Node) => void, audience: Audience = clients): void {
    for (const key of audience.names(this)) {
      const value = this.data[key];
      if (value instanceof Node) visit(value);
    }
  }

  /** The names that clients see. With `visibleTo` predicates: the names that those clients see, for whom these are true. */
  visible(_predicates?: ReadonlySet<unknown>): readonly string[] {
    return Object.keys(this.data);
  }

  /** The names that the storage keeps, if this is the user's own instance. @default all */
  persistent?(): readonly string[];

  /** Takes the values of a stored record, if this is the user's own instance. */
  fill?(data: Record<string, Stored>): void;
}
