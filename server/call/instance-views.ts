import { copyInto, emptyOf, plainKindOf } from "../../lib/graph/plain.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import type { EventOwner } from "../definition/scope.js";

/** An instance, as a view of its store has shown it. */
export interface SeenInstance {
  readonly ref: InstanceRef;
  /** The name of the host's life: in the same life, instances keep their numbers. */
  readonly life: string;
  readonly model: string;
}

/** The committed state of a store, as server code gets it. */
export interface SeenStore {
  readonly view: object;
  /** The instances in it that have events, by their views. */
  readonly instances: ReadonlyMap<object, SeenInstance>;
}

/**
 * Gives a view in which instances have the events of their models. It is a copy, as all who read the store share its views, and events are called as whoever
 * has asked for this one. Whoever lists the properties of an instance finds its data alone, so a server component can pass it on to the browser. A view without
 * such instances stays as it is.
 */
export function withEvents(
  { view, instances }: SeenStore,
  models: ReadonlyMap<string, EventOwner>,
  call: (seen: SeenInstance, event: string, args: readonly unknown[]) => unknown,
): object {
  if (instances.size === 0) return view;
  const copies = new Map<object, { readonly data: object; readonly given: object }>();
  const copyOf = (part: unknown): unknown => {
    if (!isContainer(part)) return part;
    let copy = copies.get(part);
    if (!copy) {
      const data = emptyOf(plainKindOf(part));
      const seen = instances.get(part);
      const events = seen && models.get(seen.model)?.schema.events;
      copy = {
        data,
        given: events
          ? new Proxy(
              data,
              callable(events, (event, args) => call(seen, event, args)),
            )
          : data,
      };
      copies.set(part, copy);
    }
    return copy.given;
  };
  const copied = copyOf(view) as object;
  for (const [part, { data }] of copies) {
    copyInto(data, part, copyOf);
    if (process.env.NODE_ENV !== "production") Object.freeze(data);
  }
  return copied;
}

/** Gives an object events beside its own properties: the same function each time. */
function callable(events: ReadonlyMap<string, unknown>, call: (event: string, args: readonly unknown[]) => unknown): ProxyHandler<object> {
  const made = new Map<string, (...args: unknown[]) => unknown>();
  return {
    get(data, name) {
      if (typeof name === "symbol" || !events.has(name) || Object.hasOwn(data, name)) return Reflect.get(data, name);
      const event = made.get(name) ?? ((...args: unknown[]) => call(name, args));
      made.set(name, event);
      return event;
    },
  };
}

/** Views are plain: any other object, as a Date, is a value. */
function isContainer(part: unknown): part is object {
  if (typeof part !== "object" || part === null) return false;
  return Array.isArray(part) || part instanceof Map || part instanceof Set || Object.getPrototypeOf(part) === Object.prototype;
}
