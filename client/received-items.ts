import type { Item, NumberedItems } from "../lib/wire/protocol.js";

/** The items of one call, as they come: given on once each, in their order. */
export class ReceivedItems {
  /** The items that have come, and are not given on; `undefined` for one that the server has dropped. */
  readonly #waiting = new Map<number, Item | undefined>();
  /** The number of the last that was given on. */
  #given = 0;
  /** All up to this number have come. */
  #have = 0;
  /** How many there are, as far as that is known. */
  #count = 0;
  /** Items up to this number came with an answer: they wait until the twin shows it. */
  #held = 0;

  get have(): number {
    return this.#have;
  }

  /** Some have not come. */
  get lacks(): boolean {
    return this.#count > this.#have;
  }

  /** Takes an item of the stream. */
  take(k: number, item: Item): void {
    this.#count = Math.max(this.#count, k);
    if (k > this.#given && !this.#waiting.get(k)) this.#waiting.set(k, item);
    while (this.#waiting.has(this.#have + 1)) this.#have++;
  }

  /** Takes what an answer says of them. */
  answer(count: number, [first, ...items]: NumberedItems | readonly [] = []): void {
    this.#count = Math.max(this.#count, count);
    if (first === undefined) return;
    for (let k = this.#have + 1; k < first; k++) if (!this.#waiting.has(k)) this.#waiting.set(k, undefined);
    items.forEach((item, i) => {
      if (first + i > this.#given && !this.#waiting.has(first + i)) this.#held = first + i;
      this.take(first + i, item);
    });
  }

  /** Waits no longer for those that have not come. */
  skip(): void {
    for (let k = this.#have + 1; k <= this.#count; k++) if (!this.#waiting.has(k)) this.#waiting.set(k, undefined);
    this.#have = this.#count;
  }

  /** Gives those whose turn it is. `shown`: the twin shows the answer. */
  *next(shown: boolean): Generator<Item> {
    while (this.#given < this.#have && (shown || this.#given >= this.#held)) {
      const item = this.#waiting.get(++this.#given);
      this.#waiting.delete(this.#given);
      if (item) yield item;
    }
  }
}
