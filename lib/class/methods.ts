import { assignedMethod } from "../errors/state-errors.js";
import { nodeOf } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { type AnyClass, declares } from "./schema.js";

const protectedPrototypes = new WeakSet<object>();

/**
 * Keeps the methods of a class from being assigned on instances that are state: that would be neither sent nor stored nor undone, and all later calls would
 * meet it. Once for each class, so that its instances cost nothing. Instances that are no state stay as they are.
 */
export function protectMethods(Class: AnyClass): void {
  if (protectedPrototypes.has(Class.prototype)) return;
  const chain: object[] = [];
  for (let one: object | null = Class.prototype; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) chain.push(one);
  // What a class without declarations brings, as `EventEmitter` does, is not ours to change.
  for (const prototype of chain.slice(0, chain.findLastIndex(declares) + 1)) if (!protectedPrototypes.has(prototype)) protect(prototype);
}

function protect(prototype: object): void {
  protectedPrototypes.add(prototype);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const { value, configurable, enumerable } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
    if (name === "constructor" || typeof value !== "function" || !configurable) continue;
    Object.defineProperty(prototype, name, {
      get: Object.assign(() => value as unknown, { method: value as unknown }),
      set(this: object, other: unknown) {
        const node = nodeOf(this);
        if (node) throw assignedMethod(pathOf(node, name));
        Object.defineProperty(this, name, { value: other, writable: true, enumerable: true, configurable: true });
      },
      enumerable: enumerable === true,
      configurable: true,
    });
  }
}
