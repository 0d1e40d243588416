import { outsideCurrent } from "../errors/errors.js";
import { newId, runningProvider } from "./current.js";

/** A span of time: `"500ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"` or `"1w"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

/** The options of `schedule.after` and `schedule.at`. */
export interface ScheduleOptions {
  /** Names the schedule in its scope instance: of at most 200 characters. A schedule that has the id already is replaced. @default a new random one */
  readonly id?: string | undefined;
}

/** The options of `schedule.every`. */
export interface EveryOptions {
  /** Names the schedule in its scope instance: of at most 200 characters. A schedule that has the id already is replaced, unless it is the same. */
  readonly id: string;
  /** The IANA time zone in which a cron line is read: `"Europe/Berlin"`. @default "UTC" */
  readonly timeZone?: string | undefined;
}

/** What follows an event: its arguments, which may be left out where it needs none, and the options. */
type Rest<A extends readonly unknown[]> = [] extends A ? [args?: NoInfer<A>, options?: ScheduleOptions] : [args: NoInfer<A>, options?: ScheduleOptions];

/** Lets events of the same scope instance run later. */
export interface Schedule {
  /**
   * Runs an event once, after a time in ms or as `"5m"`. Returns the id of the schedule.
   * @throws StateError for what is no event of a store of this scope instance, and where there are too many schedules
   * @example schedule.after("10m", this.release, [seat]);
   */
  after<A extends unknown[]>(delay: number | Duration, event: (...args: A) => unknown, ...rest: Rest<A>): string;
  /**
   * Runs an event once, at a date, or ms since 1970; at once, if that is past. Returns the id of the schedule.
   * @throws StateError as `after` does
   * @example schedule.at(date, this.close, [], { id: "close" });
   */
  at<A extends unknown[]>(date: Date | number, event: (...args: A) => unknown, ...rest: Rest<A>): string;
  /**
   * Runs an event again and again: with a period of a second or more, as `"5m"` or in ms, or by a cron line of five or six fields (the first of six are
   * seconds). Neither drifts nor overlaps: times that pass while a run goes on, or while no server runs, are skipped, and one run makes up for them.
   * The same `every` once more, as in `onLoad`, changes nothing.
   * @throws StateError as `after` does, and for a cron line that names no time
   * @example schedule.every("5m", this.refresh, [], { id: "refresh" });
   * @example schedule.every("0 9 * * MON-FRI", this.remind, ["stand-up"], { id: "stand-up", timeZone: "Europe/Berlin" });
   */
  every<A extends unknown[]>(period: number | Duration | (string & {}), event: (...args: A) => unknown, args: NoInfer<A>, options: EveryOptions): string;
  /**
   * Cancels a schedule of this scope instance, if there is one. A run that goes on is not stopped: `current().cancel(this.refresh)` does that.
   * @example schedule.cancel("close");
   */
  cancel(id: string): void;
}

/** What an event asks of its server's schedules. */
export type ScheduleRequest = { readonly id: string } & (
  | { readonly how: "cancel" }
  | { readonly how: "after" | "at" | "every"; readonly when: unknown; readonly event: unknown; readonly args: unknown; readonly timeZone: unknown }
);

function ask(how: "after" | "at" | "every", when: unknown, event: unknown, args: unknown = [], options: Partial<EveryOptions> = {}): string {
  const { id = newId(), timeZone } = options;
  send({ how, id, when, event, args, timeZone });
  return id;
}

/** A prediction schedules nothing: its server does. */
function send(request: ScheduleRequest): void {
  const provider = runningProvider();
  if (!provider) throw outsideCurrent(`schedule.${request.how}()`);
  provider.schedule?.(request);
}

/**
 * Lets events run later: once, or again and again. Durable storages keep schedules; with `memory()` they live as long as the process. They begin with the
 * commit of the event that makes them, so an event that fails leaves none, and go with their scope instance.
 * The event runs as a call of the server, without user, session and tab, and once for state: what it changes and the end of its schedule are one commit.
 * In an optimistic event the browser schedules nothing.
 * @throws StateError outside an event, and in an event with `background: true` outside `update()`
 * @example
 * @event openUntil(date: Date) {
 *   this.open = true;
 *   schedule.at(date, this.close, [], { id: "close" });
 * }
 */
export const schedule: Schedule = {
  after: (delay, event, args?: unknown, options?: ScheduleOptions) => ask("after", delay, event, args, options),
  at: (date, event, args?: unknown, options?: ScheduleOptions) => ask("at", date, event, args, options),
  every: (period, event, args, options) => ask("every", period, event, args, options),
  cancel: (id) => send({ how: "cancel", id }),
};
