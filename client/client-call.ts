import type { EventError } from "../lib/errors/errors.js";
import type { StreamCall } from "../lib/event/call-types.js";
import { Yields } from "../lib/event/yields.js";

/** The promise of a call. It knows whether anybody listens, so that a failure nobody awaits can be told elsewhere. */
export class ClientCall extends Promise<unknown> implements StreamCall<unknown, unknown> {
  // `then` makes a plain promise.
  static override get [Symbol.species]() {
    return Promise;
  }

  /** A call, with the hands that settle it. `unheard` takes the error of one that nobody awaits. */
  static open(cancel: (reason: unknown) => void, unheard: (error: EventError) => void): OpenCall {
    let hands: Pick<OpenCall, "resolve" | "reject"> | undefined;
    const call = new ClientCall((resolve, reject) => {
      hands = { resolve, reject };
    });
    call.#cancel = cancel;
    const yields = call.#yields;
    call.#listen(
      () => yields.end(),
      (error) => {
        yields.end();
        // Later, as it may have failed before its caller could have listened.
        setTimeout(() => {
          if (!call.#heard) unheard(error as EventError);
        });
      },
    );
    return {
      call,
      ...(hands as Pick<OpenCall, "resolve" | "reject">),
      yielded(value) {
        yields.add(value);
        call.yielded?.(value);
      },
    };
  }

  local = Promise.resolve();
  #cancel!: (reason: unknown) => void;
  #heard = false;
  readonly #yields = new Yields();
  /** Is called with each yield, beside the loops that iterate. */
  declare yielded: ((value: unknown) => void) | undefined;
  declare progress: number | undefined;
  declare onProgress: ((part: number) => void) | undefined;
  /** Is called before `onProgress`, which is the caller's. */
  declare progressed: ((part: number) => void) | undefined;

  cancel(reason?: unknown): void {
    if (!this.#yields.over) this.#cancel(reason);
  }

  #listen(done: () => void, failed: (error: unknown) => void): void {
    super.then(done, failed);
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<A = unknown, B = never>(
    done?: ((value: unknown) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#heard = true;
    return super.then(done, failed);
  }

  [Symbol.asyncIterator](): AsyncGenerator<unknown, unknown, undefined> {
    this.#heard = true;
    return this.#yields.until(this);
  }
}

export interface OpenCall {
  readonly call: ClientCall;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  yielded(value: unknown): void;
}
