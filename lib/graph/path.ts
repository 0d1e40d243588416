import { Node } from "./node.js";

/** The path of a value, for messages: `todo.items[3].title`. */
export function pathOf(node: Node, key?: unknown): string {
  const { root, name } = node.graph;
  const path = root ? pathTo(root, node, name) : name;
  return key === undefined || key === ORDER ? path : path + pathStep(key);
}

/** Stands in paths for a Map's key or a Set's member. */
export const MEMBER = Symbol("key or member");
/** Stands for the order of an array, which `sort` and `reverse` change in place. */
export const ORDER = Symbol("order");

export function pathStep(key: unknown): string {
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
    for (const [key, value] of entries) if (value instanceof Node && !paths.has(value)) paths.set(value, path + pathStep(key));
  }
  return name;
}
