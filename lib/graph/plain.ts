import { put } from "./node.js";

/** The kinds of plain containers. */
export type PlainKind = "object" | "array" | "map" | "set";

export function plainKindOf(container: object): PlainKind {
  if (Array.isArray(container)) return "array";
  return container instanceof Map ? "map" : container instanceof Set ? "set" : "object";
}

/** An empty container of a kind; a plain object for an instance. */
export const emptyOf = (kind: PlainKind | "instance"): object => (kind === "array" ? [] : kind === "map" ? new Map() : kind === "set" ? new Set() : {});

/** Puts into an empty container what another one of its kind holds, each part as `part` makes it. */
export function copyInto(copy: object, from: object, part: (value: unknown) => unknown, names: readonly string[] | undefined = undefined): void {
  if (Array.isArray(copy)) for (const value of from as unknown[]) copy.push(part(value));
  else if (copy instanceof Map) for (const [key, value] of from as Map<unknown, unknown>) copy.set(part(key), part(value));
  else if (copy instanceof Set) for (const value of from as Set<unknown>) copy.add(part(value));
  else for (const name of names ?? Object.keys(from)) put(copy, name, part((from as Record<string, unknown>)[name]));
}

/** A copy of a value, at any depth, cycles too. `instead` gives what stands for a part in the place of its copy; `undefined`: the part is copied. */
export function copied(value: unknown, instead: (part: object) => unknown): unknown {
  const copies = new Map<object, object>();
  const queue: object[] = [];
  const copyOf = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    const known = copies.get(part) ?? instead(part);
    if (known !== undefined) return known;
    const copy = emptyOf(plainKindOf(part));
    copies.set(part, copy);
    queue.push(part);
    return copy;
  };
  const result = copyOf(value);
  for (const part of queue) copyInto(copies.get(part) as object, part, copyOf);
  return result;
}

/** Whether a value is a container that is no state yet, as what a getter returns. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || value instanceof Map || value instanceof Set || Object.getPrototypeOf(value) === Object.prototype;
}
