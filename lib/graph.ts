import { notContainer, readOnlyTwin } from "./errors.js";
import { InstanceNode } from "./instance.js";
import { Node, nodeOf, type Stored } from "./node.js";
import type { Recorder } from "./record.js";

/** One change of a container, as {@link onDelta} tells it. Values are live. */
export type Delta =
  | { readonly type: "add"; readonly name?: unknown; readonly value: unknown }
  | { readonly type: "update"; readonly name: unknown; readonly value: unknown; readonly old: unknown }
  | { readonly type: "remove"; readonly name?: unknown; readonly old: unknown }
  | { readonly type: "splice"; readonly index: number; added(): unknown[]; removed(): unknown[] };

/** The containers of one store, to be read. What writes them is a {@link SourceGraph}, or a decoder. */
export class Graph {
  /** For messages. */
  readonly name: string;
  root!: InstanceNode;
  /** Notes changes; without it they are final. */
  readonly recorder: Recorder | undefined = undefined;
  /** Makes what users hold of a container: `openFace`, where containers are held at all. */
  open: ((node: Node) => object) | undefined;
  /** What a mirror's instance gives for a name that is no field. */
  method: ((node: InstanceNode, key: string) => unknown) | undefined;
  #listeners: Map<Node, Set<(delta: Delta) => void>> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** A container for an instance of a class. */
  instance(className: string): InstanceNode {
    return new InstanceNode(this, {}, className);
  }

  /**
   * Throws where a user may not write.
   * @throws StateError
   */
  mayWrite(_node: Node, _key?: unknown): void {
    throw readOnlyTwin(this.name);
  }

  /** A user's value as containers hold it. */
  enter(value: unknown, _holder: Node, _key: unknown): Stored {
    return value;
  }

  /** A Map's key or a Set's member. */
  enterKey(value: unknown, _holder: Node): Stored {
    return value;
  }

  /** A Map's key and value: both enter or none. */
  enterEntry(key: unknown, value: unknown, _holder: Node): [key: Stored, value: Stored] {
    return [key, value];
  }

  /** A user's value as it stands in containers, if it does. */
  find(value: unknown): Stored {
    return nodeOf(value) ?? value;
  }

  /** Somebody listens to a container: see {@link onDelta}. */
  get listening(): boolean {
    return this.#listeners !== undefined;
  }

  listen(node: Node, listener: (delta: Delta) => void): () => void {
    this.#listeners ??= new Map();
    const listeners = this.#listeners.get(node) ?? new Set();
    this.#listeners.set(node, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners?.delete(node);
      if (this.#listeners?.size === 0) this.#listeners = undefined;
    };
  }

  tell(node: Node, delta: Delta): void {
    const listeners = this.#listeners?.get(node);
    if (listeners) for (const listener of listeners) listener(delta);
  }

  /** Where a value stands, for messages: `todo.items[3].title`. */
  pathOf(node: Node, key?: unknown): string {
    const path = this.root ? pathTo(this.root, node, this.name) : this.name;
    return key === undefined ? path : path + step(key);
  }
}

/** Stands in paths for a Map's key or a Set's member. */
export const MEMBER = Symbol("key or member");

export function step(key: unknown): string {
  if (key === MEMBER) return "[…]";
  if (typeof key === "string") return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return typeof key === "function" || (typeof key === "object" && key !== null) ? "[…]" : `[${String(key)}]`;
}

function pathTo(root: Node, wanted: Node, name: string): string {
  const paths = new Map<Node, string>([[root, name]]);
  for (const [node, path] of paths) {
    if (node === wanted) return path;
    const { data } = node;
    const entries: Iterable<[unknown, unknown]> =
      data instanceof Map
        ? data
        : data instanceof Set
          ? [...data].map((item) => [MEMBER, item])
          : Array.isArray(data)
            ? data.entries()
            : Object.entries(data as object);
    for (const [key, value] of entries) if (value instanceof Node && !paths.has(value)) paths.set(value, path + step(key));
  }
  return name;
}

/**
 * Calls back for each change of a container: what MobX's `observe` is for MobX's own. Not for what nested containers
 * change. Returns the function that ends it.
 * @throws StateError when `container` is none of twinstate's
 * @example const stop = onDelta(todo.items, (delta) => console.log(delta.type))
 */
export function onDelta(container: object, listener: (delta: Delta) => void): () => void {
  const node = nodeOf(container);
  if (!node) throw notContainer(container);
  return node.graph.listen(node, listener);
}
