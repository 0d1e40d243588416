import type { KeptOutcome } from "../storage/task-records.js";

/** How long the event may go without asking for what it had come to, in ms: as so many waits, as a process that was held up has given it no time. */
const PATIENCE = 5000;
const WAITS = 20;

/**
 * Gives an event that goes on what its steps have given before, in the order in which they ended. So what waits for several steps at once goes the same way as
 * before. A step that has given nothing yet waits until all others have been given.
 */
export class Replay {
  readonly #history: readonly KeptOutcome[];
  readonly #asked = new Map<string, (outcome: KeptOutcome | undefined) => void>();
  readonly #stuck: (kept: string, asked: readonly string[]) => void;
  #next = 0;
  #wanted = false;
  #patience: NodeJS.Timeout | undefined;

  /** `stuck` is called when the event does not ask for what comes next: `kept`. */
  constructor(history: readonly KeptOutcome[], stuck: (kept: string, asked: readonly string[]) => void) {
    this.#history = [...history];
    this.#stuck = stuck;
  }

  /** All was given that there is. */
  get over(): boolean {
    return this.#next >= this.#history.length;
  }

  /** The step to which the event has not come. */
  get next(): string | undefined {
    return this.#history[this.#next]?.[0];
  }

  /** Gives what a step has given before, once those before it have been given; `undefined`: nothing yet. */
  ask(key: string, give: (outcome: KeptOutcome | undefined) => void): void {
    this.#asked.set(key, give);
    this.#go();
  }

  #go(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    setImmediate(() => {
      this.#wanted = false;
      this.#give();
    });
  }

  #give(): void {
    clearTimeout(this.#patience);
    const outcome = this.#history[this.#next];
    if (!outcome) {
      const waiting = [...this.#asked.values()];
      this.#asked.clear();
      for (const give of waiting) give(undefined);
      return;
    }
    const [key] = outcome;
    const give = this.#asked.get(key);
    if (give) {
      this.#asked.delete(key);
      this.#next++;
      give(outcome);
      // What goes on by it asks first.
      if (this.#asked.size > 0) this.#go();
    } else {
      this.#wait(key, WAITS);
    }
  }

  #wait(key: string, waits: number): void {
    const over = () => (waits > 1 ? this.#wait(key, waits - 1) : this.#stuck(key, [...this.#asked.keys()]));
    this.#patience = setTimeout(over, PATIENCE / WAITS);
    this.#patience.unref();
  }

  stop(): void {
    clearTimeout(this.#patience);
    this.#asked.clear();
  }
}
