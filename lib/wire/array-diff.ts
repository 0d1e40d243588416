import type { Stored } from "../graph/node.js";
import type { Slot } from "./codec.js";

/** A number k ≥ 0: copy k, skip one. −k: skip k. `[k, slot…]`: copy k, add the slots. */
export type CopyRun = number | readonly [number, ...Slot[]];

/**
 * How `next` is made from `base`: what both have in the same order is copied. `undefined` where that is less than half
 * of it, so that it is better sent as it is.
 */
export function diffArrays(base: readonly Stored[], next: readonly Stored[], slot: (value: Stored) => Slot): CopyRun[] | undefined {
  const positions = inOrder(base, next) ?? positionsIn(base, next);
  const kept = increasing(positions);
  if (kept.length * 2 < next.length || kept.length === 0) return undefined;
  const runs: CopyRun[] = [];
  let cursor = 0;
  let copy = 0;
  /** Copies what is due, then skips to `to`, which is further than that. */
  const skipTo = (to: number) => {
    const skip = to - cursor - copy;
    if (skip > 0) {
      runs.push(copy);
      if (skip > 1) runs.push(1 - skip);
      cursor = to;
      copy = 0;
    }
  };
  let k = 0;
  for (let i = 0; i < next.length; ) {
    if (kept[k] === i) {
      skipTo(positions[i] as number);
      copy++;
      k++;
      i++;
      continue;
    }
    const added: Slot[] = [];
    for (; i < next.length && kept[k] !== i; i++) added.push(slot(next[i]));
    runs.push([copy, ...added]);
    cursor += copy;
    copy = 0;
  }
  if (copy > 0) runs.push(copy);
  return runs;
}

/** The places of the items of `next` in `base`, if all stand there in the same order, as after a filter. */
function inOrder(base: readonly Stored[], next: readonly Stored[]): Int32Array | undefined {
  const positions = new Int32Array(next.length);
  let at = 0;
  for (let i = 0; i < next.length; i++) {
    while (at < base.length && !Object.is(base[at], next[i])) at++;
    if (at === base.length) return undefined;
    positions[i] = at++;
  }
  return positions;
}

/** The places of the items of `next` in `base`, each used once, or -1. */
function positionsIn(base: readonly Stored[], next: readonly Stored[]): Int32Array {
  const first = new Map<Stored, number>();
  const then = new Int32Array(base.length);
  for (let i = base.length - 1; i >= 0; i--) {
    then[i] = first.get(base[i]) ?? -1;
    first.set(base[i], i);
  }
  const positions = new Int32Array(next.length);
  for (let i = 0; i < next.length; i++) {
    const value = next[i];
    const at = first.get(value);
    // A Map takes 0 and -0 for one.
    if (at === undefined || at < 0 || !Object.is(base[at], value)) positions[i] = -1;
    else {
      positions[i] = at;
      first.set(value, then[at] as number);
    }
  }
  return positions;
}

/** The indices of a longest increasing subsequence, without the negative ones. */
function increasing(positions: Int32Array): number[] {
  const tails: number[] = [];
  const before = new Int32Array(positions.length);
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number;
    if (position < 0) continue;
    let low = tails.length;
    if (low > 0 && (positions[tails[low - 1] as number] as number) >= position) {
      low = 0;
      let high = tails.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((positions[tails[middle] as number] as number) < position) low = middle + 1;
        else high = middle;
      }
    }
    before[i] = low > 0 ? (tails[low - 1] as number) : -1;
    tails[low] = i;
  }
  const kept: number[] = [];
  for (let i = tails[tails.length - 1] ?? -1; i >= 0; i = before[i] as number) kept.push(i);
  return kept.reverse();
}
