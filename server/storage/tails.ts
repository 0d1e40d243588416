import { createQueue } from "../task/queue.js";
import { inSlices } from "../task/slices.js";
import type { Packed, PackedHost } from "./packed.js";
import { hasWhole, headOf, packStores, unpack } from "./packing.js";
import { type CommitRecord, compact } from "./records.js";

/** The tail may grow to this many characters, or to this share of the record, before they are made one. */
const SMALL_TAIL = 16 * 1024;
const TAIL_SHARE = 0.5;
const NONE: readonly never[] = [];
/** How many characters of chunks are stored at once, where a record is made anew. */
const AT_ONCE = 1 << 20;

/** What this process knows of a record that it writes. */
interface Place {
  fence: number | undefined;
  readonly stores: Set<string>;
  /** Characters of the record, and of the commits after it. */
  bytes: number;
  tailBytes: number;
}

/** The records of a storage that nodes share, as their owner makes them anew. Nothing is written without the fence. */
export interface FoldableRecords<P extends PackedHost> {
  read(id: string): Promise<P | undefined>;
  /** Gives the number of the first of so many new chunks. */
  reserve(id: string, fence: number, count: number): Promise<number>;
  put(id: string, fence: number, first: number, chunks: readonly string[]): Promise<unknown>;
  /** Puts a head, whose chunks were put, in the place of what was read, if that is there still. Gives whether it was. */
  replace(id: string, fence: number, read: P, sequence: number, head: string): Promise<boolean>;
}

/** The records that this process writes, and how long the tails of commits after them are: makes one of both where a tail outgrows its record. */
export class Tails<P extends PackedHost> {
  readonly #records: FoldableRecords<P>;
  readonly #places = new Map<string, Place>();
  /** The records that are to be made one with their tails. */
  readonly #long = new Set<string>();
  readonly #tidying = createQueue();

  constructor(records: FoldableRecords<P>) {
    this.#records = records;
  }

  /** Notes what a node has found that has got a lease; `stores`: the names of its stores. */
  claimed(id: string, fence: number, found: P | undefined, stores: readonly string[]): void {
    const bytes = found ? found.head.length + [...found.chunks.values()].reduce((sum, { length }) => sum + length, 0) : 0;
    const tailBytes = found?.commits.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
    this.#places.set(id, { fence, stores: new Set(stores), bytes, tailBytes });
  }

  /** The names of stores that commits bring as wholes, and that the record may lack. */
  news(id: string, commits: readonly CommitRecord[]): readonly string[] {
    if (!commits.some(hasWhole)) return NONE;
    const known = this.#places.get(id)?.stores;
    const whole = commits.flatMap(({ stores }) => Object.entries(stores).flatMap(([name, store]) => ("kept" in store ? [] : name)));
    return [...new Set(whole)].filter((name) => !known?.has(name));
  }

  /** Notes what was appended. */
  appended(id: string, fence: number | undefined, packed: readonly Packed[], news: readonly string[]): void {
    if (fence === undefined) return;
    let place = this.#places.get(id);
    if (!place) this.#places.set(id, (place = { fence, stores: new Set(), bytes: 0, tailBytes: 0 }));
    place.fence = fence;
    for (const name of news) place.stores.add(name);
    for (const { text, chunks } of packed) {
      place.tailBytes += text.length;
      for (const { length } of chunks) place.bytes += length;
    }
    if (place.tailBytes > Math.max(SMALL_TAIL, place.bytes * TAIL_SHARE)) this.#tidy(id);
  }

  /** Notes what was saved. */
  saved(id: string, fence: number | undefined, { text, chunks }: Packed, stores: readonly string[]): void {
    const bytes = chunks.reduce((sum, { length }) => sum + length, text.length);
    if (fence !== undefined) this.#places.set(id, { fence, stores: new Set(stores), bytes, tailBytes: 0 });
  }

  /** Forgets what it knows of a record; `fence`: only of that lease. */
  forget(id: string, fence?: number): void {
    if (fence === undefined || this.#places.get(id)?.fence === fence) this.#places.delete(id);
  }

  /** Resolves when nothing is being made one any more. */
  quiet(): Promise<void> {
    return this.#tidying.run(() => {});
  }

  #tidy(id: string): void {
    if (this.#long.has(id)) return;
    this.#long.add(id);
    void this.#tidying
      .run(async () => {
        this.#long.delete(id);
        await this.#fold(id);
      })
      // What could not be made one is, after a later commit.
      .catch(() => {});
  }

  async #fold(id: string): Promise<void> {
    const place = this.#places.get(id);
    const fence = place?.fence;
    if (!place || fence === undefined) return;
    const read = await this.#records.read(id);
    if (!read || read.commits.length === 0) return;
    const { record, tail } = await inSlices(unpack(read));
    const whole = await compact(record, tail);
    const { stores, chunks } = await inSlices(packStores(whole));
    const from = await this.#records.reserve(id, fence, chunks.length);
    const text = headOf(whole, stores, from);
    for (let at = 0; at < chunks.length; ) {
      let end = at;
      for (let size = 0; end < chunks.length && (end === at || size < AT_ONCE); end++) size += (chunks[end] as string).length;
      await this.#records.put(id, fence, from + at, chunks.slice(at, end));
      at = end;
    }
    if (!(await this.#records.replace(id, fence, read, whole.sequence, text))) return;
    place.bytes = chunks.reduce((sum, { length }) => sum + length, text.length);
    place.tailBytes -= read.commits.reduce((sum, commit) => sum + commit.text.length, 0);
  }
}
