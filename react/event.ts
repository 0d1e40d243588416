import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { QUIET } from "../client/client.js";
import type { ClientCall } from "../client/client-call.js";
import { settle } from "../client/settle.js";
import type { EventError } from "../lib/errors/errors.js";
import type { StreamCall } from "../lib/event/call-types.js";
import { Signal } from "../lib/graph/signal.js";

/** What `useEvent` knows of the calls of a component. */
export interface EventState<C> {
  /** Whether a call has no answer yet. It updates at once, in a transition too. */
  readonly pending: boolean;
  /** Why a call was refused, until the next call. Cancelled, superseded and dropped calls are not refused. */
  readonly error: EventError | undefined;
  /** The result of the last call that ended. */
  readonly value: Awaited<C> | undefined;
  /** The last value that the last call has yielded. */
  readonly last: C extends StreamCall<infer Y, any> ? Y | undefined : undefined;
  /** How much of the last call's files is sent, from 0 to 1; `undefined` without files. */
  readonly progress: number | undefined;
  /** Asks all calls that have no answer to stop. */
  cancel(): void;
  /** Forgets error and value. */
  reset(): void;
}

/** The options of `useEvent`. */
export interface EventHookOptions {
  /**
   * Throws errors to the nearest error boundary.
   * @default false: they are in `error`
   */
  throwOnError?: boolean | undefined;
}

/**
 * An event with the state of its calls. `run` is always the same function, and returns the call. An error is in `error`, so it does not go to
 * `<TwinProvider onError>`, unless the component has unmounted.
 * @example
 * const [add, { pending, error }] = useEvent(todo.add);
 * return <button onClick={() => add("milk")} disabled={pending}>{error?.message ?? "Add milk"}</button>;
 */
export function useEvent<A extends unknown[], C extends PromiseLike<unknown>>(
  event: (...args: A) => C,
  options?: EventHookOptions,
): readonly [run: (...args: A) => C, state: EventState<C>];
export function useEvent(event: Event, { throwOnError = false }: EventHookOptions = {}): readonly [run: Event, state: State] {
  const [caller] = useState(() => new Caller(event));
  const state = useSyncExternalStore(caller.subscribe, caller.get, caller.get);
  useLayoutEffect(() => {
    caller.event = event;
  });
  useEffect(() => caller.mount(), [caller]);
  if (throwOnError && state.error) throw state.error;
  return [caller.run, state];
}

type Event = (...args: any[]) => PromiseLike<unknown> & Partial<Pick<ClientCall, "cancel" | "yielded" | "progress" | "progressed">>;
type State = EventState<StreamCall<unknown, unknown>>;

/** The calls of one component. */
class Caller {
  event: Event;
  readonly #calls = new Set<ReturnType<Event>>();
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  #latest: object | undefined;
  #mounted = false;
  #state: State = {
    pending: false,
    error: undefined,
    value: undefined,
    last: undefined,
    progress: undefined,
    cancel: () => {
      for (const call of this.#calls) call.cancel?.();
    },
    reset: () => this.#update({ error: undefined, value: undefined, last: undefined }),
  };

  constructor(event: Event) {
    this.event = event;
  }

  readonly get = () => this.#state;

  #update(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change, pending: this.#calls.size > 0 };
    this.#changes.tell();
  }

  mount(): () => void {
    this.#mounted = true;
    return () => {
      this.#mounted = false;
    };
  }

  readonly run: Event = (...args) => {
    const call = this.event(...args);
    this.#calls.add(call);
    this.#latest = call;
    this.#update({ error: undefined, last: undefined, progress: call.progress });
    if (call.cancel) {
      call.yielded = (last) => {
        if (this.#latest === call) this.#update({ last });
      };
      call.progressed = (progress) => {
        if (this.#latest === call) this.#update({ progress });
      };
    }
    settle(
      call,
      (value) => {
        this.#calls.delete(call);
        this.#update({ value });
      },
      (error) => {
        this.#calls.delete(call);
        this.#update(QUIET.has((error as EventError).code) ? {} : { error: error as EventError });
        return this.#mounted;
      },
    );
    return call;
  };
}
