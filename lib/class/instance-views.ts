import type { InstanceNode } from "../graph/instance.js";
import { classViewsOf } from "./view-registry.js";

/** The containers of views, so that events find them. Views of classes without events are not in it. */
const nodes = new WeakMap<object, InstanceNode>();
/** Prototypes with the events of a model, for where this side does not have its class. */
const prototypes = new WeakMap<object, object>();

/** Gives the view of an instance its prototype: the getters and methods of its class, if this side has it, and its events. */
export function embodyView(view: object, node: InstanceNode): void {
  const { graph, className } = node;
  const withEvents = prototypeOf(graph.eventsOf?.(className));
  const prototype = classViewsOf(graph.models, className)?.prototype ?? withEvents;
  if (prototype) Object.setPrototypeOf(view, prototype);
  if (withEvents) nodes.set(view, node);
}

/** An event of the instance that a view shows; `undefined` for a view that stands outside of a client and a server. */
export function eventOfView(view: object, name: string): unknown {
  const node = nodes.get(view);
  return node?.graph.eventOf?.(node, name);
}

/** `undefined` where there are no events. */
function prototypeOf(events: object | undefined): object | undefined {
  let prototype = events && prototypes.get(events);
  if (events && !prototype) {
    for (const name in events) {
      prototype ??= {};
      Object.defineProperty(prototype, name, {
        get() {
          return eventOfView(this, name);
        },
      });
      prototypes.set(events, prototype);
    }
  }
  return prototype;
}
