import { takenTab } from "../../lib/errors/errors.js";
import { addressed, EVENTS } from "../wire/sse.js";
import type { StreamConnection } from "./connection.js";

/** The number of the tab that has opened a line. */
const OPENER = 0;

/**
 * One open response of server-sent events, and the connections that it carries: that of the tab that has opened it, and those of other tabs of the session
 * that have joined it. Each keeps its own queue, with its own bound; one batch after the other is written, none before the reader has room for it.
 */
export class Line {
  readonly opener: StreamConnection;
  readonly #carried = new Map<number, StreamConnection>();
  /** The tabs that may have something to send, the next one first. */
  readonly #waiting = new Set<number>();
  readonly #leave: (connection: StreamConnection) => void;
  #listener: (() => void) | undefined;
  /** The connection whose messages were written last. */
  #to = OPENER;

  /** `leave` gets each connection of a joined tab that the line no longer carries. */
  constructor(opener: StreamConnection, leave: (connection: StreamConnection) => void) {
    this.opener = opener;
    this.#leave = leave;
    this.#carry(OPENER, opener);
  }

  /** A line ends with the connection of its opener. */
  get closed(): boolean {
    return this.opener.closed;
  }

  /** Calls back when something may wait to be taken, and at the end. */
  onWaiting(listener: () => void): void {
    this.#listener = listener;
    listener();
  }

  /**
   * Carries the connection of another tab too.
   * @throws EventError where another tab has that number
   */
  join(tab: number, connection: StreamConnection): void {
    if (tab === OPENER || this.#carried.has(tab)) throw takenTab();
    this.#carry(tab, connection);
  }

  #carry(tab: number, connection: StreamConnection): void {
    this.#carried.set(tab, connection);
    connection.onWaiting(() => {
      this.#waiting.add(tab);
      this.#listener?.();
    });
  }

  /** The next batch of events; `undefined` where nothing waits. */
  take(): Buffer | undefined {
    // Most lines carry the tab alone that has opened them.
    if (this.#carried.size === 1 && this.#to === OPENER) return this.opener.take(EVENTS);
    for (const tab of this.#waiting) {
      this.#waiting.delete(tab);
      const connection = this.#carried.get(tab);
      // A line that ends brings the last words of those that end with it.
      if (!connection || (this.closed && !connection.closed)) continue;
      const events = connection.take(EVENTS);
      if (events) {
        // Last in the row: there may be more.
        this.#waiting.add(tab);
        return this.#to === tab ? events : Buffer.concat([this.#address(tab), events]);
      }
      if (!connection.closed || tab === OPENER) continue;
      this.drop(tab);
      return Buffer.concat([this.#address(tab), EVENTS.end]);
    }
    // What ends the response is the opener's.
    return this.closed && this.#to !== OPENER ? this.#address(OPENER) : undefined;
  }

  #address(tab: number): Buffer {
    this.#to = tab;
    return addressed(tab);
  }

  /** Carries the connection of a joined tab no longer. */
  drop(tab: number): void {
    const connection = this.#carried.get(tab);
    if (!connection || tab === OPENER) return;
    this.#carried.delete(tab);
    this.#leave(connection);
  }

  /** The response is over, and with it all that it has carried. */
  end(): void {
    for (const tab of this.#carried.keys()) this.drop(tab);
  }
}
