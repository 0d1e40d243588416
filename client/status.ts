import { Signal } from "../lib/graph/signal.js";

/** How the connection is, in a word. */
export type ConnectionState = "online" | "waiting" | "reconnecting" | "offline" | "outdated";

/** How the connection is, and how many calls wait for their answer. */
export interface ConnectionStatus {
  /**
   * - `online`: the stream is open, or nothing is watched yet;
   * - `waiting`: the stream is open, but a call has had no answer for some seconds;
   * - `reconnecting`: the stream is broken, and comes back by itself;
   * - `offline`: the browser says that there is no network;
   * - `outdated`: the server no longer speaks this page's version, reload it.
   */
  readonly status: ConnectionState;
  /** How many calls have no answer yet. */
  readonly pending: number;
}

/** How the client is connected, as a value that can be subscribed to. */
export interface Status {
  /** The same object until it changes. */
  readonly current: ConnectionStatus;
  /** Calls back after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** A record that tells when one of its fields has changed. */
export interface Cell<T> {
  /** The same object until it changes. */
  readonly current: T;
  /** Calls back after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  update(change: Partial<T>): void;
}

export function createCell<T extends object>(initial: T): Cell<T> {
  const changes = new Signal();
  let current = initial;
  return {
    get current() {
      return current;
    },
    subscribe: changes.subscribe,
    update(change) {
      const before = current;
      if (Object.keys(change).every((name) => change[name as keyof T] === before[name as keyof T])) return;
      current = { ...before, ...change };
      // Listeners are called later: the status may change while React renders.
      queueMicrotask(() => changes.tell());
    },
  };
}

export const createStatus = (): Cell<ConnectionStatus> => createCell<ConnectionStatus>({ status: "online", pending: 0 });
