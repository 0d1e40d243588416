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
    if (last !== undefined && same(last, node.data)) node.data = last;
    node.view = harden(node.data as object);
    return node.view;
  }
  const state = { captured: false };
  building.set(node, state);
  const view = emptyOf(node.kind);
  node.view = view;
  try {
    fill(node, view);
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
const harden: <T>(view: T) => T = typeof process === "undefined" || process.env.NODE_ENV === "production" ? (view) => view : Object.freeze;

function isLeaf(node: Node): boolean {
  if (node instanceof InstanceNode) return false;
  const { data } = node;
  if (data instanceof Map) {
    for (const [key, value] of data) if (key instanceof Node || value instanceof Node) return false;
    return true;
  }
  if (Array.isArray(data) || data instanceof Set) {
    for (const value of data) if (value instanceof Node) return false;
    return true;
  }
  for (const key in data as object) if (own(data as object, key) instanceof Node) return false;
  return true;
}

function fill(node: Node, view: object): void {
  const part = (stored: Stored): unknown => {
    if (!(stored instanceof Node)) return stored;
    addUser(stored, node);
    return viewOfNode(stored);
  };
  copyInto(view, node.data as object, part, node instanceof InstanceNode ? node.visible() : undefined);
}

/** Whether two views of one container hold the same things in the same order. */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return sameList(a, b as unknown[]);
  if (a instanceof Map) return a.size === (b as Map<unknown, unknown>).size && sameList([...a].flat(), [...(b as Map<unknown, unknown>)].flat());
  if (a instanceof Set) return a.size === (b as Set<unknown>).size && sameList([...a], [...(b as Set<unknown>)]);
  return sameList(Object.keys(a as object), Object.keys(b as object)) && sameList(Object.values(a as object), Object.values(b as object));
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
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
