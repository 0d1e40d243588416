import type { ArrayNode } from "../graph/array.js";
import type { Node } from "../graph/node.js";
import { type Change, KeyChanges, Recorder, type Splice } from "./recorder.js";

/** Changes of several commits as those of one. */
export class MergedChanges {
  readonly #recorder = new Recorder();

  get changes(): ReadonlyMap<Node, Change> {
    return this.#recorder.changes;
  }

  get any(): boolean {
    return this.#recorder.open;
  }

  /** Adds what a later commit has done to a container. The change becomes its own. */
  add(node: Node, change: Change): void {
    const first = this.#recorder.changes.get(node);
    if (!first) this.#recorder.changes.set(node, own(change));
    else if (first instanceof KeyChanges) mergeKeys(first, change as KeyChanges);
    else this.#mergeSplices(node as ArrayNode, first, change as readonly Splice[]);
  }

  clear(): void {
    this.#recorder.clear();
  }

  #mergeSplices(node: ArrayNode, first: Splice[], later: readonly Splice[]): void {
    for (const { at, removed, added } of later) {
      // What has been found of the last splice is wrong once another one is merged into it.
      const last = first[first.length - 1] as Splice;
      last.text = undefined;
      last.parts = undefined;
      this.#recorder.splice(node, at, removed.slice(), added.slice());
    }
  }
}

/** Splices are copied: others may still read the change, and later splices are merged into the last one. */
const own = (change: Change): Change => (Array.isArray(change) ? change.map(ownSplice) : change);

const ownSplice = ({ at, removed, added }: Splice): Splice => ({ at, removed: removed.slice(), added: added.slice() });

/** The first old value of a key counts. A key that came anew later, or was moved, stands at the end. */
function mergeKeys(first: KeyChanges, later: KeyChanges): void {
  for (const change of later.all()) {
    const known = first.get(change.key);
    if (!known) {
      first.add(change);
      continue;
    }
    known.text = undefined;
    if (change.was && !change.moved) continue;
    known.moved ||= change.moved;
    first.renew(known);
  }
}
