import type { Call } from "./call-types.js";

/** The yields of a generator event, for code that iterates over its call. */
export class Yields {
  readonly #values: unknown[] = [];
  #over = false;
  /** Wakes the loops that wait for the next value, or the end. */
  #more: (() => void)[] = [];

  add(value: unknown): void {
    this.#values.push(value);
    this.#tell();
  }

  #tell(): void {
    for (const more of this.#more.splice(0)) more();
  }

  get over(): boolean {
    return this.#over;
  }

  /** There are no more. */
  end(): void {
    this.#over = true;
    this.#tell();
  }

  /** Gives the values as they come, and at last the value of the call. A loop that is left before cancels the call. */
  async *until(call: Call<unknown>): AsyncGenerator<unknown, unknown, undefined> {
    let left = true;
    try {
      for (;;) {
        while (this.#values.length > 0) yield this.#values.shift();
        if (this.#over) {
          left = false;
          return await call;
        }
        await new Promise<void>((resolve) => this.#more.push(resolve));
      }
    } finally {
      if (left) call.cancel();
    }
  }
}
