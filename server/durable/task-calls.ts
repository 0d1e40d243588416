import { encodeValue } from "../../lib/wire/value-codec.js";
import type { Outcome } from "../call/outcome.js";
import type { EventCall } from "../host/event-runner.js";
import type { Host } from "../host/host.js";
import { errorShapeOf } from "../wire/error-shape.js";

/** Whoever waits for the end of a task. */
interface Waiting {
  ended(value: unknown): void;
  failed(error: unknown, told: Error): void;
  /** The server, or the host, ends: the task goes on in its next life. */
  cut(error: unknown): void;
}

/** The calls that wait for the end of a task. */
export class TaskCalls {
  readonly #host: Host;
  readonly #store: string;
  readonly #waiting = new Set<Waiting>();
  #outcome: Promise<Outcome> | undefined;

  constructor(host: Host, store: string) {
    this.#host = host;
    this.#store = store;
  }

  /** Waits for the end, for a call. `cancel` is called when its caller cancels it. */
  join<R>(call: EventCall<R>, cancel: () => void): Promise<R> {
    const host = this.#host;
    const { signal } = call.control;
    // A server that closes cuts off its calls: the task goes on in the next one.
    const abort = () => host.world.closing || cancel();
    return new Promise<R>((resolve, reject) => {
      const settle = (run: () => void) => {
        signal.removeEventListener("abort", abort);
        this.#waiting.delete(waiting);
        try {
          run();
        } catch (error) {
          reject(error);
        }
      };
      const waiting: Waiting = {
        ended: (value) => settle(() => resolve(this.answer(call, value))),
        failed: (error, told) => settle(() => (call.refuse ? resolve(call.refuse(told, true)) : reject(error))),
        cut: (error) => settle(() => reject(error)),
      };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
    });
  }

  /** Makes the answer to a call. */
  answer<R>(call: EventCall<R>, value: unknown): R {
    const { commits, shelf } = this.#host;
    const { store } = shelf.live.get(this.#store) ?? {};
    return call.answer(value, store as NonNullable<typeof store>, commits.revision, call.numbered && this.#tick());
  }

  /** The answer to the call that has made the task, for whoever makes it again after a restart. */
  get outcome(): Promise<Outcome> {
    if (!this.#outcome) {
      // The host may be about to be made.
      const host = this.#host;
      const outcome = (what: Partial<Outcome>): Outcome => {
        const tick = this.#tick();
        return { r: host.commits.revision, ...what, ...(tick && { t: [tick, host.number] as const }) };
      };
      this.#outcome = new Promise((resolve, reject) => {
        this.#waiting.add({
          ended: (value) => resolve(outcome({ v: encodeValue(value) })),
          failed: (_, told) => resolve(outcome({ error: errorShapeOf(told, host.world.report) })),
          cut: reject,
        });
      });
      this.#outcome.catch(() => {});
    }
    return this.#outcome;
  }

  /** The tick in which a caller sees that its task is over. */
  #tick(): number | undefined {
    const { ticks } = this.#host;
    const tick = ticks.name(undefined);
    ticks.due();
    return tick;
  }

  /** Tells all of them. */
  tell(run: (waiting: Waiting) => void): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const waiting of all) run(waiting);
  }
}
