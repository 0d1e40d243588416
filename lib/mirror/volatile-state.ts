import { InstanceNode } from "../graph/instance.js";
import type { ObjectNode } from "../graph/object.js";
import { type Decoder, type LinkedNames, type NodePages, nodeIn } from "./decoder.js";

/**
 * The volatile state of a mirror: containers with numbers of their own, in the mirror's graph. The root has an object for each instance, by the number of the
 * instance. Its properties are _linked_: they are fields of that instance, too.
 */
export interface VolatileState {
  readonly decoder: Decoder;
  /** The names of the linked fields. */
  readonly names: LinkedNames;
}

/** The objects with the fields of instances, by the numbers of these. */
export const fieldsIn = ({ decoder }: VolatileState) => decoder.root.data as Map<unknown, ObjectNode>;

/**
 * Links the fields of instances that the mirror knows. The others are linked when it does.
 * @param instances the containers of the mirror by number
 */
export function linkFields(state: VolatileState, instances: NodePages, numbers: Iterable<unknown>): void {
  const { names } = state;
  for (const number of numbers) {
    const instance = nodeIn(instances, number as number);
    if (!(instance instanceof InstanceNode)) continue;
    const fields = fieldsIn(state).get(number);
    const data = fields?.data ?? {};
    for (const name of names.get(instance) ?? []) if (!Object.hasOwn(data, name)) instance.remove(name);
    for (const name of Object.keys(data)) instance.put(name, data[name]);
    names.set(instance, new Set(Object.keys(data)));
    if (fields) fields.users = instance;
  }
}
