import type { Effect, EffectMessage, Item, NumberedItems, YieldMessage } from "../../lib/wire/protocol.js";
import type { Streams } from "../stream/streams.js";

/** How many items of one event are kept, and how many characters they may have. */
const MOST_ITEMS = 1000;
const MOST_CHARACTERS = 1_000_000;
/** How many characters of items are stored with an answer. */
const MOST_STORED = 65_536;

/** What an event without an answer sends its items by. */
interface Ways {
  /** Sends an item to the client, if it has a stream. */
  send(k: number, item: Item): unknown;
  /** Takes an effect that comes after the event's answer, as that of a call which it has not awaited. */
  late(effect: Effect): void;
}

/** The call of an event: its client, number and incarnation, and the tab that has called. */
export interface CallPlace {
  readonly client: string;
  readonly n: number;
  readonly i: string;
  readonly tab: string | undefined;
}

/** An item as streams bring it. */
export const itemMessage = ({ n, i }: CallPlace, k: number, item: Item): YieldMessage | EffectMessage =>
  item[0] === "yield" ? ["yield", i, n, k, item[1]] : [...item, i, n, k];

/** Takes an item whose stream may be at another node. */
export type TakeItem = (place: CallPlace, k: number, item: Item) => void;

/** The streams as the ways of a call's items. `away`: brings those of tabs that have no stream here. */
export function waysOf(streams: Streams, { client, n, i, tab }: CallPlace, away?: TakeItem): Ways {
  const late = (effect: Effect) => tab !== undefined && streams.post(tab, effect);
  return {
    late,
    send(k, item) {
      const stream = streams.of(client);
      if (stream) stream.bring(itemMessage({ client, n, i, tab }, k, item));
      else if (item[0] === "yield") away?.({ client, n, i, tab }, k, item);
      // A later page of the same tab has taken the place of the one that has called.
      else if (streams.has(tab)) late([item[1], item[2]]);
      else away?.({ client, n, i, tab }, k, item);
    },
  };
}

/**
 * The items of one event of a client: what it yields, and the effects that it has for its caller. They are numbered in their order, and kept until the client
 * has confirmed the event. The oldest go first, where they are too many.
 */
export class CallItems {
  readonly #ways: Ways;
  readonly #kept: { readonly item: Item; readonly size: number }[] = [];
  #size = 0;
  /** How many there have been. */
  #count = 0;
  /** How many of them are stored: a client gets no others. */
  #sent = 0;
  #over = false;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** Takes an item, while its commit is made. The returned function sends it, once that is stored. */
  add(item: Item): () => void {
    if (this.#over) return () => item[0] === "effect" && this.#ways.late([item[1], item[2]]);
    const k = ++this.#count;
    const size = JSON.stringify(item).length;
    this.#kept.push({ item, size });
    this.#size += size;
    while (this.#kept.length > MOST_ITEMS || (this.#size > MOST_CHARACTERS && this.#kept.length > 1)) this.#size -= this.#kept.shift()?.size ?? 0;
    return () => {
      this.#sent = k;
      this.#ways.send(k, item);
    };
  }

  /** Sends those after number `y` again: the stream that has brought them may have been cut. */
  repeat(y: number): void {
    const first = this.#count - this.#kept.length + 1;
    this.#kept.forEach(({ item }, i) => {
      const k = first + i;
      if (k > y && k <= this.#sent) this.#ways.send(k, item);
    });
  }

  /** Adds them to the event's answer. There are no more. */
  end<O extends object>(outcome: O): O & { readonly y?: number; readonly o?: NumberedItems } {
    this.#over = true;
    if (this.#count === 0) return outcome;
    return { ...outcome, y: this.#count, o: [this.#count - this.#kept.length + 1, ...this.#kept.map(({ item }) => item)] };
  }
}

/** Gives the items after number `y`; `undefined` where there are none. */
export function itemsAfter(items: NumberedItems, y: number): NumberedItems | undefined {
  const [first, ...list] = items;
  if (y < first) return items;
  const rest = list.slice(y + 1 - first);
  return rest.length > 0 ? [y + 1, ...rest] : undefined;
}

/** Gives an answer as it is stored: with the last items of its event alone. */
export function withLastItems<O extends { readonly o?: NumberedItems }>(outcome: O): O {
  if (!outcome.o) return outcome;
  const [first, ...list] = outcome.o;
  let size = 0;
  let from = list.length;
  while (from > 0 && (size += JSON.stringify(list[from - 1]).length) <= MOST_STORED) from--;
  return from === 0 ? outcome : { ...outcome, o: [first + from, ...list.slice(from)] };
}
