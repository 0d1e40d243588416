import { messageOf, StateError } from "../../lib/errors/errors.js";
import { fenced } from "../../lib/errors/node-errors.js";
import { damagedRecord, laterFormat } from "../../lib/errors/storage-errors.js";
import { inSlices } from "../task/slices.js";
import { type HostFacts, unreadable, versionsIn } from "./host-facts.js";
import { FORMAT, type PackedCommit, type PackedHost } from "./packed.js";
import { pack, packCommits, unpack } from "./packing.js";
import { PostgresAppends } from "./postgres-appends.js";
import type { PostgresLine, Row } from "./postgres-line.js";
import type { CommitRecord, HostRecord } from "./records.js";
import type { DueHost, HostEntry, LoadedHost } from "./storage.js";
import { Tails } from "./tails.js";

/** How many ids one statement is asked about. */
const PAGE = 500;

/** A scope instance as it stands in the tables. */
interface Found extends PackedHost {
  readonly stores: readonly string[];
  /** Chunks of lower numbers are of what was found. */
  readonly chunk: number;
}

/** The records, commits and chunks in PostgreSQL. */
export class PostgresRecords {
  /** The life of this node. */
  life: string | undefined;
  readonly #line: PostgresLine;
  readonly #appends: PostgresAppends;
  readonly #tails: Tails<Found>;

  constructor(line: PostgresLine) {
    this.#line = line;
    this.#appends = new PostgresAppends(line, () => this.life);
    this.#tails = new Tails({
      read: (id) => this.#find(id, undefined),
      reserve: async (id, fence, count) => {
        const [row] = await line.run("reserve", [bytes(id), fence, this.life, count]);
        if (!row) throw fenced(id);
        return Number(row[0]);
      },
      put: (id, fence, first, chunks) => line.run("put", [bytes(id), fence, this.life, first, chunks]),
      replace: async (id, fence, { sequence: before, chunk }, sequence, head) => {
        const [row] = await line.run("fold", [bytes(id), fence, this.life, before, sequence, head, chunk]);
        return Number(row?.[0]) === 1;
      },
    });
  }

  // --- reading ---

  async load(id: string): Promise<LoadedHost | undefined> {
    const loaded = await this.#loaded(id, undefined);
    if (loaded) await this.touch([id]);
    return loaded;
  }

  /** Loads what a node has got a lease of. */
  async take(id: string, fence: number): Promise<LoadedHost | undefined> {
    return this.#loaded(id, fence);
  }

  async #loaded(id: string, fence: number | undefined): Promise<LoadedHost | undefined> {
    try {
      const found = await this.#find(id, fence);
      if (fence !== undefined) this.#tails.claimed(id, fence, found, found?.stores ?? []);
      return found && (await inSlices(unpack(found)));
    } catch (error) {
      if (error instanceof StateError) throw error;
      const aside = `~${new Date().toISOString()} ${id}`;
      const [row] = await this.#line.run("aside", [bytes(id), fence, this.life, bytes(aside)]);
      throw damagedRecord(id, Number(row?.[0]) === 1 ? `${messageOf(error)} It is set aside as \`${aside}\`` : messageOf(error));
    }
  }

  /** Loads a record, and leaves it as it is: a damaged one too. */
  async peek(id: string): Promise<LoadedHost | undefined> {
    const found = await this.#find(id, undefined);
    return found && inSlices(unpack(found));
  }

  async #find(id: string, fence: number | undefined): Promise<Found | undefined> {
    return foundIn(id, await this.#line.run("peek", [bytes(id), FORMAT, fence]));
  }

  async *list(start: string): AsyncIterable<HostEntry> {
    for await (const page of this.#pages("list", start, []))
      for (const [id, stores] of page) yield { id: String(id), stores: JSON.parse((stores as string | null) ?? "[]") as string[] };
  }

  async *facts(start: string): AsyncIterable<HostFacts> {
    for await (const page of this.#pages("facts", start, [])) {
      for (const [id, used, revision, names, head, size] of page) {
        const known = { id: String(id), used: Number(used) };
        try {
          // The names of stores that commits have brought are known, and their versions are not.
          const named = (JSON.parse((names as string | null) ?? "[]") as string[]).map((name) => [name, undefined]);
          yield { ...known, revision: Number(revision), bytes: Number(size), stores: { ...Object.fromEntries(named), ...versionsIn(String(head), []) } };
        } catch (error) {
          yield { ...known, ...unreadable(error), bytes: Number(size) };
        }
      }
    }
  }

  async *#pages(name: "list" | "facts" | "unused", start: string, more: readonly unknown[]): AsyncIterable<Row[]> {
    // No byte of UTF-8 is 0xff, and none comes before 0.
    const end = Buffer.concat([bytes(start), Buffer.of(0xff)]);
    for (let from = bytes(start); ; ) {
      const page = await this.#line.run(name, [from, end, PAGE, ...more]);
      yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      from = Buffer.concat([last[0] as Buffer, Buffer.of(0)]);
    }
  }

  async due(before: number, limit: number): Promise<DueHost[]> {
    const rows = await this.#line.run("due", [before, this.life, Math.min(limit, 0x7fffffff)]);
    return rows.map(([id, due]) => ({ id: String(id), due: Number(due) }));
  }

  // --- writing ---

  async append(id: string, commits: readonly CommitRecord[], fence?: number): Promise<void> {
    const [first] = commits;
    if (!first) return;
    const packing = packCommits(commits);
    const packed = Array.isArray(packing) ? packing : await packing;
    const news = this.#tails.news(id, commits);
    const begins = !Object.values(first.stores).some((store) => "kept" in store);
    await this.#forgetting(id, this.#appends.add({ id, fence, packed, begins, news }));
    this.#tails.appended(id, fence, packed, news);
  }

  async save(id: string, record: HostRecord, fence?: number): Promise<void> {
    const packed = await inSlices(pack(record));
    const { incarnation, revision, sequence, text, chunks, due } = packed;
    const names = Object.keys(record.stores);
    if (fence === undefined) await this.#line.run("prepare", [[bytes(id)]]);
    const values = [bytes(incarnation), revision, sequence, due, JSON.stringify(names), text, chunks];
    const [row] = await this.#forgetting(id, this.#line.run("save", [bytes(id), fence, this.life, FORMAT, ...values]));
    if (Number(row?.[0]) !== 1) throw fenced(id);
    this.#tails.saved(id, fence, packed, names);
  }

  async delete(id: string, fence?: number): Promise<void> {
    if (fence === undefined) await this.#line.run("prepare", [[]]);
    this.#tails.forget(id);
    const [row] = await this.#line.run("remove", [bytes(id), fence, this.life]);
    const [allowed, rows] = (row as Row).map(Number);
    if (allowed === 0 && (rows === 1 || fence !== undefined)) throw fenced(id);
  }

  async #forgetting<R>(id: string, written: Promise<R>): Promise<R> {
    return written.catch((error: unknown) => {
      this.#tails.forget(id);
      throw error;
    });
  }

  async touch(ids: readonly string[]): Promise<void> {
    for (let at = 0; at === 0 || at < ids.length; at += PAGE) await this.#line.run("touch", [ids.slice(at, at + PAGE).map(bytes)]);
  }

  /** The server's clock says for how long something was not used. */
  async expire(start: string, before: number): Promise<string[]> {
    const age = Math.max(Math.min(Date.now() - before, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
    const gone: string[] = [];
    for await (const page of this.#pages("unused", start, [age])) {
      if (page.length > 0) gone.push(...(await this.#line.run("expire", [page.map(([id]) => id), age])).map(([id]) => String(id)));
    }
    return gone;
  }

  /** Forgets what it knows of a record whose lease is over. */
  forget(id: string, fence: number): void {
    this.#tails.forget(id, fence);
  }

  /** Resolves when what waits is written, and nothing is being made one any more. */
  async quiet(): Promise<void> {
    await this.#appends.quiet();
    await this.#tails.quiet();
  }
}

const bytes = (text: string): Buffer => Buffer.from(text);

/** What the statement `peek` has found. */
function foundIn(id: string, rows: readonly Row[]): Found | undefined {
  const first = rows.find(([kind]) => kind === 0);
  if (!first) return undefined;
  const [, format, last, base, chunk, head] = first;
  if (Number(format) > FORMAT) throw laterFormat(id, Number(format));
  const commits = rows
    .filter(([kind]) => kind === 2)
    .map(
      ([, sequence, revision, chunk, , text]): PackedCommit => ({
        sequence: Number(sequence),
        revision: Number(revision),
        chunk: Number(chunk),
        text: String(text),
      }),
    )
    .sort((a, b) => a.sequence - b.sequence);
  const whole = commits.every(({ sequence }, i) => sequence === Number(base) + 1 + i) && Number(base) + commits.length === Number(last);
  if (!whole) throw new Error(`The commits up to ${Number(last)} are missing.`);
  const chunks = new Map(rows.filter(([kind]) => kind === 3).map((row) => [Number(row[1]), String(row[5])]));
  const stores = JSON.parse(String(rows.find(([kind]) => kind === 1)?.[5] ?? "[]")) as string[];
  return { head: String(head), sequence: Number(base), commits, chunks, stores, chunk: Number(chunk) };
}
