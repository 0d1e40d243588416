/** Listeners of one kind of event. */
export class Signal<A extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...news: A) => void>();

  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls back each time, until the returned function is called. */
  readonly subscribe = (listener: (...news: A) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  tell(...news: A): void {
    for (const listener of [...this.#listeners]) listener(...news);
  }
}
