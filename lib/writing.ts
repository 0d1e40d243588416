import { readOnlyTwin } from "./errors.js";
import { type Node, nodeOf, type Stored } from "./node.js";
import type { SourceGraph } from "./source.js";

/**
 * Where a user's write goes on.
 * @throws StateError where the user may not write
 */
export function writing(node: Node, key?: unknown): SourceGraph {
  const { source, name } = node.graph;
  if (!source) throw readOnlyTwin(name);
  source.mayWrite(node, key);
  return source;
}

/** A user's value as it stands in containers, if it does. */
export function find(node: Node, value: unknown): Stored {
  const { source } = node.graph;
  return source ? source.find(value) : (nodeOf(value) ?? value);
}
