import { errorViews } from "../errors/errors.js";
import { EVENT_ERROR, type InstanceNode } from "../graph/instance.js";
import { classViewsOf } from "./view-registry.js";

/** The containers of views, so that events find them. Views of classes without events are not in it. */
const nodes = new WeakMap<object, InstanceNode>();
/** Prototypes with the events of a model, by those. */
const prototypes = new WeakMap<object, object>();

/** Gives the view of an instance its prototype: the events of its model, and the getters and methods of its class, if this side has it. */
export function embodyView(view: object, node: InstanceNode): void {
  const { graph, className } = node;
  if (className === EVENT_ERROR) return void Object.setPrototypeOf(view, errorViews);
  const known = classViewsOf(graph.models, className)?.prototype;
  const withEvents = prototypeOf(graph.eventsOf?.(className), known ?? Object.prototype);
  const prototype = withEvents ?? known;
  if (prototype) Object.setPrototypeOf(view, prototype);
  if (withEvents) nodes.set(view, node);
}

/** `undefined` where there are no events. */
function prototypeOf(events: object | undefined, base: object): object | undefined {
  const known = events && prototypes.get(events);
  // Another client may have another class for the same events.
  if (known && Object.getPrototypeOf(known) === base) return known;
  let prototype: object | undefined;
  for (const name in events) {
    prototype ??= Object.create(base) as object;
    Object.defineProperty(prototype, name, {
      get() {
        const node = nodes.get(this);
        return node?.graph.eventOf?.(node, name);
      },
    });
    prototypes.set(events, prototype);
  }
  return prototype;
}
