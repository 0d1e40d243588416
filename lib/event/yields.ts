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

  /** Gives them as they come, and at last what the call has come to. */
  async *until(call: PromiseLike<unknown>): AsyncGenerator<unknown, unknown, undefined> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift();
      if (this.#over) return await call;
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
  }
}
