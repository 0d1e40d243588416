import { classViewsOf } from "../class/view-registry.js";
import { InstanceNode } from "../graph/instance.js";
import { NODE, Node, nodeOf, type Stored } from "../graph/node.js";
import { copyInto, emptyOf } from "../graph/plain.js";
import { Target } from "./array-face.js";

/** The symbol of Node's hook for printing a value. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Node prints containers as what they are, and not as the Proxies, nodes and accessors that they are made of. */
export function printContainers(): void {
  printInstances(Node.prototype);
  printInstances(Target.prototype);
}

/** Makes Node print instances of a class as what they are, if the class has no such hook itself. */
export function printInstances(prototype: object): void {
  if (!(INSPECT in prototype)) Object.defineProperty(prototype, INSPECT, { value: print, writable: true, configurable: true });
}

function print(this: object, depth: number | null, { maxArrayLength }: { maxArrayLength?: number | null }): object {
  const node = nodeOf(this);
  return node ? copyOf(node, depth ?? Number.POSITIVE_INFINITY, maxArrayLength ?? Number.POSITIVE_INFINITY) : this;
}

/**
 * A plain copy, as deep as Node prints it, with all cycles. It is made level by level, so that a container in two places is filled for the upper one. Reactions
 * do not observe this read.
 */
function copyOf(root: Node, depth: number, most: number): object {
  const copies = new Map<Node, object>();
  let level: Node[] = [];
  const part = (stored: Stored): unknown => {
    if (!(stored instanceof Node)) return stored;
    let copy = copies.get(stored);
    if (!copy) {
      copy = blankOf(stored);
      copies.set(stored, copy);
      if (copy !== stored.face) level.push(stored);
    }
    return copy;
  };
  const result = part(root) as object;
  for (let rest = depth; rest >= 0 && level.length > 0; rest--) {
    const nodes = level;
    level = [];
    for (const node of nodes) fill(node, copies.get(node) as object, part, most);
  }
  // For deeper containers Node prints only whether they are empty.
  for (const node of level) fill(node, copies.get(node) as object, () => undefined, most);
  return result;
}

/** The user's own instance, where this side has it. */
function instanceOf({ face }: Node): object | undefined {
  return face && Object.hasOwn(face, NODE) ? face : undefined;
}

function blankOf(node: Node): object {
  if (!(node instanceof InstanceNode)) return emptyOf(node.kind);
  const instance = instanceOf(node);
  // A class with its own hook may print more than fields.
  if (instance && Reflect.get(instance, INSPECT) !== print) return instance;
  return Object.create(instance ? Object.getPrototypeOf(instance) : (classViewsOf(node.graph.models, node.className)?.prototype ?? Object.prototype)) as object;
}

function fill(node: Node, copy: object, part: (stored: Stored) => unknown, most: number): void {
  const data = node.data as Record<string, Stored>;
  if (Array.isArray(copy)) {
    // Node prints the number of further items, too.
    for (const [i, item] of (node.data as Stored[]).entries()) copy.push(i < most ? part(item) : undefined);
    return;
  }
  if (copy instanceof Map || copy instanceof Set) return copyInto(copy, data, part);
  const instance = instanceOf(node);
  for (const name of Object.keys(instance ?? data)) {
    const value: unknown = Object.hasOwn(data, name) ? part(data[name]) : Reflect.getOwnPropertyDescriptor(instance as object, name)?.value;
    // The property is defined, not assigned: the class may have a setter.
    Object.defineProperty(copy, name, { value, enumerable: true });
  }
}
