import type { AnswerMessage, Greeting, Message, ResumeMessage } from "../../lib/wire/protocol.js";
import type { Caller, ConnectionInfo } from "../host/context.js";
import { createQueue } from "../task/queue.js";
import { errorShapeOf, type Report, told } from "../wire/error-shape.js";
import { Frame } from "../wire/frame.js";
import { runOf } from "../wire/frame-run.js";
import { Tick } from "../wire/tick.js";
import type { Wire } from "../wire/wire.js";
import type { Audience, Feed, Have, Page, Resumed, Visit } from "./feed.js";
import { notice } from "./notices.js";
import { canMerge, DROPPED, effectsIn, isFree, type Queued, type Taken, type Watched, Whole } from "./queued.js";
import { wholeMessages } from "./state-messages.js";
import { StreamQueue } from "./stream-queue.js";

export interface ConnectionOptions {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
  readonly client: string | undefined;
  readonly epoch: number;
  /** How many bytes may wait for the reader. */
  readonly limit: number;
  readonly report: Report;
  /** More waits than may: snapshots take its place. */
  readonly slow?: () => void;
  /** A feed has ended: another one takes its place for these stores. `have`: the state that the reader has of them. */
  readonly lead?: (connection: StreamConnection, feed: Feed, stores: readonly string[], have: Have | undefined) => void;
}

/**
 * One tab's stream. What waits for a slow reader is bounded: past the limit, the frames that wait are dropped, and one snapshot of each
 * store takes their place.
 */
export class StreamConnection implements Page {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
  readonly client: string | undefined;
  readonly epoch: number;
  /** The generation of the cookie of calls that come by the same socket. */
  generation: number | undefined;
  /** The queue in which it begins to watch and leaves, one task at a time. */
  readonly tasks = createQueue();
  readonly #limit: number;
  readonly #report: Report;
  readonly #slow: ConnectionOptions["slow"];
  readonly #lead: ConnectionOptions["lead"];
  readonly #watched = new Map<Feed, Watched>();
  /** A store may wait for its snapshot: most that is sent is frames, each of which would look for one. */
  #due = false;
  /** How many answers wait for the reader. */
  answers = 0;
  /** How many characters they have, but for the first: most wait for nobody, and are not measured. */
  #answered = 0;
  /** Messages that are ready to go. */
  #ready: Message[] = [];
  readonly #queue = new StreamQueue();
  #closed = false;
  #listener: (() => void) | undefined;
  #noticed = false;

  constructor({ info, caller, client, epoch, limit, report, slow, lead }: ConnectionOptions) {
    this.#report = report;
    this.info = info;
    this.caller = caller;
    this.client = client;
    this.epoch = epoch;
    this.#limit = limit;
    this.#slow = slow;
    this.#lead = lead;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls back when something may wait to be taken, and at the end: once for all that a turn of the event loop brings. */
  onWaiting(listener: () => void): void {
    this.#listener = listener;
    this.#notice();
  }

  /** Takes what waits, as the wire writes it; `undefined` where nothing waits. Snapshots are made when it is their turn. */
  take(wire: Wire): Buffer | undefined {
    if (!this.#waits()) return undefined;
    const parts = this.#ready.map(wire.write);
    this.#ready = [];
    while (this.#hasNext()) {
      const { before, sent, of, behind } = this.#next();
      parts.push(...before.map(wire.write), ...(of ? [sent.written(of.stores, wire)] : []), ...behind.map(wire.write));
    }
    if (this.#queue.length > 0) this.#notice();
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** The next message, when there is one; `undefined` at the end. */
  async next(): Promise<Message | undefined> {
    while (!this.#waits()) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#listener = resolve;
      });
    }
    if (this.#ready.length === 0) this.#ready = this.#messages();
    return this.#ready.shift();
  }

  /** Takes the next messages from the queue. */
  #messages(): Message[] {
    const { before, sent, of, behind } = this.#next();
    return [...before, ...(of ? [sent.message(of.stores)] : []), ...behind];
  }

  /** Takes what is sent next from the queue: messages, a tick, or all frames of one feed that follow each other. */
  #next(): Taken {
    const { message, of } = this.#shift();
    if (!of) return { before: [message], sent: undefined, of, behind: [] };
    if (message instanceof Whole) return { before: message.messages ?? [], sent: undefined, of: undefined, behind: [] };
    if (message instanceof Tick) return { before: message.ran(this.client), sent: message, of, behind: [] };
    const frames: Frame[] = [];
    const behind: Message[] = [];
    for (let next = this.#queue.first; next; next = this.#queue.first) {
      if (next.of === of && next.message instanceof Frame && canMerge(message, frames.length, next.message)) frames.push(next.message);
      // Yields and effects that name no container of the state may come after a later commit too, so frames need not wait for them.
      else if (!next.of && isFree(next.message) && this.#hasNext()) behind.push(next.message);
      else break;
      this.#shift();
    }
    const sent = runOf(message, frames);
    return { before: sent.ran(this.client), sent, of, behind };
  }

  #waits(): boolean {
    if (this.#due && this.#ready.length === 0) this.#snapshots();
    return this.#ready.length > 0 || this.#hasNext();
  }

  /** Whether the queue has something to send. Effects wait for snapshots that are still to be made, as they act after what their event has changed. */
  #hasNext(): boolean {
    const next = this.#queue.first;
    // To write it may bring a tick, for which another one takes its place.
    if (next?.message instanceof Whole)
      return next.message.write(next.of as Watched, this.client, () => this.#notice()) && (this.#queue.first === next || this.#hasNext());
    if (!next || next.of || !DROPPED.includes(next.message[0])) return next !== undefined;
    for (const { asked, pending } of this.#watched.values()) if (asked || pending.size > 0) return false;
    return true;
  }

  #shift(): Queued {
    const queued = this.#queue.shift();
    if (!queued.of && queued.message[0] === "answer" && --this.answers === 0) this.#answered = 0;
    return queued;
  }

  /** Makes the snapshots that are due. Those of what is not stored yet come when it is. */
  #snapshots(): void {
    this.#due = false;
    for (const watched of this.#watched.values()) {
      const { audience, feed, pending, stores } = watched;
      if (pending.size === 0 || watched.asked) continue;
      watched.asked = true;
      const due = [...pending].filter((store) => stores.has(store));
      if (due.length === 0) pending.clear();
      feed.show(due, audience, this.client, (moment, shown) => {
        watched.asked = false;
        this.#due = true;
        for (const one of shown) {
          const { store } = one;
          if (this.#watched.get(feed) !== watched || watched.audience !== audience || !pending.delete(store)) continue;
          if ("error" in one) this.refuse(store, feed.roomKey, one.error);
          else this.#ready.push(...wholeMessages(feed, moment, one, audience));
        }
        this.#notice();
      });
    }
  }

  watchesAs(feed: Feed, audience: Audience): boolean {
    return this.#watched.get(feed)?.audience === audience;
  }

  /** A stream watches for its own page alone. */
  visits(stores: ReadonlySet<string>): Visit[] {
    return [[this, stores]];
  }

  /** The number under which the stream names what it watches. */
  numberOf(feed: Feed): number | undefined {
    return this.#watched.has(feed) ? feed.number : undefined;
  }

  #push(queued: Queued): void {
    if (this.#closed) return;
    this.#queue.push(queued);
    if (this.#queue.bytes > this.#limit) {
      this.#slow?.();
      this.#collapse();
    }
    this.#notice();
  }

  #notice(): void {
    if (this.#noticed) return;
    this.#noticed = true;
    notice(this);
  }

  /** Notifies the reader that something may wait. */
  tell(): void {
    this.#noticed = false;
    this.#listener?.();
  }

  /** Drops the frames that wait: one snapshot of each store will tell all. */
  #collapse(): void {
    for (const watched of this.#watched.values()) if (watched.queued > 0) this.#renewAll(watched);
    if (this.#queue.bytes > this.#limit) this.#queue.lighten();
  }

  #renewAll(watched: Watched): void {
    for (const store of watched.stores) watched.pending.add(store);
    this.#due = true;
    this.#queue.renew(watched);
  }

  // --- what feeds tell ---

  frame(feed: Feed, told: Frame): void {
    const watched = this.#watched.get(feed);
    if (!watched) return;
    const frame = told.for(watched.audience);
    if (watched.pending.size > 0) {
      this.#renewAll(watched);
      for (const queued of effectsIn(frame)) this.#push(queued);
    } else this.#push({ message: frame, bytes: frame.bytes, of: watched });
  }

  tick(feed: Feed, told: Tick): void {
    const watched = this.#watched.get(feed);
    const tick = told.for(watched?.audience);
    if (!watched || !tick.concerns(watched.stores)) return;
    if (watched.pending.size > 0) this.#renewAll(watched);
    else if (!this.#queue.absorb(watched)) this.#push({ message: tick, bytes: tick.bytes, of: watched });
  }

  resume(feed: Feed, { names, volatile, revision, frames }: Resumed, stores: ReadonlySet<string>, audience: Audience | undefined): void {
    const watched = this.#watched.get(feed);
    if (!watched) return;
    Object.assign(watched, { stores, audience });
    const name = audience ? ([audience.name] as const) : ([] as const);
    const resumes = names.map((store): ResumeMessage => ["resume", feed.number, store, feed.roomKey, feed.incarnation, revision, ...name]);
    // Where a snapshot takes the place of the volatile state, it takes theirs too.
    if (volatile) this.#push({ message: new Whole(resumes), bytes: 0, of: watched });
    else for (const message of resumes) this.#send(message, 64);
    for (const frame of frames) this.frame(feed, frame);
  }

  renew(feed: Feed, names: readonly string[], stores: ReadonlySet<string>, audience: Audience | undefined): void {
    const watched = this.#watched.get(feed);
    if (!watched) return;
    Object.assign(watched, { stores, audience });
    if (watched.queued > 0) this.#renewAll(watched);
    for (const store of names) watched.pending.add(store);
    this.#due = true;
    this.#notice();
  }

  restart(feed: Feed, stores: ReadonlySet<string>, audienceOf: (caller: Caller) => Audience | undefined): void {
    this.renew(feed, [...stores], stores, audienceOf(this.caller));
  }

  stir(feed: Feed): void {
    const watched = this.#watched.get(feed);
    if (!watched) return;
    if (watched.pending.size > 0) this.#renewAll(watched);
    else if (!this.#queue.absorb(watched)) this.#push({ message: new Whole(), bytes: 0, of: watched });
  }

  refuse(store: string, key: string | null, error: unknown): void {
    this.#measured(["refused", store, key, ...told(errorShapeOf(error, this.#report))]);
  }

  hello(greeting: Greeting): void {
    if (this.#closed) return;
    // The schema goes before the snapshots, which cannot be read without it, also where the reader has been slow from the start.
    this.#ready.push(["hello", greeting]);
    this.#notice();
  }

  /** Brings an item of a call, or a letter. One that is dropped for a slow reader is kept elsewhere. */
  bring(message: Message): void {
    this.#measured(message);
  }

  /** Says that the same line takes events, of so many bytes each at most; 0: no more. */
  takes(bytes: number): void {
    this.#send(["events", bytes], 0);
  }

  /**
   * The answer to a call that came by the same line: it goes behind the frame that shows it, and is never dropped.
   * Where too much waits, the connection ends: its calls are asked again.
   */
  answer(message: AnswerMessage): void {
    if (this.#closed) return;
    if (this.answers++ > 0) this.#answered += JSON.stringify(message).length;
    if (this.#answered > MOST_ANSWERED) this.close();
    else this.#send(message, 0);
  }

  #measured(message: Message): void {
    this.#send(message, JSON.stringify(message).length);
  }

  #send(message: Message, bytes: number): void {
    this.#push({ message, bytes, of: undefined });
  }

  // --- what it watches ---

  /** How many stores it watches. */
  get watching(): number {
    let count = 0;
    for (const { stores } of this.#watched.values()) count += stores.size;
    return count;
  }

  /** What feeds a store that it watches. */
  feedOf(store: string, key: string | null): Feed | undefined {
    for (const { feed, stores } of this.#watched.values()) if (feed.roomKey === key && stores.has(store)) return feed;
    return undefined;
  }

  /** Holds a feed that it is going to watch. */
  attach(feed: Feed, release: () => void): void {
    if (this.#closed || this.#watched.has(feed)) return release();
    this.#watched.set(feed, { feed, release, stores: new Set(), audience: undefined, pending: new Set(), asked: false, queued: 0 });
  }

  /** Leaves a store, told as clients tell it. */
  leave(store: string, key: string | null): void {
    for (const { feed, stores } of [...this.#watched.values()]) if (feed.roomKey === key && stores.has(store)) this.unwatch(feed, store);
  }

  unwatch(feed: Feed, store: string): void {
    const watched = this.#watched.get(feed);
    if (!watched) return;
    feed.unwatch(this, store);
    watched.pending.delete(store);
    if (!feed.has(this)) this.#detach(watched);
  }

  /** Lets go of a feed of which it watches nothing. */
  settle(feed: Feed): void {
    const watched = this.#watched.get(feed);
    if (watched && !feed.has(this)) this.#detach(watched);
  }

  #detach(watched: Watched): void {
    this.#watched.delete(watched.feed);
    this.#queue.leave(watched);
    watched.release();
    // What has waited for its snapshot goes now.
    this.#notice();
  }

  lead(feed: Feed, stores: readonly string[]): void {
    const watched = this.#watched.get(feed);
    const have = watched && this.#queue.haveOf(watched);
    if (watched) this.#detach(watched);
    // One that is closed watches nothing any more: it would be led from feed to feed without end.
    if (!this.#closed) this.#lead?.(this, feed, stores, have);
  }

  /** Ends the stream. With a reason, the client gets what waits for it, and is asked to come back. */
  close(reason?: string): void {
    if (this.#closed) return;
    if (reason === undefined) {
      this.#queue.clear();
      this.#ready = [];
    } else {
      // The watches end now, so frames are made messages.
      for (let next = this.#queue.first; next; next = this.#queue.first) {
        // What comes behind it cannot be read without it.
        if (next.message instanceof Whole && !this.#hasNext()) this.#queue.leave(next.of as Watched);
        else this.#ready.push(...this.#messages());
      }
      this.#ready.push(["bye", reason]);
    }
    this.#closed = true;
    for (const watched of [...this.#watched.values()]) {
      for (const store of [...watched.stores]) watched.feed.unwatch(this, store);
      this.#watched.delete(watched.feed);
      watched.release();
    }
    this.#notice();
  }
}

/** How many characters of answers may wait for a reader. */
const MOST_ANSWERED = 1 << 22;
