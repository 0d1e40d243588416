import type { Global } from "../class/view-types.js";
import { outsideCurrent } from "../errors/errors.js";
import { runningProvider } from "./current.js";
import type { Duration } from "./schedule.js";

/** How often a step that fails is tried again, and when. */
export interface Retry {
  /** How often it is tried again. @default 3 */
  readonly times?: number;
  /** How long it waits before the second attempt: in ms, or as `"1s"`. @default "1s" */
  readonly delay?: number | Duration;
  /** The factor by which each wait is longer than the one before. @default 2 */
  readonly factor?: number;
  /** The longest wait. @default "1m" */
  readonly max?: number | Duration;
}

/** The options of `step`: how often it is tried, and how long one attempt may take. */
export interface StepOptions {
  /** @default it is tried once */
  readonly retry?: Retry | undefined;
  /** How long one attempt may take: in ms, or as `"30s"`. Then its `signal` aborts, and it has failed. @default as long as it likes */
  readonly timeout?: number | Duration | undefined;
}

/** What a step's function gets. */
export interface StepAttempt {
  /** Aborts when the task is stopped, the attempt's time is over, or the server ends. */
  readonly signal: Global<"AbortSignal">;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** The options of `until`. */
export interface UntilOptions {
  /** How long to wait: in ms, or as `"2d"`. Then `until` gives `undefined`. @default as long as it takes */
  readonly timeout?: number | Duration | undefined;
}

/** The options of `resume`. */
export interface ResumeOptions {
  /** The id of the one task that is meant. @default all tasks of the scope instance that wait for the name */
  readonly task?: string | undefined;
}

/** What code asks of the server's tasks. */
export type TaskVerb = "step" | "sleep" | "until" | "progress" | "resume" | "stop";

/** Asks what runs the durable event here. */
function ask(verb: TaskVerb, ...args: unknown[]): unknown {
  const provider = runningProvider();
  if (!provider?.task) throw outsideCurrent(`${verb}()`);
  return provider.task(verb, args);
}

/** Asks the same of what runs any event; a prediction does nothing. */
function tell<R>(verb: TaskVerb, none: R, ...args: unknown[]): R {
  const provider = runningProvider();
  if (!provider) throw outsideCurrent(`${verb}()`);
  return (provider.task?.(verb, args) ?? none) as R;
}

/**
 * Runs a part of a durable event once: its result is kept, and after a kill `step` gives it without running the function again. A function that a kill cuts off
 * runs again, so let what it does outside carry `current().eventId` and the step's name as idempotency key.
 * The result is data, as an event's answer is. An error is kept too, after the last attempt: an `EventError` as it is, any other with its name and message.
 * @param name tells the step from the others of the event; steps of one name are told apart by their order
 * @throws StateError outside an event with `durable: true`, and where the result is no data
 * @example const charge = await step("charge", () => stripe.charge(order), { retry: { times: 5, delay: "2s" } });
 */
export const step = <R>(name: string, run: (attempt: StepAttempt) => R, options?: StepOptions): Promise<Awaited<R>> =>
  ask("step", name, run, options) as Promise<Awaited<R>>;

/**
 * Waits in a durable event, for ms or as long as `"1h"` says. It goes on when the time has come, also where the server was killed or the state has left memory
 * meanwhile.
 * @throws StateError outside an event with `durable: true`
 * @example await sleep("1h");
 */
export const sleep = (time: number | Duration): Promise<void> => ask("sleep", time) as Promise<void>;

/**
 * Waits in a durable event until another event calls `resume()` with this name, and gives the value of that call; `undefined` once the `timeout` is over.
 * @throws StateError outside an event with `durable: true`
 * @example if (await until<boolean>("approved", { timeout: "2d" })) await step("send", () => send(mail));
 */
export const until = <V = unknown>(name: string, options?: UntilOptions): Promise<V | undefined> => ask("until", name, options) as Promise<V | undefined>;

/**
 * Shows how far a durable event is, in the store's `@tasks` field: a number from 0 to 1, or any small data. It is kept with the next step.
 * @throws StateError outside an event with `durable: true`, and for what has more than 1,000 characters
 * @example progress(done / rows.length);
 */
export const progress = (value: unknown): void => void ask("progress", value);

/**
 * Answers durable events of this scope instance that wait for a name with `until()`: all of them, or the one with the id `task`. It is part of the commit of
 * the event that calls it. A task that runs and has not asked for the name yet gets the answer when it does. Returns how many tasks got it.
 * @throws StateError outside an event, in an event with `background: true` outside `update()`, and where the value is no data
 * @example @event approve() { resume("approved", true); }
 */
export const resume = (name: string, value?: unknown, options?: ResumeOptions): number => tell("resume", 0, name, value, options);

/**
 * Stops a durable event of this scope instance, by the id that its `@tasks` field shows. Its `signal` aborts, its caller gets `STOPPED`, and what it has
 * committed stays. One that has failed is taken off the list. Returns whether there was one.
 * @throws StateError outside an event
 * @example @event cancel(id: string) { stop(id); }
 */
export const stop = (task: string): boolean => tell("stop", false, task);
