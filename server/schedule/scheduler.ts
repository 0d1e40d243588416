import { AsyncLocalStorage } from "node:async_hooks";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import type { Membership } from "../host/membership.js";
import type { Storage } from "../storage/storage.js";
import { building } from "../task/building.js";
import { DueTimes } from "../task/due-times.js";
import type { Report } from "../wire/error-shape.js";
import type { DueRun } from "./due-run.js";

/** How many hosts may be woken at once. */
const AT_ONCE = 100;
/** The longest that the timer waits, in ms: so a clock that is set forward is noticed. */
const LONGEST_WAIT = 10_000;
/** How long to wait before a host that failed, or the storage, is tried again: at first, and at most, in ms. */
const RETRY = 1000;
const LONGEST_RETRY = 60_000;
/** Later than any date. */
const EVER = Number.MAX_SAFE_INTEGER;

interface Server {
  readonly storage: Storage;
  readonly hosts: Pick<Hosts, "find" | "using">;
  /** Missing, where this process is alone. */
  readonly membership: Pick<Membership, "enter" | "lease"> | undefined;
  readonly report: Report;
}

/** Wakes the hosts that have something due: by one timer for the process. */
export class Scheduler {
  readonly #server: Server;
  readonly #outside = AsyncLocalStorage.snapshot();
  /** When hosts in memory have something due: they know more than the storage. */
  readonly #live = new DueTimes();
  #timer: NodeJS.Timeout | undefined;
  /** When to look. */
  #at = Infinity;
  #looking = false;
  #started = false;
  #stopped = false;
  readonly #waking = new Set<string>();
  /** How many events run in queues. */
  #held = 0;
  /** More was due than could be woken at once. */
  #more = false;
  readonly #runs = new Set<DueRun>();
  /** The hosts that have failed, and when to try again. */
  readonly #failed = new Map<string, { readonly until: number; readonly wait: number }>();
  #wait = RETRY;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Begins, with the first use of any host. `next build` renders pages, and runs nothing else. */
  start(): void {
    if (this.#started || building()) return;
    this.#started = true;
    this.#lookAt(0);
  }

  /** Notes when a host in memory has something due. */
  note({ id, nextDue: next }: Pick<Host, "id" | "nextDue">): void {
    // It may be tried again at once. If it fails again, it waits for longer.
    const failed = this.#failed.get(id);
    if (failed) this.#failed.set(id, { ...failed, until: Math.min(failed.until, Date.now()) });
    this.#live.set(id, next);
    if (next !== undefined) this.#lookAt(next);
  }

  /** Forgets what a host has due that leaves memory: the storage knows it. */
  forget(id: string): void {
    this.#live.set(id, undefined);
  }

  #lookAt(at: number): void {
    if (this.#stopped || at >= this.#at) return;
    this.#at = at;
    if (!this.#looking) this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#started || this.#stopped || this.#at === Infinity) return;
    const wait = Math.min(Math.max(this.#at - Date.now(), 0), LONGEST_WAIT);
    const ring = () => (Date.now() < this.#at ? this.#arm() : void this.#look());
    // What it runs is no part of the event that happens to set the timer.
    this.#outside(() => {
      this.#timer = setTimeout(ring, wait);
      this.#timer.unref();
    });
  }

  /** Wakes what is due, and finds out when to look again. */
  async #look(): Promise<void> {
    this.#looking = true;
    this.#at = Infinity;
    try {
      const { due, next } = await this.#due();
      this.#wait = RETRY;
      for (const id of due) if (!this.#stopped) void this.#wake(id);
      this.#lookAt(next);
    } catch (error) {
      this.#server.report("error", error);
      this.#lookAt(Date.now() + this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_RETRY);
    } finally {
      this.#looking = false;
      this.#arm();
    }
  }

  /** The hosts to wake now, and the time of the next. */
  async #due(): Promise<{ due: string[]; next: number }> {
    const room = AT_ONCE - this.#waking.size - this.#held;
    this.#more = room <= 0;
    if (this.#more) return { due: [], next: Infinity };
    const { membership } = this.#server;
    await membership?.enter();
    for (let limit = 2 * AT_ONCE; ; limit *= 2) {
      const listed = await this.#server.storage.due(EVER, limit);
      const now = Date.now();
      const times = new Map(listed.map(({ id, due }) => [id, due]));
      for (const { id, due } of this.#live.list(EVER, limit)) times.set(id, due);
      for (const [id, { until }] of this.#failed) if (until < now - LONGEST_RETRY) this.#failed.delete(id);
      const due: [id: string, at: number][] = [];
      // What other nodes leave behind becomes this one's.
      let next = membership ? now + membership.lease : Infinity;
      for (const [id, at] of times) {
        const ready = this.#readyAt(id, at);
        if (ready <= now) due.push([id, ready]);
        else next = Math.min(next, ready);
      }
      const last = listed.at(-1);
      // Hosts that run for long, or have failed, may stand before those that can be woken.
      if (due.length < room && listed.length === limit && last && last.due <= now) continue;
      this.#more = due.length > room;
      const first = due.sort(([, a], [, b]) => a - b).slice(0, room);
      return { due: first.map(([id]) => id), next };
    }
  }

  /** When a host may be woken, which the storage or a host in memory says is due at a time. */
  #readyAt(id: string, at: number): number {
    if (this.#waking.has(id)) return Infinity;
    const host = this.#server.hosts.find(id);
    const due = host ? (host.nextDue ?? Infinity) : at;
    return Math.max(due, this.#failed.get(id)?.until ?? 0);
  }

  /** Has a host start what is due. */
  async #wake(id: string): Promise<void> {
    this.#waking.add(id);
    this.#live.set(id, undefined);
    try {
      await this.#server.hosts.using(id, async (host) => {
        if (this.#stopped) return;
        const { runs, any } = host.startDue(Date.now());
        for (const run of runs) this.follow(host, run);
        this.note(host);
        if (!any) this.#fail(id);
      });
    } catch {
      // It was reported where it happened.
      this.#fail(id);
    } finally {
      this.#waking.delete(id);
      this.#goOn();
    }
  }

  /** Waits for the end of a run. */
  follow(host: Host, run: DueRun): void {
    void this.#follow(host, run);
  }

  async #follow(host: Host, run: DueRun): Promise<void> {
    this.#runs.add(run);
    this.#held++;
    void run.held.then(() => {
      this.#held--;
      this.#goOn();
    });
    await run.over;
    this.#runs.delete(run);
    // The storage has not taken its commit, and has the schedule or the task still.
    if (host.turns.broken || run.failed) this.#fail(host.id);
  }

  /** Lets a host wait that could not do what it was woken for. */
  #fail(id: string): void {
    const wait = Math.min(2 * (this.#failed.get(id)?.wait ?? RETRY / 2), LONGEST_RETRY);
    const until = Date.now() + wait;
    this.#failed.set(id, { until, wait });
    this.#lookAt(until);
  }

  /** Wakes those that had to wait for others. */
  #goOn(): void {
    if (this.#more) this.#lookAt(Date.now());
  }

  // --- the end ---

  /** Starts nothing more. Tasks come to a place where they can go on. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const run of this.#runs) run.suspend?.();
  }

  /** Resolves when what runs has ended. */
  async quiet(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all([...this.#runs].map(({ over }) => over));
  }

  /** Asks what runs to stop. */
  cutOff(): void {
    for (const run of this.#runs) run.cutOff();
  }
}
