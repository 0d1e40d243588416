import { foreignClient } from "../../lib/errors/errors.js";
import type { ConnectionInfo } from "../host/context.js";
import type { TwinRequest } from "./callers.js";
import { sessionTagOf } from "./session.js";
import type { SessionLimits } from "./session-limits.js";

/** How long a client's id stays bound to its session after it was last seen, in ms. */
const LIFE = 24 * 3600 * 1000;
/** How many clients' ids are remembered. */
const MOST = 200_000;
/** The length of a tab's id, and how many of its first letters stand for its session: so the session of an id is known. */
const TAB = 22;
const SESSION_TAG = 11;

interface Client {
  readonly session: string;
  readonly info: ConnectionInfo;
  seen: number;
}

/** How the ids of a session's tabs begin. */
export const tabPrefix = (session: string) => sessionTagOf(session, SESSION_TAG);

/** The ids of clients, each bound to the session that has used it first. */
export class Clients {
  readonly #sessionLimits: SessionLimits;
  readonly #hasStream: (client: string) => boolean;
  readonly #clients = new Map<string, Client>();

  constructor(sessionLimits: SessionLimits, hasStream: (client: string) => boolean) {
    this.#sessionLimits = sessionLimits;
    this.#hasStream = hasStream;
  }

  /**
   * Binds a client's id to its session, and gives the id by which hooks and events know the tab. A request without a cookie binds nothing: it may be the
   * delayed double of one that was answered by an earlier process, whose session the client has by now.
   * @throws EventError where the id is another session's
   */
  bind(client: string, { session, fresh }: TwinRequest): ConnectionInfo {
    const id = session?.id ?? "";
    let known = this.#clients.get(client);
    if (!known) {
      known = { session: id, info: { id: tabPrefix(id) + sessionTagOf(client, TAB - SESSION_TAG), since: new Date() }, seen: 0 };
      if (!fresh) this.#remember(client, known);
    }
    if (known.session !== id) throw foreignClient();
    known.seen = Date.now();
    return known.info;
  }

  #remember(client: string, known: Client): void {
    this.#clients.set(client, known);
    const gone = this.#sessionLimits.know(known.session, client) ?? this.#surplus();
    if (gone !== undefined) this.#forget(gone);
  }

  /** The oldest client, where there are more than are remembered. A client with a stream stays. */
  #surplus(): string | undefined {
    if (this.#clients.size <= MOST) return undefined;
    for (const id of this.#clients.keys()) if (!this.#hasStream(id)) return id;
    return undefined;
  }

  #forget(client: string): void {
    const known = this.#clients.get(client);
    if (!known) return;
    this.#clients.delete(client);
    this.#sessionLimits.forget(known.session, client);
  }

  /** Forgets clients that were not seen for long. */
  sweep(): void {
    const due = Date.now() - LIFE;
    for (const [id, { seen }] of this.#clients) if (seen < due && !this.#hasStream(id)) this.#forget(id);
  }
}
