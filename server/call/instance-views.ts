import { copyInto, emptyOf, plainKindOf } from "../../lib/graph/plain.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import type { EventOwner } from "../definition/scope.js";

/** An instance, as a view of its store has shown it. */
export interface SeenInstance {
  readonly ref: InstanceRef;
  /** The number of the host's life: in the same life, instances keep their numbers. */
  readonly life: number;
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
 * has asked for this one. The events are not enumerable. A view without such instances stays as it is.
 */
export function withEvents(
  { view, instances }: SeenStore,
  models: ReadonlyMap<string, EventOwner>,
  call: (seen: SeenInstance, event: string, args: readonly unknown[]) => unknown,
): object {
  if (instances.size === 0) return view;
  const copies = new Map<object, object>();
  const copyOf = (part: unknown): unknown => {
    if (!isContainer(part)) return part;
    const copy = copies.get(part) ?? emptyOf(plainKindOf(part));
    copies.set(part, copy);
    return copy;
  };
  copyOf(view);
  for (const [part, copy] of copies) {
    copyInto(copy, part, copyOf);
    const seen = instances.get(part);
    for (const name of (seen && models.get(seen.model)?.schema.events.keys()) ?? [])
      Object.defineProperty(copy, name, { value: (...args: unknown[]) => call(seen as SeenInstance, name, args) });
    if (process.env.NODE_ENV !== "production") Object.freeze(copy);
  }
  return copies.get(view) as object;
}

/** Views are plain: any other object, as a Date, is a value. */
function isContainer(part: unknown): part is object {
  if (typeof part !== "object" || part === null) return false;
  return Array.isArray(part) || part instanceof Map || part instanceof Set || Object.getPrototypeOf(part) === Object.prototype;
}
