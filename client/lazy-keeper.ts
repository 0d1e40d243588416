import type { WireClass } from "../lib/class/schema.js";
import { own } from "../lib/graph/node.js";
import type { Kept } from "../lib/wire/kept-text.js";
import { loadKeeper } from "./chunks.js";
import type { ServerConnection } from "./connection.js";
import type { Keeper } from "./keeper.js";
import { LazyVault } from "./lazy-vault.js";
import type { ClientOptions } from "./options.js";
import type { OutboxEntry } from "./outbox.js";
import type { LiveTwin } from "./twin.js";
import type { VaultWorld } from "./vault.js";

interface KeeperWorld extends VaultWorld {
  readonly options: Pick<ClientOptions, "keptIn" | "offline" | "tabStorage" | "url">;
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly connection: Pick<ServerConnection, "id" | "renew" | "watches">;
}

/** Stands for the part of the client that keeps fields in the browser. That is loaded where the schema says that there are such fields. */
export class LazyKeeper {
  readonly #world: KeeperWorld;
  readonly #ready: () => void;
  #keeper: Keeper | undefined;
  /** Keeps states and calls, where the app wants that. */
  readonly vault: LazyVault | undefined;

  /** @param ready called when calls of stores with kept fields can be sent */
  constructor(world: KeeperWorld, ready: () => void) {
    this.#world = world;
    this.#ready = ready;
    if (world.options.offline) this.vault = new LazyVault(world);
    this.look();
  }

  /** Looks at the schema, which has just become known. */
  look(): void {
    const { schema } = this.#world.server;
    if (this.#keeper || !Object.values(schema?.stores ?? {}).some(({ kept }) => kept)) return;
    // The next stream tries again where that fails.
    loadKeeper().then(
      ({ Keeper }) => this.#begin(new Keeper(this.#world)),
      () => {},
    );
  }

  #begin(keeper: Keeper): void {
    const { connection, twins } = this.#world;
    if (this.#keeper) return;
    this.#keeper = keeper;
    // The server sends a store only once it has been told what the browser keeps of it.
    for (const twin of twins.values()) if (this.#keeps(twin) && connection.watches(twin)) connection.renew(twin);
    this.#ready();
  }

  #keeps({ store }: LiveTwin): boolean {
    return (own(this.#world.server.schema?.stores ?? {}, store) as WireClass | undefined)?.kept !== undefined;
  }

  /** What the browser has of a twin's kept fields; `undefined`: there are none, `null`: that is not known yet. */
  kept(twin: LiveTwin): Kept | null | undefined {
    return this.#keeps(twin) ? (this.#keeper?.kept(twin) ?? null) : undefined;
  }

  /** Whether a call must not be sent yet. */
  holds(entry: OutboxEntry): boolean {
    return this.kept(entry.twin) === null || (this.vault?.holds(entry) ?? false);
  }

  /** Keeps what the twins show now. */
  keep(): void {
    this.vault?.keep();
    this.#keeper?.keep();
  }
}
