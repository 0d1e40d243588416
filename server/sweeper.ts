import { ROTATIONS } from "./access/rotation.js";
import { hostId, type ScopeKind } from "./definition/scope.js";
import type { Hosts } from "./host/hosts.js";
import type { Membership } from "./host/membership.js";
import type { Storage } from "./storage/storage.js";
import type { Report } from "./wire/error-shape.js";

/** How often what has run out is forgotten, in ms. */
const SWEEP = 3600 * 1000;

/** How long what nobody uses is kept, by scope, in ms. */
export type Lives = Readonly<Partial<Record<ScopeKind, number>>>;

interface Server {
  readonly storage: Storage;
  readonly hosts: Hosts;
  readonly membership: Membership | undefined;
  readonly clients: { sweep(): void };
  readonly sessions: { readonly maxAge: number };
  readonly report: Report;
}

/** Forgets, from time to time, what nobody has used for long. Of several nodes one does it for all. */
export class Sweeper {
  readonly #server: Server;
  readonly #lives: Lives;
  readonly #timer: NodeJS.Timeout;

  constructor(server: Server, lives: Lives) {
    this.#server = server;
    this.#lives = lives;
    this.#timer = setInterval(() => void this.#sweep(), Math.min(SWEEP, ...Object.values(lives)));
    this.#timer.unref();
  }

  async #sweep(): Promise<void> {
    const { clients, hosts, membership, report, sessions, storage } = this.#server;
    const now = Date.now();
    clients.sweep();
    try {
      await storage.touch(hosts.live.filter(({ touched }) => touched).map(({ id }) => id));
      if (membership && !(await membership.duty("expire"))) return;
      for (const [kind, life] of Object.entries(this.#lives)) {
        for (const id of await storage.expire(hostId(kind as ScopeKind, ""), now - life)) hosts.endLife(id);
      }
      // Browsers have forgotten all cookies of such a session.
      await storage.expire(ROTATIONS, now - sessions.maxAge * 1000);
    } catch (error) {
      report("error", error);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
