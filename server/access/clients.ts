import { type EventError, foreignClient } from "../../lib/errors/errors.js";
import type { ConnectionInfo } from "../host/context.js";
import { RecentMap } from "../task/recent-map.js";
import { LONGEST_ID, tabOf } from "../wire/request-input.js";
import type { TwinRequest } from "./callers.js";
import { sessionTagOf } from "./session.js";
import type { SessionLimits } from "./session-limits.js";

/** How long a tab stays bound to its session after it was last seen, in ms. */
const LIFE = 24 * 3600 * 1000;
/** How many tabs are remembered. */
const MOST = 200_000;
/** How many outdated clients are remembered. */
const MOST_OUTDATED = 10_000;
/** The length of a tab's id, and how many of its first letters stand for its session: so the session of an id is known. */
const TAB = 22;
const SESSION_TAG = 11;

interface Tab {
  readonly session: string;
  readonly info: ConnectionInfo;
  seen: number;
}

/** How the ids of a session's tabs begin. */
export const tabPrefix = (session: string) => sessionTagOf(session, SESSION_TAG);

/** The tabs of clients, each bound to the session that has used it first. A page that was loaded again is another client of the same tab. */
export class Clients {
  readonly #sessionLimits: SessionLimits;
  readonly #tabs = new Map<string, Tab>();
  /** The clients that were refused for their version. */
  readonly #outdated = new RecentMap<string, EventError>(MOST_OUTDATED);

  constructor(sessionLimits: SessionLimits) {
    this.#sessionLimits = sessionLimits;
  }

  /**
   * Binds a client's tab to its session, and gives the id by which hooks and events know the tab. A request without a cookie binds nothing: it may be the
   * delayed double of one that was answered by an earlier process, whose session the client has by now.
   * @throws EventError where the tab is another session's, or the client is outdated
   */
  bind(client: string, { session, fresh }: TwinRequest): ConnectionInfo {
    const outdated = this.#outdated.get(client);
    if (outdated) throw outdated;
    const id = session?.id ?? "";
    const tab = tabOf(client);
    let known = this.#tabs.get(tab);
    if (!known) {
      known = { session: id, info: { id: tabPrefix(id) + sessionTagOf(tab, TAB - SESSION_TAG), since: new Date() }, seen: 0 };
      if (!fresh) this.#remember(tab, known);
    }
    if (known.session !== id) throw foreignClient();
    known.seen = Date.now();
    return known.info;
  }

  /** Refuses all that a client asks from now on, as its page could not read the answers; `undefined`: the client has another version now. */
  outdate(client: unknown, error: EventError | undefined): void {
    if (typeof client !== "string" || client.length > LONGEST_ID) return;
    if (error) this.#outdated.set(client, error);
    else this.#outdated.delete(client);
  }

  #remember(tab: string, known: Tab): void {
    this.#tabs.set(tab, known);
    const gone = this.#sessionLimits.know(known.session, tab) ?? this.#surplus();
    if (gone !== undefined) this.#forget(gone);
  }

  /** The oldest tab, where there are more than are remembered. A tab with a stream stays. */
  #surplus(): string | undefined {
    if (this.#tabs.size <= MOST) return undefined;
    for (const [tab, { session }] of this.#tabs) if (!this.#sessionLimits.shows(session, tab)) return tab;
    return undefined;
  }

  #forget(tab: string): void {
    const known = this.#tabs.get(tab);
    if (!known) return;
    this.#tabs.delete(tab);
    this.#sessionLimits.forget(known.session, tab);
  }

  /** Forgets tabs that were not seen for long. */
  sweep(): void {
    const due = Date.now() - LIFE;
    for (const [tab, { seen, session }] of this.#tabs) if (seen < due && !this.#sessionLimits.shows(session, tab)) this.#forget(tab);
  }
}
