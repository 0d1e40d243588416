import { incompatible, listName } from "../errors/state-errors.js";
import { NODE, type Node, nodeOf, type Stored } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import { callable } from "./iteration.js";
import { find, writing } from "./write-access.js";

/** The content of a Map or Set, where Node compares two of them: as their own enumerable symbol, as it cannot look into a Proxy. */
const CONTENT = Symbol("content");

export type Methods = { [name: string | symbol]: unknown };

/** The parts that differ between Maps and Sets. */
export interface Collection<N> {
  readonly kind: "Map" | "Set";
  /** The prototype of the language's own. */
  readonly native: object;
  /** Methods that replace the language's own, which would look for internal slots that a Proxy lacks. */
  readonly methods: Methods;
  size(node: N): number;
  entries(node: N): Iterable<[key: unknown, value: unknown]>;
  /** A copy, as the language's own. */
  copy(node: N): object;
}

interface Common {
  remove(key: Stored): boolean;
  clear(): void;
}

/** How users hold a Map or Set: as a Proxy, so that what looks for slots, as `structuredClone`, refuses it and does not find it empty. */
export function collectionFace<N extends Node & Common>({ kind, native, methods, size, entries, copy }: Collection<N>): ProxyHandler<N> {
  Object.assign(methods, {
    delete(key: unknown): boolean {
      const node = receiver<N>(kind, this);
      writing(node, key);
      return node.remove(find(node, key));
    },
    clear(): void {
      const node = receiver<N>(kind, this);
      writing(node);
      node.clear();
    },
    forEach(callback: unknown, thisArg?: unknown): void {
      const node = receiver<N>(kind, this);
      callable(callback);
      for (const [key, value] of entries(node)) callback.call(thisArg, value, key, this);
    },
  } satisfies Methods & ThisType<unknown>);
  const refuse = (node: N, key: string | symbol): never => {
    throw listName(pathOf(node), `a ${kind}`, key);
  };
  return {
    get(node, key) {
      if (key === NODE) return node;
      if (key === "size") return size(node);
      if (key === CONTENT) return copy(node);
      // `__proto__` as in objects.
      return methods[key] ?? (key === "__proto__" ? undefined : Reflect.get(native, key));
    },
    set: refuse,
    has: (_, key) => key === NODE || key in native,
    deleteProperty: () => true,
    ownKeys: () => [CONTENT],
    getOwnPropertyDescriptor: (node, key) => (key === CONTENT ? { value: copy(node), writable: true, enumerable: true, configurable: true } : undefined),
    defineProperty: refuse,
    getPrototypeOf: () => native,
    preventExtensions: () => false,
    setPrototypeOf: () => false,
  };
}

/** The node of a Map or Set that a method was called on. */
export function receiver<N extends Node>(kind: "Map" | "Set", value: unknown): N {
  const node = nodeOf(value);
  if (node?.kind !== (kind === "Map" ? "map" : "set")) throw incompatible(kind);
  return node as N;
}
