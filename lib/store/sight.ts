import { type Audience, clients } from "../graph/audience.js";
import type { InstanceNode } from "../graph/instance.js";
import type { Node } from "../graph/node.js";
import { ClassNode } from "./class-node.js";

/** What the channels of a store do when they begin to show an instance, and when they do not show it any more. */
export const sight = {
  met: (node: Node): void => {
    if (node instanceof ClassNode) node.seen();
  },
  lost: (node: Node): void => {
    if (node instanceof ClassNode) node.unseen();
  },
};

/** The names of an instance in a channel of clients, who see its hidden members by these predicates. Volatile members have channels of their own. */
export const lastingNames = (node: InstanceNode, predicates?: ReadonlySet<unknown>): readonly string[] =>
  node instanceof ClassNode ? node.lasting(predicates) : node.visible(predicates);

/** The audience of the clients who see nothing hidden. The store keeps the computeds evaluated of the instances that they see. */
export const watchers: Audience = { ...clients, ...sight, names: (node) => lastingNames(node) };
