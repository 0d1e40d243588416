import { isOutOfTime } from "../../lib/errors/call-errors.js";
import { lateUpdate } from "../../lib/errors/errors.js";
import type { Report } from "../wire/error-shape.js";
import type { Turn } from "./context.js";

/** How long an event that was cancelled may go on to change state, in ms. */
const GRACE = 5000;

/**
 * Decides what an event beside the queue may still change after it is cancelled. The event has to learn of that first: by `signal`, if it has read that, or
 * by its next `update()`, which throws. From then on it may change state for a while, as its `finally` does.
 */
export class Cancellation {
  readonly #label: string;
  readonly #signal: AbortSignal;
  readonly #report: Report;
  /** The event has read the signal. */
  #taken = false;
  /** The time until which the event may change state, once it knows. */
  #until: number | undefined;
  #reported = false;
  /** Rejects when an event that is out of time has not ended in the time to clean up. */
  readonly late: Promise<never>;
  #timer: NodeJS.Timeout | undefined;

  constructor(label: string, { signal }: AbortController, report: Report) {
    this.#label = label;
    this.#signal = signal;
    this.#report = report;
    this.late = new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        if (this.#taken) this.tell();
        if (isOutOfTime(signal.reason)) this.#timer = setTimeout(reject, GRACE, signal.reason);
      });
    });
  }

  /** The event has ended. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Gives an event its signal, by `current()`. */
  watch(turn: Turn): void {
    const get = () => {
      this.#taken = true;
      if (this.#signal.aborted) this.tell();
      return this.#signal;
    };
    Object.defineProperty(turn.current, "signal", { get, enumerable: true });
  }

  /** Notes that the event knows of its cancellation. */
  tell(): void {
    this.#until ??= performance.now() + GRACE;
  }

  /**
   * The event is about to change state. Gives whether it knows that it was cancelled: what it does then is to clean up.
   * @throws the reason, where it does not know, or has known for too long
   */
  check(): boolean {
    if (!this.#signal.aborted) return false;
    if (this.#until !== undefined && performance.now() <= this.#until) return true;
    if (this.#until === undefined) this.tell();
    else if (!this.#reported) {
      this.#reported = true;
      this.#report("warn", lateUpdate(this.#label, GRACE, this.#signal.reason));
    }
    throw this.#signal.reason;
  }
}
