import { classViewsOf } from "../class/view-registry.js";
import { cannotDefine, symbolKey } from "../errors/state-errors.js";
import type { InstanceNode } from "../graph/instance.js";
import { liveOf, NODE, Node, own } from "../graph/node.js";
import type { ObjectNode } from "../graph/object.js";
import { pathOf } from "../graph/path.js";
import { KEYS, observeKey, observePresence } from "./atoms.js";
import { proxyOf } from "./shadow.js";
import { writing } from "./write-access.js";

/** Assigns a user's value. */
export function writeKey(node: ObjectNode, key: string, value: unknown): void {
  const writer = writing(node, key);
  node.put(writer.enterName(key, node), writer.enter(value, node, key));
}

export function readKey(node: ObjectNode, key: string): unknown {
  observeKey(node, key);
  return liveOf(own(node.data, key));
}

const objectFace: ProxyHandler<ObjectNode> = {
  get(node, key) {
    if (typeof key === "symbol") return key === NODE ? node : Reflect.get(node.data, key);
    // `__proto__` is a name without a property here: otherwise an event that merges deeply, name by name, would reach the prototype of all objects.
    const value = key === "__proto__" ? own(node.data, key) : node.data[key];
    observeKey(node, key);
    return value instanceof Node ? value.live : value;
  },
  set(node, key, value) {
    if (typeof key === "symbol") throw symbolKey(pathOf(node), key);
    writeKey(node, key, value);
    return true;
  },
  has(node, key) {
    if (key === NODE) return true;
    if (typeof key === "string") observePresence(node, key);
    return key in node.data;
  },
  deleteProperty(node, key) {
    if (typeof key === "symbol") return true;
    writing(node, key);
    node.remove(key);
    return true;
  },
  ownKeys(node) {
    observeKey(node, KEYS);
    return Object.keys(node.data);
  },
  getOwnPropertyDescriptor(node, key) {
    if (typeof key === "symbol") return undefined;
    // `Object.keys` asks for each key without reading its value. Code that reads values also calls `get`.
    observeKey(node, KEYS);
    if (!Object.hasOwn(node.data, key)) return undefined;
    return { value: liveOf(node.data[key]), writable: true, enumerable: true, configurable: true };
  },
  defineProperty(node, key, descriptor) {
    if (typeof key === "symbol") throw symbolKey(pathOf(node), key);
    if (!isPlainProperty(descriptor)) throw cannotDefine(pathOf(node, key));
    writeKey(node, key, descriptor.value);
    return true;
  },
  getPrototypeOf: () => Object.prototype,
  preventExtensions: () => false,
  setPrototypeOf: () => false,
};

/** The Proxy of an instance that this side has not made. If this side has the class, its getters and methods run on the fields here. */
const instanceFace: ProxyHandler<InstanceNode> = {
  ...(objectFace as ProxyHandler<InstanceNode>),
  get(node, key, face) {
    if (typeof key === "symbol") return key === NODE ? node : undefined;
    if (Object.hasOwn(node.data, key)) return readKey(node, key);
    if (key === "$pending") observeKey(node, key);
    const plain = classViewsOf(node.graph.models, node.className)?.plain(key);
    if (plain) return plain.get ? plain.get.call(face) : plain.value;
    return node.graph.eventOf?.(node, key);
  },
  getPrototypeOf: (node) => classViewsOf(node.graph.models, node.className)?.prototype ?? Object.prototype,
  has: (node, key) => key === NODE || (typeof key === "string" && Object.hasOwn(node.data, key)),
};

export const openObject = (node: ObjectNode): object => proxyOf(node, node, objectFace);
export const openInstance = (node: InstanceNode): object => proxyOf(node, node, instanceFace);

/** Whether a descriptor defines what an assignment would: a property of state can be nothing else. */
export function isPlainProperty(descriptor: PropertyDescriptor, enumerable = true): boolean {
  if (!("value" in descriptor) || descriptor.writable === false) return false;
  return !enumerable || (descriptor.enumerable !== false && descriptor.configurable !== false);
}
