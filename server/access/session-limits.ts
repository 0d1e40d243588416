import { tooFast, tooManyPending, tooManySessions, tooManyStreams } from "../../lib/errors/errors.js";
import type { UploadLimits } from "../call/uploads.js";
import type { ArgumentLimits } from "../definition/arguments.js";
import type { Limits } from "../host/world.js";
import type { StreamConnection } from "../stream/connection.js";
import { tabOf } from "../wire/request-input.js";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.js";

/** The limits of everything. Each is an option of `createTwin`. */
export interface Bounds extends Limits, ArgumentLimits, UploadLimits {
  readonly eventRate: number;
  readonly maxPending: number;
  readonly maxWaiting: number;
  readonly maxStreams: number;
  readonly maxWatches: number;
  readonly maxSessions: number;
  /** How many bytes of long answers may wait for their readers. */
  readonly maxAnswers: number;
  /** How long a page waits for computeds that are promises, in ms. */
  readonly preloadTimeout: number;
  /** How long a node may be silent until others take over what it has, in ms. */
  readonly leaseTime: number;
  /** How long a closing server lets events run, in ms. */
  readonly closeGrace: number;
}

/** How many seconds' worth of its rate a session may use at once. */
const BURST = 10;
/** After how many ms to try again, where the time is not known. */
const PAUSE = 500;
/** How many tabs of a session are remembered. */
const MOST_TABS = 1000;
const HOUR = 3600;

/** The pending calls, streams and tabs of one session. */
interface SessionUse {
  pending: number;
  readonly streams: Set<StreamConnection>;
  /** The session's tabs, the latest last. Missing where it has none. */
  tabs: Set<string> | undefined;
}

/** The sessions that are active, and the limits of each. */
export class SessionLimits {
  readonly #bounds: () => Bounds;
  readonly #requests: RateLimiter;
  readonly #presences: RateLimiter;
  readonly #newcomers: RateLimiter;
  readonly #sessions = new Map<string, SessionUse>();
  #running = 0;
  #idle: (() => void) | undefined;

  constructor(bounds: () => Bounds) {
    this.#bounds = bounds;
    const { eventRate, maxSessions } = bounds();
    this.#requests = createRateLimiter({ rate: eventRate, size: BURST * eventRate });
    this.#presences = createRateLimiter({ rate: eventRate, size: 2 * eventRate });
    this.#newcomers = createRateLimiter({ rate: maxSessions / HOUR, size: maxSessions });
  }

  /**
   * Takes a token for a request of a session. What tabs show by presence counts apart, at the same rate, so that a cursor takes nothing from events.
   * @throws EventError `RATE_LIMITED`
   */
  ask(session: string, kind?: "presence"): void {
    const wait = (kind === "presence" ? this.#presences : this.#requests).take(session);
    if (wait > 0) throw tooFast(wait);
  }

  /**
   * Counts an event of a session, until the returned function is called.
   * @throws EventError `RATE_LIMITED`
   */
  enter(session: string | undefined): () => void {
    const use = session === undefined ? undefined : this.#of(session);
    if (use && use.pending >= this.#bounds().maxPending) throw tooManyPending(PAUSE);
    if (use) use.pending++;
    this.#running++;
    return () => {
      if (use) {
        use.pending--;
        this.#settle(session as string, use);
      }
      if (--this.#running === 0) this.#idle?.();
    };
  }

  /** Resolves when no event runs. */
  quiet(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /**
   * Counts a session that begins to hold state, or the part of one that `cost` says. The returned function takes that back.
   * @throws EventError `RATE_LIMITED`
   */
  arrive(address: string | undefined, cost: number): () => void {
    if (address === undefined) return () => {};
    const wait = this.#newcomers.take(address, cost);
    if (wait > 0) throw tooManySessions(wait);
    return () => this.#newcomers.giveBack(address, cost);
  }

  /** The open streams of a session. */
  streams(session: string): Iterable<StreamConnection> {
    return this.#sessions.get(session)?.streams ?? [];
  }

  /**
   * Checks whether a session may have one more stream. A tab that comes back takes the place of its own.
   * @throws EventError `RATE_LIMITED`
   */
  mayOpen(session: string, client: string | undefined): void {
    let others = 0;
    for (const stream of this.streams(session)) if (client === undefined || stream.client !== client) others++;
    if (others >= this.#bounds().maxStreams) throw tooManyStreams(PAUSE);
  }

  open(session: string, stream: StreamConnection): void {
    this.#of(session).streams.add(stream);
  }

  close(session: string, stream: StreamConnection): void {
    const use = this.#sessions.get(session);
    use?.streams.delete(stream);
    if (use) this.#settle(session, use);
  }

  /** Notes a tab of a session. Gives the tab that must go for it, if any: the oldest one without a stream. */
  know(session: string, tab: string): string | undefined {
    const use = this.#of(session);
    use.tabs ??= new Set();
    const { tabs, streams } = use;
    tabs.add(tab);
    if (tabs.size <= MOST_TABS) return undefined;
    const open = new Set([...streams].map(({ client }) => client && tabOf(client)));
    for (const one of tabs) {
      if (one === tab || open.has(one)) continue;
      return one;
    }
    return undefined;
  }

  /** Tells whether a page of a tab has a stream. */
  shows(session: string, tab: string): boolean {
    for (const { client } of this.streams(session)) if (client !== undefined && tabOf(client) === tab) return true;
    return false;
  }

  forget(session: string, tab: string): void {
    const use = this.#sessions.get(session);
    use?.tabs?.delete(tab);
    if (use) this.#settle(session, use);
  }

  #of(session: string): SessionUse {
    let use = this.#sessions.get(session);
    if (!use) {
      use = { pending: 0, streams: new Set(), tabs: undefined };
      this.#sessions.set(session, use);
    }
    return use;
  }

  #settle(session: string, { pending, streams, tabs }: SessionUse): void {
    if (pending === 0 && streams.size + (tabs?.size ?? 0) === 0) this.#sessions.delete(session);
  }
}
