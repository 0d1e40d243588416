import type { Encoded } from "../lib/codec.js";
import type { Caller, ConnectionInfo, Effect } from "./context.js";
import type { Host } from "./host.js";
import type { Frame } from "./log.js";
import { createQueue } from "./queue.js";
import { type Report, refusalOf } from "./refusal.js";

/** A message of the stream: PROTOCOL.md §3. */
export type Message = readonly unknown[];

interface Queued {
  readonly message: Message;
  readonly bytes: number;
  /** Whose frame it is. */
  readonly of?: Watched;
}

interface Watched {
  readonly host: Host;
  readonly release: () => void;
  /** What it watches: the host's own set. */
  stores: ReadonlySet<string>;
  /** The stores that get a snapshot when the reader is ready for it: it is made only then. */
  readonly pending: Set<string>;
  /** Snapshots are being made. */
  asked: boolean;
  /** How many frames wait. */
  queued: number;
}

export interface ConnectionOptions {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
  readonly client: string | undefined;
  readonly epoch: number;
  /** How many bytes may wait for the reader. */
  readonly limit: number;
  readonly report: Report;
}

/**
 * One tab's stream. What waits for a slow reader is bounded: past the limit, the frames that wait are dropped, and one snapshot of each
 * store takes their place.
 */
export class Connection {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
  readonly client: string | undefined;
  readonly epoch: number;
  /** What it begins to watch and leaves, one after the other. */
  readonly tasks = createQueue();
  readonly #limit: number;
  readonly #report: Report;
  readonly #numbers = new Map<string, number>();
  readonly #watched = new Map<Host, Watched>();
  /** Messages that are ready to go. */
  #ready: Message[] = [];
  #queue: Queued[] = [];
  #bytes = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor({ info, caller, client, epoch, limit, report }: ConnectionOptions) {
    this.#report = report;
    this.info = info;
    this.caller = caller;
    this.client = client;
    this.epoch = epoch;
    this.#limit = limit;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The next message, when there is one; `undefined` at the end. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      if (this.#ready.length === 0) this.#snapshots();
      const message = this.#ready.shift() ?? this.#take();
      if (message || this.#closed) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(): Message | undefined {
    const queued = this.#queue.shift();
    if (!queued) return undefined;
    this.#bytes -= queued.bytes;
    if (queued.of) queued.of.queued--;
    return queued.message;
  }

  /** Makes the snapshots that are due. Those of what is not stored yet come when it is. */
  #snapshots(): void {
    for (const watched of this.#watched.values()) {
      const { host, pending, stores } = watched;
      if (pending.size === 0 || watched.asked) continue;
      watched.asked = true;
      const due = [...pending].filter((store) => stores.has(store));
      if (due.length === 0) pending.clear();
      host.show(due, (revision, shown) => {
        watched.asked = false;
        for (const one of shown) {
          const { store } = one;
          if (!pending.delete(store) || this.#watched.get(host) !== watched) continue;
          if ("error" in one) this.refuse(store, host.roomKey, one.error);
          else this.#ready.push(["snapshot", this.#number(host), store, host.roomKey, host.incarnation, revision, one.snapshot]);
        }
        this.#notice();
      });
    }
  }

  /** The number under which the stream names a host; a new one where there is none. */
  #number(host: Host): number {
    let number = this.#numbers.get(host.id);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(host.id, number);
    }
    return number;
  }

  /** The number under which the stream names a host that it watches. */
  numberOf(host: Host): number | undefined {
    return this.#watched.has(host) ? this.#numbers.get(host.id) : undefined;
  }

  #push(message: Message, bytes: number, of?: Watched): void {
    if (this.#closed) return;
    this.#queue.push({ message, bytes, ...(of && { of }) });
    this.#bytes += bytes;
    if (of) of.queued++;
    if (this.#bytes > this.#limit) this.#collapse();
    this.#notice();
  }

  #notice(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Drops the frames that wait: one snapshot of each store will tell all. */
  #collapse(): void {
    for (const watched of this.#watched.values()) if (watched.queued > 0) this.#renewAll(watched);
    if (this.#bytes <= this.#limit) return;
    this.#queue = this.#queue.filter(({ message }) => message[0] !== "yield" && message[0] !== "effect");
    this.#bytes = this.#queue.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #renewAll(watched: Watched): void {
    for (const store of watched.stores) watched.pending.add(store);
    if (watched.queued === 0) return;
    this.#queue = this.#queue.filter(({ of }) => of !== watched);
    this.#bytes = this.#queue.reduce((sum, { bytes }) => sum + bytes, 0);
    watched.queued = 0;
  }

  // --- what hosts tell ---

  frame(host: Host, frame: Frame): void {
    const watched = this.#watched.get(host);
    if (!watched) return;
    if (watched.pending.size > 0) this.#renewAll(watched);
    else this.#push(frameFor(this.#number(host), frame, watched.stores), frame.bytes, watched);
  }

  /** The client has these stores as of a revision: it gets the frames after it. */
  resume(host: Host, names: readonly string[], revision: number, frames: readonly Frame[], stores: ReadonlySet<string>): void {
    const watched = this.#watched.get(host);
    if (!watched) return;
    watched.stores = stores;
    const number = this.#number(host);
    for (const store of names) this.#push(["resume", number, store, host.roomKey, host.incarnation, revision], 64);
    for (const frame of frames) this.frame(host, frame);
  }

  /** The client gets snapshots of these stores, of all that it watches of the host. */
  renew(host: Host, names: readonly string[], stores: ReadonlySet<string>): void {
    const watched = this.#watched.get(host);
    if (!watched) return;
    watched.stores = stores;
    if (watched.queued > 0) this.#renewAll(watched);
    for (const store of names) watched.pending.add(store);
    this.#notice();
  }

  refuse(store: string, key: string | null, error: unknown): void {
    const { code, message } = refusalOf(error, this.#report);
    this.#push(["refused", store, key, code, message], 128);
  }

  hello(greeting: object): void {
    this.#push(["hello", greeting], 512);
  }

  effects(effects: readonly Effect[]): void {
    for (const [name, args] of effects) this.#measured(["effect", name, args]);
  }

  yielded(host: Host, n: number, value: Encoded): void {
    this.#measured(["yield", this.client, this.numberOf(host) ?? null, n, value]);
  }

  #measured(message: Message): void {
    this.#push(message, JSON.stringify(message).length);
  }

  // --- what it watches ---

  /** Holds a host that it is going to watch. */
  attach(host: Host, release: () => void): void {
    if (this.#closed || this.#watched.has(host)) return release();
    this.#watched.set(host, { host, release, stores: new Set(), pending: new Set(), asked: false, queued: 0 });
  }

  /** Leaves a store, told as clients tell it. */
  leave(store: string, key: string | null): void {
    for (const { host, stores } of [...this.#watched.values()]) if (host.roomKey === key && stores.has(store)) this.unwatch(host, store);
  }

  unwatch(host: Host, store: string): void {
    const watched = this.#watched.get(host);
    if (!watched) return;
    host.unwatch(this, store);
    watched.pending.delete(store);
    if (!host.watchedBy(this)) this.#detach(watched);
  }

  /** Lets go of a host of which it watches nothing. */
  settle(host: Host): void {
    const watched = this.#watched.get(host);
    if (watched && !host.watchedBy(this)) this.#detach(watched);
  }

  #detach(watched: Watched): void {
    this.#watched.delete(watched.host);
    if (watched.queued > 0) this.#queue = this.#queue.filter(({ of }) => of !== watched);
    watched.release();
  }

  /** A host has ended without its watchers: another life of it takes its place. */
  forget(host: Host): void {
    const watched = this.#watched.get(host);
    if (watched) this.#detach(watched);
  }

  /** Ends the stream. With a reason, the client is told to come back. */
  close(reason?: string): void {
    if (this.#closed) return;
    this.#queue = reason === undefined ? [] : [{ message: ["bye", reason], bytes: 0 }];
    this.#ready = [];
    this.#closed = true;
    for (const watched of [...this.#watched.values()]) {
      for (const store of [...watched.stores]) watched.host.unwatch(this, store);
      this.#watched.delete(watched.host);
      watched.release();
    }
    this.#notice();
  }
}

/** A frame as a stream that watches some stores gets it. */
export function frameFor(number: number, { revision, deltas }: Frame, stores: ReadonlySet<string>): Message {
  const message: unknown[] = [number, revision];
  for (const [store, delta] of deltas) if (stores.has(store)) message.push(store, delta);
  return message;
}
