import type { EventSchema } from "../../lib/class/schema.js";
import { backgroundTimedOut, gone, goneMeanwhile } from "../../lib/errors/call-errors.js";
import { eventEnded, refusedEvent } from "../../lib/errors/errors.js";
import type { Store } from "../../lib/store/store.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import { watchEvent } from "../definition/oversights.js";
import { type Definition, type EventOwner, labelOf } from "../definition/scope.js";
import { Tasks } from "../durable/tasks.js";
import type { ScheduledRun } from "../schedule/scheduled-run.js";
import type { EventRecord } from "../storage/records.js";
import { silence } from "../wire/plain-values.js";
import { ActiveCalls } from "./active-calls.js";
import { Cancellation } from "./cancellation.js";
import { type Caller, type Deliver, runIn, type Turn } from "./context.js";
import { lifeOf } from "./feed-number.js";
import { isRefusal } from "./guard-call.js";
import type { Host } from "./host.js";
import type { SentMessages } from "./sent-messages.js";
import type { ShelfEntry } from "./shelf.js";
import { performTask } from "./task-runner.js";

/** How long a generator that never waits may keep the process from other work, in ms. */
const SLICE = 10;

/** The event of a call, and its arguments. */
interface CalledEvent {
  readonly definition: Definition;
  /** The class that has the event: the store's, or that of an instance in it. */
  readonly owner: EventOwner;
  readonly event: EventSchema;
  /** The instance whose event it is; `undefined` for the store's own. */
  readonly on: InstanceRef | undefined;
  /** The life of the host in which server code has seen the instance: the number is that of this life. */
  readonly life?: string;
  readonly args: readonly unknown[];
}

/** The caller, and the ids of the call. */
interface CallIdentity {
  readonly caller: Caller;
  /** Cancels the call. */
  readonly control: AbortController;
  /** The key for effects outside: the same when the event is run again. */
  readonly eventId: string;
  /** The client's number for the call, under which its answer is stored with the commit. */
  readonly numbered?: Omit<EventRecord, "answer">;
  /** The event's messages to other scope instances, where it may run again. */
  readonly messages?: SentMessages;
  /** The caller wants to know which frame brings the event's changes. */
  readonly predicted?: boolean;
  /** The schedule that has called. */
  readonly scheduled?: ScheduledRun;
  /** Gives the ids of the event's `newId()`. @default random ones */
  readonly newId?: () => string;
  /** Resolves when the pages are revalidated that its stored commits have made old. */
  revalidating?: Promise<unknown> | undefined;
}

/** Takes what the event gives, from its beginning to its answer. */
export interface CallSinks<R> {
  /** Notes that the event's turn has come. */
  began?(): void;
  /** Takes the effects of a commit for the caller, while it is made. The returned function sends them, once it is stored. */
  effects?: Deliver;
  /** Takes a yielded value, while containers have their numbers. The returned function sends it, once the commit is stored. */
  yielded?(value: unknown, store: Store): () => void;
  /** Throws where a returned or yielded value cannot be sent: before its commit. */
  check?(value: unknown): void;
  /** Makes the answer, while containers have the numbers that they have in the commit. `tick`: the one that has what is volatile of it. */
  answer(value: unknown, store: Store, revision: number, tick: number | undefined): R;
  /** Makes the answer of an event that has failed: the call does not reject then. `stored`: the answer is stored. */
  refuse?(error: unknown, stored: boolean): R;
  /** Gives an answer as it is stored. @default as it is */
  stored?(answer: R): unknown;
}

/** One call of an event, as a host runs it. */
export interface EventCall<R> extends CalledEvent, CallIdentity, CallSinks<R> {}

/** The events that run on a host: in its queue, one after the other, or beside it. */
export class EventRunner {
  readonly #host: Host;
  readonly #active = new ActiveCalls();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Runs an event in its turn. It has entered the queue when this returns. */
  run<R>(call: EventCall<R>): Promise<R> {
    const label = labelOf(call.owner, call.event);
    if (call.event.durable) return this.#durable(call, label);
    let leave: () => void;
    try {
      leave = this.#active.enter(label, call);
    } catch (error) {
      return this.#answered(call, Promise.reject(error));
    }
    const release = call.on && this.#host.audiences.hold(call.caller);
    const result = call.event.background ? this.#beside(call, label) : this.#queued(call, label);
    return this.#answered(call, result, () => {
      leave();
      release?.();
    });
  }

  /** Makes a task of a call. Its answer is that of the task, which stores it with its end. */
  async #durable<R>(call: EventCall<R>, label: string): Promise<R> {
    const { loader, turns } = this.#host;
    const { control, definition } = call;
    let begun: { readonly answer: Promise<R> };
    try {
      const entry = await loader.open(definition.name);
      control.signal.throwIfAborted();
      const turn = turns.beside(label, call);
      try {
        call.began?.();
        if (isGuarded(call)) await runIn(turn, () => this.#guard(turn, call, entry.store.instance));
      } finally {
        turns.leave(turn, () => eventEnded(label));
      }
      this.#host.tasks ??= new Tasks(this.#host, performTask);
      begun = await this.#host.tasks.begin(call);
    } catch (error) {
      return this.#answered(call, Promise.reject(error));
    }
    return begun.answer;
  }

  /** Cancels the calls of events that wait or run, but not the one that asks. Returns how many. */
  cancel(labels: readonly string[], asking: AbortController): number {
    return this.#active.cancel(labels, asking);
  }

  /** The answer of an event, when all that it may tell of is stored. `over`: called when the event has ended. */
  async #answered<R>(call: EventCall<R>, result: Promise<R>, over?: () => void): Promise<R> {
    const { commits, turns } = this.#host;
    let answer: R;
    try {
      answer = await result;
      over?.();
    } catch (error) {
      over?.();
      silence(error);
      const stored = !turns.broken && commits.keeps(call, error);
      if (turns.broken || !call.refuse) {
        if (stored) commits.fail(call);
        await commits.settled();
        throw error;
      }
      answer = call.refuse(error, stored);
      if (stored) commits.fail(call, answer);
    }
    await commits.settled();
    call.messages?.forget();
    if (call.revalidating) await call.revalidating;
    return answer;
  }

  /** Runs an event in its turn. One that is cancelled before is refused at once, and not when its turn comes. */
  #queued<R>(call: EventCall<R>, label: string): Promise<R> {
    const { signal } = call.control;
    const { queue } = this.#host;
    if (queue.size === 0) return queue.run(() => this.#inTurn(call, label));
    return new Promise((resolve, reject) => {
      const refuse = () => reject(signal.reason);
      signal.addEventListener("abort", refuse);
      const run = () => {
        signal.removeEventListener("abort", refuse);
        return this.#inTurn(call, label);
      };
      queue.run(run).then(resolve, reject);
    });
  }

  #inTurn<R>(call: EventCall<R>, label: string): Promise<R> {
    const { definition, control } = call;
    const { commits, loader, shelf, turns } = this.#host;
    control.signal.throwIfAborted();
    return turns.take(label, call, async (turn) => {
      call.began?.();
      let entry = shelf.live.get(definition.name);
      if (!entry) {
        entry = await loader.openIn(turn, definition.name);
        await commits.make(turn);
      }
      const instance = this.#instance(call, entry);
      if (isGuarded(call)) await this.#guard(turn, call, instance);
      if (call.predicted) {
        // The numbers of what it makes are to be those that clients get later, if nobody watches yet.
        this.#host.watchers.keep(entry);
        entry.store.noteMade();
      }
      const value = await this.#perform(turn, call, entry, instance);
      control.signal.throwIfAborted();
      return await this.#finish(turn, call, entry, value);
    });
  }

  /** Runs an event beside the queue: it changes state inside `update()` alone. */
  async #beside<R>(call: EventCall<R>, label: string): Promise<R> {
    const { definition, control } = call;
    const { commits, loader, queue, turns, world } = this.#host;
    const { timeout } = call.event;
    const entry = await loader.open(definition.name);
    control.signal.throwIfAborted();
    const turn = turns.beside(label, call);
    const cancellation = new Cancellation(label, control, world.report);
    cancellation.watch(turn);
    turn.cancellation = cancellation;
    turn.update = (change) => {
      const cleaning = cancellation.check();
      return queue.run(() => {
        turns.check(turn);
        // The event may have been cancelled while this change waited.
        if (!cleaning) cancellation.check();
        // An instance that has left the store is no state any more.
        if (!this.#find(call, entry)) throw goneMeanwhile(label);
        return turns.lend(turn, change, () => commits.make(turn, call));
      });
    };
    const expire = () => control.abort(backgroundTimedOut(label, timeout as number));
    const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
    try {
      call.began?.();
      const work = runIn(turn, async () => {
        const instance = this.#instance(call, entry);
        if (isGuarded(call)) await this.#guard(turn, call, instance);
        return this.#perform(turn, call, entry, instance);
      });
      const value = await Promise.race([work, cancellation.late]);
      control.signal.throwIfAborted();
      // The value waits for the host's turn.
      silence(value);
      const answer = await queue.run(() => this.#finish(turn, call, entry, value));
      turn.done = true;
      return answer;
    } catch (error) {
      const { aborted } = control.signal;
      const why = aborted ? control.signal.reason : error;
      turn.end(() => (why as Error | undefined) ?? eventEnded(label));
      if (!aborted) control.abort(why);
      throw why;
    } finally {
      clearTimeout(timer);
      cancellation.stop();
      turns.leave(turn, () => eventEnded(label));
    }
  }

  /**
   * The instance whose event is called: the store's own, or the one that the call names.
   * @throws EventError `GONE` where the store does not hold it any more
   */
  #instance(call: EventCall<unknown>, entry: ShelfEntry): object {
    const instance = this.#find(call, entry);
    if (!instance) throw gone(labelOf(call.owner, call.event));
    return instance;
  }

  #find({ caller, definition, owner, on, life }: EventCall<unknown>, entry: ShelfEntry): object | undefined {
    if (!on) return entry.store.instance;
    const host = this.#host;
    const [incarnation, revision, number, audience] = on;
    const viewers = host.audiences.of(caller);
    const counts = life === lifeOf(host.number) || (incarnation === host.incarnation && revision >= host.watchers.since(entry));
    const found = counts && audience === viewers?.name ? entry.store.instanceOf(number, viewers) : undefined;
    return found && definition.models.get(found.model) === owner ? found.instance : undefined;
  }

  /** Asks the event's own guard, which may read but not write. The effects of one that refuses take place, though the event does not. */
  async #guard(turn: Turn, { owner, event, args }: EventCall<unknown>, instance: object): Promise<void> {
    turn.open = false;
    turn.guard = true;
    try {
      const allowed = await event.guard?.(turn.current as never, instance as never, ...(args as never[]));
      silence(allowed);
      if (!allowed) throw refusedEvent(owner.name, event.name);
    } catch (error) {
      if (isRefusal(error) && !turn.ended) await this.#host.commits.effects(turn);
      throw error;
    } finally {
      turn.guard = false;
    }
    if (!turn.ended) turn.open = !event.background;
  }

  #perform(turn: Turn, call: EventCall<unknown>, { definition, store }: ShelfEntry, instance: object): unknown {
    const { turns, world } = this.#host;
    const { Class } = ownerIn(definition, call);
    if (call.event.revalidate) turn.subject = instance;
    // The method comes from the class: an event may have overwritten it on the instance.
    const method = Reflect.get(Class.prototype, call.event.name) as (...args: readonly unknown[]) => unknown;
    const perform = () => {
      const result = turns.stretch(turn, () => method.apply(instance, call.args as unknown[]));
      return isGenerator(result) ? this.#drive(turn, call, store, result) : result;
    };
    return process.env.NODE_ENV === "production" ? perform() : watched(perform, watchEvent(call.owner, instance, call.event.name, world.report));
  }

  /** Runs a generator: what it has changed is committed at each `yield`. */
  async #drive(turn: Turn, call: EventCall<unknown>, store: Store, generator: Generator | AsyncGenerator): Promise<unknown> {
    const { commits, turns } = this.#host;
    let slice = performance.now();
    for (;;) {
      const { done, value } = await turns.stretch(turn, () => generator.next());
      if (turn.ended) {
        void Promise.resolve(generator.return(undefined)).catch(() => {});
        throw turn.ended;
      }
      if (done) return value;
      const send = async (run: () => void) => {
        try {
          run();
        } catch (error) {
          silence(value);
          // A broken loop calls `return` too: the generator's `finally` runs.
          await turns.stretch(turn, () => generator.return(undefined));
          throw error;
        }
      };
      await send(() => call.check?.(value));
      if (!call.event.background) await commits.make(turn, call);
      else await commits.effects(turn);
      await send(() => (call.yielded ? commits.after(call.yielded(value, store)) : silence(value)));
      if (call.control.signal.aborted) {
        turn.cancellation?.tell();
        await turns.stretch(turn, () => generator.return(undefined));
        // Changes of its `finally` are no part of what was cancelled.
        if (!call.event.background) await commits.make(turn, call);
        throw call.control.signal.reason;
      }
      if (performance.now() - slice < SLICE) continue;
      await new Promise(setImmediate);
      if (turn.ended) throw turn.ended;
      slice = performance.now();
    }
  }

  async #finish<R>(turn: Turn, call: EventCall<R>, { store }: ShelfEntry, value: unknown): Promise<R> {
    const { commits } = this.#host;
    try {
      call.check?.(value);
    } catch (error) {
      silence(value);
      throw error;
    }
    let answer: R | undefined;
    let failed: { error: unknown } | undefined;
    await commits.make(turn, call, () => {
      try {
        answer = call.answer(value, store, commits.revision, turn.tick);
      } catch (error) {
        silence(value);
        if (!call.refuse) failed = { error };
        else answer = call.refuse(error, true);
      }
      return answer;
    });
    if (failed) throw failed.error;
    return answer as R;
  }
}

/** The event has a guard of its own, which is asked. Server code is trusted. */
const isGuarded = ({ event, caller }: EventCall<unknown>): boolean => event.guard !== undefined && !caller.trusted;

/** The class that has the event, as it was when the store was made: hot reload may have brought another one that could not take its place. */
function ownerIn(made: Definition, { on, owner }: CalledEvent): EventOwner {
  if (!on) return made;
  for (const one of made.models.values()) if (one.name === owner.name) return one;
  return owner;
}

function isGenerator(value: unknown): value is Generator | AsyncGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Generator]" || tag === "[object AsyncGenerator]";
}

/** Runs an event, and says when it has ended, with the error that it threw. */
function watched(perform: () => unknown, tell: (error?: unknown) => void): unknown {
  try {
    const ended = perform();
    void Promise.resolve(ended).then(() => tell(), tell);
    return ended;
  } catch (error) {
    tell(error);
    throw error;
  }
}
