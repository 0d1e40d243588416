import type { Connection, Page } from "../event/current.js";

/**
 * The methods by which the server tells a store of its life. A store has those that it needs, by these names. They are `protected`, which no `implements` can
 * say: public ones would be events of the twin's type, and `createTwin` refuses them. They run as events do, one at a time with those of the same scope
 * instance; what they change is one commit, and undone where they throw.
 * @example
 * // Who is here: people, each once, however many tabs they have. Nothing of it is kept, so that a server that was killed leaves no ghosts.
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
  /** Once in the store's life, before its first `onLoad`: it is new, and nothing of it is kept yet. */
  onCreate(): void | Promise<void>;
  /** Each time the store comes into memory, and after a hot reload; for each page that `preload` hands it, with the page. */
  onLoad(page?: Page): void | Promise<void>;
  /** A tab has begun to watch the store. `current()` tells whose it is. */
  onConnect(connection: Connection): void | Promise<void>;
  /** A tab has stopped, and was not back within some seconds. */
  onDisconnect(connection: Connection): void | Promise<void>;
  /** The store is about to leave memory: the server ends, it was idle for long, or its class was replaced by a hot reload. */
  onDispose(): void | Promise<void>;
}

export type LifecycleName = keyof Lifecycle;
