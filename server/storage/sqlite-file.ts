import { crc32 } from "node:zlib";
import type { StateError } from "../../lib/errors/errors.js";
import { damagedRecord, laterFormat, notNext } from "../../lib/errors/storage-errors.js";
import { compactSteps } from "../../lib/store/compact.js";
import type { Steps } from "../../lib/wire/steps.js";
import { chunksOf, fromChunks, type Outline, outlineOf } from "./chunks.js";
import { type HostFacts, unreadable, versionsIn } from "./host-facts.js";
import { type ChunkedStore, commitOf, FORMAT, isOldText, isReadable, type Packed, type PackedCommit, type PackedHost, storesOf } from "./packed.js";
import { fold, follows, type HostRecord, type Position, recent } from "./records.js";
import { type Row, SqliteDatabase, type Upgrade } from "./sqlite-database.js";
import type { DueHost } from "./storage.js";

/** The tail may grow to this many bytes, or to this share of the record, before they are made one. */
const SMALL_TAIL = 16 * 1024;
const TAIL_SHARE = 0.5;
/** A tail of more bytes is made part of the record before it is loaded: reading it would take long. */
const LARGE_TAIL = 256 * 1024;
/** How many chunks one transaction adds when a record is written again. */
const AT_ONCE = 4;
/** How many places are remembered. */
const MOST_KNOWN = 10_000;
/** How many ids one answer to `list` has. */
const PAGE = 500;
/** Ids of records that have been put aside begin with it. */
const ASIDE = "~";

// When something of a host is due first, which its record and commits say too.
const DUE = "CREATE INDEX hosts_due ON hosts (due) WHERE due IS NOT NULL;";
// Commits of all hosts stand one after the other: those of one moment share pages.
const SCHEMA = `
  CREATE TABLE hosts (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, used INTEGER NOT NULL, seq INTEGER NOT NULL, head TEXT NOT NULL, sum INTEGER NOT NULL, due INTEGER) STRICT;
  ${DUE}
  CREATE TABLE commits (no INTEGER PRIMARY KEY, host INTEGER NOT NULL, seq INTEGER NOT NULL, revision INTEGER NOT NULL, chunk INTEGER NOT NULL, text TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE UNIQUE INDEX commits_of ON commits (host, seq);
  CREATE TABLE chunks (host INTEGER, n INTEGER, body BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (host, n)) STRICT, WITHOUT ROWID;
`;

/** What makes a file of an earlier format one of this. */
const UPGRADES: readonly Upgrade[] = [{ before: 3, sql: `ALTER TABLE hosts ADD COLUMN due INTEGER; ${DUE}` }];

/** The place of one scope instance in the file. */
interface Place {
  readonly no: number;
  readonly incarnation: string;
  revision: number;
  /** The number of the last commit. */
  sequence: number;
  /** The number that its next chunk has. */
  chunk: number;
  bytes: number;
  tailBytes: number;
}

type Head = HostRecord<ChunkedStore> & { readonly v: number };

/**
 * An SQLite file with scope instances in it. Synchronous: for a thread of its own.
 * @throws StateError when it cannot be opened, or is none of ours
 */
export class SqliteFile {
  readonly #db: SqliteDatabase;
  readonly #places = new Map<string, Place>();
  /** The ids whose tails have outgrown their records. */
  readonly due = new Set<string>();

  /** `readOnly`: only `load` and `facts` may be called. */
  constructor(path: string, readOnly = false) {
    this.#db = new SqliteDatabase(path, SCHEMA, UPGRADES, readOnly);
  }

  /** Runs orders as one transaction. When it fails, the places that are remembered are forgotten. */
  transaction<R>(run: () => R): R {
    try {
      return this.#db.transaction(run);
    } catch (error) {
      this.#places.clear();
      throw error;
    }
  }

  // --- where things stand ---

  #place(id: string): Place | undefined {
    const known = this.#places.get(id);
    if (known) {
      // The one used last is the last to be forgotten.
      this.#places.delete(id);
      this.#places.set(id, known);
      return known;
    }
    const host = this.#host(id);
    if (!host) return undefined;
    const no = Number(host.no);
    const tail = this.#db.row("SELECT max(seq) AS seq, max(revision) AS revision, sum(length(text)) AS bytes FROM commits WHERE host = ?", no) as Row;
    const chunks = this.#db.row("SELECT max(n) AS n, sum(length(body)) AS bytes FROM chunks WHERE host = ?", no) as Row;
    return this.#remember(id, {
      no,
      incarnation: host.head.incarnation,
      revision: Number(tail.revision ?? host.head.revision),
      sequence: Number(tail.seq ?? host.seq),
      chunk: Number(chunks.n ?? -1) + 1,
      bytes: host.text.length + Number(chunks.bytes ?? 0),
      tailBytes: Number(tail.bytes ?? 0),
    });
  }

  #remember(id: string, place: Place): Place {
    this.#places.set(id, place);
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= MOST_KNOWN) break;
      this.#places.delete(oldest);
    }
    return place;
  }

  #host(id: string): { no: number; seq: number; text: string; head: Head } | undefined {
    const row = this.#db.row("SELECT no, seq, head, sum FROM hosts WHERE id = ?", id);
    if (!row) return undefined;
    const text = String(row.head);
    this.#check(id, "its head", row.sum, id, text);
    const head = JSON.parse(text) as Head;
    if (!isReadable(head.v)) throw laterFormat(id, head.v);
    return { no: Number(row.no), seq: Number(row.seq), text, head };
  }

  #check(id: string, what: string, sum: unknown, ...parts: Part[]): void {
    if (sum !== checksum(...parts)) throw damagedRecord(id, what);
  }

  // --- orders ---

  load(id: string): PackedHost | undefined {
    const host = this.#host(id);
    if (!host) return undefined;
    const { no, head } = host;
    const commits: PackedCommit[] = [];
    const wanted: ChunkedStore[] = Object.values(head.stores);
    let { seq } = host;
    for (const row of this.#db.rows("SELECT seq, revision, chunk, text, sum FROM commits WHERE host = ? ORDER BY seq", no)) {
      const text = String(row.text);
      if (row.seq !== ++seq) throw damagedRecord(id, `commit ${seq}, which is missing`);
      const revision = Number(row.revision);
      this.#check(id, `commit ${seq}`, row.sum, ...partsOf(id, seq, revision, text));
      commits.push({ revision, sequence: seq, text, chunk: Number(row.chunk) });
      for (const store of wholeStores(text)) wanted.push({ ...store, from: store.from + Number(row.chunk) });
    }
    const chunks = new Map<number, Uint8Array>();
    for (const store of wanted) for (let n = store.from; n < store.from + store.count; n++) chunks.set(n, this.#chunk(id, no, n));
    return { head: host.text, sequence: host.seq, commits, chunks };
  }

  #chunk(id: string, no: number, n: number): Uint8Array {
    const row = this.#db.row("SELECT body, sum FROM chunks WHERE host = ? AND n = ?", no, n);
    if (!row) throw damagedRecord(id, `chunk ${n}, which is missing`);
    const body = row.body as Uint8Array;
    this.#check(id, `chunk ${n}`, row.sum, id, n, body);
    return body;
  }

  append(id: string, commits: readonly Packed[]): void {
    const [first] = commits;
    if (!first) return;
    const place = this.#place(id) ?? this.#begin(id, first);
    for (const commit of commits) {
      if (!follows(commit, place)) throw notNext(id);
      const chunk = place.chunk;
      for (const body of commit.chunks) this.#addChunk(id, place, body);
      const { revision, sequence, text } = commit;
      this.#db.run(
        "INSERT INTO commits (host, seq, revision, chunk, text, sum) VALUES (?, ?, ?, ?, ?, ?)",
        place.no,
        sequence,
        revision,
        chunk,
        text,
        checksum(...partsOf(id, sequence, revision, text)),
      );
      place.revision = revision;
      place.sequence = sequence;
      place.tailBytes += text.length;
    }
    const due = commits.findLast((commit) => commit.due !== undefined)?.due;
    if (due !== undefined) this.#db.run("UPDATE hosts SET due = ? WHERE no = ?", due, place.no);
    if (place.tailBytes > Math.max(SMALL_TAIL, place.bytes * TAIL_SHARE)) this.due.add(id);
  }

  #begin(id: string, { incarnation, revision, sequence, text }: Packed): Place {
    if (Object.values(storesOf(text)).some((store) => "kept" in store)) throw notNext(id);
    const first = { incarnation, revision, sequence: sequence - 1 };
    return this.#put(id, JSON.stringify({ v: FORMAT, ...first, stores: {}, numbers: {} } satisfies Head), first, null);
  }

  #put(id: string, head: string, position: Position, due: number | null): Place {
    const used = Date.now();
    this.#db.run("INSERT INTO hosts (id, used, seq, head, sum, due) VALUES (?, ?, ?, ?, ?, ?)", id, used, position.sequence, head, checksum(id, head), due);
    const no = Number(this.#db.row("SELECT last_insert_rowid() AS no")?.no);
    return this.#remember(id, { ...position, no, chunk: 0, bytes: head.length, tailBytes: 0 });
  }

  #addChunk(id: string, place: Place, text: string): void {
    const body = Buffer.from(text);
    const n = place.chunk++;
    this.#db.run("INSERT INTO chunks VALUES (?, ?, ?, ?)", place.no, n, body, checksum(id, n, body));
    place.bytes += body.length;
  }

  save(id: string, { incarnation, revision, sequence, text, chunks, due = null }: Packed): void {
    this.delete(id);
    const place = this.#put(id, text, { incarnation, revision, sequence }, due);
    for (const body of chunks) this.#addChunk(id, place, body);
  }

  delete(id: string): void {
    this.due.delete(id);
    this.#places.delete(id);
    const no = this.#db.row("SELECT no FROM hosts WHERE id = ?", id)?.no;
    if (no === undefined) return;
    for (const table of ["commits", "chunks"]) this.#db.run(`DELETE FROM ${table} WHERE host = ?`, Number(no));
    this.#db.run("DELETE FROM hosts WHERE no = ?", Number(no));
  }

  touch(id: string): void {
    this.#db.run("UPDATE hosts SET used = ? WHERE id = ?", Date.now(), id);
  }

  list(prefix: string, after: string): (readonly [id: string, stores: readonly string[]])[] {
    const rows = this.#db.rows(
      "SELECT no, id, head FROM hosts WHERE id > ? AND id >= ? AND id < ? AND substr(id, 1, 1) <> ? ORDER BY id LIMIT ?",
      after,
      prefix,
      endOf(prefix),
      ASIDE,
      PAGE,
    );
    return rows.map(({ no, id, head }) => {
      const stores = new Set(namesIn(String(head)));
      for (const { text } of this.#db.rows("SELECT text FROM commits WHERE host = ?", Number(no)))
        for (const name of Object.keys(storesOf(String(text)))) stores.add(name);
      return [String(id), [...stores]] as const;
    });
  }

  /** What is known of scope instances, a page of them, those put aside too. */
  facts(prefix: string, after: string): HostFacts[] {
    const rows = this.#db.rows("SELECT * FROM hosts WHERE id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?", after, prefix, endOf(prefix), PAGE);
    return rows.map(({ no, id, used, head }) => {
      const commits = this.#db.rows("SELECT text FROM commits WHERE host = ? ORDER BY seq", Number(no)).map(({ text }) => String(text));
      const known = { id: String(id), used: Number(used) };
      try {
        const { revision, bytes, tailBytes } = this.#place(known.id) as Place;
        return { ...known, revision, bytes: bytes + tailBytes, stores: versionsIn(String(head), commits) };
      } catch (error) {
        return { ...known, ...unreadable(error) };
      }
    });
  }

  expire(prefix: string, before: number): string[] {
    const old = "SELECT id FROM hosts WHERE id >= ? AND id < ? AND used < ? AND (due IS NULL OR due > ?)";
    const ids = this.#db.rows(old, prefix, endOf(prefix), before, Date.now()).map(({ id }) => String(id));
    for (const id of ids) this.delete(id);
    return ids;
  }

  dueHosts(before: number, limit: number): DueHost[] {
    const rows = this.#db.rows("SELECT id, due FROM hosts WHERE due < ? ORDER BY due LIMIT ?", before, limit);
    return rows.map(({ id, due }) => ({ id: String(id), due: Number(due) }));
  }

  /** A damaged record is kept under another id, out of everybody's way. */
  setAside(id: string): string {
    const aside = `${ASIDE}${new Date().toISOString()} ${id}`;
    this.transaction(() => this.#db.run("UPDATE hosts SET id = ?, due = NULL WHERE id = ?", aside, id));
    this.#places.delete(id);
    this.due.delete(id);
    return aside;
  }

  // --- making one of a record and its tail ---

  tooLong(id: string): boolean {
    const place = this.#place(id);
    return place !== undefined && place.tailBytes > LARGE_TAIL;
  }

  /** Makes one of a record and the commits so far. Commits may be added meanwhile. */
  *compact(id: string): Steps<void> {
    this.due.delete(id);
    const host = this.load(id);
    if (!host || host.commits.length === 0) return;
    const { no, seq: start } = this.#host(id) as { no: number; seq: number };
    const end = start + host.commits.length;
    const head = JSON.parse(host.head) as Head;
    const { numbers, stores, ...state } = fold(
      head,
      host.commits.map((commit) => commitOf(head.incarnation, commit)),
    );
    const refs: Record<string, ChunkedStore> = {};
    const made: { readonly name: string; readonly outline: Outline; readonly chunks: string[] }[] = [];
    for (const [name, { whole, tail }] of stores) {
      refs[name] = whole;
      if (tail.length === 0) continue;
      const texts = Array.from({ length: whole.count }, (_, i) => String(Buffer.from(host.chunks.get(whole.from + i) as Uint8Array)));
      const saved = yield* compactSteps(yield* fromChunks(whole, texts), tail);
      made.push({ name, outline: outlineOf(whole.version, saved), chunks: yield* chunksOf(saved) });
    }
    let from: number | undefined;
    let added = 0;
    const add = (text: string) => {
      const place = this.#place(id);
      if (place?.no !== no) return false;
      from ??= place.chunk;
      // A commit has come with chunks of its own: then once more.
      if (place.chunk !== from + added) {
        this.due.add(id);
        return false;
      }
      this.#addChunk(id, place, text);
      added++;
      return true;
    };
    const texts = made.flatMap(({ chunks }) => chunks);
    // The last ones go with the record, all others before it, so that no transaction takes long.
    const last = texts.splice(-AT_ONCE);
    for (const text of texts) {
      if (!this.transaction(() => add(text))) return;
      yield;
    }
    this.transaction(() => {
      if (this.#place(id)?.no !== no || !last.every(add)) return;
      for (const { name, outline, chunks } of made) {
        refs[name] = { ...outline, from: from as number, count: chunks.length };
        from = (from as number) + chunks.length;
      }
      const head = JSON.stringify({ v: FORMAT, ...state, stores: refs, numbers: recent(numbers, Date.now()) } satisfies Head);
      this.#db.run("UPDATE hosts SET head = ?, sum = ?, seq = ? WHERE no = ?", head, checksum(id, head), end, no);
      this.#db.run("DELETE FROM commits WHERE host = ? AND seq <= ?", no, end);
      this.#sweep(no, Object.values(refs));
      this.#places.delete(id);
    });
  }

  /** Deletes the chunks that neither the record nor a commit speaks of. */
  #sweep(no: number, stores: ChunkedStore[]): void {
    const used = new Set<number>();
    const use = ({ from, count }: ChunkedStore) => {
      for (let n = from; n < from + count; n++) used.add(n);
    };
    stores.forEach(use);
    for (const { chunk, text } of this.#db.rows("SELECT chunk, text FROM commits WHERE host = ?", no))
      for (const store of wholeStores(String(text))) use({ ...store, from: store.from + Number(chunk) });
    for (const { n } of this.#db.rows("SELECT n FROM chunks WHERE host = ?", no))
      if (!used.has(Number(n))) this.#db.run("DELETE FROM chunks WHERE host = ? AND n = ?", no, Number(n));
  }

  backup(to: string): Promise<void> {
    return this.#db.backup(to);
  }

  close(): void {
    this.#db.close();
  }

  /** Gives an error of SQLite as users read it. */
  explain(error: unknown): StateError {
    return this.#db.explain(error);
  }
}

type Part = string | number | Uint8Array;
const checksum = (...parts: Part[]) => parts.reduce((sum: number, part) => crc32(typeof part === "number" ? `/${part}/` : part, sum), 0);

/** What a commit's checksum covers. In format 1 the text has the revision. */
const partsOf = (id: string, seq: number, revision: number, text: string): Part[] => (isOldText(text) ? [id, seq, text] : [id, seq, revision, text]);

/** The stores that a commit has as a whole. */
function wholeStores(text: string): ChunkedStore[] {
  if (!text.includes('"count":')) return [];
  return Object.values(storesOf(text)).filter((store): store is ChunkedStore => "count" in store);
}

/** Gives what comes right after all ids that begin with a prefix. In SQLite's order bytes come after every text. */
function endOf(prefix: string): string | Uint8Array {
  const letters = [...prefix];
  for (let last = letters.pop(); last !== undefined; last = letters.pop()) {
    const code = last.codePointAt(0) as number;
    // The codes between are halves of pairs, which are no letters.
    if (code < 0x10ffff) return letters.join("") + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1);
  }
  return new Uint8Array();
}

const namesIn = (text: string) => Object.keys((JSON.parse(text) as { stores: object }).stores);
