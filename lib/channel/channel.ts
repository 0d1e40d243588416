import type { ArrayNode } from "../graph/array.js";
import { type Audience, storage } from "../graph/audience.js";
import type { InstanceNode } from "../graph/instance.js";
import { Node, nextWalk, type Stored, type Tag, UNNUMBERED } from "../graph/node.js";
import { NodeTable } from "../graph/node-table.js";
import { type Edit, editArray, editKeyed } from "../record/edit.js";
import type { Change } from "../record/recorder.js";
import { type Snapshot, visitBody, type WireDelta } from "../wire/codec.js";
import { IdRanges } from "../wire/id-ranges.js";
import { leafSlot } from "../wire/leaves.js";
import { SET } from "../wire/ops.js";
import { SentNames } from "../wire/sent-names.js";
import { finish, type Steps } from "../wire/steps.js";
import { DeltaWriter } from "./delta-writer.js";
import { NodeSource } from "./node-source.js";
import { SnapshotWriter } from "./snapshot-writer.js";
import type { NumberChanges } from "./stored-numbers.js";

/** Twins are told to sweep when this many numbers are free, and more than half of those in use. */
const SWEEP_AFTER = 256;

/**
 * A saved store: a snapshot of the storage's channel, and the state of the clients' channel: its names, its next number, and its numbers of the snapshot's
 * containers, in the snapshot's order, as pairs `start, count`; -1 stands for no number. They hold for classes of a shape; without one clients know none of the
 * containers.
 */
export type Saved = readonly [snapshot: Snapshot, names: readonly string[], next: number, ids: readonly number[], shape?: string];

/**
 * The changes of persisted fields in one commit, the clients' next number after it, and what else has changed of their numbers: missing where these are not
 * known.
 */
export type StorageDelta = readonly [delta: WireDelta, next: number, numbers?: NumberChanges];

/**
 * What one audience sees of a store: the numbers of its containers, and the encoding of deltas and snapshots. Clients are one audience, the
 * storage is another.
 *
 * A channel counts the slots that refer to each container. A container without references loses its number before the delta is
 * written, so that clients are not notified of containers that they no longer see. If a container lost some of its references,
 * a walk from the root finds out whether it is still reachable: it may be part of a cycle.
 */
export class Channel {
  table = new NodeTable();
  readonly root: Node;
  readonly audience: Audience;
  /** The containers that have got numbers, for who notes them. */
  fresh: Node[] | undefined;
  #names: SentNames;
  #next = 0;
  #freed = 0;
  #started = false;

  constructor(root: Node, audience: Audience, known?: { names: readonly string[]; next: number }) {
    this.root = root;
    this.audience = audience;
    this.#names = new SentNames(known?.names);
    if (known) this.#next = known.next;
  }

  /** Whether containers have numbers. Before that clients cannot be notified of changes. */
  get started(): boolean {
    return this.#started;
  }

  /** The names that the audience has been told. */
  get names(): readonly string[] {
    return this.#names.list;
  }

  /** How many names the audience has been told. */
  get known(): number {
    return this.#names.list.length;
  }

  /** Numbers all visible containers, in the order of a snapshot. Existing numbers stay. The first snapshot does the same. */
  *start(): Steps<void> {
    this.#started = true;
    const { audience } = this;
    const source = new NodeSource(audience);
    const queue: Node[] = [];
    const walk = nextWalk();
    const meet = (value: Stored) => {
      if (!(value instanceof Node)) return;
      const tag = audience.tag(value);
      if (tag.mark === walk) {
        tag.refs++;
        return;
      }
      tag.mark = walk;
      this.meet(value, tag);
      queue.push(value);
    };
    meet(this.root);
    for (let i = 0; i < queue.length; ) {
      i += yield* visitBody(queue, i, source, meet);
      yield;
    }
  }

  /** Takes all numbers back, which nobody has been told: the first snapshot gives others, from a number on. */
  restart(first: number): void {
    for (const node of this.table) Object.assign(this.audience.tag(node), { id: UNNUMBERED, refs: 0 });
    this.table = new NodeTable();
    this.#names = new SentNames();
    this.#next = first;
    this.#started = false;
  }

  /** The delta of some changes, which are final. `undefined` if the audience would not notice them. */
  encode(changes: ReadonlyMap<Node, Change>): WireDelta | undefined {
    let edits: Edit[] | undefined;
    for (const [node, change] of changes) {
      if (this.audience.tag(node).id < 0) continue;
      const edit = Array.isArray(change) ? editArray(node as ArrayNode, change, this.audience) : editKeyed(node, change, this.audience);
      if (!edit) continue;
      // Most commits have one edit: a list that grows would reserve room for many.
      if (edits) edits.push(edit);
      else edits = [edit];
    }
    if (!edits) return undefined;
    return new DeltaWriter(this, changes, edits).write();
  }

  /** A delta that sets members of instances to what they are: those of these names that the audience sees. It makes no containers. */
  members<N extends InstanceNode>(nodes: Iterable<N>, namesOf: (node: N) => readonly string[]): WireDelta | undefined {
    const { audience } = this;
    const ops: unknown[] = [];
    for (const node of nodes) {
      const { id } = audience.tag(node);
      if (id < 0) continue;
      const seen = audience.names(node);
      for (const name of namesOf(node)) {
        if (!seen.includes(name)) continue;
        const value = node.data[name];
        const slot = value instanceof Node ? [audience.tag(value).id] : typeof value === "string" ? value : leafSlot(value);
        ops.push(SET, id, this.#names.send(name), slot);
      }
    }
    return ops.length > 0 ? ops : undefined;
  }

  /** The number that the next container takes. */
  get next(): number {
    return this.#next;
  }

  // --- for writers ---

  /** The first slot refers to a container. */
  meet(node: Node, tag: Tag): void {
    tag.refs = 1;
    if (tag.id < 0) {
      tag.id = this.#next++;
      this.fresh?.push(node);
    }
    this.table.set(tag.id, node);
  }

  sendName(name: string): string | number {
    return this.#names.send(name);
  }

  number(node: Node): void {
    const tag = this.audience.tag(node);
    tag.id = this.#next++;
    this.table.set(tag.id, node);
    this.fresh?.push(node);
  }

  forget(node: Node): void {
    const tag = this.audience.tag(node);
    if (tag.id >= 0) {
      this.table.delete(tag.id);
      this.#freed++;
    }
    tag.id = UNNUMBERED;
    tag.refs = 0;
    this.audience.lost?.(node);
  }

  /** Whether twins should now forget the containers that have no number here. */
  sweepDue(): boolean {
    if (this.#freed < SWEEP_AFTER || this.#freed < this.table.size / 2) return false;
    this.#freed = 0;
    return true;
  }

  /** The numbered containers that are not reachable, and the mark of the walk that found this out. */
  unreachable(): { walk: number; lost: Node[] } {
    const { audience } = this;
    const walk = nextWalk();
    const queue: Node[] = [this.root];
    audience.tag(this.root).mark = walk;
    for (const node of queue) {
      node.children((child) => {
        const tag = audience.tag(child);
        if (tag.mark === walk) return;
        tag.mark = walk;
        queue.push(child);
      }, audience);
    }
    const lost: Node[] = [];
    for (const node of this.table) if (audience.tag(node).mark !== walk) lost.push(node);
    return { walk, lost };
  }

  /** A snapshot of the current data. */
  snapshot(order: Node[] = []): Snapshot {
    return finish(this.snapshotSteps(order));
  }

  *snapshotSteps(order: Node[] = []): Steps<Snapshot> {
    const { audience } = this;
    const fresh = this.#started ? undefined : this;
    this.#started = true;
    const writer = new SnapshotWriter(
      audience,
      fresh,
      (name) => this.#names.send(name),
      (node) => audience.tag(node).id,
      order,
    );
    return yield* writer.write(this.root, this.#names.list, () => this.#next);
  }

  /**
   * The saved store, by the current data. This is the clients' channel. `storageChannel` is the storage's; without one the record gets numbers of its own.
   * `shape`: of the classes.
   */
  save(storageChannel: Channel | undefined, shape: string): Saved {
    const order: Node[] = [];
    const snapshot = storageChannel ? storageChannel.snapshot(order) : this.#detached(order);
    const ids = new IdRanges();
    for (const node of order) ids.add(this.audience.tag(node).id);
    // Clients that know numbers know names, too.
    return [snapshot, [...this.#names.list], this.#next, ids.all(), ...(this.known > 0 ? ([shape] as const) : ([] as const))];
  }

  #detached(order: Node[]): Snapshot {
    const names = new SentNames();
    const given = new Map<Node, number>();
    const number = (node: Node) => {
      let id = given.get(node);
      if (id === undefined) {
        id = given.size;
        given.set(node, id);
      }
      return id;
    };
    return finish(new SnapshotWriter(storage, undefined, (name) => names.send(name), number, order).write(this.root, names.list, () => given.size));
  }
}
