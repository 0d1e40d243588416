import { classViewsOf } from "../class/view-registry.js";
import { InstanceNode } from "../graph/instance.js";
import { Node, type Stored, tellChanges } from "../graph/node.js";
import { copyInto, emptyOf } from "../graph/plain.js";

declare function queueMicrotask(run: () => void): void;
declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** Plain copies of containers, in browsers in development: what the console prints of a Proxy is its target. */
const shadows = new WeakMap<Node, object>();
/** The targets that are not filled yet. */
let waiting: Node[] = [];
/** The targets to fill again when the current task ends, as it may still change what it has made. */
const late = new Set<Node>();
/** A container with more entries than this is copied once for all changes of a task. */
const SMALL = 1000;

/** A Proxy over `target`, by which users hold a container. */
export const proxyOf: <T extends object>(node: Node, target: T, handler: ProxyHandler<T>) => object =
  typeof process === "undefined" || process.env.NODE_ENV === "production" || !("document" in globalThis)
    ? (_, target, handler) => new Proxy(target, handler)
    : (node, target, handler) => {
        tellChanges(change);
        const shadow = shadowOf(node);
        fillWaiting();
        return new Proxy(shadow, trapsOn(target, handler));
      };

/** A handler whose traps have another target than their Proxy. */
const trapsOn = <T extends object>(target: T, handler: ProxyHandler<T>): ProxyHandler<object> =>
  new Proxy(handler, {
    get(_, name) {
      const trap: unknown = Reflect.get(handler, name);
      return typeof trap === "function" ? (_shadow: object, ...rest: unknown[]) => trap.call(handler, target, ...rest) : trap;
    },
  }) as ProxyHandler<object>;

function shadowOf(node: Node): object {
  let shadow = shadows.get(node);
  if (!shadow) {
    shadow = node instanceof InstanceNode ? blankOf(node) : emptyOf(node.kind);
    shadows.set(node, shadow);
    waiting.push(node);
  }
  return shadow;
}

const blankOf = ({ graph, className }: InstanceNode) => Object.create(classViewsOf(graph.models, className)?.prototype ?? Object.prototype) as object;

function fillWaiting(): void {
  for (const node of waiting) {
    fill(node);
    later(node);
  }
  waiting = [];
}

function change(node: Node): void {
  if (!shadows.has(node)) return;
  later(node);
  const { data } = node;
  if ((Array.isArray(data) ? data.length : data instanceof Map || data instanceof Set ? data.size : 0) > SMALL) return;
  fill(node);
  fillWaiting();
}

function later(node: Node): void {
  if (late.size === 0) queueMicrotask(fillLate);
  late.add(node);
}

function fillLate(): void {
  for (const node of late) fill(node);
  late.clear();
  for (const node of waiting) fill(node);
  waiting = [];
}

function fill(node: Node): void {
  const shadow = shadows.get(node) as object;
  const part = (stored: Stored) => (stored instanceof Node ? shadowOf(stored) : stored);
  if (Array.isArray(shadow)) shadow.length = 0;
  else if (shadow instanceof Map || shadow instanceof Set) shadow.clear();
  else {
    for (const name of Object.keys(shadow)) Reflect.deleteProperty(shadow, name);
    for (const [name, stored] of Object.entries(node.data as object))
      Object.defineProperty(shadow, name, { value: part(stored), writable: true, enumerable: true, configurable: true });
    return;
  }
  copyInto(shadow, node.data as object, part);
}
