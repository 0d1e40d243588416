import type { Effect } from "../../lib/wire/protocol.js";
import type { Definition } from "../definition/scope.js";
import type { Host } from "../host/host.js";
import { definitionOf } from "./access.js";
import { askAllow } from "./permission.js";

/** How often, at most, the watchers of a changing room are checked, in ms. */
const INTERVAL = 1000;

/** Removes watchers who may not see a room any more. They are checked after its commits, at once and then once a second at most. */
export class Recheck {
  readonly #definitions: () => ReadonlyMap<string, Definition>;
  readonly #post: (connection: string, effect: Effect) => void;
  /** The rooms that were checked lately. */
  readonly #asked = new Map<Host, NodeJS.Timeout>();

  constructor(definitions: () => ReadonlyMap<string, Definition>, post: (connection: string, effect: Effect) => void) {
    this.#definitions = definitions;
    this.#post = post;
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
    for (const [page, stores] of [...host.watchers.visits()]) {
      for (const store of [...stores]) {
        try {
          await askAllow(definitionOf(this.#definitions(), store), host, page.caller, (effects) => {
            for (const effect of effects) this.#post(page.info.id, effect);
          });
        } catch (error) {
          page.unwatch(host, store);
          page.refuse(store, host.roomKey, error);
        }
      }
    }
  }

  stop(): void {
    for (const timer of this.#asked.values()) clearTimeout(timer);
  }
}
