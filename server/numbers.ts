import { alreadyAnswered, outOfOrder } from "../lib/errors.js";
import type { NumberRecord } from "./storage.js";

/** How long an event waits for those before it. */
const GAP_WAIT = 2000;
/** How many answers a client may leave unconfirmed. */
const MOST_ANSWERS = 1000;
/** How many events of a client may wait for those before them. */
const MOST_WAITING = 1000;
/** How long a client's numbers are kept after it was last seen. */
const KEEP = 24 * 3600 * 1000;

/** How many clients a host may have before it looks which of them are gone. */
const SWEEP_FROM = 1000;

/** The numbered events of the clients of one host: each runs once, in its client's order. */
export interface Numbers {
  /**
   * Runs an event when its turn has come, or gives the answer that it had the first time. `run` must enter the host's queue before it
   * returns, as that fixes the order; its answer is plain data, be it a refusal: it never rejects. What only `refused` is no reason
   * to keep anything of a host.
   * @throws EventError `OUT_OF_ORDER` when those before it do not come.
   */
  enter<A>(client: string, n: number, seen: number, refused: boolean, run: () => Promise<A>): Promise<A>;
  /** No numbered event has run. */
  readonly empty: boolean;
  save(): Record<string, NumberRecord>;
}

interface Client {
  next: number;
  seen: number;
  ran: boolean;
  readonly answers: Map<number, Promise<unknown>>;
  /** The answers that are settled, for the record. */
  readonly settled: Map<number, unknown>;
  readonly waiting: Map<number, () => void>;
}

export function createNumbers(records: Readonly<Record<string, NumberRecord>> = {}): Numbers {
  const clients = new Map<string, Client>();
  let sweepAt = SWEEP_FROM;
  for (const [id, record] of Object.entries(records)) clients.set(id, restore(record));

  function clientOf(id: string): Client {
    let client = clients.get(id);
    if (!client) {
      if (clients.size >= sweepAt) sweep();
      client = { next: 1, seen: 0, ran: false, answers: new Map(), settled: new Map(), waiting: new Map() };
      clients.set(id, client);
    }
    client.seen = Date.now();
    return client;
  }

  /** Forgets those who were not seen for long. */
  function sweep(): void {
    for (const [id, { seen }] of clients) if (seen < Date.now() - KEEP) clients.delete(id);
    sweepAt = Math.max(SWEEP_FROM, 2 * clients.size);
  }

  async function enter<A>(id: string, n: number, seen: number, refused: boolean, run: () => Promise<A>): Promise<A> {
    const client = clientOf(id);
    // What it has the answers of, it never asks again: also where those have been forgotten here.
    client.next = Math.max(client.next, seen + 1);
    forget(client, seen);
    if (n > client.next) await arrival(client, n);
    if (n < client.next) {
      const answer = client.answers.get(n);
      if (!answer) throw alreadyAnswered(n);
      return answer as Promise<A>;
    }
    client.next++;
    client.ran ||= !refused;
    const answer = run();
    client.answers.set(n, answer);
    void answer.then((value) => {
      if (client.answers.has(n)) client.settled.set(n, value);
    });
    if (client.answers.size > MOST_ANSWERS) forget(client, n - MOST_ANSWERS);
    client.waiting.get(client.next)?.();
    return answer;
  }

  return {
    enter,
    get empty() {
      for (const { ran } of clients.values()) if (ran) return false;
      return true;
    },
    save() {
      const saved: Record<string, NumberRecord> = {};
      for (const [id, { next, seen, ran, settled }] of clients) {
        if (ran && seen > Date.now() - KEEP) saved[id] = { next, seen, answers: [...settled] };
      }
      return saved;
    },
  };
}

function restore({ next, seen, answers }: NumberRecord): Client {
  const kept = answers.map(([n, answer]) => [n, Promise.resolve(answer)] as const);
  return { next, seen, ran: true, answers: new Map(kept), settled: new Map(answers), waiting: new Map() };
}

function forget(client: Client, upTo: number): void {
  for (const n of client.answers.keys()) {
    if (n > upTo) break;
    client.answers.delete(n);
    client.settled.delete(n);
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
