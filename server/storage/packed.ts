import type { StorageDelta } from "../../lib/channel/channel.js";
import type { Outline } from "./chunks.js";
import type { CommitRecord, EventRecord, Position, ScheduleChanges, StoreDelta } from "./records.js";
import type { TaskChanges } from "./task-records.js";

// The messages between `sqlite.ts` and its thread.

/**
 * The version of the file's format, and of each record in it. Files of earlier versions are read, and become files of this one.
 * 1: a commit is the JSON of its record. 2: it is a {@link CommitText}. 3: commits and records have schedules, and hosts the time when the first is
 * due. 4: they have tasks.
 */
export const FORMAT = 4;

/** Whether a file or a record is of a format that can be read. */
export const isReadable = (version: unknown): boolean => typeof version === "number" && version >= 1 && version <= FORMAT;

/** A store whose bulk stands in chunks: so many, from so many on. Those of a commit are counted from its first one. */
export interface ChunkedStore extends Outline {
  readonly from: number;
  readonly count: number;
}

/**
 * A commit as JSON, without what its host and its row say: the deltas of its stores, or a store in chunks, the event, what is forgotten, schedules, and tasks.
 * What stands at the end is left out where it says nothing: a token takes some forty bytes.
 */
type CommitText = readonly [
  stores: Readonly<Record<string, StorageDelta | ChunkedStore>>,
  event?: EventRecord | null,
  forget?: readonly string[] | null,
  schedules?: ScheduleChanges | null,
  tasks?: TaskChanges,
];

/** A commit as it is read. */
export interface PackedCommit {
  readonly revision: number;
  readonly sequence: number;
  readonly text: string;
  /** The number of its first chunk. */
  readonly chunk: number;
}

/** A record or commit on its way to the file: its text, and the chunks that it speaks of. */
export interface Packed extends Position {
  readonly text: string;
  readonly chunks: readonly string[];
  /** When something is due first; `null`: nothing is. Missing in a commit that does not change that. */
  readonly due?: number | null | undefined;
}

/** A scope instance as it stands in the file. */
export interface PackedHost {
  readonly head: string;
  /** The number of the last commit in the head. */
  readonly sequence: number;
  readonly commits: readonly PackedCommit[];
  readonly chunks: ReadonlyMap<number, Uint8Array | string>;
}

export type Order =
  | { readonly do: "load"; readonly id: string }
  | { readonly do: "append"; readonly id: string; readonly commits: readonly Packed[] }
  | { readonly do: "save"; readonly id: string; readonly record: Packed }
  | { readonly do: "delete"; readonly id: string }
  | { readonly do: "touch"; readonly ids: readonly string[] }
  | { readonly do: "list"; readonly prefix: string; readonly after: string }
  | { readonly do: "expire"; readonly prefix: string; readonly before: number }
  | { readonly do: "due"; readonly before: number; readonly limit: number }
  | { readonly do: "backup"; readonly to: string }
  | { readonly do: "close" };

/** The answer to order `n`; 0 is nobody's: the file could not be opened. */
export interface Reply {
  readonly n: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export function commitText({ stores, event, forget, schedules, tasks }: CommitRecord<ChunkedStore>): string {
  const short = Object.entries(stores).map(([name, store]) => [name, "kept" in store ? store.kept : store] as const);
  const text: unknown[] = [Object.fromEntries(short), event ?? null, forget ?? null, schedules ?? null, tasks ?? null];
  while (text.at(-1) === null) text.pop();
  return JSON.stringify(text as unknown as CommitText);
}

/** Whether a commit's text is of format 1. */
export const isOldText = (text: string): boolean => text.startsWith("{");

/** The stores of a commit, by its text. Chunks are counted from the commit's first one. */
export function storesOf(text: string): Readonly<Record<string, ChunkedStore | StoreDelta>> {
  if (isOldText(text)) return (JSON.parse(text) as CommitRecord<ChunkedStore>).stores;
  const [stores] = JSON.parse(text) as CommitText;
  return whole(stores);
}

/** The commit of a host's row. Chunks are counted as the host's are. */
export function commitOf(incarnation: string, { revision, sequence, text, chunk }: PackedCommit): CommitRecord<ChunkedStore> {
  const position = { incarnation, revision, sequence };
  const commit = isOldText(text) ? { ...(JSON.parse(text) as CommitRecord<ChunkedStore>), sequence } : ofText(position, JSON.parse(text) as CommitText);
  const stores = Object.entries(commit.stores).map(([name, store]) => [name, "count" in store ? { ...store, from: store.from + chunk } : store]);
  return { ...commit, stores: Object.fromEntries(stores) };
}

const ofText = (position: Position, [stores, event, forget, schedules, tasks]: CommitText): CommitRecord<ChunkedStore> => ({
  ...position,
  stores: whole(stores),
  ...(event && { event }),
  ...(forget && { forget }),
  ...(schedules && { schedules }),
  ...(tasks && { tasks }),
});

const whole = (stores: CommitText[0]): Record<string, ChunkedStore | StoreDelta> =>
  Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, "count" in store ? store : { kept: store }]));
