import { type ArrayNode, spliced } from "../graph/array.js";
import { type Node, put, type Stored } from "../graph/node.js";
import { type TextSplice, textSplice } from "./text-splice.js";

/** The old value of a key in an object, instance or Map, or whether a member was in a Set. */
export interface KeyChange {
  readonly key: Stored;
  /** The key was present at the last commit. */
  readonly was: boolean;
  readonly old: Stored;
  /** The key was deleted since then: if it was set again, it stands at the end. */
  moved: boolean;
  /** What {@link textChange} has found, once it has been asked. */
  text?: TextSplice | null;
}

/** Up to this many changes are kept in a list, and more in a Map. */
const FEW = 8;

/** The changed keys of one container. Mostly one or two, so a Map for each container would cost more than everything else. */
export class KeyChanges {
  /** An instance that stays: V8 drops the compiled code of a class when a garbage collection finds no instance of it. */
  static readonly stays = new KeyChanges();
  /** The keys in their old order, recorded when one is deleted: a rollback restores the order. */
  order: Stored[] | undefined = undefined;
  changes: KeyChange[] | Map<Stored, KeyChange> = [];

  get(key: Stored): KeyChange | undefined {
    const { changes } = this;
    if (changes instanceof Map) return changes.get(key);
    for (const change of changes) if (change.key === key || (Number.isNaN(key) && Number.isNaN(change.key))) return change;
    return undefined;
  }

  add(change: KeyChange): void {
    if (Array.isArray(this.changes)) {
      if (this.changes.length < FEW) {
        // Most lists have one item: a list that grows would reserve room for many.
        if (this.changes.length === 0) this.changes = [change];
        else this.changes.push(change);
        return;
      }
      this.changes = new Map(this.changes.map((one) => [one.key, one]));
    }
    this.changes.set(change.key, change);
  }

  /** Makes a change the last. */
  renew(change: KeyChange): void {
    if (Array.isArray(this.changes)) this.changes.splice(this.changes.indexOf(change), 1);
    else this.changes.delete(change.key);
    this.add(change);
  }

  /** All changes, in the order in which clients are notified of them. */
  all(): Iterable<KeyChange> {
    return this.changes.values();
  }
}

export interface Splice {
  at: number;
  removed: Stored[];
  added: Stored[];
  /** What {@link textChange} has found, if it replaces one item and has been asked. */
  text?: TextSplice | null;
  /** The same splice as several, so that texts at its ends change in part. Missing until it has been asked for. */
  parts?: readonly Splice[];
}

export type Change = KeyChanges | Splice[];

/** How one text became another in a change, if that is shorter than the new text. Found once, for all audiences: comparing reads all of both texts. */
export function textChange(change: KeyChange | Splice, before: Stored, after: Stored): TextSplice | undefined {
  if (typeof before !== "string" || typeof after !== "string") return undefined;
  if (change.text === undefined) change.text = textSplice(before, after) ?? null;
  return change.text ?? undefined;
}

/** Beyond this, splices that touch are kept apart: merging would copy too much. */
const MERGE_LIMIT = 512;

/** The open changes of a store: what each touched container was at the last commit. */
export class Recorder {
  readonly changes = new Map<Node, Change>();

  get open(): boolean {
    return this.changes.size > 0;
  }

  /** A key is about to be set, which is `present` now or not. */
  key(node: Node, key: Stored, present: boolean, old: Stored): void {
    const changes = this.#keyed(node);
    const change = changes.get(key);
    // A Map stores -0 as 0.
    if (!change) changes.add({ key: key === 0 ? 0 : key, was: present, old, moved: false });
    // A key that is set again after a delete stands at the end.
    else if (!present) changes.renew(change);
  }

  /** A key is about to be deleted. `order` gives the keys as they stand. */
  delete(node: Node, key: Stored, old: Stored, order: () => Stored[]): void {
    const changes = this.#keyed(node);
    const change = changes.get(key);
    if (!changes.order) changes.order = before(order(), changes);
    if (change) change.moved = true;
    else changes.add({ key: key === 0 ? 0 : key, was: true, old, moved: true });
  }

  /** An array is spliced. The lists become the recorder's own. */
  splice(node: ArrayNode, at: number, removed: Stored[], added: Stored[]): void {
    const splices = this.changes.get(node) as Splice[] | undefined;
    if (!splices) {
      this.changes.set(node, [{ at, removed, added }]);
      return;
    }
    const last = splices[splices.length - 1] as Splice;
    const offset = at - last.at;
    if (offset >= 0 && offset <= last.added.length && last.added.length - offset < MERGE_LIMIT) {
      const inside = Math.min(removed.length, last.added.length - offset);
      last.added = spliced(last.added, offset, inside, added);
      for (let i = inside; i < removed.length; i++) last.removed.push(removed[i]);
      return;
    }
    splices.push({ at, removed, added });
  }

  clear(): void {
    this.changes.clear();
  }

  #keyed(node: Node): KeyChanges {
    let changes = this.changes.get(node) as KeyChanges | undefined;
    if (!changes) {
      changes = new KeyChanges();
      this.changes.set(node, changes);
    }
    return changes;
  }
}

/** The keys as they stood before these changes, of which none is a delete yet: all but the new ones. */
const before = (order: Stored[], changes: KeyChanges): Stored[] => order.filter((key) => changes.get(key)?.was !== false);

/** The data of a container before its open changes, as a copy. */
export function dataBefore(node: Node, change: Change): unknown {
  if (Array.isArray(change)) {
    let data = (node.data as Stored[]).slice();
    for (let i = change.length - 1; i >= 0; i--) {
      const { at, removed, added } = change[i] as Splice;
      data = spliced(data, at, added.length, removed);
    }
    return data;
  }
  switch (node.kind) {
    case "map":
      return mapBefore(node.data as Map<Stored, Stored>, change);
    case "set":
      return setBefore(node.data as Set<Stored>, change);
    default:
      return objectBefore(node.data as Record<string, Stored>, change);
  }
}

function objectBefore(data: Record<string, Stored>, changes: KeyChanges): object {
  const old: Record<string, Stored> = {};
  for (const key of (changes.order as string[] | undefined) ?? Object.keys(data)) {
    const change = changes.get(key);
    if (!change) put(old, key, data[key]);
    else if (change.was) put(old, key, change.old);
  }
  return old;
}

function mapBefore(data: Map<Stored, Stored>, changes: KeyChanges): Map<Stored, Stored> {
  const old = new Map<Stored, Stored>();
  for (const key of changes.order ?? data.keys()) {
    const change = changes.get(key);
    if (!change) old.set(key, data.get(key));
    else if (change.was) old.set(key, change.old);
  }
  return old;
}

function setBefore(data: Set<Stored>, changes: KeyChanges): Set<Stored> {
  const old = new Set<Stored>();
  for (const key of changes.order ?? data) if (changes.get(key)?.was !== false) old.add(key);
  return old;
}
