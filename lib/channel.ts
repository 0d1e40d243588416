import { ArrayNode } from "./array.js";
import {
  type Contents,
  countOf,
  type Delta,
  type Group,
  leafSlot,
  NEXT,
  type Slot,
  type Snapshot,
  type Source,
  visitBody,
  writeBodies,
  writeBody,
} from "./codec.js";
import { type Audience, InstanceNode, storage } from "./instance.js";

import { MET, Node, type Stored, type Tag, UNNUMBERED } from "./node.js";
import { type Change, dataBefore, type KeyChanges, type Splice } from "./record.js";
import { arrange } from "./runs.js";
import { SentNames } from "./sent-names.js";
import { finish, STEP, type Steps } from "./steps.js";
import { NodeTable } from "./table.js";

/** Twins are told to sweep when this many numbers are free, and more than half of those in use. */
const SWEEP_AFTER = 256;

/** How far to look for a cycle around one container before walking all. */
const WALK_LIMIT = 200;

let walks = 0;

/**
 * All that is kept of a store: a snapshot as the storage's channel has it, and what clients know of it: their names, their next
 * number, and the numbers of the snapshot's containers, in its order, as pairs `start, count`; -1 stands for none. No pairs at
 * all: clients know none of them.
 */
export type Saved = readonly [snapshot: Snapshot, names: readonly string[], next: number, ids: readonly number[]];

/** What one commit changed of what the storage keeps, and clients' next number after it. */
export type Kept = readonly [delta: Delta, next: number];

/**
 * What one audience sees of a store: the numbers of its containers, and the encoding of deltas and snapshots. Clients are one audience, the
 * storage is another.
 *
 * It counts the slots that refer to each container. What no slot refers to any more has lost its number before the delta is
 * written, so that nothing is told of what clients no longer see. Where fewer slots refer to it than before, but some,
 * a walk from the root tells whether it can still be reached: it may be part of a cycle.
 */
export class Channel {
  readonly table = new NodeTable();
  readonly root: Node;
  readonly audience: Audience;
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

  /** Whether containers have their numbers. Before that nobody can be told of changes. */
  get started(): boolean {
    return this.#started;
  }

  /** Numbers all that can be seen, in the order of a snapshot; what has a number keeps it. The first snapshot does so too. */
  *start(): Steps<void> {
    this.#started = true;
    const { audience } = this;
    const source = new NodeSource(audience);
    const queue: Node[] = [];
    const walk = ++walks;
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

  /** The delta of some changes, which are final. `undefined` when nobody would notice. */
  encode(changes: ReadonlyMap<Node, Change>): Delta | undefined {
    const edits: Edit[] = [];
    for (const [node, change] of changes) {
      if (this.audience.tag(node).id < 0) continue;
      const edit = Array.isArray(change) ? editArray(node as ArrayNode, change, this.audience) : editKeyed(node, change, this.audience);
      if (edit) edits.push(edit);
    }
    if (edits.length === 0) return undefined;
    return new DeltaWriter(this, changes).write(edits);
  }

  /** The number that the next container takes. */
  get next(): number {
    return this.#next;
  }

  // For writers.

  /** A slot refers to a container, the first one. */
  meet(node: Node, tag: Tag): void {
    tag.refs = 1;
    if (tag.id < 0) tag.id = this.#next++;
    this.table.set(tag.id, node);
  }

  sendName(name: string): string | number {
    return this.#names.send(name);
  }

  number(node: Node): void {
    const tag = this.audience.tag(node);
    tag.id = this.#next++;
    this.table.set(tag.id, node);
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

  /** Whether it is time that twins forget what has no number here. */
  sweepDue(): boolean {
    if (this.#freed < SWEEP_AFTER || this.#freed < this.table.size / 2) return false;
    this.#freed = 0;
    return true;
  }

  /** The numbered containers that cannot be reached, after a walk of which it gives the mark. */
  unreachable(): { walk: number; lost: Node[] } {
    const { audience } = this;
    const walk = ++walks;
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

  /** The whole of it, by the state that the data has now. */
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
   * All that is kept of the store that clients see by this channel, by the state that the data has now. `kept` is the storage's channel; where there
   * is none, its numbers are made for this record alone.
   */
  save(kept: Channel | undefined): Saved {
    const order: Node[] = [];
    const snapshot = kept ? kept.snapshot(order) : this.#detached(order);
    const ids = new Pairs();
    for (const node of order) ids.add(this.audience.tag(node).id);
    return [snapshot, [...this.#names.list], this.#next, ids.all()];
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

/** Numbers as pairs `start, count`; -1 stands for none. */
class Pairs {
  readonly #list: number[] = [];
  #start = 0;
  #count = 0;

  add(id: number): void {
    if (this.#count > 0 && (id < 0 ? this.#start < 0 : this.#start >= 0 && this.#start + this.#count === id)) {
      this.#count++;
      return;
    }
    this.#close();
    this.#start = id < 0 ? -1 : id;
    this.#count = 1;
  }

  all(): number[] {
    this.#close();
    this.#count = 0;
    return this.#list;
  }

  #close(): void {
    if (this.#count > 0) this.#list.push(this.#start, this.#count);
  }
}

// --- what a commit did, for each container ---

interface KeyEdit {
  readonly key: Stored;
  /** Set, not deleted. */
  readonly set: boolean;
  readonly value: Stored;
  /** What it was, where it was there. */
  readonly old: Stored;
  readonly was: boolean;
}
type Edit =
  | { readonly node: Node; readonly keys: readonly KeyEdit[]; readonly splices: undefined; readonly cleared: boolean }
  | { readonly node: ArrayNode; readonly keys: undefined; readonly splices: readonly Splice[] };

function editKeyed(node: Node, changes: KeyChanges, audience: Audience): Edit | undefined {
  const edits: KeyEdit[] = [];
  const { data } = node;
  const names = node instanceof InstanceNode ? audience.names(node) : undefined;
  for (const { key, was, old, moved } of changes.all()) {
    if (names && !names.includes(key as string)) continue;
    const has = data instanceof Map || data instanceof Set ? data.has(key) : Object.hasOwn(data as object, key as string);
    const value = !has || data instanceof Set ? undefined : data instanceof Map ? data.get(key) : (data as Record<string, Stored>)[key as string];
    if (was && (moved || !has)) edits.push({ key, set: false, value: undefined, old, was: true });
    if (has && (!was || moved)) edits.push({ key, set: true, value, old: undefined, was: false });
    else if (has && !Object.is(value, old)) edits.push({ key, set: true, value, old, was: true });
  }
  if (edits.length === 0) return undefined;
  const empty = (data instanceof Map || data instanceof Set) && data.size === 0;
  return { node, keys: edits, splices: undefined, cleared: empty && edits.length > 1 };
}

function editArray(node: ArrayNode, change: readonly Splice[], audience: Audience): Edit | undefined {
  const whole = passing(change, audience) ? [{ at: 0, removed: dataBefore(node, change as Splice[]) as Stored[], added: node.data }] : change;
  const splices: Splice[] = [];
  for (const splice of whole) {
    const trimmed = trim(splice);
    if (trimmed.removed.length > 0 || trimmed.added.length > 0) splices.push(trimmed);
  }
  return splices.length > 0 ? { node, keys: undefined, splices } : undefined;
}

/** Without what it takes away and puts back at its ends. */
function trim(splice: Splice): Splice {
  const { at, removed, added } = splice;
  const shorter = Math.min(removed.length, added.length);
  let start = 0;
  while (start < shorter && Object.is(removed[start], added[start])) start++;
  let end = 0;
  while (end < shorter - start && Object.is(removed[removed.length - 1 - end], added[added.length - 1 - end])) end++;
  if (start + end === 0) return splice;
  return { at: at + start, removed: removed.slice(start, removed.length - end), added: added.slice(start, added.length - end) };
}

/** Whether two splices do no more than a move, or a swap, does. */
function onlyMoves(splices: readonly Splice[]): boolean {
  const [one, other] = splices as [Splice, Splice];
  return splices.length === 2 && sameItems(one.removed, other.added) && sameItems(one.added, other.removed);
}

function sameItems(a: readonly Stored[], b: readonly Stored[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** Whether a new container came and went within these splices: nothing may be told of it. */
function passing(splices: readonly Splice[], audience: Audience): boolean {
  if (splices.length < 2) return false;
  let came: Set<Stored> | undefined;
  for (const { removed, added } of splices) {
    if (came) for (const value of removed) if (came.has(value)) return true;
    for (const value of added) {
      if (!(value instanceof Node && audience.tag(value).id < 0)) continue;
      came ??= new Set();
      came.add(value);
    }
  }
  return false;
}

// --- writing ---

/** Containers that something refers to since this commit, and what that is. */
interface Taken {
  readonly values: Node[];
  readonly holders: Node[];
}

function take(taken: Taken, value: Stored, holder: Node): void {
  if (!(value instanceof Node)) return;
  taken.values.push(value);
  taken.holders.push(holder);
}

/** Containers as writers see them. */
class NodeSource implements Contents<Node> {
  readonly audience: Audience;

  constructor(audience: Audience) {
    this.audience = audience;
  }

  kind(node: Node) {
    return node.kind;
  }

  data(node: Node): unknown {
    return node.data;
  }

  names(node: Node): readonly string[] {
    return node instanceof InstanceNode ? this.audience.names(node) : Object.keys(node.data as object);
  }

  className(node: Node): string {
    return (node as InstanceNode).className;
  }
}

class DeltaWriter extends NodeSource implements Source<Node> {
  /** One that stays: an engine drops what it has compiled for a class when a collection finds no instance of it. */
  static readonly stays = new DeltaWriter(Channel.prototype, new Map());
  readonly #channel: Channel;
  readonly #changes: ReadonlyMap<Node, Change>;
  /** Containers met that had no number. */
  readonly #met: Node[] = [];
  /** Those that have lost references, once for each. */
  readonly #dropped: Node[] = [];
  /** The containers that refer to one since this commit: noted where any has lost references. */
  #takers: Map<Node, Node | Node[]> | undefined;
  /** Arrays that stand where another one stood. */
  #bases: Map<Node, ArrayNode> | undefined;
  /** What this delta forgets, and the numbers that it had. */
  readonly #forgotten: Node[] = [];
  readonly #numbers: number[] = [];
  #gone: Map<Node, number> | undefined;
  /** Plain values that properties have got, by name: written together. */
  #sets: Map<string, { nodes: Node[]; values: Stored[] }> | undefined;
  readonly #queue: Node[] = [];
  readonly #ops: unknown[] = [];
  /** Where names stand among the ops: they get their numbers after those in the bodies, as the text has it. */
  readonly #namesAt: number[] = [];

  #tag(node: Node): Tag {
    return this.audience.tag(node);
  }

  constructor(channel: Channel, changes: ReadonlyMap<Node, Change>) {
    super(channel.audience);
    this.#channel = channel;
    this.#changes = changes;
  }

  write(edits: readonly Edit[]): Delta | undefined {
    this.#count(edits);
    for (const edit of edits) {
      if (this.#tag(edit.node).id < 0) continue;
      if (edit.splices) this.#writeSplices(edit.node, edit.splices);
      else this.#writeKeys(edit.node, edit.keys, edit.cleared);
    }
    if (this.#sets) for (const [name, { nodes, values }] of this.#sets) this.#writeSets(name, nodes, values);
    const bodies = writeBodies(this.#queue, this);
    for (const at of this.#namesAt) this.#ops[at] = this.#channel.sendName(this.#ops[at] as string);
    if (this.#channel.sweepDue()) this.#ops.push(11);
    if (this.#ops.length === 0) return undefined;
    return bodies.length > 0 ? [bodies, ...this.#ops] : this.#ops;
  }

  /** Counts references anew, and forgets what cannot be seen any more. */
  #count(edits: readonly Edit[]): void {
    const taken: Taken = { values: [], holders: [] };
    for (const edit of edits) {
      if (edit.splices) this.#countSplices(edit.node, edit.splices, taken);
      else this.#countKeys(edit.node, edit.keys, taken);
    }
    for (let i = 0; i < taken.values.length; i++) this.#take(taken.values[i] as Node, taken.holders[i] as Node);
    if (this.#met.length > 0) this.#findBases(edits);
    for (const node of this.#met) {
      this.audience.met?.(node);
      node.children((child) => this.#take(child, node), this.audience);
    }
    if (this.#dropped.length > 0) this.#forgetDropped();
  }

  #findBases(edits: readonly Edit[]): void {
    for (const { keys } of edits) {
      if (!keys) continue;
      for (const { value, old } of keys) {
        if (!(value instanceof ArrayNode && this.#tag(value).id === MET && old instanceof ArrayNode)) continue;
        this.#bases ??= new Map();
        this.#bases.set(value, old);
      }
    }
  }

  #forgetDropped(): void {
    const dropped = this.#dropped;
    for (const node of dropped) {
      const { id, refs } = this.#tag(node);
      if (refs > 0 || id === UNNUMBERED) continue;
      node.children((child) => this.#drop(child), this.audience);
      this.#forget(node);
    }
    let left: Map<Node, number> | undefined;
    for (const node of dropped) {
      if (this.#tag(node).id === UNNUMBERED) continue;
      left ??= new Map();
      left.set(node, (left.get(node) ?? 0) + 1);
    }
    if (left) for (const [node, count] of left) if (this.#doubtful(node, count)) return this.#sweep();
  }

  /** What only moves within an array is neither dropped nor taken. */
  #countSplices(node: Node, splices: readonly Splice[], taken: Taken): void {
    const [first] = splices;
    if (splices.length === 1 && (first?.removed.length === 0 || first?.added.length === 0)) {
      for (const value of first.removed) this.#drop(value);
      for (const value of first.added) take(taken, value, node);
      return;
    }
    if (onlyMoves(splices)) return;
    const gone = new Map<Node, number>();
    for (const { removed } of splices) for (const value of removed) if (value instanceof Node) gone.set(value, (gone.get(value) ?? 0) + 1);
    for (const { added } of splices) {
      for (const value of added) {
        if (!(value instanceof Node)) continue;
        const count = gone.get(value);
        if (!count) take(taken, value, node);
        else if (count === 1) gone.delete(value);
        else gone.set(value, count - 1);
      }
    }
    for (const [value, count] of gone) for (let i = 0; i < count; i++) this.#drop(value);
  }

  #countKeys(node: Node, keys: readonly KeyEdit[], taken: Taken): void {
    for (const { key, set, value, old, was } of keys) {
      if (was) this.#drop(old);
      if (!set) this.#drop(key);
      else {
        if (!was) take(taken, key, node);
        take(taken, value, node);
      }
    }
  }

  /**
   * Whether a container that has lost references, but is still referred to, may be part of a cycle that nothing else refers
   * to: if it has fewer references than before, or all those who took it are among what it refers to itself.
   */
  #doubtful(node: Node, lost: number): boolean {
    const known = this.#takers?.get(node);
    const all = known === undefined ? [] : Array.isArray(known) ? known : [known];
    if (lost > all.length) return true;
    for (const taker of all) if (this.#surelySeen(taker)) return false;
    const takers = new Set(all.filter((taker) => this.#tag(taker).id !== UNNUMBERED));
    const inside = new Set([node]);
    for (const one of inside) {
      if (inside.size > WALK_LIMIT) return true;
      takers.delete(one);
      one.children((child) => inside.add(child), this.audience);
    }
    return takers.size === 0;
  }

  #surelySeen(node: Node): boolean {
    if (node === this.#channel.root) return true;
    if (this.#tag(node).id !== MET) return false;
    const takers = this.#takers?.get(node);
    const taker = Array.isArray(takers) ? takers[0] : takers;
    return taker !== undefined && this.#tag(taker).id !== MET && this.#surelySeen(taker);
  }

  #sweep(): void {
    const { walk, lost } = this.#channel.unreachable();
    for (const node of this.#met) if (this.#tag(node).id === MET && this.#tag(node).mark !== walk) lost.push(node);
    for (const node of lost) {
      // What it refers to and is still seen has one reference less.
      node.children((child) => {
        if (this.#tag(child).mark === walk) this.#tag(child).refs--;
      }, this.audience);
      this.#forget(node);
    }
  }

  #drop(value: Stored): void {
    if (!(value instanceof Node)) return;
    this.#tag(value).refs--;
    this.#dropped.push(value);
  }

  #take(value: Node, taker: Node): void {
    const tag = this.#tag(value);
    tag.refs++;
    // All that drops of itself has done so before.
    if (this.#dropped.length > 0) {
      this.#takers ??= new Map();
      const takers = this.#takers.get(value);
      if (takers === undefined) this.#takers.set(value, taker);
      else if (Array.isArray(takers)) takers.push(taker);
      else this.#takers.set(value, [takers, taker]);
    }
    if (tag.id !== UNNUMBERED) return;
    tag.id = MET;
    this.#met.push(value);
  }

  #forget(node: Node): void {
    const { id } = this.#tag(node);
    if (id >= 0) {
      this.#forgotten.push(node);
      this.#numbers.push(id);
    }
    this.#channel.forget(node);
  }

  /** The number that a forgotten container had. */
  #goneNumber(node: Node): number | undefined {
    if (this.#forgotten.length === 0) return undefined;
    this.#gone ??= new Map(this.#forgotten.map((one, i) => [one, this.#numbers[i] as number]));
    return this.#gone.get(node);
  }

  #writeKeys(node: Node, keys: readonly KeyEdit[], cleared: boolean): void {
    const { kind } = node;
    const { id } = this.#tag(node);
    const ops = this.#ops;
    if (cleared) {
      ops.push(9, id);
      return;
    }
    for (const { key, set, value, was } of keys) {
      if (kind === "map") {
        if (set) ops.push(5, id, this.slot(key), this.slot(value));
        else ops.push(6, id, this.slot(key));
      } else if (kind === "set") ops.push(set ? 7 : 8, id, this.slot(key));
      else if (set && was && !(value instanceof Node)) {
        // Written together with other containers' ones of this name.
        this.#sets ??= new Map();
        let sets = this.#sets.get(key as string);
        if (!sets) {
          sets = { nodes: [], values: [] };
          this.#sets.set(key as string, sets);
        }
        sets.nodes.push(node);
        sets.values.push(value);
      } else {
        ops.push(set ? 0 : 1, id);
        this.#pushName(key as string);
        if (set) ops.push(this.slot(value));
      }
    }
  }

  #writeSets(name: string, nodes: readonly Node[], values: readonly Stored[]): void {
    const ops = this.#ops;
    const [first] = nodes as [Node];
    if (nodes.length === 1) {
      ops.push(0, this.#tag(first).id);
      this.#pushName(name);
      ops.push(this.slot(values[0]));
      return;
    }
    ops.push(10);
    this.#pushName(name);
    let before = 0;
    const steps = nodes.map((node) => {
      const { id } = this.#tag(node);
      const step = id - before;
      before = id;
      return step;
    });
    ops.push(
      steps,
      values.map((value) => this.slot(value)),
    );
  }

  #pushName(name: string): void {
    this.#namesAt.push(this.#ops.length);
    this.#ops.push(name);
  }

  #writeSplices(node: Node, splices: readonly Splice[]): void {
    const { id } = this.#tag(node);
    for (const { at, removed, added } of splices) {
      if (added.length === 0) this.#ops.push(3, id, at, removed.length);
      else if (added.length === 1 && removed.length === 1) this.#ops.push(4, id, at, this.slot(added[0]));
      else
        this.#ops.push(
          2,
          id,
          at,
          removed.length,
          added.map((value) => this.slot(value)),
        );
    }
  }

  // As the source of bodies.

  slot(value: Stored): Slot {
    if (typeof value === "string") return value;
    if (!(value instanceof Node)) return leafSlot(value) as Slot;
    const { id } = this.#tag(value);
    if (id >= 0) return [id];
    // It came and went within this delta; twins still know it by the number that it had.
    const gone = this.#goneNumber(value);
    if (gone !== undefined) return [gone];
    this.#channel.number(value);
    this.#queue.push(value);
    return NEXT;
  }

  name(name: string): string | number {
    return this.#channel.sendName(name);
  }

  hasBase(node: Node): boolean {
    return this.#bases?.has(node) ?? false;
  }

  from(node: Node): Group | undefined {
    const base = this.#bases?.get(node);
    const gone = base && this.#goneNumber(base);
    const id = gone ?? (base && this.#tag(base).id) ?? UNNUMBERED;
    if (!base || id < 0) return undefined;
    // Nothing is told of a forgotten array: twins have it as it was.
    const change = gone === undefined ? undefined : this.#changes.get(base);
    const items = change ? (dataBefore(base, change) as Stored[]) : base.data;
    const runs = arrange(items, (node as ArrayNode).data, (value) => this.slot(value));
    return runs && ["f", id, runs];
  }
}

class SnapshotWriter extends NodeSource implements Source<Node> {
  /** One that stays: see {@link DeltaWriter.stays}. */
  static readonly stays = new SnapshotWriter(storage, undefined, String, () => UNNUMBERED, []);
  readonly #walk = ++walks;
  /** The channel that numbers what is met, where it has not done so before. */
  readonly #fresh: Channel | undefined;
  readonly #send: (name: string) => string | number;
  readonly #number: (node: Node) => number;
  readonly #queue: Node[];
  readonly #ids = new Pairs();

  constructor(audience: Audience, fresh: Channel | undefined, send: (name: string) => string | number, number: (node: Node) => number, queue: Node[]) {
    super(audience);
    this.#fresh = fresh;
    this.#send = send;
    this.#number = number;
    this.#queue = queue;
  }

  *write(root: Node, names: readonly string[], next: () => number): Steps<Snapshot> {
    this.slot(root);
    const bodies: Group[] = [];
    for (let i = 0; i < this.#queue.length; ) {
      const group = writeBody(this.#queue, i, this, STEP);
      bodies.push(group);
      i += countOf(group);
      yield;
    }
    return [[...names], next(), this.#ids.all(), bodies];
  }

  slot(value: Stored): Slot {
    if (typeof value === "string") return value;
    if (!(value instanceof Node)) return leafSlot(value) as Slot;
    const tag = this.audience.tag(value);
    if (tag.mark === this.#walk) {
      if (this.#fresh) tag.refs++;
      return [this.#number(value)];
    }
    tag.mark = this.#walk;
    this.#fresh?.meet(value, tag);
    this.#ids.add(this.#number(value));
    this.#queue.push(value);
    return NEXT;
  }

  name(name: string): string | number {
    return this.#send(name);
  }
}
