import { Channel, type Saved, type StorageDelta } from "../channel/channel.js";
import type { Node } from "../graph/node.js";
import { Recorder } from "../record/recorder.js";
import type { WireDelta } from "../wire/codec.js";
import type { Steps } from "../wire/steps.js";
import { numbersOf, restoreGraph } from "./restore.js";
import { watchers } from "./sight.js";
import { signatureOf } from "./signature.js";
import { WritableGraph, type WritableGraphOptions } from "./writable-graph.js";

/** How often it begins once more, after a commit that cannot be done again alike. */
const MOST_TRIES = 4;

export interface RecallOptions {
  readonly name: string;
  /** Makes an instance of the store's class, which is thrown away. */
  readonly instance: () => object;
  readonly models?: WritableGraphOptions["models"];
  readonly saved: Saved;
  /** The commits after it, in order. */
  readonly tail: readonly StorageDelta[];
}

/** What clients were sent of stored commits. */
export interface Recalled {
  /** How many commits stand before the first of them. */
  readonly from: number;
  /** The deltas of the others, without computeds; `undefined`: clients did not notice the commit. */
  readonly deltas: readonly (WireDelta | undefined)[];
}

/**
 * Makes the deltas once more that clients were sent of stored commits, by doing these again on the saved store. It begins behind the last commit whose
 * containers would get other numbers than they had.
 */
export function* recallSteps(options: RecallOptions): Steps<Recalled> {
  const { tail } = options;
  let from = 0;
  for (let tries = 0; tries < MOST_TRIES && from < tail.length; tries++) {
    const deltas = yield* attempt(options, from);
    if (typeof deltas !== "number") return { from, deltas };
    from = deltas;
  }
  return { from: tail.length, deltas: [] };
}

/** Gives the deltas of the commits from one on, or how many commits to leave out because one of them cannot be done again alike. */
function* attempt({ name, instance, models, saved, tail }: RecallOptions, from: number): Steps<(WireDelta | undefined)[] | number> {
  const recorder = new Recorder();
  const graph = new WritableGraph({ name, models, recorder });
  graph.adoptRoot(instance());
  const restoration = yield* restoreGraph(graph, saved, tail.slice(0, from));
  if (restoration.shape !== signatureOf(graph.shapes)) return tail.length;
  recorder.clear();
  const channel = new Channel(graph.root, watchers, restoration.clients);
  yield* channel.start();
  if (channel.next !== restoration.clients.next) return from + 1;
  if (restoration.numbered !== channel.table.size) restoration.keep((node) => channel.table.get(node.id) === node);
  const deltas: (WireDelta | undefined)[] = [];
  for (const commit of tail.slice(from)) {
    const { next, known } = channel;
    const first = restoration.storage.next;
    const at = restoration.read(commit[0]);
    deltas.push(recorder.open ? channel.encode(recorder.changes) : undefined);
    recorder.clear();
    if (!isAlike(commit, channel, { next, known, first }, at)) return from + deltas.length;
    yield;
  }
  return deltas;
}

/** The positions of the channels before a commit. */
interface Before {
  readonly next: number;
  readonly known: number;
  /** The storage's number of the first container that the commit makes. */
  readonly first: number;
}

/** Whether clients have been told the same numbers and names by a commit as the channel has given now. */
function isAlike([, next, numbers]: StorageDelta, channel: Channel, before: Before, at: (stored: number) => Node | undefined): boolean {
  if (numbers === undefined || (numbers !== 0 && numbers[2] !== undefined)) return false;
  const [, names = []] = numbers === 0 ? [] : numbers;
  if (channel.next !== next || channel.known !== before.known + names.length) return false;
  if (names.some((name, i) => channel.names[before.known + i] !== name)) return false;
  for (const [stored, number] of numbersOf(numbers, before.first, before.next, next)) if (at(stored)?.id !== number) return false;
  return true;
}

/** How many containers a saved store has. */
export const sizeOf = ([[, , ids]]: Saved): number => {
  let size = 0;
  for (let i = 1; i < ids.length; i += 2) size += ids[i] as number;
  return size;
};
