import type { Connection, Page } from "../event/current.js";

/**
 * The lifecycle methods of a store: the server calls them. A store implements the ones that it needs, by these names, as `protected` methods. `implements`
 * cannot check protected methods, and public ones would be events of the twin's type: `createTwin` refuses them. Lifecycle methods run in the queue of their
 * scope instance, as events do. Their changes are one commit, and are rolled back if they throw.
 * @example
 * // The people who are here, each once, however many tabs they have. Nothing of it is persisted, so that a killed server leaves no ghosts.
 * export class Board {
 *   @state({ persist: false }) people: Person[] = [];
 *   @state({ private: true, persist: false }) private tabs = new Map<string, string>();
 *
 *   protected onConnect({ id }: Connection) {
 *     const { user } = current();
 *     this.tabs.set(id, user.id);
 *     if (!this.people.some((person) => person.id === user.id)) this.people.push({ id: user.id, name: user.name });
 *   }
 *   protected onDisconnect({ id }: Connection) {
 *     const left = this.tabs.get(id);
 *     this.tabs.delete(id);
 *     if (![...this.tabs.values()].includes(left ?? "")) this.people = this.people.filter((person) => person.id !== left);
 *   }
 * }
 */
export interface Lifecycle {
  /** Runs once in the store's life, before its first `onLoad`: the store is new, and nothing of it is stored yet. */
  onCreate(): void | Promise<void>;
  /** Runs each time the store is loaded into memory, after a hot reload, and, with the page, for each page that `preload` passes. */
  onLoad(page?: Page): void | Promise<void>;
  /** Runs when a tab has subscribed to the store. `current()` tells whose tab it is. */
  onConnect(connection: Connection): void | Promise<void>;
  /** Runs when a tab has unsubscribed or disconnected, and has not come back within some seconds. */
  onDisconnect(connection: Connection): void | Promise<void>;
  /**
   * Runs when the store is loaded after the server was killed, or closed, under one of its events that had changed something: once for each such event, after
   * `onLoad` and before any other event. Its changes are one commit with the answer `INTERRUPTED` of that event. Needs a durable storage.
   * @example
   * protected onInterrupted({ event, args }: Interrupted) {
   *   if (event === "answer") this.messages.at(-1)!.state = "cut off";
   * }
   */
  onInterrupted(call: Interrupted): void | Promise<void>;
  /** Runs before the store leaves memory: the server ends, the store was idle for long, or a hot reload replaced its class. */
  onDispose(): void | Promise<void>;
}

/** A call of an event that was cut off by the end of its server after it had committed something. */
export interface Interrupted {
  /** The event's name: `answer`, or `Message.react` for an event of a model. */
  readonly event: string;
  /** The event's arguments; `undefined` where they have more than 65,536 characters, or hold what no storage keeps, as a function. */
  readonly args: readonly unknown[] | undefined;
  /** The `current().eventId` of the event: the key of what it has done outside. */
  readonly eventId: string;
  /** When it began. */
  readonly at: Date;
}

/** The names of the lifecycle methods. */
export type LifecycleName = keyof Lifecycle;
