import type { Graph } from "../graph/graph.js";
import { nodeOf } from "../graph/node.js";
import { copyInto, emptyOf, isPlain, plainKindOf } from "../graph/plain.js";

/**
 * A computed's value with copies in the place of containers of other stores. All that they hold is read, so that MobX notices when it changes. Instances of
 * classes stay: they cannot enter.
 */
export function copyForeign(value: unknown, graph: Graph): unknown {
  const copies = new Map<object, object>();
  const queue: object[] = [];
  const copyOf = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    const node = nodeOf(part);
    if (node ? node.graph === graph || node.kind === "instance" : !isPlain(part)) return part;
    let copy = copies.get(part);
    if (!copy) {
      copy = emptyOf(plainKindOf(part));
      copies.set(part, copy);
      queue.push(part);
    }
    return copy;
  };
  const result = copyOf(value);
  for (const part of queue) copyInto(copies.get(part) as object, part, copyOf);
  return result;
}
