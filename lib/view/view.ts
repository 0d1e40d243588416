import { embodyView } from "../class/instance-views.js";
import { readOnlyView } from "../errors/errors.js";
import { InstanceNode } from "../graph/instance.js";
import { addUser, Node, nodeOf, Old, put, type Stored } from "../graph/node.js";
import { copyInto, emptyOf } from "../graph/plain.js";
import { plainLeaf } from "../wire/leaves.js";

/** Stands for the view of a container while the views of its content are built. */
class Build {
  readonly view: object;
  readonly last: object | undefined;
  /** The names of its properties, where it has any. */
  readonly names: readonly string[] | undefined;
  /** The container's content, in order. */
  readonly parts: readonly unknown[];
  /** The views of the first parts. */
  readonly views: unknown[];
  /** One of the views inside refers back to it. */
  captured = false;

  constructor(node: Node, names: readonly string[] | undefined, parts: readonly unknown[]) {
    this.view = emptyOf(node.kind);
    this.last = (node.view as Old | undefined)?.view;
    this.names = names;
    this.parts = parts;
    this.views = Array.isArray(this.view) ? this.view : [];
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

/** Builds the views of the content first. Containers may be nested at any depth, so they wait in a list. */
function build(node: Node): void {
  const waiting = [node];
  let next: Node | undefined;
  try {
    while ((next = waiting[waiting.length - 1])) {
      if (!hasView(next)) begin(next);
      const missing = next.view instanceof Build && advance(next, next.view);
      if (missing) waiting.push(missing);
      else waiting.pop();
    }
  } catch (error) {
    for (const one of waiting) if (one.view instanceof Build) one.view = one.view.last && new Old(one.view.last);
    throw error;
  }
}

const isNode = (part: unknown) => part instanceof Node;

/** Objects and arrays that hold no container share their data with their views. */
function begin(node: Node): void {
  const { data, kind } = node;
  const names = node instanceof InstanceNode ? node.visible() : kind === "object" ? Object.keys(data as object) : undefined;
  const parts = names ? names.map((name) => (data as Record<string, unknown>)[name]) : partsOf(data as object);
  if ((kind !== "object" && kind !== "array") || parts.some(isNode)) {
    node.view = new Build(node, names, parts);
    return;
  }
  const last = (node.view as Old | undefined)?.view;
  // A container that changed and changed back has the same view as before.
  if (last && same(last, data as object)) node.data = last;
  node.view = harden(node.data as object, node.graph.name);
}

/** Takes the views of the content, up to the first part without a view, which it returns. */
function advance(node: Node, build: Build): Node | undefined {
  const { parts, views } = build;
  while (views.length < parts.length) {
    const part = parts[views.length];
    if (!(part instanceof Node)) views.push(part);
    else {
      const { view } = part;
      if (view === undefined || view instanceof Old) return part;
      addUser(part, node);
      if (view instanceof Build) view.captured = true;
      views.push(view instanceof Build ? view.view : view);
    }
  }
  finish(node, build);
  return undefined;
}

/** Everything that the container holds has a view, or its view is being built. */
function finish(node: Node, { view, last, names, views, captured }: Build): void {
  if (names) for (let i = 0; i < names.length; i++) put(view, names[i] as string, views[i]);
  else if (view instanceof Map) for (let i = 0; i < views.length; i += 2) view.set(views[i], views[i + 1]);
  else if (view instanceof Set) for (const member of views) view.add(member);
  if (node instanceof InstanceNode) embodyView(view, node);
  node.view = harden(view, node.graph.name);
  if (!captured && last && same(last, view)) node.view = last;
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** A view throws in development when it is changed: nobody would see that change, and the next one might undo it. */
const harden: <T extends object>(view: T, store: string) => T =
  process.env.NODE_ENV === "production"
    ? (view) => view
    : (view, store) => {
        // `Object.freeze` does not cover the content of a Map or Set, and its errors about arrays name no store.
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

/** The content of a container, in order. */
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
    // The copy is made through the container, so that a reaction that copies it observes it.
    copyInto(copy, live, copyOf);
  }
  return result as T;
}
