import { superseded } from "../lib/errors.js";
import { atomically } from "../lib/mirror.js";
import type { WireEvent } from "../lib/schema.js";
import type { ClientCall } from "./call.js";
import { createForm, type Filled, type Form } from "./form.js";

type Run = (...args: unknown[]) => ClientCall;

/** An event as users hold it. */
export type TwinEvent = Run & { debounce(ms: number): Run; throttle(ms: number): Run; readonly form: Form; readonly "~": EventParts };

/** A call that is still to be sent. */
export interface Begun {
  readonly call: ClientCall;
  /** Shows what can be shown of it, until it is sent. */
  show(args: readonly unknown[]): void;
  /** Does nothing when it has been dropped. */
  send(given: readonly unknown[] | Filled): void;
  drop(error: unknown): void;
}

/** What an event is made of, for who paces calls itself. */
export interface EventParts {
  /** `store.event`, for messages. */
  readonly label: string;
  /** The room's. */
  readonly key: string | null;
  /** Where the twin's route is. */
  readonly url: string;
  /** What the class has declared of it, as far as that is known. */
  options(): WireEvent | undefined;
  begin(): Begun;
}

/** Makes an event: a function, with its tools. */
export function createEvent(parts: EventParts): TwinEvent {
  const debounced = paced((ms) => pace(parts, ms, "after"));
  const throttled = paced((ms) => pace(parts, ms, "each"));
  const run: Run = (...args) => {
    const { debounce, throttle } = parts.options() ?? {};
    if (debounce !== undefined) return debounced(debounce)(...args);
    if (throttle !== undefined) return throttled(throttle)(...args);
    const { call, send } = parts.begin();
    send(args);
    return call;
  };
  let form: Form | undefined;
  const tools = { debounce: debounced, throttle: throttled, "~": parts };
  return Object.defineProperty(Object.assign(run, tools), "form", { get: () => (form ??= createForm(parts)) }) as TwinEvent;
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

/** Of calls that follow each other closely, sends the last: when `ms` have passed without one, or each `ms` and the first at once. */
function pace({ label, begin }: EventParts, ms: number, when: "after" | "each"): Run {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: Begun | undefined;
  let latest: readonly unknown[] = [];
  const next = () => {
    const begun = waiting;
    waiting = undefined;
    timer = begun && when === "each" ? setTimeout(next, ms) : undefined;
    begun?.send(latest);
  };
  return (...args) => {
    const begun = begin();
    atomically(() => {
      waiting?.drop(superseded(label));
      waiting = begun;
      latest = args;
      if (when === "each" && timer === undefined) return next();
      begun.show(args);
      if (when === "each") return;
      clearTimeout(timer);
      timer = setTimeout(next, ms);
    });
    return begun.call;
  };
}
