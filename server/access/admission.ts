import { queueFull } from "../../lib/errors/errors.js";
import type { Definition, ScopeKind } from "../definition/scope.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import type { Tab } from "../host/tab-hooks.js";
import type { WatchInput } from "../wire/request-input.js";
import { RETRY } from "./callers.js";
import type { Bounds, SessionLimits } from "./session-limits.js";

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly hosts: Hosts;
  readonly sessionLimits: SessionLimits;
  readonly limits: Bounds;
}

/** How much of `maxSessions` the hosts take that a visitor alone begins. A page may have many keyed tab stores. */
const COSTS: Readonly<Partial<Record<ScopeKind, number>>> = { session: 1, tab: 1, "keyed-tab": 0.1 };

/** The hosts on which visitors' events run. The number of sessions that begin to hold state is bounded for each address. */
export class Admission {
  readonly #server: Server;
  /** The hosts of sessions that are about to hold state, each with what returns its token if they do not. */
  readonly #arrived = new Map<Host, () => void>();

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * The host of an event, in use.
   * @throws EventError `RATE_LIMITED`
   */
  async enter(address: string | undefined, id: string): Promise<Host> {
    const { hosts, limits, sessionLimits } = this.#server;
    const host = await hosts.use(id);
    try {
      if (host.waiting >= limits.maxWaiting) throw queueFull(id, RETRY);
      const cost = COSTS[host.kind];
      if (cost && !host.touched && !this.#arrived.has(host)) this.#arrived.set(host, sessionLimits.arrive(address, cost));
      return host;
    } catch (error) {
      hosts.release(host);
      throw error;
    }
  }

  /** Takes what a page's browser keeps of a store that it is going to watch. What that changes is state, as what an event changes. */
  async bring({ id }: Host, { client }: Tab, { store, kept }: WatchInput, address: string | undefined): Promise<void> {
    if (client === undefined || !kept || !this.#server.definitions.get(store)?.kept) return;
    const host = await this.enter(address, id);
    try {
      await host.kept.take(store, client, kept);
    } finally {
      this.leave(host);
    }
  }

  leave(host: Host): void {
    const undo = this.#arrived.get(host);
    if (undo && (host.touched || host.waiting === 0)) {
      this.#arrived.delete(host);
      if (!host.touched) undo();
    }
    this.#server.hosts.release(host);
  }
}
