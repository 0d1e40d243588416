import type { Saved } from "../lib/channel.js";

/** What is kept of one scope instance. Data only: it survives `structuredClone` and, apart from `undefined`, JSON. */
export interface HostRecord {
  readonly incarnation: string;
  readonly revision: number;
  /** The state of each store, by name. */
  readonly stores: Readonly<Record<string, Saved>>;
  /** The event numbers of each client, by client id. */
  readonly numbers: Readonly<Record<string, NumberRecord>>;
}

/** Up to where one client's events have run, and the answers that it has not confirmed. */
export interface NumberRecord {
  readonly next: number;
  /** When the client was last seen: ms since 1970. */
  readonly seen: number;
  readonly answers: readonly (readonly [n: number, answer: unknown])[];
}

/** What one event changed in one scope instance, at one stroke. */
export interface CommitRecord {
  readonly incarnation: string;
  readonly revision: number;
  /** The stores that have changed. `save` gives the whole state of one, as of this commit: call it before you return. */
  readonly changed: readonly { readonly store: string; save(): Saved }[];
  /** The numbered event that has ended with this commit, and its answer. */
  readonly answer?: { readonly client: string; readonly n: number; readonly answer: unknown };
}

/** What {@link Storage.list} tells of a scope instance. */
export interface HostEntry {
  readonly id: string;
  readonly stores: readonly string[];
}

/**
 * Where scope instances are kept. Each is told by an id that is the storage's to treat as an opaque string; ids of one scope begin alike
 * (`room/…`). The server calls `append`, `save` and `delete` for one id one after the other, never two at once.
 *
 * An adapter
 * - MUST make `append`, `save` and `delete` atomic: a reader, or the next process, finds all of it or nothing;
 * - MUST have made them as durable as it promises to be when they return, or when their promise resolves: only then are callers answered;
 * - MUST reject when it could not: the server then forgets what it holds of that id, and loads it anew;
 * - MUST give from `load` what was saved and appended last, with all stores and numbers; revisions rise by one;
 * - MAY keep nothing of an `append` if it loses all with the process anyway: before an instance leaves memory, the server calls `save`;
 * - MUST NOT change what it is given, nor keep a reference that the server may change: records are the server's no more once handed over.
 */
export interface Storage {
  readonly "~storage": true;
  load(id: string): HostRecord | undefined | Promise<HostRecord | undefined>;
  append(id: string, commit: CommitRecord): void | Promise<void>;
  /** Puts this in the place of everything kept under the id. */
  save(id: string, record: HostRecord): void | Promise<void>;
  delete(id: string): void | Promise<void>;
  /** All ids that begin with a prefix, in any order. */
  list(prefix: string): AsyncIterable<HostEntry>;
  /** Forgets what has not been loaded, appended or saved since a time (ms since 1970), among the ids that begin with a prefix. */
  expire(prefix: string, before: number): void | Promise<void>;
  close?(): void | Promise<void>;
}
