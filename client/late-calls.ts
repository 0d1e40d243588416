import type { OutboxEntry } from "./outbox.js";
import type { Cell, ConnectionStatus } from "./status.js";

/** How long a call may have no answer before the page says so and it is sent again, in ms. The times between further attempts double. */
const LATE = 3000;

/**
 * The calls that have had no answer for long: the status of the connection tells of them. They are sent again, as they may be at a server that stands still
 * while others answer, and no line breaks then.
 */
export class LateCalls {
  readonly #status: Pick<Cell<ConnectionStatus>, "current" | "update">;
  /** Runs out when a call's answer is late. */
  readonly #due = new Map<OutboxEntry, ReturnType<typeof setTimeout>>();
  readonly #late = new Set<OutboxEntry>();
  readonly #again: (entry: OutboxEntry) => void;

  /** `again`: sends a call again. */
  constructor(status: Pick<Cell<ConnectionStatus>, "current" | "update">, again: (entry: OutboxEntry) => void) {
    this.#status = status;
    this.#again = again;
  }

  /** Waits anew for a sign of a call. One that runs in the background gives none, for as long as it takes. */
  wait(entry: OutboxEntry): void {
    this.arrived(entry);
    if (entry.twin.declared(entry.event)?.background) return;
    let wait = LATE;
    const late = () => {
      this.#late.add(entry);
      this.#tell();
      wait *= 2;
      this.#due.set(entry, setTimeout(late, wait));
      this.#again(entry);
    };
    this.#due.set(entry, setTimeout(late, wait));
  }

  /** A sign of a call has come. */
  arrived(entry: OutboxEntry): void {
    clearTimeout(this.#due.get(entry));
    this.#due.delete(entry);
    if (this.#late.delete(entry)) this.#tell();
  }

  /** Tells whether calls wait though the stream is open. */
  #tell(): void {
    const [before, now] = this.#late.size > 0 ? (["online", "waiting"] as const) : (["waiting", "online"] as const);
    if (this.#status.current.status === before) this.#status.update({ status: now });
  }
}
