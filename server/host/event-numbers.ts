import { alreadyAnswered, outOfOrder } from "../../lib/errors/errors.js";
import { MOST_ANSWERS, NUMBERS_LIFE, type NumberRecord } from "../storage/records.js";

/** How long an event waits for those before it. */
const GAP_WAIT = 2000;
/** How many events of a client may wait for those before them. */
const MOST_WAITING = 1000;
/** Answers up to this length, in characters, are counted, and not measured. */
const SHORT = 16_384;
/** How many characters of longer answers a client may leave unconfirmed. */
const MOST_KEPT = 1 << 24;
/** How many clients a host may have before it looks which of them are gone. */
const SWEEP_FROM = 1000;

/** The numbered events of the clients of one host: each runs once, in its client's order. */
export interface EventNumbers {
  /**
   * Runs an event when its turn has come, or gives the answer that it had the first time. `run` must enter the host's queue before it
   * returns, as that fixes the order; its answer is plain data, be it a refusal. It rejects only when the host ends with it. What only `refused` is no reason
   * to keep anything of a host.
   * @throws EventError `OUT_OF_ORDER` when those before it do not come.
   */
  enter<A>(client: string, n: number, seen: number, refused: boolean, run: () => Promise<A>): Promise<A>;
  /** An event has ended: what it has done is part of the committed state from now on. */
  end(client: string, n: number): void;
  /** Gives the number up to which the events of a client have ended, as of the committed state. */
  ended(client: string): number;
  /** Forgets a client: none of its events will be asked for again. */
  drop(client: string): void;
  /** No numbered event has run. */
  readonly empty: boolean;
  save(): Record<string, NumberRecord>;
}

interface Client {
  next: number;
  /** The number up to which answers are forgotten. */
  forgotten: number;
  seen: number;
  ran: boolean;
  ended: number;
  readonly answers: Map<number, Promise<unknown>>;
  /** The answers that are settled, for the record. */
  readonly settled: Map<number, unknown>;
  /** How many characters the long ones have. Most clients never have one. */
  long?: Map<number, number>;
  readonly waiting: Map<number, () => void>;
}

export interface EventNumbersOptions {
  /** The {@link NumberRecord}s that an earlier process has stored. */
  records?: Readonly<Record<string, NumberRecord>> | undefined;
  /** The answer of an event that had committed something when its process ended, and no answer; a promise where that is still to be stored. */
  interrupted?(client: string, n: number): unknown;
  /** Makes what takes the place of an answer that is dropped, as its client leaves too many unconfirmed. */
  lost?(n: number): unknown;
}

export const createEventNumbers = (options: EventNumbersOptions = {}): EventNumbers => new ClientNumbers(options);

class ClientNumbers implements EventNumbers {
  readonly #clients = new Map<string, Client>();
  readonly #lost: (n: number) => unknown;
  #sweepAt = SWEEP_FROM;

  constructor({ records = {}, interrupted = () => undefined, lost = () => undefined }: EventNumbersOptions) {
    this.#lost = lost;
    for (const [id, { next, confirmed, seen, answers, begun }] of Object.entries(records)) {
      const given = [...answers, ...begun.map((n) => [n, interrupted(id, n)] as const)];
      const settled = new Map(given.sort(([a], [b]) => a - b));
      const kept = new Map(Array.from(settled, ([n, answer]) => [n, Promise.resolve(answer)]));
      this.#clients.set(id, { next, forgotten: confirmed, seen, ran: true, ended: next - 1, answers: kept, settled, waiting: new Map() });
    }
  }

  async enter<A>(id: string, n: number, seen: number, refused: boolean, run: () => Promise<A>): Promise<A> {
    const client = this.#client(id);
    // The client never sends an event again whose answer it has: also where that answer has been dropped here.
    client.next = Math.max(client.next, seen + 1);
    forget(client, seen);
    if (n > client.next) await arrival(client, n);
    if (n <= client.forgotten) throw alreadyAnswered(n);
    const known = client.answers.get(n);
    if (known) return known as Promise<A>;
    // An event below may be sent again that was refused, or had changed nothing, when the process ended: the storage has nothing of it.
    client.next = Math.max(client.next, n + 1);
    client.ran ||= !refused;
    const answer = run();
    client.answers.set(n, answer);
    const settle = (value: unknown) => {
      if (client.answers.has(n)) this.#keep(client, n, value);
    };
    // A rejected event has not been stored: the host ends with it.
    answer.then(settle, () => {});
    if (client.answers.size > MOST_ANSWERS) forget(client, n - MOST_ANSWERS);
    client.waiting.get(client.next)?.();
    return answer;
  }

  #keep(client: Client, n: number, answer: unknown): void {
    client.settled.set(n, answer);
    const size = JSON.stringify(answer)?.length ?? 0;
    if (size <= SHORT) return;
    client.long ??= new Map();
    client.long.set(n, size);
    let kept = 0;
    for (const one of client.long.values()) kept += one;
    for (const [old, one] of client.long) {
      if (kept <= MOST_KEPT || old === n) return;
      kept -= one;
      client.long.delete(old);
      const lost = this.#lost(old);
      client.answers.set(old, Promise.resolve(lost));
      client.settled.set(old, lost);
    }
  }

  end(id: string, n: number): void {
    const client = this.#client(id);
    client.ended = Math.max(client.ended, n);
  }

  ended(id: string): number {
    return this.#clients.get(id)?.ended ?? 0;
  }

  drop(id: string): void {
    this.#clients.delete(id);
  }

  get empty(): boolean {
    for (const { ran } of this.#clients.values()) if (ran) return false;
    return true;
  }

  save(): Record<string, NumberRecord> {
    const saved: Record<string, NumberRecord> = {};
    for (const [id, { next, forgotten, seen, ran, settled }] of this.#clients) {
      if (ran && seen > Date.now() - NUMBERS_LIFE) saved[id] = { next, confirmed: forgotten, seen, answers: [...settled], begun: [] };
    }
    return saved;
  }

  #client(id: string): Client {
    let client = this.#clients.get(id);
    if (!client) {
      if (this.#clients.size >= this.#sweepAt) this.#sweep();
      client = { next: 1, forgotten: 0, seen: 0, ran: false, ended: 0, answers: new Map(), settled: new Map(), waiting: new Map() };
      this.#clients.set(id, client);
    }
    client.seen = Date.now();
    return client;
  }

  /** Forgets clients that were not seen for long. */
  #sweep(): void {
    for (const [id, { seen }] of this.#clients) if (seen < Date.now() - NUMBERS_LIFE) this.#clients.delete(id);
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#clients.size);
  }
}

function forget(client: Client, upTo: number): void {
  client.forgotten = Math.max(client.forgotten, upTo);
  for (const n of client.answers.keys()) {
    if (n > upTo) continue;
    client.answers.delete(n);
    client.settled.delete(n);
    client.long?.delete(n);
  }
}

/** Waits until the events before `n` have come. */
function arrival(client: Client, n: number): Promise<void> {
  if (client.waiting.size >= MOST_WAITING) return Promise.reject(outOfOrder(client.next));
  return new Promise((resolve, reject) => {
    const before = client.waiting.get(n);
    const done = () => {
      clearTimeout(timer);
      client.waiting.delete(n);
      before?.();
      resolve();
    };
    const timer = setTimeout(() => {
      if (client.waiting.get(n) === done) client.waiting.delete(n);
      reject(outOfOrder(client.next));
    }, GAP_WAIT);
    client.waiting.set(n, done);
  });
}
