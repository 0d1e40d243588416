import { viewsOf } from "./brought.js";
import { readOnlyView } from "./errors.js";
import { InstanceNode } from "./instance.js";
import { copyInto, emptyOf } from "./kind.js";
import { plainLeaf } from "./leaf.js";
import { addUser, Node, nodeOf, Old, own, type Stored } from "./node.js";

/** Containers whose views are being built, with whether one of the views inside refers back to it. */
const building = new Map<Node, { captured: boolean }>();

/**
 * The immutable view of a container: plain data, structurally shared. It is the same object as long as the content is the
 * same. A value that is no container is its own view.
 */
export function viewOf(value: unknown): unknown {
  const node = value instanceof Node ? value : nodeOf(value);
  return node ? viewOfNode(node) : value;
}

function viewOfNode(node: Node): unknown {
  const under = building.get(node);
  if (under) {
    under.captured = true;
    return node.view;
  }
  if (node.view !== undefined && !(node.view instanceof Old)) return node.view;
  const last = node.view?.view;
  const leaf = isLeaf(node);
  if (leaf) {
    // What has changed and changed back is what it was.
    if (last !== undefined && same(last, node.data as object)) node.data = last;
    node.view = harden(node.data as object);
    return node.view;
  }
  const state = { captured: false };
  building.set(node, state);
  const view = emptyOf(node.kind);
  node.view = view;
  try {
    fill(node, view);
    const views = node instanceof InstanceNode && viewsOf(node.graph.models, node.className);
    if (views) Object.setPrototypeOf(view, views.prototype);
  } catch (error) {
    node.view = last && new Old(last);
    throw error;
  } finally {
    building.delete(node);
  }
  if (!state.captured && last !== undefined && same(last, view)) node.view = last;
  return harden(view) && node.view;
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** In development a view throws where it is changed: nobody would see that change, and the next one may undo it. */
const harden: <T extends object>(view: T) => T =
  typeof process === "undefined" || process.env.NODE_ENV === "production"
    ? (view) => view
    : (view) => {
        // Freezing leaves alone what a Map or Set holds.
        if ((view instanceof Map || view instanceof Set) && !Object.isFrozen(view))
          for (const name of WRITES) Object.defineProperty(view, name, refusing(name));
        return Object.freeze(view);
      };

const WRITES = ["set", "add", "delete", "clear", "getOrInsert", "getOrInsertComputed"];

const refusing = (name: string): PropertyDescriptor => ({
  value() {
    throw readOnlyView(name);
  },
});

function isLeaf({ kind, data }: Node): boolean {
  if (kind === "array") return !(data as Stored[]).some((part) => part instanceof Node);
  if (kind !== "object") return false;
  for (const key in data as object) if (own(data as object, key) instanceof Node) return false;
  return true;
}

/** All that a container holds, in order. */
export function partsOf(data: object): readonly unknown[] {
  if (Array.isArray(data)) return data;
  if (data instanceof Map) return [...data].flat();
  return data instanceof Set ? [...data] : [...Object.keys(data), ...Object.values(data)];
}

function fill(node: Node, view: object): void {
  const part = (stored: Stored): unknown => {
    if (!(stored instanceof Node)) return stored;
    addUser(stored, node);
    return viewOfNode(stored);
  };
  copyInto(view, node.data as object, part, node instanceof InstanceNode ? node.visible() : undefined);
}

const isSame = (a: unknown, b: unknown) => Object.is(a, b) || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime());

/** Whether two views of one container hold the same things in the same order. */
function same(a: object, b: object): boolean {
  const [as, bs] = [partsOf(a), partsOf(b)];
  if (as.length !== bs.length) return false;
  for (let i = 0; i < as.length; i++) if (!isSame(as[i], bs[i])) return false;
  return true;
}

/**
 * Whether a value is a container of twinstate's: what MobX's `isObservable` is for MobX's own.
 * @example isState(todo.items) // true
 */
export const isState = (value: unknown): boolean => nodeOf(value) !== undefined;

/**
 * A deep, plain, mutable copy of a container: what MobX's `toJS` is for MobX's own. Identity and cycles survive. Any other
 * value is returned as it is.
 * @example structuredClone(toPlain(todo.items))
 */
export function toPlain<T>(value: T): T {
  const copies = new Map<Node, object>();
  const queue: Node[] = [];
  const copyOf = (stored: Stored): unknown => {
    const node = stored instanceof Node ? stored : nodeOf(stored);
    if (!node) return typeof stored === "object" && stored !== null ? (plainLeaf(stored) ?? stored) : stored;
    let copy = copies.get(node);
    if (!copy) {
      copy = emptyOf(node.kind);
      copies.set(node, copy);
      queue.push(node);
    }
    return copy;
  };
  if (!isState(value)) return value;
  const result = copyOf(value);
  for (const node of queue) {
    const copy = copies.get(node) as object;
    const live = node.live as object;
    // Through the container itself, so that a reaction that copies it has read it.
    copyInto(copy, live, copyOf);
  }
  return result as T;
}
