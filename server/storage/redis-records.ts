import { messageOf, type StateError } from "../../lib/errors/errors.js";
import { fenced } from "../../lib/errors/node-errors.js";
import { damagedRecord, laterFormat, notNext } from "../../lib/errors/storage-errors.js";
import { inSlices } from "../task/slices.js";
import { type HostFacts, unreadable, versionsIn } from "./host-facts.js";
import { FORMAT, type Packed, type PackedCommit, type PackedHost } from "./packed.js";
import { pack, packCommits, unpack } from "./packing.js";
import { type CommitRecord, type HostRecord, isChain } from "./records.js";
import { type AppendMore, RedisAppends } from "./redis-appends.js";
import type { Argument, RedisLine, Reply } from "./redis-line.js";
import type { HostEntry, LoadedHost } from "./storage.js";
import { Tails } from "./tails.js";

/** How many ids one script is asked about. */
export const PAGE = 500;

/** How many records are remembered that this process has no lease of any more. */
const MOST_KNOWN = 10_000;

/** How far a record is known to be stored, and the fence under which this process has written it. */
interface Known {
  readonly incarnation: string;
  readonly sequence: number;
  readonly fence: number | undefined;
}

/** The records, commits and chunks in Redis. */
export class RedisRecords {
  readonly #line: RedisLine;
  readonly #prefix: string;
  readonly #node: string;
  readonly #appends: RedisAppends;
  /** The records that are being written. */
  readonly #tails: Tails<PackedHost>;
  /** How far records are known to be stored: a Redis that has less of one has lost what it had acknowledged. */
  readonly #known = new Map<string, Known>();
  /** The same of records that this process has no lease of any more, the latest ones. */
  readonly #left = new Map<string, Known>();

  constructor(line: RedisLine, prefix: string, node: string) {
    this.#line = line;
    this.#prefix = prefix;
    this.#node = node;
    this.#appends = new RedisAppends(line, prefix);
    this.#tails = new Tails({
      read: async (id) => {
        const found = await line.run("load", this.keys(id), [prefix, id, FORMAT]);
        return found && Array.isArray(found) ? readHost(id, found) : undefined;
      },
      reserve: async (id, fence, count) => Number(await line.run("reserve", this.keys(id).slice(0, 1), [this.#token(fence), count])),
      put: (id, fence, first, chunks) => {
        const [h, , b] = this.keys(id) as [string, string, string];
        return line.run("put", [h, b], [this.#token(fence), first, ...chunks]);
      },
      replace: async (id, fence, { sequence: before, commits, chunks }, sequence, head) =>
        (await line.run("fold", this.keys(id), [this.#token(fence), before, sequence, commits.length, head, ...chunks.keys()])) === 1,
    });
  }

  #tag(id: string): string {
    return `${this.#prefix}{${id.replace(/[%{}]/g, encodeURIComponent)}}:`;
  }

  keys(id: string): string[] {
    const tag = this.#tag(id);
    return [`${tag}h`, `${tag}c`, `${tag}b`];
  }

  #token(fence: number | undefined): string {
    return fence === undefined ? "" : `${fence} ${this.#node}`;
  }

  async #write(name: "save" | "remove" | "aside", id: string, args: readonly Argument[]): Promise<void> {
    try {
      await this.#line.write(name, this.keys(id), [this.#prefix, id, ...args]);
    } catch (error) {
      throw await this.#refused(id, error);
    }
  }

  /** Makes the error of a write of a record that was refused, or that nobody knows of whether it was done. */
  async #refused(id: string, error: unknown): Promise<unknown> {
    const { code } = error as StateError;
    this.#tails.forget(id);
    if (code === "NOTNEXT") return notNext(id);
    if (code !== "FENCED") return error;
    // The lease may be gone with the record.
    await this.#noteOne(id);
    return fenced(id);
  }

  // --- reading ---

  async load(id: string): Promise<LoadedHost | undefined> {
    return this.take(id, await this.#line.run("load", this.keys(id), [this.#prefix, id, FORMAT]), undefined);
  }

  /** Takes what a script has found. `fence`: of the lease that came with it. */
  async take(id: string, found: Reply | undefined, fence: number | undefined): Promise<LoadedHost | undefined> {
    if (typeof found === "string") throw laterFormat(id, Number(found));
    if (!found || !Array.isArray(found)) {
      if (fence !== undefined) this.#tails.claimed(id, fence, undefined, []);
      return undefined;
    }
    const packed = await this.#sound(id, () => readHost(id, found), fence);
    if (fence !== undefined) this.#tails.claimed(id, fence, packed, JSON.parse(String(found[2] ?? "[]")) as string[]);
    if (fence !== undefined) this.#know(id, { incarnation: String(found[5]), sequence: Number(found[6]), fence });
    return this.#sound(id, () => inSlices(unpack(packed)), fence);
  }

  // --- what is known to be stored ---

  #know(id: string, known: Known): void {
    this.#left.delete(id);
    this.#known.set(id, known);
  }

  #leave(id: string, known: Known): void {
    this.#known.delete(id);
    this.#left.set(id, known);
    if (this.#left.size > MOST_KNOWN) for (const oldest of this.#left.keys()) return void this.#left.delete(oldest);
  }

  async #noteOne(id: string): Promise<void> {
    const known = this.#known.get(id);
    if (!known) return;
    const said = [id, known.incarnation, known.sequence, this.#token(known.fence)];
    await this.#line.run("note", [], [this.#prefix, 0, ...said]).catch(() => {});
  }

  /** All leases are over. */
  leaveAll(): void {
    for (const [id, known] of [...this.#known]) this.#leave(id, known);
  }

  /**
   * Notes in Redis how far records are known to be stored. `all`: it has forgotten everything. Gives the ids whose lease is lost, or of which something is
   * missing.
   */
  async note(all: boolean): Promise<string[]> {
    const lost: string[] = [];
    const said = (some: ReadonlyMap<string, Known>, isLeased: boolean) =>
      Array.from(some, ([id, { incarnation, sequence, fence }]) => [id, incarnation, sequence, isLeased ? this.#token(fence) : ""]);
    const records = [...said(this.#known, true), ...said(this.#left, false)];
    for (let at = 0; at < records.length; at += PAGE)
      lost.push(...((await this.#line.run("note", [], [this.#prefix, all ? 1 : 0, ...records.slice(at, at + PAGE).flat()])) as string[]));
    return lost;
  }

  /** Reads something of a record. A damaged one is kept under another id, out of everybody's way. */
  async #sound<R>(id: string, read: () => R | Promise<R>, fence: number | undefined): Promise<R> {
    try {
      return await read();
    } catch (error) {
      this.#known.delete(id);
      const aside = `~${new Date().toISOString()} ${id}`;
      await this.#write("aside", id, [this.#token(fence), ...this.keys(aside)]);
      throw damagedRecord(id, `${messageOf(error)} It is set aside as \`${aside}\``);
    }
  }

  async *list(start: string): AsyncIterable<HostEntry> {
    const end = Buffer.concat([Buffer.from(`(${start}`), Buffer.of(0xff)]);
    for (let from = `[${start}`; ; ) {
      const page = pairs((await this.#line.run("list", [], [this.#prefix, from, end, PAGE])) as string[]);
      for (const [id, stores] of page) yield { id, stores: JSON.parse(stores) as string[] };
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      from = `(${last[0]}`;
    }
  }

  /** Loads a record, and leaves it as it is: a damaged one too. */
  async peek(id: string): Promise<LoadedHost | undefined> {
    const found = await this.#line.run("peek", this.keys(id), [FORMAT]);
    if (typeof found === "string") throw laterFormat(id, Number(found));
    return found && Array.isArray(found) ? inSlices(unpack(readHost(id, found))) : undefined;
  }

  async *facts(start: string): AsyncIterable<HostFacts> {
    const end = Buffer.concat([Buffer.from(`(${start}`), Buffer.of(0xff)]);
    for (let from = `[${start}`; ; ) {
      const page = (await this.#line.run("facts", [], [this.#prefix, from, end, PAGE])) as [string, string, string, number, string, string][];
      for (const [id, used, revision, bytes, names, head] of page) {
        const known = { id, used: Number(used) };
        try {
          // The names of stores that commits have brought are known, and their versions are not.
          const stores = { ...Object.fromEntries((JSON.parse(names) as string[]).map((name) => [name, undefined])), ...versionsIn(head, []) };
          yield { ...known, revision: Number(revision), bytes, stores };
        } catch (error) {
          yield { ...known, ...unreadable(error), bytes };
        }
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      from = `(${last[0]}`;
    }
  }

  // --- writing ---

  async append(id: string, commits: readonly CommitRecord[], fence?: number): Promise<void> {
    const last = commits.at(-1);
    if (!last) return;
    const packing = packCommits(commits);
    const packed = Array.isArray(packing) ? packing : await packing;
    if (!isChain(packed)) throw notNext(id);
    const news = this.#tails.news(id, commits);
    const more = moreOf(id, commits[0] as CommitRecord, packed, news);
    try {
      await this.#appends.add({ key: `${this.#tag(id)}h`, token: this.#token(fence), packed, more });
    } catch (error) {
      throw await this.#refused(id, error);
    }
    this.#know(id, { incarnation: last.incarnation, sequence: last.sequence, fence });
    this.#tails.appended(id, fence, packed, news);
  }

  async save(id: string, record: HostRecord, fence?: number): Promise<void> {
    const packed = await inSlices(pack(record));
    const { incarnation, revision, sequence, text, chunks, due } = packed;
    const names = Object.keys(record.stores);
    const at = [incarnation, revision, sequence];
    await this.#write("save", id, [this.#token(fence), FORMAT, due ?? "-", JSON.stringify(names), ...at, text, ...chunks]);
    this.#know(id, { incarnation, sequence, fence });
    this.#tails.saved(id, fence, packed, names);
  }

  async delete(id: string, fence?: number): Promise<void> {
    await this.#write("remove", id, [this.#token(fence)]);
    this.#tails.forget(id);
    this.#known.delete(id);
  }

  /** Forgets what it knows of a record whose lease is over. */
  forget(id: string, fence: number): void {
    this.#tails.forget(id, fence);
    const known = this.#known.get(id);
    if (known?.fence === fence) this.#leave(id, known);
  }

  async expire(start: string, before: number): Promise<string[]> {
    const gone: string[] = [];
    let page: string[] = [];
    const look = async () => {
      if (page.length > 0) gone.push(...((await this.#line.run("expire", [], [this.#prefix, before, Date.now(), ...page])) as string[]));
      page = [];
    };
    for await (const { id } of this.list(start)) if (page.push(id) === PAGE) await look();
    await look();
    return gone;
  }

  /** Sends what waits, and resolves when nothing is being made one any more. */
  quiet(): Promise<void> {
    this.#appends.send();
    return this.#tails.quiet();
  }
}

/** What is to be said of commits besides: `undefined` for most, which change stores that are known. */
function moreOf(id: string, first: CommitRecord, packed: readonly Packed[], news: readonly string[]): AppendMore | undefined {
  const due = packed.findLast((commit) => commit.due !== undefined)?.due;
  // The first one may begin a record where it has its stores as wholes.
  const begins = !Object.values(first.stores).some((store) => "kept" in store);
  if (!begins && due === undefined && packed.every(({ chunks }) => chunks.length === 0)) return undefined;
  return [id, begins ? 1 : 0, due === null ? "-" : String(due ?? ""), news, packed.map(({ chunks }) => chunks.length)];
}

/** What the script `load` has found. */
function readHost(id: string, [base, head, , items, chunks, , last]: readonly Reply[]): PackedHost {
  let sequence = Number(base);
  const commits = (items as readonly string[]).map((item): PackedCommit => {
    const [, seq, revision, chunk, text] = /^(\d+) (\d+) (\d+) (.*)$/s.exec(item) ?? [];
    if (Number(seq) !== ++sequence || text === undefined) throw damagedRecord(id, `commit ${sequence}`);
    return { sequence, revision: Number(revision), chunk: Number(chunk), text };
  });
  if (sequence !== Number(last)) throw new Error(`The commits up to ${Number(last)} are missing.`);
  const bodies = pairs(chunks as readonly string[]).map(([n, body]) => [Number(n), body] as const);
  return { head: String(head), sequence: Number(base), commits, chunks: new Map(bodies) };
}

export const pairs = (flat: readonly string[]): [string, string][] =>
  Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string]);
