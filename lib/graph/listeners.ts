import { notContainer } from "../errors/state-errors.js";
import type { Graph } from "./graph.js";
import { liveOf, type Node, nodeOf, type Stored } from "./node.js";

/** One change of a container, as {@link onDelta} tells it. Values are live. */
export type Delta =
  | { readonly type: "add"; readonly name?: unknown; readonly value: unknown }
  | { readonly type: "update"; readonly name: unknown; readonly value: unknown; readonly old: unknown }
  | { readonly type: "remove"; readonly name?: unknown; readonly old: unknown }
  | { readonly type: "splice"; readonly index: number; added(): unknown[]; removed(): unknown[] };

/** The listeners of a graph's containers. A graph has this object only while there are any. */
export class Listeners {
  readonly #graph: Graph;
  readonly #listeners = new Map<Node, Set<(delta: Delta) => void>>();
  readonly #hushed = new Set<Node>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  add(node: Node, listener: (delta: Delta) => void): () => void {
    const listeners = this.#listeners.get(node) ?? new Set();
    this.#listeners.set(node, listeners.add(listener));
    return () => {
      if (!listeners.delete(listener)) return;
      if (listeners.size === 0) this.#listeners.delete(node);
      if (this.#listeners.size === 0) this.#graph.listeners = undefined;
    };
  }

  /** Stops notifying listeners of a container. Returns `false` if it has none. */
  hush(node: Node): boolean {
    return this.#listeners.has(node) && this.#hushed.add(node).has(node);
  }

  unhush(node: Node): void {
    this.#hushed.delete(node);
  }

  /** A key has been set, or a member has come. */
  key(node: Node, key: Stored, present: boolean, old: Stored, stored: Stored): void {
    this.#tell(node, () => {
      const [name, value] = [liveOf(key), liveOf(stored)];
      return present ? { type: "update", name, value, old: liveOf(old) } : { type: "add", name, value };
    });
  }

  delete(node: Node, key: Stored, old: Stored): void {
    this.#tell(node, () => ({ type: "remove", name: liveOf(key), old: liveOf(old) }));
  }

  splice(node: Node, index: number, removed: readonly Stored[], added: readonly Stored[]): void {
    this.#tell(node, () => ({ type: "splice", index, added: () => added.map(liveOf), removed: () => removed.map(liveOf) }));
  }

  #tell(node: Node, delta: () => Delta): void {
    const listeners = this.#listeners.get(node);
    if (listeners && !this.#hushed.has(node)) for (const listener of listeners) listener(delta());
  }
}

/**
 * Calls back for each change of a container, as MobX's `observe` does for MobX's own. Changes of nested containers do not count.
 * Returns the function that unsubscribes.
 * @throws StateError when `container` is none of twinstate's
 * @example const stop = onDelta(todo.items, (delta) => console.log(delta.type))
 */
export function onDelta(container: object, listener: (delta: Delta) => void): () => void {
  const node = nodeOf(container);
  if (!node) throw notContainer(container);
  const { graph } = node;
  graph.listeners ??= new Listeners(graph);
  return graph.listeners.add(node, listener);
}
