import { fenced } from "../../lib/errors/node-errors.js";
import { notNext } from "../../lib/errors/storage-errors.js";
import { FORMAT, type Packed } from "./packed.js";
import type { PostgresLine } from "./postgres-line.js";
import { isChain } from "./records.js";

/** How many appends, and how many characters, one statement takes. */
const MOST_APPENDS = 200;
const MOST_CHARACTERS = 4 << 20;

/** Commits of one scope instance on their way. */
export interface Append {
  readonly id: string;
  readonly fence: number | undefined;
  readonly packed: readonly Packed[];
  /** The first of them may begin a record: it has its stores as wholes. */
  readonly begins: boolean;
  /** The names of stores that may be new. */
  readonly news: readonly string[];
}

interface Waiting extends Append {
  readonly size: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes commits: those of one turn of the event loop, and all that come while others are written, in one statement, which compares fence and sequence of each
 * and makes all durable together.
 */
export class PostgresAppends {
  readonly #line: PostgresLine;
  readonly #life: () => string | undefined;
  #waiting: Waiting[] = [];
  #going: Promise<void> | undefined;

  constructor(line: PostgresLine, life: () => string | undefined) {
    this.#line = line;
    this.#life = life;
  }

  /**
   * @throws StateError `FENCED` without the lease
   * @throws StateError `NOT_NEXT` where they do not follow what is stored
   */
  add(append: Append): Promise<void> {
    if (!isChain(append.packed)) return Promise.reject(notNext(append.id));
    const size = append.packed.reduce((sum, { text, chunks }) => chunks.reduce((sum, { length }) => sum + length, sum + text.length), 0);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...append, size, resolve, reject });
      this.#going ??= this.#go();
    });
  }

  /** Resolves when all is written that waits. */
  async quiet(): Promise<void> {
    await this.#going;
  }

  async #go(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      let [count, size] = [0, 0];
      while (count < Math.min(this.#waiting.length, MOST_APPENDS) && (count === 0 || size < MOST_CHARACTERS)) size += (this.#waiting[count++] as Waiting).size;
      await this.#write(this.#waiting.splice(0, count));
    }
    this.#going = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const loose = batch.filter(({ fence }) => fence === undefined).map(({ id }) => Buffer.from(id));
      if (loose.length > 0) await this.#line.run("prepare", [loose]);
      const rows = await this.#line.run("append", valuesOf(batch, this.#life()));
      const written = new Set(rows.map(([id]) => String(id)));
      await Promise.all(batch.map((one) => (written.has(one.id) ? one.resolve() : this.#look(one).then(one.resolve, one.reject))));
    } catch (error) {
      // What one of them has is refused for itself.
      if (batch.length > 1 && (error as { cause?: { code?: string } }).cause?.code?.startsWith("22")) for (const one of batch) await this.#write([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  /** Says why an append was refused: or it has been written before, and its line broke before the answer. */
  async #look({ id, fence, packed }: Append): Promise<void> {
    const [first, last] = [packed[0], packed.at(-1)] as [Packed, Packed];
    const [row] = await this.#line.run("look", [Buffer.from(id), fence, this.#life(), first.sequence - 1]);
    if (!row?.[0]) throw fenced(id);
    const [, incarnation, sequence, texts] = row as [boolean, Buffer | null, string | null, string[] | null];
    const same = String(incarnation) === last.incarnation && Number(sequence) === last.sequence && texts?.length === packed.length;
    if (!same || !packed.every(({ text }, i) => text === texts?.[i])) throw notNext(id);
  }
}

/** The parameters of the statement `append`. */
function valuesOf(batch: readonly Waiting[], life: string | undefined): unknown[] {
  const columns: unknown[][] = Array.from({ length: 13 }, () => []);
  const commits: unknown[][] = Array.from({ length: 5 }, () => []);
  const bodies: unknown[][] = Array.from({ length: 3 }, () => []);
  const add = (to: unknown[][], row: readonly unknown[]) => {
    for (const [i, value] of row.entries()) to[i]?.push(value ?? null);
  };
  for (const { id, fence, packed, begins, news } of batch) {
    const [first, last] = [packed[0], packed.at(-1)] as [Packed, Packed];
    const key = Buffer.from(id);
    let before = 0;
    for (const { sequence, revision, text, chunks } of packed) {
      add(commits, [key, sequence, revision, before, text]);
      for (const body of chunks) add(bodies, [key, before++, body]);
    }
    const { incarnation, revision } = first;
    const due = packed.findLast((commit) => commit.due !== undefined)?.due;
    const head = begins ? JSON.stringify({ v: FORMAT, incarnation, revision, stores: {}, numbers: {} }) : undefined;
    const stores = news.length > 0 ? JSON.stringify(news) : undefined;
    const place = [key, fence, Buffer.from(incarnation), begins, first.sequence - 1, revision, last.sequence, last.revision, before];
    add(columns, [...place, stores, due !== undefined, due, head]);
  }
  return [life ?? null, ...columns, FORMAT, ...commits, ...bodies];
}
