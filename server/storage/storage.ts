import type { NodeStorage } from "./nodes.js";
import type { CommitRecord, HostRecord } from "./records.js";

/** The result of {@link Storage.load}. */
export interface LoadedHost {
  readonly record: HostRecord;
  /** The commits after the record, in order. */
  readonly tail: readonly CommitRecord[];
}

/** One entry of {@link Storage.list}. */
export interface HostEntry {
  readonly id: string;
  readonly stores: readonly string[];
}

/** One entry of {@link Storage.due}. */
export interface DueHost {
  readonly id: string;
  /** When something of it is due first: a schedule, or a task that goes on. ms since 1970; 0: at once. */
  readonly due: number;
}

/**
 * Stores scope instances. Each has an id, a string that means nothing to the storage; ids of one scope begin alike
 * (`room/…`). The suite in `twinstate/testing` holds an adapter to these duties:
 *
 * An adapter
 * - MUST make `append`, `save` and `delete` atomic: whoever loads, also the next process, finds all of it or nothing; all commits of one `append` are one
 *   stroke;
 * - MUST have made them as durable as it promises when they return, or when their promise resolves: only then are callers answered;
 * - MUST reject when it could not, or does not know: the server then forgets what it holds under the id, and loads it anew;
 * - MUST reject commits that do not follow: another incarnation than the record's, a revision that is neither the last one nor one more, or a `sequence` that
 *   is not the last one plus one. Where it has no record, the first commit begins one, at any revision and number, if it has its stores as wholes;
 * - MUST give from `load` what was saved and appended last. It MAY make one record of a record and some of the commits after it, at any time
 *   (`compact` from `twinstate/server` does it, and needs no class); it SHOULD when the tail outgrows a share of the record;
 * - MUST tell a record that is damaged from one that is not there: `load` rejects with the code `DAMAGED`, naming the id, and puts the record aside, so that
 *   the next `load` finds nothing, and nobody else is touched;
 * - MUST leave a record of a later format as it is: `load` rejects with the code `NEWER`;
 * - MUST keep with each id when something of it is due first, as `dueOf` of the record or the last commit that has `due` says: `due` lists it from then on, in
 *   the same stroke as the commit, and no more once a commit says `null`, another record is saved, or the id is deleted, expired or put aside. It SHOULD find
 *   them by an index;
 * - MUST neither change what it is given, nor give what it changes later;
 * - MUST tell ids apart exactly, by their letters: `NUL`, slashes, capitals, blanks at the end, and composed and decomposed letters (`é` and `e\u0301`) all
 *   count.
 *
 * It may assume that
 * - ids are well-formed strings (`isWellFormed()`), which UTF-8 holds as they are;
 * - for one id the server calls `load`, `append`, `save` and `delete` one after the other, never two at once, and `append` only after a `load` or `delete`;
 * - nobody else writes: where several processes could, an adapter MUST refuse all but one, or has {@link Storage.nodes};
 * - what it is given is plain data, and stays as it is;
 * - commits are small, and come often: it SHOULD make those of many ids durable together.
 */
export interface Storage {
  readonly "~storage": true;
  /**
   * Whether anything outlives the process. Where nothing does, the server saves it the trouble: it hands over no commits, but calls `save`
   * before a scope instance leaves memory.
   */
  readonly durable: boolean;
  load(id: string): LoadedHost | undefined | Promise<LoadedHost | undefined>;
  /** Adds commits, in order. `fence`: of the lease of the id, where there are {@link Storage.nodes}. */
  append(id: string, commits: readonly CommitRecord[], fence?: number): void | Promise<void>;
  /** Replaces everything stored under the id. */
  save(id: string, record: HostRecord, fence?: number): void | Promise<void>;
  delete(id: string, fence?: number): void | Promise<void>;
  /** Notes that these are in use, as `load` and `save` do. Before it lets any expire, the server calls it for all that are live. */
  touch(ids: readonly string[]): void | Promise<void>;
  /** Lists all ids that begin with a prefix, in any order. */
  list(prefix: string): AsyncIterable<HostEntry>;
  /**
   * Forgets what has not been used since a time (ms since 1970), among the ids that begin with a prefix, and tells which. What has something due by now stays:
   * it runs first.
   */
  expire(prefix: string, before: number): readonly string[] | Promise<readonly string[]>;
  /** Lists the ids that have something due before a time (ms since 1970): the earliest first, and at most `limit`. */
  due(before: number, limit: number): readonly DueHost[] | Promise<readonly DueHost[]>;
  /**
   * Lets go of files and connections until the next call. The server calls it in `next build`, whose processes read state for pages one after the other, and
   * only when nothing else is under way.
   */
  rest?(): void | Promise<void>;
  /** Says which node has what, where several share the storage: then the server claims scope instances instead of loading them. */
  readonly nodes?: NodeStorage;
  /** Lets go of files and connections. What was called before is done first. */
  close?(): void | Promise<void>;
}
