import type { Turn } from "./context.js";

/** The calls that an event has made to other hosts. They end with it, until it has ended well. */
export class OutgoingCalls {
  readonly #ends = new Set<(reason: unknown) => void>();

  /** One listener for all calls: Node warns of a signal that has many. */
  constructor(turn: Turn) {
    const { signal } = turn.control;
    signal.addEventListener("abort", () => {
      if (!turn.done) for (const end of this.#ends) end(signal.reason);
    });
  }

  /** Adds a call, until the returned function is called. `end` ends it. */
  add(end: (reason: unknown) => void): () => void {
    this.#ends.add(end);
    return () => void this.#ends.delete(end);
  }
}
