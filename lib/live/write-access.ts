import { readOnlyTwin } from "../errors/errors.js";
import { type Node, nodeOf, type Stored } from "../graph/node.js";
import type { Writer } from "../store/writer.js";

/**
 * The writer of a container's graph.
 * @throws StateError if the user may not write
 */
export function writing(node: Node, key?: unknown): Writer {
  const { mode, name } = node.graph;
  const writer = mode?.writer;
  if (!writer) throw readOnlyTwin(name);
  writer.mayWrite(node, key);
  return writer;
}

/** A user's value as it stands in containers, if it does. */
export function find(node: Node, value: unknown): Stored {
  const writer = node.graph.mode?.writer;
  return writer ? writer.find(value) : (nodeOf(value) ?? value);
}
