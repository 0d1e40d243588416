import { isEventError } from "../../lib/errors/errors.js";
import type { WireDelta } from "../../lib/wire/codec.js";
import { hasHook } from "../definition/lifecycle.js";
import type { Tasks } from "../durable/tasks.js";
import type { Schedules } from "../schedule/schedules.js";
import type { EventRecord, ScheduleChanges } from "../storage/records.js";
import type { TaskChanges } from "../storage/task-records.js";
import type { Audiences, HostViewers } from "./audiences.js";
import { begunCall } from "./begun-call.js";
import { effectsRead, type Turn } from "./context.js";
import { takeEffects } from "./effects.js";
import type { EventNumbers } from "./event-numbers.js";
import type { EventCall } from "./event-runner.js";
import { createJournal, type Journal } from "./journal.js";
import type { KeptValues } from "./kept-values.js";
import { revalidation } from "./revalidation.js";
import { isRenumbered, type Shelf, type ShelfEntry } from "./shelf.js";
import type { Ticks } from "./ticks.js";
import type { Turns } from "./turns.js";
import type { Told, Watchers } from "./watchers.js";
import type { World } from "./world.js";

interface Owner {
  readonly id: string;
  readonly incarnation: string;
  readonly fence: number | undefined;
  readonly audiences: Audiences;
  readonly eventNumbers: EventNumbers;
  readonly kept: KeptValues;
  readonly firstDue: number | undefined;
  readonly nextDue: number | undefined;
  readonly schedules: Schedules | undefined;
  readonly tasks: Tasks | undefined;
  readonly shelf: Shelf;
  readonly ticks: Ticks;
  readonly turns: Turns;
  readonly watchers: Watchers;
  readonly world: Pick<World, "closing" | "post" | "storage" | "report" | "revalidate" | "scheduler">;
  /** The storage did not take a commit. Makes the error that those get who wait for it. */
  lose(error: unknown): Error;
}

/** What a commit asks of the event whose it is. */
export type CommittingEvent = Pick<EventCall<unknown>, "numbered" | "predicted" | "messages" | "stored" | "scheduled" | "revalidating"> &
  Partial<Pick<EventCall<unknown>, "definition" | "owner" | "event" | "args" | "eventId">>;

/** Makes a host's commits: gives each a revision, and stores it. Clients are sent only what is stored. */
export class Commits {
  readonly #host: Owner;
  readonly #journal: Journal;
  /** The revision of the record that was loaded, if any. */
  readonly #loaded: number | undefined;
  #revision: number;
  /** The number of the last commit. */
  #sequence: number;
  #told: number;
  /** The storage knows the host's incarnation. */
  #known: boolean;
  /** The events that run and have committed something, as generators do, with the numbers under which the storage has them. Most hosts never have one. */
  #begun: Map<CommittingEvent, EventRecord> | undefined;
  /** The clients that the next commit tells the storage to forget. */
  #forget: string[] | undefined;

  constructor(host: Owner, { revision, sequence, known }: { readonly revision: number; readonly sequence: number; readonly known: boolean }) {
    this.#host = host;
    this.#revision = revision;
    this.#sequence = sequence;
    this.#told = revision;
    this.#loaded = revision || undefined;
    this.#known = known;
    this.#journal = createJournal({
      stored: sequence,
      append: (commits) => host.world.storage.append(host.id, commits, host.fence),
      failed: (error) => host.lose(error),
      report: (error) => host.world.report("error", error),
    });
  }

  /** The revision of the last commit, which may not be stored yet. */
  get revision(): number {
    return this.#revision;
  }

  /** The number of the last commit, which may not be stored yet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The number of the last stored commit. */
  get stored(): number {
    return this.#journal.stored;
  }

  /** The revision of the last stored commit. Clients are sent nothing later. */
  get told(): number {
    return this.#told;
  }

  /** No commit was made since the host was loaded. */
  get asLoaded(): boolean {
    return this.#revision === this.#loaded;
  }

  /**
   * Commits the changes of all stores at once, and sends the commit to the storage. Once it is stored, watchers get it. `end` makes the event's answer,
   * with its last commit.
   */
  async make(turn: Turn, call?: CommittingEvent, end?: () => unknown): Promise<void> {
    const { eventNumbers, shelf, ticks, turns, watchers, world } = this.#host;
    if (turn.reading) await effectsRead(turn);
    turns.check(turn);
    for (const { definition, store } of shelf.live.values()) if (definition.kept && store.open) this.#host.kept.check(turn, definition.kept, store);
    this.#host.audiences.sweep();
    const tasks = this.#host.tasks?.take(turn);
    const { changed, deltas, stirred } = this.#take();
    const others = this.#forViewers(deltas);
    const revalidate = changed.length > 0 ? revalidation(turn, call ?? turn.revalidates, world) : undefined;
    const { everyone, send } = takeEffects(turn, world.post, () => watchers.logs);
    // Effects for all who watch have a revision, so a client that resumes gets them once.
    const numbered = call?.numbered;
    // Clients may know other numbers of the loaded revision. So an answer, which may have numbers of this life, has another one.
    const called = end && numbered && this.asLoaded ? shelf.live.get(call.definition?.name ?? "") : undefined;
    const news = changed.length > 0 || everyone.length > 0 || (called !== undefined && isRenumbered(called));
    if (news) this.#revision++;
    const revision = this.#revision;
    // An event beside the queue may end before events that were called before it.
    const by = end && !call?.event?.background ? numbered : undefined;
    if (by) eventNumbers.end(by.client, by.n);
    const shown = call?.predicted && by ? this.#shownBy(turn, call, by) : undefined;
    const tick = news ? ticks.make() : undefined;
    const renumbered = news && shelf.takeRenumbered(revision);
    if (stirred && !news && numbered) turn.tick = ticks.name(shown);
    const schedules = this.#host.schedules?.take(call?.scheduled);
    if (end) {
      const answer = end();
      const left = call && this.#leave(call);
      if (news || numbered || left || schedules || tasks)
        this.write(changed, numbered && { ...numbered, answer: storedAnswer(call, answer) }, schedules, tasks?.changes);
    } else if (news || schedules || tasks) this.write(changed, call && this.#goesOn(turn, call), schedules, tasks?.changes);
    this.#journal.after(() => {
      this.#told = revision;
      if (news) watchers.publish({ revision, deltas, others, by: shown, effects: everyone, tick });
      if (renumbered) watchers.renew(revision);
      if (schedules || tasks) world.scheduler.note(this.#host);
      tasks?.told();
      send?.();
      revalidate?.();
    });
    if ((stirred || tasks) && !news) ticks.due();
    if (this.#journal.full) await turns.hold(this.#journal.settled());
  }

  /** Makes the open changes of all stores final. `stirred`: clients may see volatile members that have changed. */
  #take() {
    const changed: ShelfEntry[] = [];
    const deltas: [string, WireDelta][] = [];
    let stirred = false;
    for (const [name, entry] of this.#host.shelf.live) {
      const { store } = entry;
      // Clients that go on from an earlier life are told the computeds with the first change of the store, before what changes of them.
      const old = entry.computeds === "old" && entry.watchedFrom !== undefined;
      const computeds = old && store.open ? store.computedDelta() : undefined;
      const delta = store.commit();
      if (store.changed) changed.push(entry);
      if (delta && computeds) deltas.push([name, computeds]);
      if (delta && entry.loggedFrom !== undefined) deltas.push([name, delta]);
      if (delta && old) entry.computeds = computeds ? "set" : "lost";
      stirred ||= store.stirred;
    }
    return { changed, deltas, stirred };
  }

  /** What the caller of an event is told with the frame that shows it. */
  #shownBy({ caller }: Turn, { definition }: CommittingEvent, { client, n }: { readonly client: string; readonly n: number }): Told["by"] {
    const { audiences, shelf } = this.#host;
    const viewers = audiences.of(caller);
    return { client, n, made: shelf.live.get(definition?.name ?? "")?.store.made(viewers), viewers };
  }

  /** The deltas of a commit for each audience that sees hidden members. */
  #forViewers(deltas: readonly [string, WireDelta][]): Told["others"] {
    let others: Map<HostViewers, [string, WireDelta][]> | undefined;
    for (const viewers of this.#host.audiences.live) {
      const same = deltas.filter(([name]) => !this.#host.shelf.live.get(name)?.store.hides);
      others ??= new Map();
      others.set(viewers, same);
      for (const [name, { store }] of this.#host.shelf.live) {
        const delta = store.deltaFor(viewers);
        if (delta) same.push([name, delta]);
      }
    }
    return others;
  }

  /** Has the effects of an event beside the queue take place with its yield, which commits nothing. */
  async effects(turn: Turn): Promise<void> {
    if (turn.reading) await effectsRead(turn);
    const { watchers, world } = this.#host;
    const { everyone, send } = takeEffects(turn, world.post, () => watchers.logs);
    if (everyone.length > 0) this.step([], (revision) => watchers.publish({ revision, deltas: [], effects: everyone }));
    if (send) this.#journal.after(send);
  }

  /** Makes a revision without an event. `told`: called once it is stored. */
  step(changed: readonly ShelfEntry[], told: (revision: number) => void): void {
    const revision = ++this.#revision;
    this.write(changed);
    this.#journal.after(() => {
      this.#told = revision;
      told(revision);
    });
  }

  // --- events of several commits ---

  /** Notes a commit of an event that goes on. The first one says that the event has begun, and what was called, where its store wants to know of a kill. */
  #goesOn(turn: Turn, call: CommittingEvent): EventRecord | undefined {
    const { definition, numbered, eventId, messages } = call;
    messages?.committed();
    if (this.#begun?.has(call)) return undefined;
    const hook = definition !== undefined && this.#host.world.storage.durable && hasHook(definition, "onInterrupted");
    const record = numbered ?? (hook ? { client: `event/${eventId}`, n: 1, confirmed: 0, at: turn.at } : undefined);
    if (!record) return undefined;
    this.resume(call, record);
    return hook ? { ...record, call: begunCall(call) } : record;
  }

  /** Takes over an event that has committed something, as the storage has it: its end is made by {@link make} or {@link fail}. */
  resume(call: CommittingEvent, record: EventRecord): void {
    this.#begun ??= new Map();
    this.#begun.set(call, record);
  }

  /** An event ends. Gives whether the storage has it as one that goes on, without a client that waits for its answer. */
  #leave(call: CommittingEvent): boolean {
    const record = this.#begun?.get(call);
    if (!record) return false;
    this.#begun?.delete(call);
    if (call.numbered) return false;
    this.forget(record.client);
    return true;
  }

  /**
   * Whether the end of a failed event is to be stored: it has committed something, has sent messages, or was scheduled. An event that the closing server cuts
   * off is left to `onInterrupted` in the next process, or runs again there, if it was scheduled and has committed nothing.
   */
  keeps(call: CommittingEvent, error: unknown): boolean {
    const cut = this.#host.world.closing && isEventError(error) && error.code === "INTERRUPTED";
    if (!this.#begun?.has(call)) return call.scheduled ? !cut : (call.messages?.any ?? false);
    return !(cut && call.definition && hasHook(call.definition, "onInterrupted"));
  }

  /** Stores the end of an event that has failed. */
  fail(call: CommittingEvent, answer?: unknown): void {
    const left = this.#leave(call);
    const schedules = call.scheduled && this.#host.schedules?.end(call.scheduled);
    if (call.scheduled && !left && !schedules) return;
    this.write([], call.numbered && { ...call.numbered, answer: storedAnswer(call, answer) }, schedules);
    if (schedules) this.#journal.after(() => this.#host.world.scheduler.note(this.#host));
  }

  /** Stores what is new of tasks and schedules, beside any turn. `event`: the numbered call that begins or ends with it. */
  keep(event?: EventRecord, schedules?: ScheduleChanges): void {
    const tasks = this.#host.tasks?.take();
    if (!tasks && !event && !schedules) return;
    this.write([], event, schedules, tasks?.changes);
    this.#journal.after(() => {
      this.#host.world.scheduler.note(this.#host);
      tasks?.told();
    });
    this.#host.ticks.due();
  }

  /** Lets the storage forget a client with the next commit. */
  forget(client: string): void {
    if (!this.#host.world.storage.durable) return;
    this.#forget ??= [];
    this.#forget.push(client);
  }

  // --- the storage ---

  /** Makes sure that the storage knows the host's incarnation: an event that runs again after a kill has the same id then. */
  begin(): void {
    if (!this.#known) this.write([]);
  }

  /** Sends a commit to the storage. */
  write(changed: readonly ShelfEntry[], event?: EventRecord, schedules?: ScheduleChanges, tasks?: TaskChanges): void {
    const { incarnation, shelf, world } = this.#host;
    if (!world.storage.durable) return;
    const forget = this.#forget;
    this.#forget = undefined;
    this.#known = true;
    const stores = shelf.records(changed);
    const position = { incarnation, revision: this.#revision, sequence: ++this.#sequence };
    const due = (schedules || tasks) && { due: this.#host.firstDue ?? null, ...(schedules && { schedules }), ...(tasks && { tasks }) };
    this.#journal.add({ ...position, stores, ...(event && { event }), ...(forget && { forget }), ...due });
  }

  /** Runs something when all that stands here now is stored; at once where it is. */
  after(run: () => void): void {
    this.#journal.after(run);
  }

  /** Nothing can be stored any more: ends as after a failed write. */
  break(error: unknown): void {
    this.#journal.fail(error);
  }

  /** Resolves when all that stands here now is stored. */
  settled(): Promise<void> {
    return this.#journal.settled();
  }
}

const storedAnswer = ({ stored }: CommittingEvent, answer: unknown): unknown => (stored ? stored(answer) : answer);
