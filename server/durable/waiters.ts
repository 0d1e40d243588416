import type { KeptOutcome } from "../storage/task-records.js";

interface Waiter {
  readonly due: number | undefined;
  /** Gives the outcome; `undefined`: the time has come. */
  readonly give: (outcome: KeptOutcome | undefined) => void;
}

/** What the code of a running task waits for. */
export class Waiters {
  readonly #waiters = new Map<string, Waiter>();
  readonly #rejects = new Set<(error: unknown) => void>();

  get size(): number {
    return this.#waiters.size;
  }

  get keys(): Iterable<string> {
    return this.#waiters.keys();
  }

  /** When the first of them is due; `undefined`: never. */
  get next(): number | undefined {
    let first: number | undefined;
    for (const { due } of this.#waiters.values()) if (due !== undefined && (first === undefined || due < first)) first = due;
    return first;
  }

  /** A promise that ends with the task. */
  open<T>(begin: (give: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      begin((value) => {
        this.#rejects.delete(reject);
        resolve(value);
      });
    });
  }

  /** Waits for an answer or a time. */
  wait(key: string, due: number | undefined): Promise<KeptOutcome | undefined> {
    return this.open((give) => this.#waiters.set(key, { due, give }));
  }

  /** Gives an answer to whoever waits for it. */
  give(outcome: KeptOutcome): void {
    const [key] = outcome;
    const waiter = this.#waiters.get(key);
    this.#waiters.delete(key);
    waiter?.give(outcome);
  }

  /** Lets those go on whose time has come. Gives whether there were any. */
  wake(now: number): boolean {
    let woken = false;
    for (const [key, { due, give }] of [...this.#waiters]) {
      if (due === undefined || due > now) continue;
      this.#waiters.delete(key);
      woken = true;
      give(undefined);
    }
    return woken;
  }

  /** The task was stopped: nothing comes any more. */
  refuse(reason: unknown): void {
    const rejects = [...this.#rejects];
    this.clear();
    for (const reject of rejects) reject(reason);
  }

  /** The task leaves memory, and its code with it. */
  clear(): void {
    this.#rejects.clear();
    this.#waiters.clear();
  }
}
