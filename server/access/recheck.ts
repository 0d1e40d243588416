import type { Definition } from "../definition/scope.js";
import type { Host } from "../host/host.js";
import { definitionOf, permit } from "./access.js";

/** How often it is asked, at most, who may still see a room that changes, in ms. */
const INTERVAL = 1000;

/** Whoever may not see a room any more leaves it. Asked after its commits, at once and then once a second at most. */
export class Recheck {
  readonly #definitions: () => ReadonlyMap<string, Definition>;
  /** Rooms of which it was asked lately. */
  readonly #asked = new Map<Host, NodeJS.Timeout>();

  constructor(definitions: () => ReadonlyMap<string, Definition>) {
    this.#definitions = definitions;
  }

  committed(host: Host): void {
    if (host.kind !== "room" || this.#asked.has(host) || host.watchers.size === 0) return;
    this.#asked.set(
      host,
      setTimeout(() => {
        this.#asked.delete(host);
        if (host.revision > revision) this.committed(host);
      }, INTERVAL).unref(),
    );
    const { revision } = host;
    void this.#ask(host);
  }

  async #ask(host: Host): Promise<void> {
    for (const [connection, stores] of [...host.watchers]) {
      for (const store of [...stores]) {
        try {
          await permit(definitionOf(this.#definitions(), store), host, connection.caller);
        } catch (error) {
          connection.unwatch(host, store);
          connection.refuse(store, host.roomKey, error);
        }
      }
    }
  }

  stop(): void {
    for (const timer of this.#asked.values()) clearTimeout(timer);
  }
}
