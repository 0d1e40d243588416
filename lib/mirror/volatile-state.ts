import { InstanceNode } from "../graph/instance.js";
import type { ObjectNode } from "../graph/object.js";
import { type Decoder, nodeIn } from "./decoder.js";

/**
 * The root of the volatile state of a mirror, which has containers with numbers of their own, in the mirror's graph: an object for each instance, by the number
 * of the instance. The properties of these objects are _linked_: they are fields of the instances, too.
 */
export const fieldsIn = (volatile: Decoder | undefined) => volatile?.root.data as Map<unknown, ObjectNode> | undefined;

/**
 * Links the fields of instances that the mirror knows. The others are linked when it does.
 * @param state the containers of the mirror
 */
export function linkFields(volatile: Decoder, state: Decoder, numbers: Iterable<unknown>): void {
  const apart = (state.apart ??= new WeakMap());
  for (const number of numbers) {
    const instance = nodeIn(state.table, number as number);
    if (!(instance instanceof InstanceNode)) continue;
    const fields = fieldsIn(volatile)?.get(number);
    const data = fields?.data ?? {};
    for (const name of apart.get(instance) ?? []) if (!Object.hasOwn(data, name)) instance.remove(name);
    for (const name of Object.keys(data)) instance.put(name, data[name]);
    apart.set(instance, new Set(Object.keys(data)));
    if (fields) fields.users = instance;
  }
}
