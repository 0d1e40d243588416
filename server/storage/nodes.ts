import type { LoadedHost } from "./storage.js";

/** A right to write one scope instance, until another node gets it. */
export interface Lease {
  readonly id: string;
  /** The number of the lease. Of two leases of an id, the later one has the higher number. */
  readonly fence: number;
}

/**
 * The result of {@link NodeStorage.claim}: the lease, with what is stored under the id, or the node that has it. `lost`: how many commits of it the storage has
 * lost that it had acknowledged to living nodes.
 */
export type Claim = { readonly fence: number; readonly loaded: LoadedHost | undefined; readonly lost?: number } | { readonly owner: string };

/** What the other nodes know of a node. */
export interface NodeFacts {
  /** How long the node may be silent until others take over what it has, in ms. */
  readonly lease: number;
  /** The `static version` of the class of each store that it serves. */
  readonly versions: Readonly<Record<string, number>>;
}

/** A living node. */
export interface NodeMember extends NodeFacts {
  readonly node: string;
  /** The latest format of records that the node reads. */
  readonly format: number;
  /** How long it lives on unless it renews, in ms. */
  readonly left: number;
}

/**
 * What a storage does that several processes, _nodes_, share. Each scope instance has one node at a time that writes it, its _owner_. The suite
 * `nodeContract` in `twinstate/testing` holds an adapter to these duties:
 *
 * An adapter
 * - MUST give each lease a fence that is higher than all fences that it has given for the id, also over releases, deletions and restarts;
 * - MUST compare, in the stroke that writes, the fence that `append`, `save` and `delete` bring with the lease that the id has now, and reject with the code
 *   `FENCED` where it is another one or none, or where another living node has a lease and no fence was brought. Then nothing is written;
 * - MUST answer well where it sends the same `append` a second time, as its line broke before the answer, and finds by fence and `sequence` that the first has
 *   been written;
 * - MUST count a node as living from `join` or the last `renew` on for its lease time, by the storage's clock alone, and as dead afterwards or after `leave`.
 *   A node that joins anew has a new life: no lease of the life before is its own;
 * - MUST neither expire what a living node has a lease of, nor list as due what another one has;
 * - MUST give what it has of an id, and the lease, in one stroke.
 *
 * It may assume that
 * - the server calls `join` before all else, and again after its membership is lost;
 * - for one id a node calls `claim`, `append`, `save`, `delete` and `release` one after the other.
 */
export interface NodeStorage {
  /** The id of this node, as long as the process lives. No other process has it. */
  readonly node: string;
  /** The latest format of records that this node reads. */
  readonly format: number;
  /** Becomes a living node, or one anew. */
  join(facts: NodeFacts): Promise<void>;
  /** Restarts the node's lease time. `false`: the node was not a living one any more, and has lost its leases. */
  renew(): Promise<boolean>;
  /** Ends the node's life: others may claim at once what it has. */
  leave(): Promise<void>;
  /** The living nodes, this one too. */
  alive(): Promise<readonly NodeMember[]>;
  /**
   * Gives a new lease of an id where no other living node has one, also where this node has one already: that one is over.
   * @throws StateError `FENCED` where this node is not a living one
   * @throws StateError `NEWER` where the record is of a later format: it stays as it is, and nobody has a lease of it then
   */
  claim(id: string): Promise<Claim>;
  /** Sets what takes the ids whose lease this node has lost though it lives, or of which commits are lost: a copy that lacks them is in the storage's place. */
  onLost?(take: (ids: readonly string[]) => void): void;
  /** Gives leases back, so that others need not wait. Leases that are over are passed by. */
  release(leases: readonly Lease[]): Promise<void>;
  /** Whether this node has a duty that one node does for all, as `"expire"`. It gets it where no other living node has it. */
  duty(name: string): Promise<boolean>;
  /** Sends a message to a node: at most once, and in order as long as the line holds. */
  send(node: string, message: string): void;
  /** Sets what takes messages of other nodes. */
  onMessage(take: (message: string, from: string) => void): void;
}
