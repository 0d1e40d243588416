import type { TRPCClientError, TRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import type { Encoded } from "../lib/codec.js";
import { badRequest, cancelled, closed, type EventError, notConnected, outboxFull, refusal, unknownEvent, unknownOutcome } from "../lib/errors.js";
import { atomically } from "../lib/mirror.js";
import { decodeValue, encodeValue } from "../lib/value.js";
import { backoff } from "./backoff.js";
import { ClientCall, type OpenCall } from "./call.js";
import type { Known } from "./client.js";
import type { Connection } from "./connection.js";
import { engine } from "./engine.js";
import type { Begun } from "./event.js";
import type { Filled } from "./form.js";
import type { Inspection } from "./inspection.js";
import type { Shown } from "./prediction.js";
import { nextNumber, type Scope } from "./scope.js";
import type { Taker } from "./socket.js";
import type { UpdatableStatus } from "./status.js";
import type { LiveTwin } from "./twin.js";

/** How many calls may be on their way at once. */
const WINDOW = 100;
/** How long an answer waits for the yields before it, in ms. */
const YIELD_WAIT = 2000;

export interface OutboxWorld {
  readonly trpc: TRPCUntypedClient<AnyTRPCRouter>;
  /** The same, with one call in each request. */
  readonly one: TRPCUntypedClient<AnyTRPCRouter>;
  readonly taker: Taker;
  readonly connection: Pick<Connection, "id" | "epoch" | "open">;
  scopeOf(twin: LiveTwin): Scope | undefined;
  /** Messages that came with an answer, as there is no stream to bring them. */
  missed(twin: LiveTwin, incarnation: string, messages: readonly (readonly unknown[])[]): void;
  readonly status: Pick<UpdatableStatus, "update">;
  /** How many calls may wait for their answers. */
  readonly limit: number;
  readonly known: Known;
  unheard(error: EventError): void;
}

/** PROTOCOL.md §2: the answer to a numbered event. */
interface Answer {
  readonly h: number | null;
  readonly i: string;
  readonly r: number;
  readonly v: Encoded;
  /** How many yields went before. */
  readonly y?: number;
  readonly f?: readonly (readonly unknown[])[];
}

/** Under which number an event is known to the server. It keeps it however often it is sent. */
export interface Numbered {
  readonly client: string;
  readonly scope: Scope;
  readonly i: string;
  readonly n: number;
  /** The host had never changed then: a storage that keeps things has nothing of this incarnation, unless of an event since. */
  readonly fresh: boolean;
}

/** A call that has no answer yet, or one that is not shown. */
export interface Entry {
  readonly twin: LiveTwin;
  readonly event: string;
  readonly args: Encoded;
  readonly open: OpenCall;
  readonly release: () => void;
  /** How it is shown until it has ended. */
  prediction: Shown | undefined;
  /** It is not final before the call is sent. */
  numbered: Numbered | undefined;
  /** How often it has been sent. */
  sent: number;
  /** The attempt that is under way. */
  attempt: AbortController | undefined;
  /** Alone in its request: one with others was refused as a whole. */
  alone: boolean;
  /** Waits until the twin shows it. */
  answer: Answer | undefined;
  /** How many yields are still to come, as far as the answer says. */
  yields: number;
  patience?: ReturnType<typeof setTimeout>;
}

/** The events of a client: numbered, and sent again until each is answered. Those that the server may have run keep their numbers. */
export class Outbox {
  readonly #world: OutboxWorld;
  readonly #entries = new Set<Entry>();
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** In development: who wants to know. */
  declare news: Inspection["news"] | undefined;

  constructor(world: OutboxWorld) {
    this.#world = world;
  }

  /** A call that is still to be sent. */
  begin(twin: LiveTwin, event: string): Begun {
    let entry: Entry | undefined;
    let prediction: Shown | undefined;
    let over = false;
    const drop = (error: unknown) => {
      over = true;
      prediction?.drop();
      open.reject(error);
    };
    const open = ClientCall.open(
      () => (entry ? this.#cancel(entry) : drop(cancelled())),
      (error) => this.#world.unheard(error),
    );
    return {
      call: open.call,
      drop,
      show: (args) => {
        prediction = engine.show(twin, event, plain(args), this.#world.known);
        if (process.env.NODE_ENV !== "production" && prediction) this.news?.tell({ what: "predicted", call: open.call, twin, event, args, prediction });
        if (prediction) open.call.local = prediction.painted;
      },
      send: (args) => {
        if (over) return;
        if (this.#closed) return drop(closed());
        if (this.#entries.size >= this.#world.limit) return drop(outboxFull(this.#world.limit));
        try {
          const given = plain(args);
          if (process.env.NODE_ENV !== "production")
            this.news?.tell({ what: "called", call: open.call, twin, event, args: "fields" in given ? [given] : given });
          if (twin.declared(event)?.volatile) return void this.#fire(twin, event, given, open);
          entry = {
            twin,
            event,
            args: encodeValue(given),
            open,
            release: twin.use(),
            prediction,
            numbered: undefined,
            sent: 0,
            attempt: undefined,
            alone: false,
            answer: undefined,
            yields: 0,
          };
        } catch (error) {
          return drop(badRequest((error as Error).message.replace(/\.$/, "")));
        }
        this.#entries.add(entry);
        atomically(() => this.#begin(entry as Entry));
        this.flush();
      },
    };
  }

  #begin(entry: Entry): void {
    const { twin, event, args, open } = entry;
    this.#count(twin, 1);
    this.#numberAll();
    if (!this.#entries.has(entry)) return;
    engine.see(entry, this.#world.known);
    if (process.env.NODE_ENV !== "production" && entry.prediction)
      this.news?.tell({ what: "predicted", call: open.call, twin, event, args: decodeValue(args) as unknown[], prediction: entry.prediction });
    if (entry.prediction) open.call.local = entry.prediction.painted;
  }

  #count(twin: LiveTwin, more: number): void {
    twin.count(more);
    this.#world.status.update({ pending: this.#entries.size });
  }

  /** A volatile event: at most once, now or never. */
  async #fire({ store, key }: LiveTwin, event: string, args: unknown, open: OpenCall): Promise<void> {
    if (!this.#world.connection.open) return open.reject(notConnected());
    try {
      open.resolve(await this.#world.trpc.mutation(`${store}.${event}`, { key: key ?? undefined, args }));
    } catch (error) {
      open.reject(refusalOf(error) ?? notConnected());
    }
  }

  /** Sends what can be sent. */
  flush(): void {
    this.#numberAll();
    if (this.#retry !== undefined) return;
    let room = WINDOW;
    for (const entry of [...this.#entries]) {
      if (entry.answer || !entry.numbered) continue;
      if (!entry.attempt) void this.#send(entry, entry.numbered);
      if (--room === 0) return;
    }
  }

  /** Gives calls their numbers as soon as those can be known, as predictions tell their ids by them. */
  #numberAll(): void {
    const held = new Set<Scope | undefined>();
    for (const entry of [...this.#entries]) {
      if (entry.answer) continue;
      const scope = this.#world.scopeOf(entry.twin);
      const { numbered, prediction } = entry;
      if (!entry.sent && (numbered?.client !== this.#world.connection.id || numbered.i !== scope?.incarnation)) {
        entry.numbered = held.has(scope) ? undefined : this.#number(entry, scope);
        if (entry.numbered && prediction) engine.see(entry, this.#world.known);
      }
      // Of another incarnation: it may have to run in this one, and then before those that were called after it.
      if (entry.numbered?.i !== scope?.incarnation && this.#entries.has(entry)) held.add(scope);
    }
  }

  #number(entry: Entry, scope: Scope | undefined): Numbered | undefined {
    const { twin, event } = entry;
    if (twin.declared(event) === null) {
      this.#reject(entry, unknownEvent(twin.store, event));
      return undefined;
    }
    if (scope?.incarnation !== undefined)
      return { client: this.#world.connection.id, scope, i: scope.incarnation, n: nextNumber(scope, scope.incarnation), fresh: twin.have?.[1] === 0 };
    if (twin.state === "refused") this.#reject(entry, twin.error);
    return undefined;
  }

  async #send(entry: Entry, numbered: Numbered): Promise<void> {
    const { twin, event, args } = entry;
    const { one, taker, trpc } = this.#world;
    const { client, i, n } = numbered;
    const attempt = new AbortController();
    entry.attempt = attempt;
    entry.sent++;
    if (process.env.NODE_ENV !== "production") this.news?.tell({ what: "sent", call: entry.open.call, n });
    const at = twin.have?.[0] === i ? twin.have[1] : null;
    const call = { client, epoch: this.#world.connection.epoch, n, i, at, seen: this.#seen(numbered), p: entry.prediction && 1 };
    try {
      const asked = [`${twin.store}.${event}`, { key: twin.key ?? undefined, args, call }] as const;
      // Once: what did not come through is asked again over HTTP, with the cookies of then.
      const socket = entry.sent < 2 && taker.call?.(...asked);
      const answer = (await (socket || (entry.alone ? one : trpc).mutation(...asked, { signal: attempt.signal }))) as Answer;
      if (entry.attempt !== attempt) return;
      entry.answer = answer;
      if (process.env.NODE_ENV !== "production") this.news?.tell({ what: "answered", call: entry.open.call, answer });
      // They come by the stream, which may be slower, or have dropped them.
      entry.yields = answer.h === null ? 0 : entry.yields + (answer.y ?? 0);
      if (entry.yields > 0) {
        entry.patience = setTimeout(() => {
          entry.yields = 0;
          this.settle();
        }, YIELD_WAIT);
      }
      this.#failures = 0;
      if (answer.f) this.#world.missed(twin, answer.i, answer.f);
      this.settle();
      this.flush();
    } catch (error) {
      if (entry.attempt !== attempt) return;
      entry.attempt = undefined;
      this.#failed(entry, numbered, error as TRPCClientError<AnyTRPCRouter>);
    }
  }

  /** Up to which number all are answered. */
  #seen(last: Numbered): number {
    let seen = last.n - 1;
    for (const { numbered, answer } of this.#entries) if (!answer && isBeside(numbered, last)) seen = Math.min(seen, numbered.n - 1);
    return seen;
  }

  #failed(entry: Entry, { scope, i, fresh }: Numbered, error: TRPCClientError<AnyTRPCRouter>): void {
    const told = refusalOf(error);
    const { limit, retryAfter } = (told?.data ?? {}) as { limit?: string; retryAfter?: number };
    // A limit of the server's own: it has taken no number.
    if (!told || limit !== undefined || ["OUT_OF_ORDER", "UNAVAILABLE"].includes(told.code as string)) return this.#rest(retryAfter);
    const response = error.meta?.response as { ok: boolean } | undefined;
    if (response?.ok === false && !entry.alone) {
      // The whole request was refused: perhaps for what others in it were.
      entry.alone = true;
      return this.flush();
    }
    this.#failures = 0;
    const { incarnation: now, durable } = (told.data ?? {}) as { incarnation?: string; durable?: boolean };
    if (told.is("UNKNOWN_OUTCOME") && now !== undefined && (entry.sent === 1 || (durable && fresh))) {
      // Sent once, and refused, or nothing was kept where what it does would have been: it has not run, so it may under another number.
      entry.numbered = undefined;
      entry.sent = 0;
      if (scope.incarnation === i) scope.incarnation = now;
      return this.flush();
    }
    this.#reject(entry, told);
    this.flush();
  }

  /** Waits a while, then sends again what has no answer. */
  #rest(ms = backoff(this.#failures++)): void {
    this.#retry ??= setTimeout(() => this.#again(), ms);
  }

  #again(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.flush();
  }

  /** The line is back: asks again at once for all answers, as those under way may have got lost. */
  resume(): void {
    for (const entry of this.#entries) {
      entry.yields = 0;
      if (entry.answer) continue;
      const { attempt } = entry;
      entry.attempt = undefined;
      attempt?.abort();
    }
    this.#failures = 0;
    this.#again();
  }

  /** Settles the calls that are shown by now. */
  settle(): void {
    for (const entry of [...this.#entries]) {
      const { answer, twin, numbered } = entry;
      if (!answer) continue;
      const shown = twin.shows(answer.i, answer.r);
      if (shown && entry.yields > 0) continue;
      if (shown || twin.state === "refused") this.#resolve(entry, answer.v);
      else if (numbered?.scope.incarnation !== answer.i) this.#reject(entry, unknownOutcome(numbered?.scope.incarnation as string));
    }
  }

  #resolve(entry: Entry, value: Encoded): void {
    this.#remove(entry);
    try {
      entry.open.resolve(entry.twin.mirror.decode(value));
    } catch (error) {
      entry.open.reject(error);
    }
  }

  #reject(entry: Entry, error: unknown): void {
    this.#remove(entry);
    entry.open.reject(error);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    clearTimeout(entry.patience);
    atomically(() => {
      entry.prediction?.drop();
      this.#count(entry.twin, -1);
    });
    entry.release();
  }

  /** What a twin will show next has all that its events up to a number have done. */
  ran(twin: LiveTwin, incarnation: string, n = 0): void {
    engine.ran(this.#entries, twin, { client: this.#world.connection.id, i: incarnation, n });
  }

  /** One more value of a generator event. */
  yielded(scope: Scope, n: number, value: Encoded): void {
    for (const entry of this.#entries) {
      if (entry.numbered?.n !== n || entry.numbered.scope !== scope) continue;
      entry.yields--;
      entry.open.yielded(entry.twin.mirror.decode(value));
    }
  }

  #cancel(entry: Entry): void {
    const { twin, numbered } = entry;
    if (!numbered || !entry.sent) {
      // Nobody has heard of its number, nor of those after it.
      if (numbered) {
        numbered.scope.last.set(numbered.i, numbered.n - 1);
        for (const other of this.#entries) if (isBeside(other.numbered, numbered) && other.numbered.n > numbered.n) other.numbered = undefined;
      }
      this.#reject(entry, cancelled());
      return this.flush();
    }
    const input = { store: twin.store, key: twin.key ?? undefined, client: numbered.client, n: numbered.n };
    this.#world.trpc.mutation("$cancel", input).catch(() => {});
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const entry of [...this.#entries]) {
      entry.attempt?.abort();
      this.#reject(entry, closed());
    }
  }
}

/** Whether two numbers are of one row. */
const isBeside = (one: Numbered | undefined, other: Numbered): one is Numbered =>
  one?.client === other.client && one.scope === other.scope && one.i === other.i;

/** What the server says of a call; `undefined` where it has not spoken. */
export function refusalOf(error: unknown): EventError | undefined {
  const { data, message } = error as { data?: { code?: unknown; data?: unknown }; message: string };
  return typeof data?.code === "string" ? refusal(data.code, message, data.data) : undefined;
}

const plain = (given: readonly unknown[] | Filled) => ("fields" in given ? given : given.filter((arg) => !isUiEvent(arg)));

/** What `onClick={todo.clear}` gives is no argument. */
function isUiEvent(value: unknown): boolean {
  if (typeof Event === "undefined" || typeof value !== "object" || value === null) return false;
  return value instanceof Event || (value as { nativeEvent?: unknown }).nativeEvent instanceof Event;
}
