import { type Definition, type EventOwner, labelOf, type ScopeKind } from "./scope.js";

/**
 * The names that an event has in a scope instance, found by the method of its class: `todo.add` in a store, `todo.Item.toggle` in the instances that a store
 * holds. None: the function is no event there.
 */
export function labelsOf(definitions: ReadonlyMap<string, Definition>, kind: ScopeKind, method: unknown): string[] {
  const stores = [...definitions.values()].filter((definition) => definition.kind === kind);
  return stores.flatMap((store) => [store, ...store.models.values()]).flatMap((owner) => eventsOf(owner, method).map((event) => labelOf(owner, event)));
}

/** The events of a class that are this method. */
function eventsOf({ Class, schema }: EventOwner, method: unknown) {
  return [...schema.events.values()].filter(({ name }) => Reflect.get(Class.prototype, name) === method);
}

/** The names of an event that stand in the same class as another event; all of them if none does. */
export function nearest(labels: readonly string[], other: string): readonly string[] {
  const near = labels.filter((label) => holderOf(label) === holderOf(other));
  return near.length > 0 ? near : labels;
}

const holderOf = (label: string) => label.slice(0, label.lastIndexOf("."));
