import { noVault } from "../lib/errors/offline-errors.js";
import { loadVault } from "./chunks.js";
import type { Granted } from "./connection.js";
import type { OutboxEntry } from "./outbox.js";
import type { Vault, VaultWorld } from "./vault.js";

/** Stands for the part of the client that keeps states and calls offline. It is loaded with the rest that a page loads as it connects. */
export class LazyVault {
  readonly #opening: Promise<void>;
  #vault: Vault | undefined;
  #open = false;

  constructor(world: VaultWorld) {
    this.#opening = loadVault()
      .then(({ openVault }) => openVault(world))
      .then(
        (vault) => {
          this.#vault = vault;
        },
        // The client goes on as without.
        (error: unknown) => {
          if (process.env.NODE_ENV !== "production") console.warn(noVault(error));
        },
      )
      .then(() => {
        this.#open = true;
        world.outbox.sender?.flush();
      });
  }

  /** The server can be reached, and has said who asks. Resolves when the stream may begin. */
  async confirm(granted: Granted): Promise<void> {
    await this.#opening;
    await this.#vault?.confirm(granted);
  }

  /** The server could not be reached; `answered`: it has refused the client. */
  async failed(answered: boolean): Promise<void> {
    await this.#opening;
    await this.#vault?.failed(answered);
  }

  /** Twins may have changed. */
  keep(): void {
    this.#vault?.keep();
  }

  /** Whether a call must not be sent yet. */
  holds(entry: OutboxEntry): boolean {
    return this.#vault?.holds(entry) ?? !this.#open;
  }

  close(): void {
    void this.#opening.then(() => this.#vault?.close());
  }
}
