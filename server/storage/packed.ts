import type { Outline } from "./chunks.js";
import type { CommitRecord } from "./records.js";

// The messages between `sqlite.ts` and its thread.

/** The version of the file's format, and of each record in it. */
export const FORMAT = 1;

/** A store whose bulk stands in chunks: so many, from so many on. Those of a commit are counted from its first one. */
export interface ChunkedStore extends Outline {
  readonly from: number;
  readonly count: number;
}

/** A record or commit on its way to the file: its text, and the chunks that it speaks of. */
export interface Packed {
  readonly incarnation: string;
  readonly revision: number;
  readonly text: string;
  readonly chunks: readonly string[];
}

/** A scope instance as it stands in the file. */
export interface PackedHost {
  readonly head: string;
  readonly commits: readonly { readonly text: string; readonly chunk: number }[];
  readonly chunks: ReadonlyMap<number, Uint8Array>;
}

export type Order =
  | { readonly do: "load"; readonly id: string }
  | { readonly do: "append"; readonly id: string; readonly commits: readonly Packed[] }
  | { readonly do: "save"; readonly id: string; readonly record: Packed }
  | { readonly do: "delete"; readonly id: string }
  | { readonly do: "touch"; readonly ids: readonly string[] }
  | { readonly do: "list"; readonly prefix: string; readonly after: string }
  | { readonly do: "expire"; readonly prefix: string; readonly before: number }
  | { readonly do: "backup"; readonly to: string }
  | { readonly do: "close" };

/** The answer to order `n`; 0 is nobody's: the file could not be opened. */
export interface Reply {
  readonly n: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A commit with its stores' chunks counted as the host's are. */
export function shifted(commit: CommitRecord<ChunkedStore>, chunk: number): CommitRecord<ChunkedStore> {
  const stores = Object.entries(commit.stores).map(([name, store]) => [name, "count" in store ? { ...store, from: store.from + chunk } : store]);
  return { ...commit, stores: Object.fromEntries(stores) };
}
