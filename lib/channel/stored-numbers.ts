import { storage } from "../graph/audience.js";
import type { Node } from "../graph/node.js";
import type { Channel } from "./channel.js";

/**
 * What has changed of the clients' numbers with a commit. 0: where their next number has moved, the containers that the delta makes have the numbers in
 * between, in order; nothing else has changed. Otherwise triples say which containers have got numbers: the first one's in the storage, the first one's
 * for clients, and how many follow alike. `names`: those that clients were told. With a `shape` it is all that clients know, which holds for classes of
 * that shape.
 */
export type NumberChanges = 0 | readonly [triples: readonly number[], names?: readonly string[], shape?: string];

/** What the storage knows of the clients' numbers of a store, and what commits add to that. */
export class StoredNumbers {
  readonly #clients: Channel;
  readonly #stored: Channel;
  /** The storage knows the clients' numbers. */
  #known = false;
  // The positions of both channels as the storage was told of them last.
  #next = 0;
  #names = 0;
  #storedNext = 0;

  constructor(clients: Channel, stored: Channel) {
    this.#clients = clients;
    this.#stored = stored;
  }

  get known(): boolean {
    return this.#known;
  }

  /** The storage knows all that there is, or nothing. */
  mark(known: boolean): void {
    this.#known = known;
    this.#next = this.#clients.next;
    this.#names = this.#clients.known;
    this.#storedNext = this.#stored.next;
    for (const channel of [this.#clients, this.#stored]) channel.fresh = known ? [] : undefined;
  }

  /** All that clients know. */
  whole(shape: string): NumberChanges {
    const pairs = Array.from(this.#clients.table, pairOf).filter(isPair);
    pairs.sort(([a], [b]) => a - b);
    this.mark(true);
    return [triplesOf(pairs), [...this.#clients.names], shape];
  }

  /** What has changed since the storage was told; `undefined`: nothing has. */
  take(): NumberChanges | undefined {
    const next = this.#next;
    const first = this.#storedNext;
    if (this.#clients.next === next && this.#clients.known === this.#names && !this.#clients.fresh?.length && !this.#stored.fresh?.length) return undefined;
    const names = this.#clients.names.slice(this.#names);
    const made = this.#stored.fresh ?? [];
    const met = (this.#clients.fresh ?? []).filter((node) => storage.tag(node).id < first);
    const count = this.#stored.next - first;
    const triples = made.length + met.length > 0 ? triplesOf([...made, ...met].map(pairOf).filter(isPair)) : [];
    this.mark(true);
    const moved = this.#clients.next - next;
    if (names.length > 0) return [triples, names];
    if (triples.length === 0 && moved === 0) return count > 0 ? 0 : undefined;
    const inOrder = triples.length === 3 && triples[0] === first && triples[1] === next && triples[2] === count;
    return inOrder && count === moved ? 0 : [triples];
  }
}

type Pair = readonly [stored: number, known: number];

const pairOf = (node: Node): Pair => [storage.tag(node).id, node.id];
const isPair = ([stored, known]: Pair): boolean => stored >= 0 && known >= 0;

function triplesOf(pairs: readonly Pair[]): number[] {
  const triples: number[] = [];
  for (const [stored, known] of pairs) {
    const at = triples.length - 3;
    const count = triples[at + 2] as number;
    if (at >= 0 && (triples[at] as number) + count === stored && (triples[at + 1] as number) + count === known) triples[at + 2] = count + 1;
    else triples.push(stored, known, 1);
  }
  return triples;
}
