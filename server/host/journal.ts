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
  /** The number of the last commit that is durable. */
  readonly stored: number;
  /** Something is not durable yet. */
  readonly ahead: boolean;
  /** So much is not durable yet that events should wait. */
  readonly full: boolean;
}

/** What waits for commits. `fail`: what becomes of it where they cannot be made durable. */
interface Waiter {
  run(): void;
  fail?(error: Error): void;
}

export interface JournalOptions {
  /** The number of the last commit that is durable. */
  readonly stored: number;
  /** Called with all that has come while it ran before, one call after the other. */
  append(commits: readonly CommitRecord[]): void | Promise<void>;
  /** Notes that an append has failed, and makes the error that waiting callers get. The journal takes nothing after that. */
  failed(error: unknown): Error;
  report(error: unknown): void;
}

export const createJournal = (options: JournalOptions): Journal => new CommitJournal(options);

class CommitJournal implements Journal {
  stored: number;
  readonly #options: JournalOptions;
  #commits: CommitRecord[] = [];
  #waiters: Waiter[] = [];
  /** The commits that are being appended. */
  #leaving = 0;
  #running = false;
  #broken: Error | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.stored = options.stored;
  }

  get ahead(): boolean {
    return this.#running;
  }

  get full(): boolean {
    return this.#commits.length + this.#leaving >= MOST_AHEAD;
  }

  add(commit: CommitRecord): void {
    if (this.#broken) return;
    this.#commits.push(commit);
    if (!this.#running) void this.#work();
  }

  after(run: () => void): void {
    if (this.#broken) return;
    if (this.#running) this.#waiters.push({ run });
    else run();
  }

  settled(): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    return this.#running ? new Promise((resolve, reject) => void this.#waiters.push({ run: resolve, fail: reject })) : Promise.resolve();
  }

  fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = this.#options.failed(error);
    this.#commits = [];
    const left = this.#waiters;
    this.#waiters = [];
    this.#refuse(left, this.#broken);
  }

  #refuse(waiters: readonly Waiter[], error: Error): void {
    for (const { fail } of waiters) fail?.(error);
  }

  async #work(): Promise<void> {
    this.#running = true;
    // The commits of one turn of the event loop are appended together.
    await undefined;
    while (this.#commits.length > 0 || this.#waiters.length > 0) {
      const commits = this.#commits;
      const waiters = this.#waiters;
      this.#commits = [];
      this.#waiters = [];
      this.#leaving = commits.length;
      try {
        if (commits.length > 0) await this.#options.append(commits);
        this.stored = commits.at(-1)?.sequence ?? this.stored;
      } catch (error) {
        this.fail(error);
      }
      this.#leaving = 0;
      if (this.#broken) {
        this.#refuse(waiters, this.#broken);
        break;
      }
      for (const { run } of waiters) this.#perform(run);
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
