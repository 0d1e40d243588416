import { messageOf } from "../errors/errors.js";
import { noSuchField, notReset } from "../errors/state-errors.js";
import { constructing } from "../event/current.js";
import { nodeOf } from "../graph/node.js";
import { classSchema } from "./schema.js";

/**
 * Sets `@state` fields to what a new instance of the class has: all of them, or the named ones. The containers that they held are no state any more. It works
 * on stores and on instances in them, and in optimistic events. Fields without `@state` stay as they are.
 * @throws StateError where the class cannot make an instance without arguments, where its constructor changes state, or where a field does not exist
 * @example
 * @event clear() { reset(this, "items", "filter"); }
 * @event startOver() { reset(this); }
 */
export function reset<T extends object>(instance: T, ...names: (keyof T & string)[]): void {
  const Class = instance.constructor as new () => T;
  const { fields } = classSchema(Class);
  for (const name of names) if (!fields.has(name)) throw noSuchField(Class.name, name, [...fields.keys()]);
  if (Class.length > 0) throw notReset(Class.name, "its constructor takes arguments. Give them defaults, or assign the fields");
  let fresh: T;
  try {
    fresh = constructing(() => new Class());
  } catch (error) {
    throw notReset(Class.name, `its constructor throws: ${messageOf(error).replace(/\.$/, "")}`, error);
  }
  // A twin has the fields that its browser may see.
  const known = nodeOf(instance)?.data as object | undefined;
  for (const name of (names.length > 0 ? names : fields.keys()) as Iterable<keyof T & string>) {
    // Who is here stays here, and what goes on goes on.
    if (names.length === 0 && (fields.get(name)?.presence || fields.get(name)?.tasks)) continue;
    if (!known || Object.hasOwn(known, name)) instance[name] = fresh[name];
  }
}
