import { StateError } from "../../lib/errors/errors.js";
import { type ChunkedStore, storesOf } from "./packed.js";
import type { HostRecord } from "./records.js";

/** What is known of a stored scope instance without its classes. */
export interface HostFacts {
  readonly id: string;
  readonly revision: number;
  /** About how much it takes in the storage. */
  readonly bytes: number;
  /** When it was last used: ms since 1970. */
  readonly used: number;
  /** The `static version` of each store's class when it was written; `undefined`: only reading the state would tell. */
  readonly stores: Readonly<Record<string, number | undefined>>;
  /** The code of the error with which reading its state fails: `DAMAGED` or `NEWER`. */
  readonly unreadable?: string;
}

/** What the head of a record, and the commits after it, say of its stores. */
export function versionsIn(head: string, commits: readonly string[]): Record<string, number> {
  const { stores } = JSON.parse(head) as HostRecord<ChunkedStore>;
  const versions = Object.entries(stores).map(([name, { version }]) => [name, version] as const);
  const later = commits.flatMap((text) =>
    Object.entries(storesOf(text)).flatMap(([name, store]) => ("version" in store ? [[name, store.version] as const] : [])),
  );
  return Object.fromEntries([...versions, ...later]);
}

/** What is known of a scope instance whose record cannot be read. */
export const unreadable = (error: unknown) => ({
  revision: 0,
  bytes: 0,
  stores: {},
  unreadable: error instanceof StateError ? error.code : "DAMAGED",
});
