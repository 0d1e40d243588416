import type { InstanceNode } from "./instance.js";
import { type Node, type Tag, UNNUMBERED } from "./node.js";

/** An audience of a store's containers: which fields of instances it sees, and where its tags of containers are. */
export interface Audience {
  tag(node: Node): Tag;
  names(node: InstanceNode): readonly string[];
  /** The audience sees a container for the first time. */
  met?(node: Node): void;
  /** The audience no longer sees a container. */
  lost?(node: Node): void;
}

/** The clients that see nothing hidden. Their tags stand on the containers. */
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
