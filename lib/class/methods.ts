import { assignedMethod } from "../errors/state-errors.js";
import { nodeOf } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { type AnyClass, declares } from "./schema.js";

const protectedPrototypes = new WeakSet<object>();

/**
 * Refuses assignments to a class's methods on instances that are state: the assignment would not be sent, stored or rolled back, and all later calls would run
 * it. Runs once for each class, so that instances cost nothing. Instances that are no state are not affected.
 */
export function protectMethods(Class: AnyClass): void {
  if (protectedPrototypes.has(Class.prototype)) return;
  const chain: object[] = [];
  for (let one: object | null = Class.prototype; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) chain.push(one);
  // Prototypes without declarations, as `EventEmitter`'s, are not ours to change.
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
