import { type AnyClass, classSchema, type WireClass } from "../../lib/class/schema.js";
import { constructing } from "../../lib/event/current.js";
import { HOOKS } from "./lifecycle.js";

const known = new WeakMap<AnyClass, Readonly<Record<string, Kind>>>();

type Kind = NonNullable<WireClass["undeclared"]>[string];

/** The getters, methods and fields of a class that no decorator declares, in development: a browser that reads one says so. */
export function undeclaredIn(Class: AnyClass): Pick<WireClass, "undeclared"> {
  if (process.env.NODE_ENV === "production") return {};
  let found = known.get(Class);
  if (!found) known.set(Class, (found = findUndeclared(Class)));
  return Object.keys(found).length > 0 ? { undeclared: found } : {};
}

function findUndeclared(Class: AnyClass): Record<string, Kind> {
  const { fields, computeds, events } = classSchema(Class);
  const found = new Map<string, Kind>();
  const note = (name: string, kind: Kind | undefined) => {
    if (!kind || name === "constructor" || HOOKS.includes(name) || fields.has(name) || computeds.has(name) || events.has(name)) return;
    if (!found.has(name)) found.set(name, kind);
  };
  for (const name of fieldsOf(Class)) note(name, "field");
  for (let one = Class.prototype as object; one !== Object.prototype && one !== null; one = Object.getPrototypeOf(one)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(one))) note(name, kindOf(descriptor));
  }
  // An object with a prototype: React passes no other ones to client components, and pages bring the schema with their state.
  return Object.fromEntries(found);
}

/** `get` has the method where `protectMethods` protects it. */
function kindOf({ get, value }: PropertyDescriptor & { get?: { method?: unknown } }): Kind | undefined {
  if (get) return get.method ? "method" : "getter";
  return typeof value === "function" ? "method" : undefined;
}

/** The fields of a new instance; none where it cannot be made here, which is told when a store needs one. */
function fieldsOf(Class: AnyClass): readonly string[] {
  try {
    return constructing(() => Object.keys(new (Class as new () => object)()));
  } catch {
    return [];
  }
}
