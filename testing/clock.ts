import { AsyncLocalStorage } from "node:async_hooks";
import { promisify } from "node:util";
import type { Random } from "./random.js";

/** Each pair begins at this time, so that the times that stores note are the same in each run. */
const BEGIN = Date.UTC(2026, 0, 1);
/** A timer that is due within this many ms counts as due at once. */
const SOON = 1;

/** The owner of the timers that are set now: they are dropped with it. */
const owners = new AsyncLocalStorage<object>();

type TimerCallback = (...args: unknown[]) => void;

/**
 * The time of a pair. It stands still until it is moved. While it is installed, the timers, `Date`, `performance.now` and `Math.random` of the
 * process are its own.
 */
export class Clock {
  #now = BEGIN;
  #next = 0;
  readonly #timers = new Set<Timer>();
  /** How many timers are packets of the network. */
  packets = 0;
  /** How many things run in real time: immediates, and I/O of storages. */
  #held = 0;
  #restore: (() => void) | undefined;
  readonly #tick: () => Promise<void>;
  readonly #random: Random;
  /** Called when something will happen soon. */
  readonly #stirred: () => void;

  constructor(random: Random, stirred: () => void) {
    this.#random = random;
    this.#stirred = stirred;
    const { setImmediate } = globalThis;
    this.#tick = () => new Promise((resolve) => void setImmediate(resolve));
  }

  /** Milliseconds since the clock began. */
  get now(): number {
    return this.#now - BEGIN;
  }

  /** Runs something whose timers are dropped by `drop(owner)`. */
  own<R>(owner: object, run: () => R): R {
    return owners.run(owner, run);
  }

  /** Drops all timers of an owner. */
  drop(owner: object): void {
    for (const timer of this.#timers) if (timer.owner === owner) this.clear(timer);
  }

  /** Runs something in a while. */
  after(ms: number, run: () => void, kind?: "packet" | "interval"): Timer {
    const timer = new Timer(this, run, delayOf(ms), kind, owners.getStore());
    this.start(timer);
    return timer;
  }

  /** Starts a timer, or starts it again. */
  start(timer: Timer): void {
    this.clear(timer);
    timer.id ||= this.#next + 1;
    timer.order = ++this.#next;
    timer.due = this.#now + timer.ms;
    this.#timers.add(timer);
    if (timer.kind === "packet") this.packets++;
    if (timer.kind === "packet" || timer.ms <= SOON) this.#stirred();
  }

  clear(timer: Timer): void {
    if (this.#timers.delete(timer) && timer.kind === "packet") this.packets--;
  }

  /** Runs work that takes real time. The clock stands still until it is done. */
  async hold<R>(work: () => R | Promise<R>): Promise<R> {
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
    }
  }

  /** Waits until everything has run that can run at this time. */
  async settle(): Promise<void> {
    do await this.#tick();
    while (this.#held > 0);
  }

  get #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    return first;
  }

  /** A timer is due at once. */
  get soon(): boolean {
    const first = this.#first;
    return first !== undefined && first.due <= this.#now + SOON;
  }

  /** Lets time pass until the next timer, and runs that. */
  step(): void {
    const timer = this.#first;
    if (!timer) return;
    this.#now = Math.max(this.#now, timer.due);
    if (timer.kind === "interval") this.start(timer);
    else this.clear(timer);
    timer.run();
  }

  // --- the process's time, replaced ---

  install(): void {
    const { random } = Math;
    const { timeout } = AbortSignal;
    const globals = { ...timersOf(globalThis), Date };
    Object.assign(globalThis, this.#timeouts(globals), this.#immediates(globals), { Date: this.#date(Date) });
    Object.defineProperty(performance, "now", { value: () => this.now, configurable: true });
    Math.random = () => this.#random.next();
    AbortSignal.timeout = (ms) => {
      const control = new AbortController();
      this.after(ms, () => control.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")));
      return control.signal;
    };
    this.#restore = () => {
      Object.assign(globalThis, globals);
      Reflect.deleteProperty(performance, "now");
      Math.random = random;
      AbortSignal.timeout = timeout;
    };
  }

  #timeouts(real: Timers) {
    const set =
      (kind?: "interval") =>
      (run: TimerCallback, ms = 0, ...args: unknown[]) =>
        this.after(
          ms,
          AsyncLocalStorage.bind(() => run(...args)),
          kind,
        );
    const clear = (other: (timer: never) => void) => (timer: unknown) => {
      if (timer instanceof Timer) return this.clear(timer);
      const found = typeof timer === "number" ? [...this.#timers].find(({ id }) => id === timer) : undefined;
      if (found) this.clear(found);
      else other(timer as never);
    };
    const setTimeout = Object.assign(set(), {
      [promisify.custom]: (ms: number, value: unknown) => new Promise((resolve) => void this.after(ms, () => resolve(value))),
    });
    return { setTimeout, setInterval: set("interval"), clearTimeout: clear(real.clearTimeout), clearInterval: clear(real.clearInterval) };
  }

  /** Immediates run in real time, and time does not pass before they have run. */
  #immediates(real: Timers) {
    const waiting = new Set<unknown>();
    const done = (immediate: unknown) => {
      if (waiting.delete(immediate)) this.#held--;
    };
    return {
      setImmediate: (run: TimerCallback, ...args: unknown[]) => {
        this.#held++;
        const immediate = real.setImmediate(() => {
          done(immediate);
          run(...args);
        });
        waiting.add(immediate);
        return immediate;
      },
      clearImmediate: (immediate: NodeJS.Immediate | undefined) => {
        done(immediate);
        real.clearImmediate(immediate);
      },
    };
  }

  #date(RealDate: DateConstructor): DateConstructor {
    const now = () => this.#now;
    return new Proxy(RealDate, {
      apply: () => new RealDate(now()).toString(),
      construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
      get: (target, key, self) => (key === "now" ? now : Reflect.get(target, key, self)),
    });
  }

  uninstall(): void {
    this.#restore?.();
    this.#restore = undefined;
    this.#timers.clear();
  }
}

type Timers = ReturnType<typeof timersOf>;

const timersOf = ({ setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate }: typeof globalThis) => ({
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
});

/** A delay as Node rounds it. An interval of 0 ms would never let time pass. */
const delayOf = (ms: number) => (ms >= 1 && ms < 2 ** 31 ? Math.trunc(ms) : 1);

/** A timer, as Node's are. None of them keeps the process alive. */
class Timer {
  id = 0;
  /** The order of timers that are due at the same time. */
  order = 0;
  due = 0;
  readonly #clock: Clock;

  constructor(
    clock: Clock,
    readonly run: () => void,
    readonly ms: number,
    readonly kind: "packet" | "interval" | undefined,
    readonly owner: object | undefined,
  ) {
    this.#clock = clock;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  refresh(): this {
    this.#clock.start(this);
    return this;
  }

  close(): this {
    this.#clock.clear(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }

  [Symbol.dispose](): void {
    this.#clock.clear(this);
  }
}
