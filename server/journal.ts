import type { CommitRecord } from "./record.js";

/** How many commits may be ahead of the storage. */
const MOST_AHEAD = 500;

/** The way of a host's commits into the storage, in order. What is told of a commit waits here until it is durable. */
export interface Journal {
  /** Takes a commit. It is on its way when this returns. */
  add(commit: CommitRecord): void;
  /** Runs something when all that was added so far is durable, in order; at once where it is. Never, when it cannot be made durable. */
  after(run: () => void): void;
  /** Resolves when all that was added so far is durable. Rejects when it cannot be made so. */
  settled(): Promise<void>;
  /** Something is not durable yet. */
  readonly ahead: boolean;
  /** So much is not durable yet that events should wait. */
  readonly full: boolean;
}

type Entry = { readonly commit: CommitRecord } | { readonly run: () => void; readonly fail?: (error: Error) => void };

export interface JournalOptions {
  /** Called with all that has come while it ran before, one call after the other. */
  append(commits: readonly CommitRecord[]): void | Promise<void>;
  /** It has failed: makes the error that those get who wait. Nothing is taken after that. */
  failed(error: unknown): Error;
  report(error: unknown): void;
}

export function createJournal({ append, failed, report }: JournalOptions): Journal {
  let entries: Entry[] = [];
  let commits = 0;
  let running = false;
  let broken: Error | undefined;

  async function work(): Promise<void> {
    running = true;
    // All that one turn of the event loop commits goes together.
    await undefined;
    while (entries.length > 0) {
      const some = entries;
      entries = [];
      const taken = some.flatMap((entry) => ("commit" in entry ? entry.commit : []));
      try {
        if (taken.length > 0) await append(taken);
      } catch (error) {
        broken = failed(error);
        for (const entry of [...some, ...entries]) if ("fail" in entry) entry.fail?.(broken);
        entries = [];
        break;
      }
      commits -= taken.length;
      for (const entry of some) if ("run" in entry) perform(entry.run);
    }
    running = false;
  }

  function perform(run: () => void): void {
    try {
      run();
    } catch (error) {
      // The others are told all the same.
      report(error);
    }
  }

  function enter(entry: Entry): void {
    entries.push(entry);
    if (!running) void work();
  }

  return {
    add(commit) {
      if (broken) return;
      commits++;
      enter({ commit });
    },
    after(run) {
      if (broken) return;
      if (running) enter({ run });
      else run();
    },
    settled() {
      if (broken) return Promise.reject(broken);
      return running ? new Promise((resolve, reject) => enter({ run: resolve, fail: reject })) : Promise.resolve();
    },
    get ahead() {
      return running;
    },
    get full() {
      return commits >= MOST_AHEAD;
    },
  };
}
