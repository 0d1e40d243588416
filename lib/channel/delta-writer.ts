import type { ArrayNode } from "../graph/array.js";
import { clients } from "../graph/audience.js";
import { Node, type Stored, type Tag, UNNUMBERED } from "../graph/node.js";
import type { Edit, KeyEdit } from "../record/edit.js";
import { type Change, dataBefore, type Splice, textChange } from "../record/recorder.js";
import type { TextSplice } from "../record/text-splice.js";
import { diffArrays } from "../wire/array-diff.js";
import { type Group, NEXT, type Slot, type SlotSource, type WireDelta, writeBodies } from "../wire/codec.js";
import { leafSlot } from "../wire/leaves.js";
import { APPEND, CLEAR, CUT, DELETE, MAP_DELETE, MAP_SET, SET, SET_ADD, SET_DELETE, SET_ITEM, SET_MANY, SPLICE, SWEEP, TEXT } from "../wire/ops.js";
import type { Channel } from "./channel.js";
import { NodeSource } from "./node-source.js";
import { ReferenceCounts, refers } from "./reference-counts.js";

/** Writes what a commit did, for one channel. */
export class DeltaWriter extends NodeSource implements SlotSource<Node> {
  /** An instance that stays: an engine drops what it has compiled for a class when a collection finds no instance of it. */
  static readonly stays = new DeltaWriter({ audience: clients } as Channel, new Map(), []);
  readonly #channel: Channel;
  readonly #changes: ReadonlyMap<Node, Change>;
  readonly #references: ReferenceCounts | undefined;
  /** Plain values that properties have got, by name: written together. */
  #sets: Map<string, { nodes: Node[]; values: Stored[] }> | undefined;
  #queue: Node[] | undefined;
  readonly #ops: unknown[] = [];
  /** The places of names among the ops. Names of the ops get their numbers after those of the bodies, in the order of the text. */
  #namesAt: number[] | undefined;
  readonly #edits: readonly Edit[];

  #tag(node: Node): Tag {
    return this.audience.tag(node);
  }

  constructor(channel: Channel, changes: ReadonlyMap<Node, Change>, edits: readonly Edit[]) {
    super(channel.audience);
    this.#channel = channel;
    this.#changes = changes;
    this.#edits = edits;
    this.#references = refers(edits) ? new ReferenceCounts(channel) : undefined;
  }

  write(): WireDelta | undefined {
    this.#references?.count(this.#edits);
    for (const edit of this.#edits) {
      if (this.#tag(edit.node).id < 0) continue;
      if (edit.splices) this.#writeSplices(edit.node, edit.splices);
      else this.#writeKeys(edit.node, edit.keys, edit.cleared);
    }
    if (this.#sets) for (const [name, { nodes, values }] of this.#sets) this.#writeSets(name, nodes, values);
    const bodies = this.#queue && writeBodies(this.#queue, this);
    if (this.#namesAt) for (const at of this.#namesAt) this.#ops[at] = this.#channel.sendName(this.#ops[at] as string);
    if (this.#channel.sweepDue()) this.#ops.push(SWEEP);
    if (this.#ops.length === 0) return undefined;
    return bodies ? [bodies, ...this.#ops] : this.#ops;
  }

  #writeKeys(node: Node, keys: readonly KeyEdit[], cleared: boolean): void {
    const { kind } = node;
    const { id } = this.#tag(node);
    const ops = this.#ops;
    if (cleared) {
      ops.push(CLEAR, id);
      return;
    }
    for (const { key, set, value, old, was, text } of keys) {
      if (text) this.#writeText(node, key, old as string, text);
      else if (kind === "map") {
        if (set) ops.push(MAP_SET, id, this.slot(key), this.slot(value));
        else ops.push(MAP_DELETE, id, this.slot(key));
      } else if (kind === "set") ops.push(set ? SET_ADD : SET_DELETE, id, this.slot(key));
      else if (set && was && !(value instanceof Node) && this.#edits.length > 1) {
        // Written together with other containers' ones of this name, where there are others.
        this.#sets ??= new Map();
        const sets = this.#sets.get(key as string);
        if (!sets) this.#sets.set(key as string, { nodes: [node], values: [value] });
        else {
          sets.nodes.push(node);
          sets.values.push(value);
        }
      } else {
        ops.push(set ? SET : DELETE, id);
        this.#pushName(key as string);
        if (set) ops.push(this.slot(value));
      }
    }
  }

  #writeSets(name: string, nodes: readonly Node[], values: readonly Stored[]): void {
    const ops = this.#ops;
    const [first] = nodes as [Node];
    if (nodes.length === 1) {
      ops.push(SET, this.#tag(first).id);
      this.#pushName(name);
      ops.push(this.slot(values[0]));
      return;
    }
    ops.push(SET_MANY);
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

  /** Writes how a text has changed. `key`: the name of a property, the index of an item, or the key of a Map. */
  #writeText(node: Node, key: Stored, before: string, { at, removed, added }: TextSplice): void {
    const ops = this.#ops;
    const appends = removed === 0 && at === before.length;
    ops.push(appends ? APPEND : TEXT, this.#tag(node).id);
    if (node.kind === "map") ops.push(this.slot(key));
    else if (typeof key === "string") this.#pushName(key);
    else ops.push(key);
    if (!appends) ops.push(at, removed);
    ops.push(added);
  }

  #pushName(name: string): void {
    if (this.#namesAt) this.#namesAt.push(this.#ops.length);
    else this.#namesAt = [this.#ops.length];
    this.#ops.push(name);
  }

  #writeSplices(node: Node, splices: readonly Splice[]): void {
    const { id } = this.#tag(node);
    for (const splice of splices) {
      const { at, removed, added } = splice;
      if (added.length === 0) this.#ops.push(CUT, id, at, removed.length);
      else if (added.length === 1 && removed.length === 1) {
        const text = textChange(splice, removed[0], added[0]);
        if (text) this.#writeText(node, at, removed[0] as string, text);
        else this.#ops.push(SET_ITEM, id, at, this.slot(added[0]));
      } else
        this.#ops.push(
          SPLICE,
          id,
          at,
          removed.length,
          added.map((value) => this.slot(value)),
        );
    }
  }

  // --- the source of bodies ---

  slot(value: Stored): Slot {
    if (typeof value === "string") return value;
    if (!(value instanceof Node)) return leafSlot(value) as Slot;
    const { id } = this.#tag(value);
    if (id >= 0) return [id];
    // The container came and went within this delta; twins still know it by the number that it had.
    const gone = this.#references?.goneNumber(value);
    if (gone !== undefined) return [gone];
    this.#channel.number(value);
    if (this.#queue) this.#queue.push(value);
    else this.#queue = [value];
    return NEXT;
  }

  name(name: string): string | number {
    return this.#channel.sendName(name);
  }

  hasBase(node: Node): boolean {
    return this.#references?.baseOf(node) !== undefined;
  }

  from(node: Node): Group | undefined {
    const base = this.#references?.baseOf(node);
    const gone = base && this.#references?.goneNumber(base);
    const id = gone ?? (base && this.#tag(base).id) ?? UNNUMBERED;
    if (!base || id < 0) return undefined;
    // No op changes a forgotten array: twins have it as it was.
    const change = gone === undefined ? undefined : this.#changes.get(base);
    const items = change ? (dataBefore(base, change) as Stored[]) : base.data;
    const runs = diffArrays(items, (node as ArrayNode).data, (value) => this.slot(value));
    return runs && ["f", id, runs];
  }
}
