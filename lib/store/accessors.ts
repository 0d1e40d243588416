import { NODE } from "../graph/node.js";
import type { ClassNode } from "./class-node.js";

const fieldAccessors = new Map<string, PropertyDescriptor>();
const volatileAccessors = new Map<string, PropertyDescriptor>();
const computedAccessors = new Map<string, PropertyDescriptor>();

/** One pair of functions for each name, so that instances of a class keep one shape in memory. */
export function fieldAccessor(name: string): PropertyDescriptor {
  let descriptor = fieldAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: ClassNode }) {
        return this[NODE].readField(name);
      },
      set(this: { [NODE]: ClassNode }, value: unknown) {
        this[NODE].writeField(name, value);
      },
      enumerable: true,
      configurable: false,
    };
    fieldAccessors.set(name, descriptor);
  }
  return descriptor;
}

/** The same, for fields that are not stored. */
export function volatileAccessor(name: string): PropertyDescriptor {
  let descriptor = volatileAccessors.get(name);
  if (!descriptor) {
    const get = function (this: { [NODE]: ClassNode }) {
      return this[NODE].readVolatile(name);
    };
    descriptor = { ...fieldAccessor(name), get };
    volatileAccessors.set(name, descriptor);
  }
  return descriptor;
}

export function computedAccessor(name: string): PropertyDescriptor {
  let descriptor = computedAccessors.get(name);
  if (!descriptor) {
    descriptor = {
      get(this: { [NODE]: ClassNode }) {
        return this[NODE].readComputed(name);
      },
      set(this: { [NODE]: ClassNode }, value: unknown) {
        this[NODE].writeComputed(name, value);
      },
      enumerable: false,
      configurable: false,
    };
    computedAccessors.set(name, descriptor);
  }
  return descriptor;
}
