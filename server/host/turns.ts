import { transaction } from "mobx";
import { asyncUpdate, eventTimedOut, isOutOfTime } from "../../lib/errors/call-errors.js";
import { eventEnded, slowEvent } from "../../lib/errors/errors.js";
import { silence } from "../wire/plain-values.js";
import { runIn, type Turn } from "./context.js";
import { lettersTo } from "./effects.js";
import type { EventCall } from "./event-runner.js";
import { EventTurn } from "./event-turn.js";
import type { Host } from "./host.js";

/** How long a turn may take before a warning is logged, in ms. */
const SLOW = 1000;

/** The event or hook that wants a turn. */
type Taker = Pick<EventCall<unknown>, "caller" | "effects" | "messages" | "newId"> & Partial<Pick<EventCall<unknown>, "eventId" | "control" | "event">>;

/** The time of an event that has the turn. */
interface Limit {
  timer: NodeJS.Timeout | undefined;
}

/** The turn of a host: who may change its stores. One at a time has it, until its time is up. */
export class Turns {
  readonly #host: Host;
  #now: Turn | undefined;
  #broken: Error | undefined;
  /** The running event waits, as too much is on its way into the storage. */
  #held = false;
  /** The turns of events beside the queue. */
  readonly #besides = new Set<Turn>();
  /** Ends the running event, whatever it waits for. */
  #stop: ((error: Error) => void) | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The turn of what runs now. */
  get now(): Turn | undefined {
    return this.#now;
  }

  /** The reason why no event gets a turn any more. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Gives no more turns; the current one commits nothing more. */
  refuse(why: Error): void {
    this.#broken = why;
  }

  /** Takes the turn, when its place in the queue has come: what `run` changes and does not commit is undone. */
  async take<R>(label: string, taker: Taker, run: (turn: Turn) => Promise<R>): Promise<R> {
    if (this.#broken) throw this.#broken;
    const control = taker.control ?? new AbortController();
    const turn = this.#make(label, taker, control);
    const started = performance.now();
    const { shelf, world } = this.#host;
    const limit: Limit = { timer: undefined };
    this.#now = turn;
    try {
      const value = await new Promise<R>((resolve, reject) => {
        this.#limit(limit, turn, taker, reject);
        runIn(turn, () => run(turn)).then(resolve, reject);
      });
      turn.done = true;
      return value;
    } catch (error) {
      // Anything may be thrown, `undefined` too.
      turn.end(() => (error as Error | undefined) ?? eventEnded(label));
      turn.open = false;
      shelf.failLoading();
      this.#host.rollback();
      const aborted = control.signal.aborted;
      if (!aborted) control.abort(error);
      throw aborted ? control.signal.reason : error;
    } finally {
      clearTimeout(limit.timer);
      turn.open = false;
      turn.end(() => eventEnded(label));
      this.#now = undefined;
      this.#stop = undefined;
      shelf.endTurn();
      const took = performance.now() - started;
      if (took >= SLOW) world.report("warn", slowEvent(label, took));
    }
  }

  /** Cuts an event off when its time is over, or that of the event that called it. It is not cut off while its commit is being stored. */
  #limit(limit: Limit, { caller, control: { signal }, label }: Turn, { event }: Taker, stop: (error: Error) => void): void {
    const ms = event?.timeout ?? this.#host.world.limits.eventTimeout;
    this.#stop = stop;
    const expire = (why: () => unknown) => {
      clearTimeout(limit.timer);
      if (this.#held) limit.timer = setTimeout(expire, 100, why);
      else stop(why() as Error);
    };
    limit.timer = setTimeout(expire, ms, () => eventTimedOut(label, ms, event?.timeout !== undefined));
    if (caller.turn) signal.addEventListener("abort", () => isOutOfTime(signal.reason) && expire(() => signal.reason));
  }

  /** Cuts off what runs, as when it is out of time, and what runs beside the queue: that has had its time to clean up. */
  cutOff(error: Error): void {
    for (const turn of this.#besides) turn.end(() => error);
    // An event whose commit is being stored is not cut off.
    if (!this.#held) this.#stop?.(error);
  }

  /** Waits for the storage. What runs is not cut off meanwhile. */
  async hold(stored: Promise<void>): Promise<void> {
    this.#held = true;
    try {
      await stored;
    } finally {
      this.#held = false;
    }
  }

  /** Makes a turn that is lent the host's for moments: of what runs beside the queue. */
  beside(label: string, taker: Taker & { readonly control: AbortController }): Turn {
    const turn = this.#make(label, taker, taker.control);
    turn.open = false;
    this.#besides.add(turn);
    return turn;
  }

  /** Ends the turn of an event beside the queue. */
  leave(turn: Turn, why: () => Error): void {
    this.#besides.delete(turn);
    turn.end(why);
  }

  /** Lends it for one change, when its place in the queue has come. */
  async lend<R>(turn: Turn, change: () => R, commit: () => Promise<void>): Promise<R> {
    this.#now = turn;
    turn.open = true;
    const before = [...turn.effects];
    try {
      const value = this.stretch(turn, () => synchronous(runIn(turn, change)));
      turn.open = false;
      await commit();
      return value;
    } catch (error) {
      // A change that failed, or whose commit was refused, leaves nothing to the next one.
      this.#host.rollback();
      turn.effects = turn.effects.filter((called) => before.includes(called));
      throw error;
    } finally {
      turn.open = false;
      this.#now = undefined;
      this.#host.shelf.endTurn();
    }
  }

  /** @throws where a turn commits nothing more: what runs on after its end must not commit what others are changing */
  check(turn: Turn): void {
    const why = turn.ended ?? this.#broken;
    if (why) throw why;
  }

  /** A synchronous stretch of an event is one batch: reactions see what it leaves behind. */
  stretch<R>(turn: Turn, run: () => R): R {
    return transaction(() => {
      try {
        return run();
      } catch (error) {
        // The rollback belongs to the same batch, so that reactions see nothing of the changes.
        if (turn.open) this.#host.rollback();
        throw error;
      }
    });
  }

  #make(label: string, { caller, eventId = "", effects, messages, newId }: Taker, control: AbortController): Turn {
    const host = this.#host;
    // A hook answers nobody: its effects are letters to the tab that it is about.
    const deliver = effects ?? (caller.connection && lettersTo(caller.connection.id, host.world.post));
    const turn: Turn = new EventTurn({
      host,
      label,
      caller,
      control,
      current: {
        ...caller.context,
        session: caller.session,
        key: host.roomKey ?? undefined,
        signal: control.signal,
        connection: caller.connection,
        eventId,
        get: (Class: unknown) => host.get(turn, Class),
        cancel: (method: unknown) => host.cancel(label, control, method),
      },
      deliver,
      messages,
      newId,
    });
    return turn;
  }
}

/** Refuses what an `update()` with an async function returns: it would hold the host while it waits, perhaps for the next `update()`. */
function synchronous<R>(value: R): R {
  if (!(value instanceof Promise)) return value;
  silence(value);
  throw asyncUpdate();
}
