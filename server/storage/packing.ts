import type { Steps } from "../../lib/wire/steps.js";
import { inSlices } from "../task/slices.js";
import { chunksOf, fromChunks, outlineOf } from "./chunks.js";
import { type ChunkedStore, commitOf, commitText, FORMAT, type Packed, type PackedHost } from "./packed.js";
import { type CommitRecord, dueOf, type HostRecord, type StoreDelta } from "./records.js";
import type { LoadedHost } from "./storage.js";

// Records and commits on their way to the storage, and back.

const NONE: readonly never[] = [];

/** Whether a commit has a store as a whole. */
export const hasWhole = ({ stores }: CommitRecord): boolean => Object.values(stores).some((store) => !("kept" in store));

/** Packs commits. What has no whole store is little work, which is done at once. */
export const packCommits = (commits: readonly CommitRecord[]): Packed[] | Promise<Packed[]> =>
  commits.some(hasWhole) ? inSlices(packAll(commits)) : commits.map(packDeltas);

/** Packs a commit that has no whole store. */
function packDeltas(commit: CommitRecord): Packed {
  const { incarnation, revision, sequence, due } = commit;
  return { incarnation, revision, sequence, text: commitText(commit as CommitRecord<never>), chunks: NONE, due };
}

function* packAll(commits: readonly CommitRecord[]): Steps<Packed[]> {
  const packed: Packed[] = [];
  for (const commit of commits) {
    packed.push(yield* pack(commit));
    yield;
  }
  return packed;
}

export function* pack(record: HostRecord | CommitRecord): Steps<Packed> {
  const { incarnation, revision, sequence } = record;
  const { stores, chunks } = yield* packStores(record);
  const text = "numbers" in record ? headOf(record, stores, 0) : commitText({ ...record, stores });
  const due = "numbers" in record ? (dueOf(record) ?? null) : record.due;
  return { incarnation, revision, sequence, text, chunks, ...(due !== undefined && { due }) };
}

/** The stores of a record or commit, their bulk in chunks that are counted from 0. */
export function* packStores(record: HostRecord | CommitRecord): Steps<{ stores: Record<string, ChunkedStore | StoreDelta>; chunks: string[] }> {
  const stores: Record<string, ChunkedStore | StoreDelta> = {};
  const chunks: string[] = [];
  for (const [name, store] of Object.entries(record.stores)) {
    if (!("saved" in store)) {
      stores[name] = store;
      continue;
    }
    const texts = yield* chunksOf(store.saved);
    stores[name] = { ...outlineOf(store.version, store.saved), from: chunks.length, count: texts.length };
    for (const text of texts) chunks.push(text);
  }
  return { stores, chunks };
}

/** The text of a record whose chunks stand from a number on. */
export function headOf(record: HostRecord, stores: Readonly<Record<string, ChunkedStore | StoreDelta>>, first: number): string {
  const moved = Object.entries(stores).map(([name, store]) => [name, "count" in store ? { ...store, from: store.from + first } : store] as const);
  return JSON.stringify({ v: FORMAT, ...record, stores: Object.fromEntries(moved) });
}

export function* unpack({ head, sequence, commits, chunks }: PackedHost): Steps<LoadedHost> {
  const { v: _, ...packed } = JSON.parse(head) as HostRecord<ChunkedStore> & { v: number };
  const record = yield* unpackStores({ ...packed, sequence }, chunks);
  const tail: CommitRecord[] = [];
  for (const commit of commits) tail.push(yield* unpackStores(commitOf(record.incarnation, commit), chunks));
  return { record, tail };
}

function* unpackStores<R extends HostRecord<ChunkedStore> | CommitRecord<ChunkedStore>>(
  record: R,
  chunks: PackedHost["chunks"],
): Steps<R extends HostRecord<ChunkedStore> ? HostRecord : CommitRecord> {
  const stores: { [name: string]: unknown } = {};
  for (const [name, store] of Object.entries(record.stores)) {
    if (!("count" in store)) stores[name] = store;
    else stores[name] = { version: store.version, saved: yield* fromChunks(store, textsOf(store, chunks)) };
  }
  return { ...record, stores } as never;
}

const decoder = new TextDecoder();

function* textsOf({ from, count }: ChunkedStore, chunks: PackedHost["chunks"]): Generator<string> {
  for (let n = from; n < from + count; n++) {
    const chunk = chunks.get(n);
    yield typeof chunk === "string" ? chunk : decoder.decode(chunk);
  }
}
