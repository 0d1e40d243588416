import { ArrayNode } from "../graph/array.js";
import { Node, nodeOf, own, put, type Stored } from "../graph/node.js";
import { ObjectNode } from "../graph/object.js";
import { sameLeaf } from "../wire/leaves.js";
import type { Writer } from "./writer.js";

/**
 * What may happen to the container of a computed's last value. `"change"`: nothing else refers to it, so it is made equal to the new value. `"keep"`: it stays
 * where it equals the new value. `"leave"`: the new value becomes another container.
 */
type Reuse = "change" | "keep" | "leave";

export interface Reconciliation {
  readonly writer: Writer;
  reuse(old: Node): Reuse;
  /** Makes containers of a value that takes nothing over from the last one. */
  enter(value: object, holder: Node, key: unknown): Stored;
}

/** The new value of a computed as containers hold it: parts that equal those of the last value, `old`, stay the same containers. */
export function reconcile(by: Reconciliation, old: Stored, value: unknown, holder: Node, key: unknown): Stored {
  const { writer } = by;
  if (typeof value !== "object" || value === null) return writer.enter(value, holder, key);
  const node = nodeOf(value);
  if (node?.graph === holder.graph) return node;
  if (old instanceof Date && value instanceof Date && sameLeaf(old, value)) return old;
  const reuse = old instanceof Node && !writer.knows(value) ? by.reuse(old) : "leave";
  if (reuse === "leave") return by.enter(value, holder, key);
  if (old instanceof ArrayNode && Array.isArray(value)) {
    const items = value.map((item, i) => reconcile(by, old.data[i], item, old, i));
    if (reuse === "keep") return alike(items, old.data) ? old : writer.make(ArrayNode, items);
    old.assign(items);
    return old;
  }
  if (old instanceof ObjectNode && old.kind === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const names = writer.namesOf(value, holder, key);
    const part = (name: string) => reconcile(by, own(old.data, name), own(value, name), old, name);
    if (reuse === "keep") {
      const data = {};
      for (const name of names) put(data, name, part(name));
      return alike(names, Object.keys(old.data)) && alike(Object.values(data), Object.values(old.data)) ? old : writer.make(ObjectNode, data);
    }
    for (const name of Object.keys(old.data)) if (!Object.hasOwn(value, name)) old.remove(name);
    for (const name of names) old.put(name, part(name));
    return old;
  }
  return by.enter(value, holder, key);
}

const alike = (a: readonly Stored[], b: readonly Stored[]): boolean => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
