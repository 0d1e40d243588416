import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { Client } from "../client/client.js";
import { presenceOf } from "../client/lazy-presence.js";
import type { Person, Presence } from "../lib/class/view-types.js";
import { useClient } from "./context.js";

/**
 * Who else is here, by a presence field, and what this tab shows there while the component is mounted. The list is without this tab itself: it is empty on the
 * server, while a page hydrates, and until it has connected. It changes with each move of a cursor: let a component of its own show cursors.
 *
 * What several components of a page show in one field is merged: of the same property, the one that was mounted last counts.
 * @param people the field, as the store's hook gives it
 * @param own what this tab shows: an object, or `undefined` for nothing. Another object with equal content sends nothing.
 * @example const others = usePresence(board.people, { cursor });
 */
export function usePresence<T, I>(people: Presence<T, I> | undefined, own?: Partial<NoInfer<I>>): readonly Person<T, I>[];
export function usePresence(people: Presence | undefined, own?: object): readonly Person[] {
  const client = useClient("usePresence");
  const tab = useMemo(() => new ThisTab(client), [client]);
  const me = useSyncExternalStore(tab.subscribe, tab.get, unknown);
  useEffect(() => tab.show(people, own));
  useEffect(() => () => tab.show(undefined, undefined), [tab]);
  return tab.others(people, me);
}

const NOBODY: readonly Person[] = [];
const unknown = () => undefined;
/** The code did not load: nothing is shown, until the next render. */
const unloaded = () => {};

/** What one component shows of this tab. */
class ThisTab {
  readonly #client: Client;
  #others = NOBODY;

  constructor(client: Client) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    void presenceOf(this.#client).then(listener, unloaded);
    return this.#client.status.subscribe(listener);
  };

  readonly get = (): string | undefined => this.#client.presence?.me;

  /** One after the other, also while the code is loaded. */
  show(people: Presence | undefined, own: object | undefined): void {
    void presenceOf(this.#client).then((presence) => presence.show(this, people, own), unloaded);
  }

  /** The same list, as long as it has the same people. */
  others(people: Presence | undefined, me: string | undefined): readonly Person[] {
    const others = me === undefined || !people ? NOBODY : people.filter(({ id }) => id !== me);
    if (others.length !== this.#others.length || others.some((one, i) => one !== this.#others[i])) this.#others = others;
    return this.#others;
  }
}
