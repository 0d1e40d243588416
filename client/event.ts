import type { WireEvent } from "../lib/class/schema.js";
import { superseded } from "../lib/errors/errors.js";
import { atomically } from "../lib/graph/batch.js";
import type { InstanceRef } from "../lib/wire/protocol.js";
import type { ClientCall } from "./client-call.js";
import { createForm, type Filled, type Form } from "./form.js";
import { hold, letGo, sendHeld } from "./held.js";

type Run = (...args: unknown[]) => ClientCall;

/** An event as users hold it. */
export type BoundEvent = Run & { debounce(ms: number): Run; throttle(ms: number): Run; readonly form: Form; readonly "~": EventParts };

/** A call that is still to be sent. */
export interface Begun {
  readonly call: ClientCall;
  /** Shows what can be shown of it, until it is sent. */
  show(args: readonly unknown[]): void;
  /** Does nothing when it has been dropped. */
  send(given: readonly unknown[] | Filled): void;
  drop(error: unknown): void;
}

/** `pause`: how long a field waits for more before it sends, in ms. */
type EventOptions = WireEvent & { readonly pause?: number };

/** The parts of an event, for code that paces calls itself. */
export interface EventParts {
  /** `store.event` or `store.Model.event`: its path. */
  readonly label: string;
  /** The room's. */
  readonly key: string | null;
  /** The twin that has the event. */
  readonly twin: object;
  /** The URL of the twin's route. */
  readonly url: string;
  /** Names the instance that has the event. */
  ref(): InstanceRef | undefined;
  /** The options that the class has declared for the event, as far as they are known. */
  options(): EventOptions | undefined;
  begin(): Begun;
}

/** Makes an event: a function, with its tools. */
export function createEvent(parts: EventParts): BoundEvent {
  const made = new Map<string, Run>();
  /** The same function for the same time. */
  const paced = (each: boolean) => (ms: number) => {
    const name = `${each} ${ms}`;
    const run = made.get(name) ?? pace(parts, ms, each);
    made.set(name, run);
    return run;
  };
  const tools = { debounce: paced(false), throttle: paced(true), "~": parts };
  const run: Run = (...args) => {
    const { debounce, throttle, volatile } = parts.options() ?? {};
    if (debounce !== undefined) return tools.debounce(debounce)(...args);
    if (throttle !== undefined) return tools.throttle(throttle)(...args);
    // Calls that are held back were made before this one: they are sent first.
    if (!volatile) sendHeld(parts.twin);
    const { call, send } = parts.begin();
    send(args);
    return call;
  };
  let form: Form | undefined;
  return Object.defineProperty(Object.assign(run, tools), "form", { get: () => (form ??= createForm(parts)) }) as BoundEvent;
}

/** Sends the last of calls that follow each other closely: `ms` after it, or (`each`) the first at once and then one each `ms`. */
function pace({ label, begin, twin, options }: EventParts, ms: number, each: boolean): Run {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: Begun | undefined;
  let latest: readonly unknown[] = [];
  const next = () => {
    clearTimeout(timer);
    letGo(next);
    const begun = waiting;
    waiting = undefined;
    timer = begun && each ? setTimeout(next, ms) : undefined;
    begun?.send(latest);
  };
  return (...args) => {
    const begun = begin();
    atomically(() => {
      waiting?.drop(superseded(label));
      waiting = begun;
      latest = args;
      if (each && timer === undefined) {
        // Sent at once, it is a call like any other.
        if (!options()?.volatile) sendHeld(twin);
        return next();
      }
      begun.show(args);
      hold(next, twin, each ? undefined : ms);
    });
    return begun.call;
  };
}
