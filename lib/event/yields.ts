import type { Call } from "./call-types.js";

/** The yields of a generator event, for code that iterates over its call. */
export class Yields {
  readonly #values: unknown[] = [];
  #over = false;
  #more: (() => void) | undefined;

  add(value: unknown): void {
    this.#values.push(value);
    this.#more?.();
  }

  get over(): boolean {
    return this.#over;
  }

  /** There are no more. */
  end(): void {
    this.#over = true;
    this.#more?.();
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
        await new Promise<void>((resolve) => {
          this.#more = resolve;
        });
      }
    } finally {
      if (left) call.cancel();
    }
  }
}
