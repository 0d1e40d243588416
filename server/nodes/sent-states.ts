import type { Shown } from "../stream/feed.js";
import { errorOf } from "../wire/error-shape.js";
import type { SentState, Shot } from "./node-messages.js";
import type { States } from "./shared-states.js";

/** Makes the states that another node has sent of the stores that were asked for. */
export function statesOf<S extends readonly [store: string, ...unknown[]], T>(
  [revision, tick, sent]: Shot<S>,
  stores: readonly string[],
  made: (one: S) => T,
): States<T> {
  const found = new Map(sent.map((one) => [one[0], made(one)] as const));
  return { revision, tick, shown: new Map(stores.map((store) => [store, found.get(store) as T] as const)) };
}

/** Makes the state of a store that another node has sent. */
export const shownFrom = (sent: SentState): Shown =>
  sent.length === 2 ? { store: sent[0], error: errorOf(sent[1]) } : { store: sent[0], since: sent[1], snapshot: sent[2], volatile: sent[3] ?? undefined };
