import { Frame } from "../wire/frame.js";
import type { Have } from "./feed.js";
import { DROPPED, effectsIn, type Queued, type Watched, Whole } from "./queued.js";

/** What waits for the reader of a stream, in order, and how much it is. */
export class StreamQueue {
  #items: Queued[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#items.length;
  }

  /** What is sent next. */
  get first(): Queued | undefined {
    return this.#items[0];
  }

  push(queued: Queued): void {
    this.#items.push(queued);
    this.#bytes += queued.bytes;
    if (queued.of) queued.of.queued++;
  }

  shift(): Queued {
    const queued = this.#items.shift() as Queued;
    this.#bytes -= queued.bytes;
    if (queued.of) queued.of.queued--;
    return queued;
  }

  /**
   * Has what waits of a feed's ticks become its whole volatile state, which is written when it is sent: later ticks are in it. `false`: no tick waits, so the
   * next one may.
   */
  absorb(watched: Watched): boolean {
    for (const [i, { of, message, bytes }] of this.#items.entries()) {
      if (of !== watched || message instanceof Frame) continue;
      this.#bytes -= bytes;
      this.#items[i] = { message: new Whole(message instanceof Whole ? message.resumes : []), bytes: 0, of: watched };
      return true;
    }
    return false;
  }

  /** Drops what waits of a feed, but for effects: a snapshot takes its place. */
  renew(watched: Watched): void {
    if (watched.queued > 0) this.#replace(this.#items.flatMap((queued) => (queued.of === watched ? effectsIn(queued.message) : queued)));
    watched.queued = 0;
  }

  /** Gives the state that the reader has of a feed without the frames that wait; `undefined` where it waits for a snapshot, or watches nothing yet. */
  haveOf(watched: Watched): Have | undefined {
    const { audience, feed, pending, stores } = watched;
    if (pending.size > 0 || stores.size === 0) return undefined;
    const first = this.#items.find(({ of, message }) => of === watched && message instanceof Frame)?.message as Frame | undefined;
    return [feed.incarnation, first ? first.revision - 1 : feed.revision, audience?.name];
  }

  /** Drops what waits of a feed. */
  leave(watched: Watched): void {
    if (watched.queued > 0) this.#replace(this.#items.filter(({ of }) => of !== watched));
    watched.queued = 0;
  }

  /** Drops what the reader does without. */
  lighten(): void {
    this.#replace(this.#items.filter(({ message, of }) => of || !DROPPED.includes(message[0])));
  }

  clear(): void {
    this.#replace([]);
  }

  #replace(items: Queued[]): void {
    this.#items = items;
    this.#bytes = items.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
