import { superseded } from "../lib/errors.js";
import type { WireEvent } from "../lib/schema.js";
import type { ClientCall } from "./call.js";

type Run = (...args: unknown[]) => ClientCall;

/** An event as users hold it. */
export type TwinEvent = Run & { debounce(ms: number): Run; throttle(ms: number): Run };

/** A call that is still to be sent. */
export interface Begun {
  readonly call: ClientCall;
  /** Does nothing when it has been dropped. */
  send(args: readonly unknown[]): void;
  drop(error: unknown): void;
}

export interface EventParts {
  /** `store.event`, for messages. */
  readonly label: string;
  /** What the class has declared of it, as far as that is known. */
  options(): WireEvent | undefined;
  begin(): Begun;
}

/** Makes an event: a function, with its tools. */
export function createEvent(parts: EventParts): TwinEvent {
  const debounced = paced((ms) => debounce(parts, ms));
  const throttled = paced((ms) => throttle(parts, ms));
  const run: Run = (...args) => {
    const options = parts.options();
    if (options?.debounce !== undefined) return debounced(options.debounce)(...args);
    if (options?.throttle !== undefined) return throttled(options.throttle)(...args);
    const begun = parts.begin();
    begun.send(args);
    return begun.call;
  };
  return Object.assign(run, { debounce: debounced, throttle: throttled });
}

/** The same function for the same time. */
function paced(make: (ms: number) => Run): (ms: number) => Run {
  const made = new Map<number, Run>();
  return (ms) => {
    let run = made.get(ms);
    if (!run) {
      run = make(ms);
      made.set(ms, run);
    }
    return run;
  };
}

function debounce({ label, begin }: EventParts, ms: number): Run {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: Begun | undefined;
  return (...args) => {
    clearTimeout(timer);
    waiting?.drop(superseded(label));
    const begun = begin();
    waiting = begun;
    timer = setTimeout(() => {
      waiting = undefined;
      begun.send(args);
    }, ms);
    return begun.call;
  };
}

function throttle({ label, begin }: EventParts, ms: number): Run {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: Begun | undefined;
  let latest: readonly unknown[] = [];
  const next = () => {
    timer = undefined;
    if (!waiting) return;
    const begun = waiting;
    waiting = undefined;
    timer = setTimeout(next, ms);
    begun.send(latest);
  };
  return (...args) => {
    waiting?.drop(superseded(label));
    const begun = begin();
    waiting = begun;
    latest = args;
    if (timer === undefined) next();
    return begun.call;
  };
}
