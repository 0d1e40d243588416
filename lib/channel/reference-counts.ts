import { ArrayNode } from "../graph/array.js";
import { type Audience, clients } from "../graph/audience.js";
import { MET, Node, nextWalk, type Stored, type Tag, UNNUMBERED } from "../graph/node.js";
import { type Edit, type KeyEdit, onlyMoves } from "../record/edit.js";
import type { Splice } from "../record/recorder.js";
import type { Channel } from "./channel.js";

/** How far to look for a cycle around one container before walking all. */
const WALK_LIMIT = 200;

/** New references of this commit: the containers, and the containers that hold them. */
interface Taken {
  readonly values: Node[];
  readonly holders: Node[];
}

function take(taken: Taken, value: Stored, holder: Node): void {
  if (!(value instanceof Node)) return;
  taken.values.push(value);
  taken.holders.push(holder);
}

/** Whether edits may add or remove references to containers. Most commits change plain values only. */
export function refers(edits: readonly Edit[]): boolean {
  return edits.some(({ keys, splices }) => {
    if (keys) return keys.some(({ key, value, old }) => value instanceof Node || old instanceof Node || key instanceof Node);
    return !onlyMoves(splices) && splices.some(({ removed, added }) => removed.some(isNode) || added.some(isNode));
  });
}

const NOTHING: Taken = { values: [], holders: [] };

const isNode = (value: Stored) => value instanceof Node;

/** Updates the reference counts of a channel's containers for one commit, and forgets containers that are no longer visible. */
export class ReferenceCounts {
  /** One that stays: see `DeltaWriter.stays`. */
  static readonly stays = new ReferenceCounts({ audience: clients } as Channel);
  readonly #channel: Channel;
  readonly #audience: Audience;
  /** Containers met that had no number. */
  readonly #met: Node[] = [];
  /** The containers that lost references, once for each lost reference. */
  readonly #dropped: Node[] = [];
  /** The new references of this commit. Recorded only if any container lost references. */
  #taken: Taken | undefined;
  /** The first container that refers to a new one. */
  #finders: Map<Node, Node> | undefined;
  /** New arrays, with the arrays whose places they took. */
  #bases: Map<Node, ArrayNode> | undefined;
  /** The forgotten containers, and their old numbers. */
  readonly #forgotten: Node[] = [];
  readonly #numbers: number[] = [];
  #gone: Map<Node, number> | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#audience = channel.audience;
  }

  #tag(node: Node): Tag {
    return this.#audience.tag(node);
  }

  /** Updates the counts, and forgets containers that are no longer visible. */
  count(edits: readonly Edit[]): void {
    const taken: Taken = { values: [], holders: [] };
    for (const edit of edits) {
      if (edit.splices) this.#countSplices(edit.node, edit.splices, taken);
      else this.#countKeys(edit.node, edit.keys, taken);
    }
    for (let i = 0; i < taken.values.length; i++) this.#take(taken.values[i] as Node, taken.holders[i] as Node);
    if (this.#met.length > 0) this.#findBases(edits);
    for (const node of this.#met) {
      this.#audience.met?.(node);
      node.children((child) => this.#take(child, node), this.#audience);
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

  /** The array whose place a new array took. */
  baseOf(node: Node): ArrayNode | undefined {
    return this.#bases?.get(node);
  }

  #forgetDropped(): void {
    const dropped = this.#dropped;
    for (const node of dropped) {
      const { id, refs } = this.#tag(node);
      if (refs > 0 || id === UNNUMBERED) continue;
      node.children((child) => this.#drop(child), this.#audience);
      this.#forget(node);
    }
    if (this.#anyDoubtful()) this.#sweep();
  }

  /** Whether any container that lost references, and has some left, may be part of a cycle to which nothing else refers. */
  #anyDoubtful(): boolean {
    const walk = nextWalk();
    let left = 0;
    /** How many references a container lost, if it lost more than one. */
    let several: Map<Node, number> | undefined;
    for (const node of this.#dropped) {
      const tag = this.#tag(node);
      if (tag.id === UNNUMBERED) continue;
      if (tag.mark !== walk) {
        tag.mark = walk;
        left++;
        continue;
      }
      several ??= new Map();
      several.set(node, (several.get(node) ?? 1) + 1);
    }
    if (left === 0) return false;
    const { values, holders } = this.#taken ?? NOTHING;
    // Most of them only moved to a place that is surely visible, such as a copy of their array.
    for (let i = 0; i < values.length && left > 0; i++) {
      const node = values[i] as Node;
      const tag = this.#tag(node);
      if (tag.mark !== walk || several?.has(node) || !this.#surelySeen(holders[i] as Node)) continue;
      tag.mark = 0;
      left--;
    }
    if (left === 0) return false;
    const takers = new Map<Node, Node[]>();
    for (let i = 0; i < values.length; i++) {
      const node = values[i] as Node;
      const those = takers.get(node);
      if (those) those.push(holders[i] as Node);
      else takers.set(node, [holders[i] as Node]);
    }
    for (const node of this.#dropped) {
      const tag = this.#tag(node);
      if (tag.mark !== walk || tag.id === UNNUMBERED) continue;
      tag.mark = 0;
      if (this.#doubtful(node, several?.get(node) ?? 1, takers.get(node) ?? [])) return true;
    }
    return false;
  }

  /** Counts the references of splices. A container that only moves within an array is neither dropped nor taken. */
  #countSplices(node: Node, splices: readonly Splice[], taken: Taken): void {
    const first = splices[0] as Splice;
    if (splices.length === 1 && (first.removed.length === 0 || first.added.length === 0)) {
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
   * Whether a container that has lost so many references may be part of such a cycle: if fewer have taken it, or all who did are among what it refers to
   * itself.
   */
  #doubtful(node: Node, lost: number, takers: readonly Node[]): boolean {
    if (lost > takers.length) return true;
    for (const taker of takers) if (this.#surelySeen(taker)) return false;
    const outside = new Set(takers.filter((taker) => this.#tag(taker).id !== UNNUMBERED));
    const inside = new Set([node]);
    for (const one of inside) {
      if (inside.size > WALK_LIMIT) return true;
      outside.delete(one);
      one.children((child) => inside.add(child), this.#audience);
    }
    return outside.size === 0;
  }

  /** Whether a container is the root, or is new in it. */
  #surelySeen(node: Node): boolean {
    const { root } = this.#channel;
    return node === root || (this.#tag(node).id === MET && this.#finders?.get(node) === root);
  }

  #sweep(): void {
    const { walk, lost } = this.#channel.unreachable();
    for (const node of this.#met) if (this.#tag(node).id === MET && this.#tag(node).mark !== walk) lost.push(node);
    for (const node of lost) {
      // Containers that it refers to and that are still reachable lose one reference.
      node.children((child) => {
        if (this.#tag(child).mark === walk) this.#tag(child).refs--;
      }, this.#audience);
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
    // All direct drops happened before this.
    const noted = this.#dropped.length > 0;
    if (noted) {
      this.#taken ??= { values: [], holders: [] };
      take(this.#taken, value, taker);
    }
    if (tag.id !== UNNUMBERED) return;
    tag.id = MET;
    this.#met.push(value);
    if (!noted) return;
    this.#finders ??= new Map();
    this.#finders.set(value, taker);
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
  goneNumber(node: Node): number | undefined {
    if (this.#forgotten.length === 0) return undefined;
    this.#gone ??= new Map(this.#forgotten.map((one, i) => [one, this.#numbers[i] as number]));
    return this.#gone.get(node);
  }
}
