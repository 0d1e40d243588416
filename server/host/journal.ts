import type { CommitRecord } from "../storage/records.js";

/** How many commits may be ahead of the storage. */
const MOST_AHEAD = 500;

/** Takes a host's commits to the storage, in order. What reports a commit waits here until it is durable. */
export interface Journal {
  /** Takes a commit. It is on its way when this returns. */
  add(commit: CommitRecord): void;
  /** Runs something when all that was added so far is durable, in order; at once where it is. Never, when it cannot be made durable. */
  after(run: () => void): void;
  /** Resolves when all that was added so far is durable. Rejects when it cannot be made so. */
  settled(): Promise<void>;
  /** Ends as after a failed append: what is on its way may still be stored, and nothing more is reported of it. */
  fail(error: unknown): void;
  /** Something is not durable yet. */
  readonly ahead: boolean;
  /** So much is not durable yet that events should wait. */
  readonly full: boolean;
}

type Entry = { readonly commit: CommitRecord } | { readonly run: () => void; readonly fail?: (error: Error) => void };

export interface JournalOptions {
  /** Called with all that has come while it ran before, one call after the other. */
  append(commits: readonly CommitRecord[]): void | Promise<void>;
  /** Notes that an append has failed, and makes the error that waiting callers get. The journal takes nothing after that. */
  failed(error: unknown): Error;
  report(error: unknown): void;
}

export const createJournal = (options: JournalOptions): Journal => new CommitJournal(options);

class CommitJournal implements Journal {
  readonly #options: JournalOptions;
  #entries: Entry[] = [];
  #commits = 0;
  #running = false;
  #broken: Error | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get ahead(): boolean {
    return this.#running;
  }

  get full(): boolean {
    return this.#commits >= MOST_AHEAD;
  }

  add(commit: CommitRecord): void {
    if (this.#broken) return;
    this.#commits++;
    this.#enter({ commit });
  }

  after(run: () => void): void {
    if (this.#broken) return;
    if (this.#running) this.#enter({ run });
    else run();
  }

  settled(): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    return this.#running ? new Promise((resolve, reject) => this.#enter({ run: resolve, fail: reject })) : Promise.resolve();
  }

  fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = this.#options.failed(error);
    const left = this.#entries;
    this.#entries = [];
    this.#refuse(left, this.#broken);
  }

  #refuse(entries: readonly Entry[], error: Error): void {
    for (const entry of entries) if ("fail" in entry) entry.fail?.(error);
  }

  #enter(entry: Entry): void {
    this.#entries.push(entry);
    if (!this.#running) void this.#work();
  }

  async #work(): Promise<void> {
    const { append } = this.#options;
    this.#running = true;
    // The commits of one turn of the event loop are appended together.
    await undefined;
    while (this.#entries.length > 0) {
      const some = this.#entries;
      this.#entries = [];
      const taken = some.flatMap((entry) => ("commit" in entry ? entry.commit : []));
      try {
        if (taken.length > 0) await append(taken);
      } catch (error) {
        this.fail(error);
      }
      if (this.#broken) {
        this.#refuse(some, this.#broken);
        break;
      }
      this.#commits -= taken.length;
      for (const entry of some) if ("run" in entry) this.#perform(entry.run);
    }
    this.#running = false;
  }

  #perform(run: () => void): void {
    try {
      run();
    } catch (error) {
      // The other callbacks run all the same.
      this.#options.report(error);
    }
  }
}
