import type { Numbered, Outbox, OutboxEntry } from "./outbox.js";
import { isAgain, refusalOf } from "./refusal.js";

/** Has the server cancel calls that were sent, however often a request is lost. */
export class Cancellations {
  readonly #outbox: Outbox;
  readonly #sendAgain: (entry: OutboxEntry) => void;
  readonly #cancelled = new WeakSet<OutboxEntry>();

  /** @param sendAgain sends a call again, after a while */
  constructor(outbox: Outbox, sendAgain: (entry: OutboxEntry) => void) {
    this.#outbox = outbox;
    this.#sendAgain = sendAgain;
  }

  begin(entry: OutboxEntry, numbered: Numbered): void {
    this.#cancelled.add(entry);
    void this.#ask(entry, numbered);
  }

  /** A call is sent again: its cancellation may have got lost with it. */
  repeat(entry: OutboxEntry, numbered: Numbered): void {
    if (this.#cancelled.has(entry)) void this.#ask(entry, numbered);
  }

  async #ask(entry: OutboxEntry, { client, n, i }: Numbered): Promise<void> {
    const { entries, world } = this.#outbox;
    const { store, key } = entry.twin;
    try {
      await world.trpc.mutation("$cancel", { store, key: key ?? undefined, client, n, i });
    } catch (error) {
      const refused = refusalOf(error) && !isAgain(error);
      if (!refused && !entry.answer && entries.has(entry)) this.#sendAgain(entry);
    }
  }
}
