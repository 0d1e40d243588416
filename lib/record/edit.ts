import { type ArrayNode, difference } from "../graph/array.js";
import type { Audience } from "../graph/audience.js";
import { InstanceNode } from "../graph/instance.js";
import { Node, type Stored } from "../graph/node.js";
import { dataBefore, type KeyChanges, type Splice, textChange } from "./recorder.js";
import type { TextSplice } from "./text-splice.js";

/** The change of one key in a commit. */
export interface KeyEdit {
  readonly key: Stored;
  /** Set, not deleted. */
  readonly set: boolean;
  readonly value: Stored;
  /** The old value, if the key was present. */
  readonly old: Stored;
  readonly was: boolean;
  /** The changed part of a text. */
  readonly text: TextSplice | undefined;
}

/** The changes of one container in a commit, as clients are notified of them. */
export type Edit =
  | { readonly node: Node; readonly keys: readonly KeyEdit[]; readonly splices: undefined; readonly cleared: boolean }
  | { readonly node: ArrayNode; readonly keys: undefined; readonly splices: readonly Splice[] };

/** The net changes of a container's keys; `undefined` if there are none. */
export function editKeyed(node: Node, changes: KeyChanges, audience: Audience): Edit | undefined {
  let edits: KeyEdit[] | undefined;
  const { data } = node;
  const names = node instanceof InstanceNode ? audience.names(node) : undefined;
  for (const change of changes.all()) {
    const { key, was, old, moved } = change;
    if (names && !names.includes(key as string)) continue;
    const has = data instanceof Map || data instanceof Set ? data.has(key) : Object.hasOwn(data as object, key as string);
    const value = !has || data instanceof Set ? undefined : data instanceof Map ? data.get(key) : (data as Record<string, Stored>)[key as string];
    if (was && (moved || !has)) edits = withOne(edits, { key, set: false, value: undefined, old, was: true, text: undefined });
    if (has && (!was || moved)) edits = withOne(edits, { key, set: true, value, old: undefined, was: false, text: undefined });
    else if (has && !Object.is(value, old)) edits = withOne(edits, { key, set: true, value, old, was: true, text: textChange(change, old, value) });
  }
  if (!edits) return undefined;
  const empty = (data instanceof Map || data instanceof Set) && data.size === 0;
  return { node, keys: edits, splices: undefined, cleared: empty && edits.length > 1 };
}

/** Appends to a list. Most lists have one item: a list that grows would reserve room for many. */
function withOne(edits: KeyEdit[] | undefined, edit: KeyEdit): KeyEdit[] {
  if (!edits) return [edit];
  edits.push(edit);
  return edits;
}

/** The net changes of an array; `undefined` if there are none. */
export function editArray(node: ArrayNode, change: readonly Splice[], audience: Audience): Edit | undefined {
  const whole = passing(change, audience) ? [{ at: 0, removed: dataBefore(node, change as Splice[]) as Stored[], added: node.data }] : change;
  const trimmed = whole.every(isTrimmed) ? whole : whole.map(trim).filter(({ removed, added }) => removed.length > 0 || added.length > 0);
  const splices = trimmed.some(mayHaveTexts) ? trimmed.flatMap(withoutTexts) : trimmed;
  return splices.length > 0 ? { node, keys: undefined, splices } : undefined;
}

/** Whether a splice has replaced several items, of which the first or the last ones may be texts that have changed in part. */
const mayHaveTexts = ({ removed, added }: Splice): boolean =>
  removed.length + added.length > 2 && (isText(removed[0]) ? isText(added[0]) : isText(removed.at(-1)) && isText(added.at(-1)));

const isText = (value: Stored): boolean => typeof value === "string";

/** Takes the texts that have changed in part off both ends of a splice. They come first, as they move nothing. */
function withoutTexts(splice: Splice): readonly Splice[] {
  splice.parts ??= partsOf(splice);
  return splice.parts;
}

function partsOf({ at, removed, added }: Splice): readonly Splice[] {
  const texts: Splice[] = [];
  const takes = (before: number, after: number): boolean => {
    if (Object.is(removed[before], added[after])) return true;
    const one: Splice = { at: at + before, removed: [removed[before]], added: [added[after]] };
    const has = textChange(one, removed[before], added[after]) !== undefined;
    if (has) texts.push(one);
    return has;
  };
  const shorter = Math.min(removed.length, added.length);
  let start = 0;
  while (start < shorter && takes(start, start)) start++;
  let end = 0;
  while (end < shorter - start && takes(removed.length - 1 - end, added.length - 1 - end)) end++;
  const rest = { at: at + start, removed: removed.slice(start, removed.length - end), added: added.slice(start, added.length - end) };
  return rest.removed.length + rest.added.length > 0 ? [...texts, rest] : texts;
}

/** Whether a splice removes and re-adds nothing at its ends. */
function isTrimmed({ removed, added }: Splice): boolean {
  if (removed.length === 0 || added.length === 0) return removed.length + added.length > 0;
  return !Object.is(removed[0], added[0]) && !Object.is(removed[removed.length - 1], added[added.length - 1]);
}

/** A splice without the items that it removes and re-adds at its ends. */
function trim({ at, removed, added }: Splice): Splice {
  const trimmed = difference(removed, added);
  trimmed.at += at;
  return trimmed;
}

/** Whether two splices are a move or a swap. */
export function onlyMoves(splices: readonly Splice[]): boolean {
  const [one, other] = splices as [Splice, Splice];
  return splices.length === 2 && sameItems(one.removed, other.added) && sameItems(one.added, other.removed);
}

function sameItems(a: readonly Stored[], b: readonly Stored[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** Whether a new container came and went within these splices: clients must not be notified of it. */
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
