import type { TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { gone, unansweredCall } from "../lib/errors/call-errors.js";
import { cancelled, type EventError, unknownEvent, unknownOutcome } from "../lib/errors/errors.js";
import type { Signal } from "../lib/graph/signal.js";
import type { Encoded } from "../lib/wire/codec.js";
import type { Answer, Item, RanMessage } from "../lib/wire/protocol.js";
import { decodeValue } from "../lib/wire/value-codec.js";
import { backoff } from "./backoff.js";
import { sendHeld } from "./held.js";
import { postKept } from "./keepalive.js";
import { LateCalls } from "./late-calls.js";
import { engine } from "./lazy-prediction.js";
import type { Numbered, Outbox, OutboxEntry, OutboxWorld } from "./outbox.js";
import { ReceivedItems } from "./received-items.js";
import type { Receiver } from "./receiver.js";
import { isAgain, refusalOf } from "./refusal.js";
import { isBeside, nextNumber, type Scope } from "./scope.js";
import { factsOf, sendFiles } from "./sent-files.js";
import { isNested, locateTarget, pathOf } from "./target.js";
import type { LiveTwin } from "./twin.js";
import { callVolatile, type VolatileCall } from "./volatile-call.js";
import { showsTick } from "./volatile-states.js";

/** How many calls may be on their way at once. */
const WINDOW = 100;
/** How long a call waits for items that the stream has not brought in their turn, before it is asked again, in ms. */
const ITEM_WAIT = 2000;
/** Sends the events of an outbox: numbered, and again until each is answered. Those that the server may have run keep their numbers. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #world: OutboxWorld;
  readonly #lateCalls: LateCalls;
  /** Runs out when a call's items have not come. */
  readonly #patience = new Map<OutboxEntry, ReturnType<typeof setTimeout>>();
  /** The calls that the server is to cancel. */
  readonly #cancelled = new WeakSet<OutboxEntry>();
  readonly #effects: Signal<[name: string, args: readonly unknown[]]>;
  /** Takes the messages that come with answers. It introduces itself. */
  declare receiver: Pick<Receiver, "keeper" | "missed">;
  #outdated: EventError | undefined;
  /** The client for whom the messages of an answer are: an earlier page's call may be repeated here. */
  #asker: string | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failing: number | undefined; // Since when no call was answered.

  constructor(outbox: Outbox, effects: Signal<[name: string, args: readonly unknown[]]>) {
    this.#outbox = outbox;
    this.#effects = effects;
    this.#world = outbox.world;
    this.#lateCalls = new LateCalls(outbox.world.status, (entry) => this.#repeat(entry));
    globalThis.addEventListener?.("pagehide", this.#leave);
  }

  /** A volatile event: at most once, now or never. */
  readonly fire = (...call: VolatileCall): Promise<void> => callVolatile(this.#world, ...call);

  /** The page cannot follow the server any more: it calls nothing from now on. */
  outdate(error: EventError): void {
    this.#outdated = error;
    this.flush();
  }

  #refuseAll(error: EventError): void {
    for (const entry of [...this.#outbox.entries]) {
      const { answer, attempt } = entry;
      entry.attempt = undefined;
      attempt?.abort();
      if (answer) this.#resolve(entry, answer.v);
      else this.#outbox.reject(entry, entry.sent > 0 ? unansweredCall() : error);
    }
  }

  /** Sends what can be sent. */
  flush(): void {
    if (this.#outdated) return this.#refuseAll(this.#outdated);
    this.number();
    if (this.#retry !== undefined) return;
    let room = WINDOW;
    for (const [entry, numbered] of this.#ready()) {
      if (!entry.attempt) void this.#send(entry, numbered);
      if (--room === 0) return;
    }
  }

  /** The calls that may be sent: no answer, or not all items, have come. Calls behind one that waits for its instance to be made wait too. */
  *#ready(): Generator<readonly [OutboxEntry, Numbered]> {
    const held = new Set<Scope>();
    for (const entry of [...this.#outbox.entries]) {
      const { numbered } = entry;
      if ((entry.answer && !entry.again) || !numbered) continue;
      if ((isNested(entry) && !entry.on) || this.receiver.keeper.holds(entry)) held.add(numbered.scope);
      if (!held.has(numbered.scope)) yield [entry, numbered];
    }
  }

  /** Gives calls their numbers as soon as those can be known, as predictions tell their ids by them. */
  number(): void {
    const held = new Set<Scope | undefined>();
    for (const entry of [...this.#outbox.entries]) {
      if (entry.answer) continue;
      const scope = this.#world.scopeOf(entry.twin);
      if (!entry.sent && !locateTarget(entry, this.#outbox.entries, scope?.incarnation)) {
        this.#withdraw(entry, gone(pathOf(entry)));
        continue;
      }
      const { numbered, prediction } = entry;
      if (!entry.sent && (numbered?.client !== this.#world.connection.id || numbered.i !== scope?.incarnation)) {
        entry.numbered = held.has(scope) ? undefined : this.#numberOf(entry, scope);
        if (entry.numbered && prediction) engine.see(entry, this.#world);
      }
      // A call of another incarnation may have to run in this one, before the calls that were made after it.
      if (entry.numbered?.i !== scope?.incarnation && this.#outbox.entries.has(entry)) held.add(scope);
    }
  }

  #numberOf(entry: OutboxEntry, scope: Scope | undefined): Numbered | undefined {
    const { twin, event } = entry;
    if (twin.declared(event) === null) {
      this.#outbox.reject(entry, unknownEvent(twin.store, event));
      return undefined;
    }
    if (scope?.incarnation !== undefined)
      return { client: this.#world.connection.id, scope, i: scope.incarnation, n: nextNumber(scope, scope.incarnation), fresh: twin.have?.[1] === 0 };
    if (twin.state === "refused") this.#outbox.reject(entry, twin.error);
    return undefined;
  }

  async #send(entry: OutboxEntry, numbered: Numbered): Promise<void> {
    const { one, taker, trpc } = this.#world;
    const attempt = (entry.attempt ??= new AbortController());
    if (entry.sent++ === 0) this.#lateCalls.wait(entry);
    sendFiles(entry, this.#world);
    if (process.env.NODE_ENV !== "production") this.#outbox.news?.tell({ what: "sent", call: entry.open.call, n: numbered.n });
    try {
      const asked = this.#asked(entry, numbered);
      // In one request with the call: where that is lost, both are sent again.
      if (this.#cancelled.has(entry)) {
        const { client, i, n } = numbered;
        trpc.mutation("$cancel", { store: entry.twin.store, key: entry.twin.key ?? undefined, client, n, i }).catch(() => {});
      }
      // The socket is tried once: a call that is sent again goes over HTTP, with the cookies of that moment.
      const socket = entry.sent < 2 && taker.call?.(...asked);
      const answer = (await (socket || (entry.alone ? one : trpc).mutation(...asked, { signal: attempt.signal }))) as Answer;
      if (entry.attempt !== attempt) return;
      entry.attempt = undefined;
      attempt.abort(); // Nobody waits for the other requests with it.
      this.#answered(entry, answer);
    } catch (error) {
      if (entry.attempt !== attempt) return;
      entry.attempt = undefined;
      this.#failed(entry, numbered, error as TRPCClientError<AnyTRPCRouter>);
    }
  }

  /** Sends a call that is late once more. Whichever request is answered first counts: a server may be no more than busy. */
  #repeat(entry: OutboxEntry): void {
    if (entry.attempt && entry.numbered) void this.#send(entry, entry.numbered);
  }

  #answered(entry: OutboxEntry, answer: Answer): void {
    entry.answer = answer;
    this.ended(entry);
    this.#world.connection.answered();
    if (process.env.NODE_ENV !== "production") this.#outbox.news?.tell({ what: "answered", call: entry.open.call, answer });
    if (answer.y) (entry.items ??= new ReceivedItems()).answer(answer.y, answer.o);
    // Whatever the server has not sent when it was asked to, it does not have.
    if (entry.again) entry.items?.skip();
    entry.again = false;
    this.#expect(entry);
    this.#failing = undefined;
    this.#asker = entry.numbered?.client;
    if (answer.f && this.receiver.missed(entry.twin, answer)) entry.answer = { ...answer, t: undefined };
    this.#asker = undefined;
    this.settle();
    this.flush();
  }

  /** Items come by the stream, which may be slower than the answer, or may have dropped them: then the call is asked again. */
  #expect(entry: OutboxEntry): void {
    if (!entry.items?.lacks || this.#patience.has(entry)) return;
    const ask = () => {
      this.#patience.delete(entry);
      if (entry.items?.lacks) this.#ask(entry);
      this.flush();
    };
    this.#patience.set(entry, setTimeout(ask, ITEM_WAIT));
  }

  /** Has a call sent again, whatever is under way. */
  #ask(entry: OutboxEntry): void {
    entry.again = entry.answer !== undefined;
    entry.attempt?.abort();
    entry.attempt = undefined;
  }

  /** A call is waited for no longer. */
  ended(entry: OutboxEntry): void {
    clearTimeout(this.#patience.get(entry));
    this.#patience.delete(entry);
    this.#lateCalls.arrived(entry);
  }

  /** The procedure of a call, and its input. */
  #asked(entry: OutboxEntry, numbered: Numbered): readonly [path: string, input: object] {
    const { twin, args, files, prediction, sent, items } = entry;
    const { client, i, n } = numbered;
    const { epoch, got, id } = this.#world.connection;
    const [, at, a] = twin.have?.[0] === i ? twin.have : [undefined, null];
    const told = this.receiver.keeper.kept(twin);
    // The server has taken it in this incarnation.
    const kept = told && told[1] !== i ? told : undefined;
    const y = sent > 1 ? (items?.have ?? 0) : undefined;
    // A letter is the tab's that it has come to.
    const mine = client === id ? got : undefined;
    const call = { client, epoch, n, i, at, a, kept, seen: this.#seen(numbered), p: prediction && 1, y, got: mine, f: factsOf(files) };
    return [pathOf(entry), { key: twin.key ?? undefined, on: isNested(entry) ? entry.on : undefined, args, call }];
  }

  /** The number up to which all calls are answered, with all their items. */
  #seen(last: Numbered): number {
    let seen = last.n - 1;
    for (const { numbered, answer, items } of this.#outbox.entries)
      if ((!answer || items?.lacks) && isBeside(numbered, last)) seen = Math.min(seen, numbered.n - 1);
    return seen;
  }

  #failed(entry: OutboxEntry, { scope, i, fresh }: Numbered, error: TRPCClientError<AnyTRPCRouter>): void {
    const told = refusalOf(error);
    // It has taken no number. Whatever the app says is an answer, also where the server has the same word for this.
    if (!told || isAgain(error)) return this.#rest((told?.data as { retryAfter?: number } | undefined)?.retryAfter);
    const { done } = error.data as { done?: Answer };
    if (done) {
      entry.failed = told;
      return this.#answered(entry, done);
    }
    // It has its answer, and there is nothing more of it.
    if (entry.answer) return this.#answered(entry, entry.answer);
    const response = error.meta?.response as { ok: boolean } | undefined;
    if (response?.ok === false && !entry.alone) {
      // The whole request was refused: perhaps for what others in it were.
      entry.alone = true;
      return this.flush();
    }
    this.#failing = undefined;
    const { again, durable, incarnation: now } = (told.data ?? {}) as { again?: true; durable?: boolean; incarnation?: string };
    if (told.is("UNKNOWN_OUTCOME") && now !== undefined && ((entry.sent === 1 && !again) || (durable && fresh))) {
      // Sent once, by the server's nodes too, and refused; or nothing was kept where its changes would be. So it has not run, and may under another number.
      entry.numbered = undefined;
      entry.sent = 0;
      if (scope.incarnation === i) scope.incarnation = now;
      return this.flush();
    }
    this.#outbox.reject(entry, told);
    this.settle();
    this.flush();
  }

  /** Waits a while, then sends again what has no answer. */
  #rest(ms = backoff(performance.now() - (this.#failing ??= performance.now()))): void {
    this.#retry ??= setTimeout(() => this.#again(), ms);
  }

  #again(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.flush();
  }

  /** A new stream has begun. Whatever it tells of the volatile state is later than the answers that have come. */
  anew(): void {
    for (const entry of this.#outbox.entries) if (entry.answer) entry.answer = { ...entry.answer, h: -1 };
  }

  /** The line is back: asks again at once for all answers, as those under way may have got lost. */
  resume(): void {
    for (const entry of this.#outbox.entries) {
      if (entry.answer && !entry.items?.lacks) continue;
      if (!entry.answer && entry.sent > 0) this.#lateCalls.wait(entry);
      this.#ask(entry);
    }
    this.#failing = undefined;
    this.#again();
  }

  /** Gives the items on whose turn has come, and settles the calls that are shown by now. Items of a call wait for the calls before it. */
  settle(): void {
    const busy = new Set<Scope | undefined>();
    for (const entry of [...this.#outbox.entries]) {
      const { items, numbered } = entry;
      const beside = entry.twin.declared(entry.event)?.background;
      const waits = items !== undefined && !beside && busy.has(numbered?.scope);
      if (!waits) this.#settle(entry);
      if (!beside && this.#outbox.entries.has(entry)) busy.add(numbered?.scope);
    }
  }

  #settle(entry: OutboxEntry): void {
    const { answer, twin, numbered } = entry;
    if (!answer) return this.#give(entry, false);
    const { h, t } = answer;
    const shown = twin.state === "refused" || (twin.shows(answer.i, answer.r) && (t === undefined || showsTick(twin, h, t)));
    const lost = !shown && numbered?.scope.incarnation !== answer.i;
    if (!shown && !lost) return;
    this.#give(entry, true);
    // An effect may have ended the client.
    if (entry.items?.lacks || !this.#outbox.entries.has(entry)) return;
    if (shown) this.#resolve(entry, answer.v);
    else this.#outbox.reject(entry, unknownOutcome(numbered?.scope.incarnation as string));
  }

  #resolve(entry: OutboxEntry, value: Encoded): void {
    this.#outbox.end(entry);
    if (entry.failed) return entry.open.reject(entry.failed);
    try {
      entry.open.resolve(decoded(entry.twin, value));
    } catch (error) {
      entry.open.reject(error);
    }
  }

  /** What a twin will show next has all that its events up to a number have done. */
  ran(twin: LiveTwin, incarnation: string, ran: ReadonlyMap<number, RanMessage[3]>): void {
    engine.ran(this.#outbox.entries, twin, { client: this.#asker ?? this.#world.connection.id, i: incarnation, n: Math.max(0, ...ran.keys()) }, ran);
  }

  /** Takes an item of an event, as the stream brings it. */
  item(incarnation: string, n: number, k: number, item: Item): void {
    for (const entry of this.#outbox.entries) {
      const { numbered, answer } = entry;
      if (numbered?.n !== n || numbered.i !== incarnation || numbered.client !== this.#world.connection.id) continue;
      (entry.items ??= new ReceivedItems()).take(k, item);
      if (!answer) this.#lateCalls.wait(entry);
      this.#expect(entry);
    }
    this.settle();
  }

  /** Gives the items of a call on, in their order. */
  #give(entry: OutboxEntry, shown: boolean): void {
    for (const item of entry.items?.next(shown) ?? []) {
      if (item[0] === "effect") this.#effects.tell(item[1], decodeValue(item[2]) as readonly unknown[]);
      else entry.open.yielded(decoded(entry.twin, item[1]));
    }
  }

  /** Rejects a call that was not sent. */
  #withdraw(entry: OutboxEntry, error: unknown): void {
    this.#unnumber(entry.numbered);
    this.#outbox.reject(entry, error);
  }

  /** Takes back the number of a call that was not sent, and the numbers after it: the server knows none of them. */
  #unnumber(numbered: Numbered | undefined): void {
    if (!numbered) return;
    numbered.scope.last.set(numbered.i, numbered.n - 1);
    for (const other of this.#outbox.entries) if (isBeside(other.numbered, numbered) && other.numbered.n > numbered.n) other.numbered = undefined;
  }

  cancel(entry: OutboxEntry): void {
    const { numbered } = entry;
    if (!numbered || !entry.sent) this.#withdraw(entry, cancelled());
    else if (!entry.answer) {
      this.#cancelled.add(entry);
      this.#ask(entry);
    }
    this.flush();
  }

  /**
   * The page may end: sends what is held back, and all that has no answer, by requests that outlive it. A page that comes back asks again, under the same
   * numbers.
   */
  readonly #leave = (): void => {
    sendHeld(undefined, true);
    const { entries } = this.#outbox;
    // Those that wait for their instances cannot be sent, and let the others pass.
    for (const entry of [...entries]) {
      if (!isNested(entry) || entry.on) continue;
      this.#unnumber(entry.numbered);
      entry.numbered = undefined;
      entries.delete(entry);
      entries.add(entry);
    }
    this.number();
    const calls = [...this.#ready()];
    const asked = calls.map((call) => this.#asked(...call));
    for (const [entry] of calls) entry.sent++;
    postKept(this.#world, asked);
  };

  close(): void {
    globalThis.removeEventListener?.("pagehide", this.#leave);
    this.receiver.keeper.vault?.close();
    clearTimeout(this.#retry);
  }
}

/** Decodes a value. Numbers of containers that count for another audience mean nothing here. */
const decoded = ({ at, mirror }: LiveTwin, value: Encoded) => (value[2] === at?.[2] ? mirror.decode(value) : decodeValue(value, () => undefined));
