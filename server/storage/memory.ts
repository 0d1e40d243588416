import { notNext } from "../../lib/errors/storage-errors.js";
import { DueTimes } from "../task/due-times.js";
import { beginning, type CommitRecord, dueOf, follows, type HostRecord, type Position } from "./records.js";
import type { Storage } from "./storage.js";

interface Kept {
  readonly record: HostRecord;
  readonly tail: readonly CommitRecord[];
  used: number;
}

/**
 * Keeps state in this process: it is gone with the process. The default, for development and for state that may be lost.
 * @example createTwin({ stores, storage: memory() })
 */
export const memory = (): Storage => keeping({ mayFollow: follows, isHeld: () => false });

/** The same, for tests. `mayFollow`: which commits are taken. `isHeld`: what does not expire. */
export function keeping({ mayFollow, isHeld }: { readonly mayFollow: typeof follows; readonly isHeld: (id: string) => boolean }): Storage {
  const hosts = new Map<string, Kept>();
  const dueTimes = new DueTimes();
  const put = (id: string, record: HostRecord, tail: readonly CommitRecord[] = []) => hosts.set(id, { record, tail, used: Date.now() });
  const forget = (id: string) => {
    hosts.delete(id);
    dueTimes.set(id, undefined);
  };
  const touch = (id: string) => {
    const kept = hosts.get(id);
    if (kept) kept.used = Date.now();
    return kept;
  };

  return {
    "~storage": true,
    durable: false,
    load(id) {
      const kept = touch(id);
      return kept && structuredClone({ record: kept.record, tail: kept.tail });
    },
    append(id, commits) {
      const [first] = commits;
      if (!first) return;
      const { record = beginning(first), tail = [] } = hosts.get(id) ?? {};
      if (!record) throw notNext(id);
      let last: Position = tail.at(-1) ?? record;
      for (const commit of commits) {
        if (!mayFollow(commit, last)) throw notNext(id);
        last = commit;
      }
      put(id, record, [...tail, ...commits]);
      const due = commits.findLast((commit) => commit.due !== undefined)?.due;
      if (due !== undefined) dueTimes.set(id, due ?? undefined);
    },
    save(id, record) {
      put(id, record);
      dueTimes.set(id, dueOf(record));
    },
    delete: forget,
    touch(ids) {
      ids.forEach(touch);
    },
    async *list(prefix) {
      for (const [id, { record, tail }] of [...hosts]) {
        if (!id.startsWith(prefix)) continue;
        yield { id, stores: [...new Set([record, ...tail].flatMap(({ stores }) => Object.keys(stores)))] };
      }
    },
    expire(prefix, before) {
      const now = Date.now();
      const isOld = ([id, { used }]: [string, Kept]) => used < before && id.startsWith(prefix) && (dueTimes.get(id) ?? Infinity) > now;
      const old = [...hosts].filter(isOld).flatMap(([id]) => (isHeld(id) ? [] : id));
      old.forEach(forget);
      return old;
    },
    due: (before, limit) => dueTimes.list(before, limit),
  };
}
