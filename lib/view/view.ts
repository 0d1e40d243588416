import { classViewsOf } from "../class/view-registry.js";
import { readOnlyView } from "../errors/errors.js";
import { InstanceNode } from "../graph/instance.js";
import { plainLeaf } from "../graph/leaf.js";
import { addUser, Node, nodeOf, Old, type Stored } from "../graph/node.js";
import { copyInto, emptyOf } from "../graph/plain.js";

/** Stands for the view of a container while those of what is inside are built. */
class Build {
  readonly view: object;
  readonly last: object | undefined;
  /** One of the views inside refers back to it. */
  captured = false;

  constructor(view: object, last: object | undefined) {
    this.view = view;
    this.last = last;
  }
}

/**
 * The immutable view of a container: plain data, structurally shared. It is the same object as long as the content is the
 * same. A value that is no container is its own view.
 */
export function viewOf(value: unknown): unknown {
  const node = value instanceof Node ? value : nodeOf(value);
  if (!node) return value;
  if (!hasView(node)) build(node);
  return node.view;
}

const hasView = ({ view }: Node) => view !== undefined && !(view instanceof Old);

/** Views of what is inside come first. Containers may stand in each other as deep as they like, so they wait in a list. */
function build(node: Node): void {
  const waiting = [node];
  let next: Node | undefined;
  let leaf: boolean;
  const meet = (child: Node) => {
    leaf = false;
    if (child !== next && !hasView(child)) waiting.push(child);
  };
  try {
    while ((next = waiting[waiting.length - 1])) {
      const { view } = next;
      if (view instanceof Build) finish(next, view);
      else if (!hasView(next)) {
        const last = (view as Old | undefined)?.view;
        leaf = next.kind === "object" || next.kind === "array";
        next.children(meet);
        if (!leaf) {
          next.view = new Build(emptyOf(next.kind), last);
          continue;
        }
        // What has changed and changed back is what it was.
        if (last && same(last, next.data as object)) next.data = last;
        next.view = harden(next.data as object, next.graph.name);
      }
      waiting.pop();
    }
  } catch (error) {
    for (const one of waiting) if (one.view instanceof Build) one.view = one.view.last && new Old(one.view.last);
    throw error;
  }
}

/** All that it holds has a view, or is being built. */
function finish(node: Node, build: Build): void {
  const { view, last } = build;
  const part = (stored: Stored): unknown => {
    if (!(stored instanceof Node)) return stored;
    addUser(stored, node);
    const inner = stored.view;
    if (!(inner instanceof Build)) return inner;
    inner.captured = true;
    return inner.view;
  };
  copyInto(view, node.data as object, part, node instanceof InstanceNode ? node.visible() : undefined);
  const views = node instanceof InstanceNode && classViewsOf(node.graph.models, node.className);
  if (views) Object.setPrototypeOf(view, views.prototype);
  node.view = harden(view, node.graph.name);
  if (!build.captured && last && same(last, view)) node.view = last;
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** In development a view throws where it is changed: nobody would see that change, and the next one may undo it. */
const harden: <T extends object>(view: T, store: string) => T =
  process.env.NODE_ENV === "production"
    ? (view) => view
    : (view, store) => {
        // Freezing leaves alone what a Map or Set holds, and what it says of arrays names no store.
        const kind = Array.isArray(view) ? "Array" : view instanceof Map ? "Map" : view instanceof Set ? "Set" : undefined;
        if (kind && !Object.isFrozen(view)) Object.defineProperties(view, refusing(store, kind));
        return Object.freeze(view);
      };

const WRITES = {
  Array: ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"],
  Map: ["set", "delete", "clear", "getOrInsert", "getOrInsertComputed"],
  Set: ["add", "delete", "clear"],
};
const refusals = /* @__PURE__ */ new Map<string, PropertyDescriptorMap>();

/** Methods that refuse to change a view. Not enumerable, so copies and comparisons do not see them. */
function refusing(store: string, kind: keyof typeof WRITES): PropertyDescriptorMap {
  const known = refusals.get(`${kind} ${store}`);
  if (known) return known;
  const made: PropertyDescriptorMap = {};
  for (const name of WRITES[kind]) {
    made[name] = {
      value() {
        throw readOnlyView(store, kind, name);
      },
    };
  }
  refusals.set(`${kind} ${store}`, made);
  return made;
}

/** All that a container holds, in order. */
export function partsOf(data: object): readonly unknown[] {
  if (Array.isArray(data)) return data;
  if (data instanceof Map) return [...data].flat();
  return data instanceof Set ? [...data] : [...Object.keys(data), ...Object.values(data)];
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
