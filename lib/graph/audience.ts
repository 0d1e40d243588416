import type { InstanceNode } from "./instance.js";
import { type Node, type Tag, UNNUMBERED } from "./node.js";

/** Who sees what of class instances, and where it keeps how it knows containers. */
export interface Audience {
  tag(node: Node): Tag;
  names(node: InstanceNode): readonly string[];
  /** A container that it has not seen before has come. */
  met?(node: Node): void;
  /** A container is out of its sight. */
  lost?(node: Node): void;
}

export const clients: Audience = {
  tag: (node) => node,
  names: (node) => node.visible(),
};

export const storage: Audience = {
  tag(node) {
    node.storageTag ??= { id: UNNUMBERED, refs: 0, mark: 0 };
    return node.storageTag;
  },
  names: (node) => node.persistent?.() ?? node.visible(),
};
