import type { InstanceNode } from "../graph/instance.js";
import { classViewsOf } from "./view-registry.js";

/** The containers of views, so that events find them. Views of classes without events are not in it. */
const nodes = new WeakMap<object, InstanceNode>();
/** Prototypes with the events of a model whose class this side does not have. */
const prototypes = new WeakMap<object, object>();

/** Gives the view of an instance its prototype: the getters and methods of its class, if this side has it, and its events. */
export function embodyView(view: object, node: InstanceNode): void {
  const { graph, className } = node;
  const events = graph.eventsOf?.(className);
  const prototype = classViewsOf(graph.models, className)?.prototype ?? (events && prototypeOf(events));
  if (prototype) Object.setPrototypeOf(view, prototype);
  if (events) nodes.set(view, node);
}

/** An event of the instance that a view shows; `undefined` for a view that stands outside of a client and a server. */
export function eventOfView(view: object, name: string): unknown {
  const node = nodes.get(view);
  return node?.graph.eventOf?.(node, name);
}

function prototypeOf(events: object): object {
  let prototype = prototypes.get(events);
  if (!prototype) {
    prototype = {};
    for (const name in events) {
      Object.defineProperty(prototype, name, {
        get() {
          return eventOfView(this, name);
        },
      });
    }
    prototypes.set(events, prototype);
  }
  return prototype;
}
