/** The part of a text that has changed: at index `at`, `removed` UTF-16 units gave way to `added`. */
export interface TextSplice {
  readonly at: number;
  readonly removed: number;
  readonly added: string;
}

/** A splice must spare so many UTF-16 units: its index and its count take as much on the wire. */
const SPARED = 20;
/** Shorter texts go whole. */
const SHORT = 32;

/**
 * The one splice that makes a new text of an old one, without what both have in common at the start and at the end. `undefined` if the new text is hardly
 * longer than the splice. A splice never parts a surrogate pair.
 */
export function textSplice(before: string, after: string): TextSplice | undefined {
  const [had, has] = [before.length, after.length];
  if (has < SHORT || had < SPARED) return undefined;
  const shorter = Math.min(had, has);
  let start = commonStart(before, after, shorter);
  if (parts(before, start) || parts(after, start)) start--;
  let end = commonEnd(before, after, shorter - start);
  if (parts(before, had - end) || parts(after, has - end)) end--;
  if (start + end < SPARED) return undefined;
  return { at: start, removed: had - start - end, added: detached(after.slice(start, has - end)) };
}

/** How many units both texts have in common at the start, of so many. Slices are compared as memory: a loop over the units takes fifty times as long. */
function commonStart(a: string, b: string, most: number): number {
  if (a.slice(0, most) === b.slice(0, most)) return most;
  let [same, other] = [0, most];
  while (other - same > 1) {
    const middle = (same + other) >> 1;
    if (a.slice(same, middle) === b.slice(same, middle)) same = middle;
    else other = middle;
  }
  return same;
}

/** The same at the end. */
function commonEnd(a: string, b: string, most: number): number {
  const [ofA, ofB] = [a.length, b.length];
  if (a.slice(ofA - most) === b.slice(ofB - most)) return most;
  let [same, other] = [0, most];
  while (other - same > 1) {
    const middle = (same + other) >> 1;
    if (a.slice(ofA - middle, ofA - same) === b.slice(ofB - middle, ofB - same)) same = middle;
    else other = middle;
  }
  return same;
}

/** Whether an index is between both halves of a surrogate pair. */
const parts = (text: string, at: number): boolean => (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/** V8 copies slices that are shorter. */
const COPIED = 13;

/** A slice of a text without the text: V8's longer slices keep all of it in memory, and a log of frames would keep one text for each token. */
const detached = (slice: string): string => (slice.length < COPIED ? slice : ` ${slice}`.slice(1));
