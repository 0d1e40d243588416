import { Signal } from "../lib/signal.js";

export type ConnectionState = "online" | "reconnecting" | "offline" | "outdated";

export interface ConnectionStatus {
  /** `outdated`: the server no longer speaks this page's version, reload it. */
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

export interface UpdatableStatus extends Status {
  update(change: Partial<ConnectionStatus>): void;
}

export function createStatus(): UpdatableStatus {
  const changes = new Signal();
  let current: ConnectionStatus = { status: "online", pending: 0 };
  return {
    get current() {
      return current;
    },
    subscribe: changes.subscribe,
    update(change) {
      const next = { ...current, ...change };
      if (next.status === current.status && next.pending === current.pending) return;
      current = next;
      changes.tell();
    },
  };
}
