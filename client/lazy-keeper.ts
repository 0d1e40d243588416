import type { WireClass, WireSchema } from "../lib/class/schema.js";
import { own } from "../lib/graph/node.js";
import type { Kept } from "../lib/wire/kept-text.js";
import { loadKeeper } from "./chunks.js";
import type { ServerConnection } from "./connection.js";
import type { Keeper } from "./keeper.js";
import type { ClientOptions } from "./options.js";
import type { LiveTwin } from "./twin.js";

interface KeeperWorld {
  readonly options: Pick<ClientOptions, "keptIn" | "tabStorage">;
  readonly server: { readonly schema: WireSchema | undefined };
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly connection: Pick<ServerConnection, "renew" | "watches">;
}

/** Stands for the part of the client that keeps fields in the browser. That is loaded where the schema says that there are such fields. */
export class LazyKeeper {
  readonly #world: KeeperWorld;
  readonly #ready: () => void;
  #keeper: Keeper | undefined;

  /** @param ready called when calls of stores with kept fields can be sent */
  constructor(world: KeeperWorld, ready: () => void) {
    this.#world = world;
    this.#ready = ready;
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

  /** Keeps what the twins show now. */
  keep(): void {
    this.#keeper?.keep();
  }
}
