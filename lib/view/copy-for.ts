import { EVENT_ERROR, InstanceNode } from "../graph/instance.js";
import { Node, nodeOf } from "../graph/node.js";
import { copyInto, emptyOf, isPlain, plainKindOf } from "../graph/plain.js";
import { viewOf } from "./view.js";

/** Says which names of an instance a copy has. */
export interface CopyReader {
  names(node: InstanceNode): readonly string[];
  /** The values of the names. @default those that the container has */
  data?(node: InstanceNode): object;
}

/**
 * A plain copy of a container with the members that some clients see. Views, which all share, have what everybody sees.
 * @param copies the copies of the containers that are met
 */
export function copyFor(value: object, reader: CopyReader, copies = new Map<object, object>()): object {
  const queue: object[] = [];
  const copyOf = (part: unknown): unknown => {
    if (part instanceof InstanceNode && part.className === EVENT_ERROR) return viewOf(part);
    const from = part instanceof Node ? part : (nodeOf(part) ?? (isPlain(part) ? part : undefined));
    if (!from) return part;
    let copy = copies.get(from);
    if (!copy) {
      copy = emptyOf(from instanceof Node ? from.kind : plainKindOf(from));
      copies.set(from, copy);
      queue.push(from);
    }
    return copy;
  };
  const result = copyOf(value) as object;
  for (const from of queue) {
    const copy = copies.get(from) as object;
    if (from instanceof InstanceNode) copyInto(copy, reader.data?.(from) ?? from.data, copyOf, reader.names(from));
    else copyInto(copy, from instanceof Node ? (from.data as object) : from, copyOf);
  }
  return result;
}
