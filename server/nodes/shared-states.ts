import type { Audience } from "../stream/feed.js";

/** How long states are shared that have not changed, in ms. */
const SHARED = 1000;

/** States of stores, all of one moment. */
export interface States<T> {
  readonly revision: number;
  readonly tick: number;
  /** What is shown of each store that was asked for. */
  readonly shown: ReadonlyMap<string, T>;
}

interface Asked<T> {
  readonly stores: ReadonlySet<string>;
  readonly waiting: ((states: States<T>) => void)[];
}

/**
 * The states that pages wait for: each is asked for once, for all pages that wait for it, and those that come before it has changed. An answer stands between
 * the frames before and after its moment, so a page that has come while it was on its way may take it too.
 */
export class SharedStates<T> {
  readonly #ask: (audience: Audience | undefined, stores: readonly string[], answered: (states: States<T> | undefined) => void) => void;
  readonly #asked = new Map<Audience | undefined, Set<Asked<T>>>();
  /** What was shown last. Nothing has changed since. */
  readonly #kept = new Map<Audience | undefined, States<T>>();
  #timer: NodeJS.Timeout | undefined;

  /** `ask` asks the owner. `undefined`: there is no page of the audience any more. */
  constructor(ask: (audience: Audience | undefined, stores: readonly string[], answered: (states: States<T> | undefined) => void) => void) {
    this.#ask = ask;
  }

  want(audience: Audience | undefined, stores: readonly string[], take: (states: States<T>) => void): void {
    const kept = this.#kept.get(audience);
    if (kept && stores.every((store) => kept.shown.has(store))) return take(kept);
    const under = this.#asked.get(audience) ?? new Set();
    for (const one of under) if (stores.every((store) => one.stores.has(store))) return void one.waiting.push(take);
    const asked: Asked<T> = { stores: new Set(stores), waiting: [take] };
    this.#asked.set(audience, under.add(asked));
    this.#ask(audience, stores, (states) => {
      under.delete(asked);
      if (under.size === 0) this.#asked.delete(audience);
      // Whoever waits all the same asks again.
      if (states) this.#keep(audience, states);
      for (const one of asked.waiting) states ? one(states) : this.want(audience, [...asked.stores], one);
    });
  }

  #keep(audience: Audience | undefined, states: States<T>): void {
    const kept = this.#kept.get(audience);
    const same = kept?.revision === states.revision && kept.tick === states.tick;
    this.#kept.set(audience, same ? { ...states, shown: new Map([...kept.shown, ...states.shown]) } : states);
    this.#timer ??= setTimeout(() => this.changed(), SHARED).unref();
  }

  /** Something has changed: states are asked for anew. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#kept.clear();
  }
}
