import type { Graph } from "../graph/graph.js";
import { nodeOf } from "../graph/node.js";
import { copied, isPlain } from "../graph/plain.js";

/**
 * A computed's value with copies in the place of containers of other stores. All that they hold is read, so that MobX notices when it changes. Instances of
 * classes stay: they cannot enter.
 */
export function copyForeign(value: unknown, graph: Graph): unknown {
  return copied(value, (part) => {
    const node = nodeOf(part);
    return (node ? node.graph === graph || node.kind === "instance" : !isPlain(part)) ? part : undefined;
  });
}
