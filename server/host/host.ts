import type { LifecycleName } from "../../lib/class/lifecycle.js";
import { noEvent } from "../../lib/errors/call-errors.js";
import { erased, notOfScope, notRegistered, notStored, roomDeleted, unavailable } from "../../lib/errors/errors.js";
import type { ScheduleRequest } from "../../lib/event/schedule.js";
import { plainSteps } from "../../lib/store/compact.js";
import type { Effect } from "../../lib/wire/protocol.js";
import type { SeenInstance, SeenStore } from "../call/instance-views.js";
import type { ArgumentLimits } from "../definition/arguments.js";
import { labelsOf, nearest } from "../definition/event-labels.js";
import { hasHook, runHook } from "../definition/lifecycle.js";
import { keyOf, type ScopeKind, scopeKindOf } from "../definition/scope.js";
import { Tasks } from "../durable/tasks.js";
import { Schedules } from "../schedule/schedules.js";
import type { HostRecord, HostState, StoreRecord } from "../storage/records.js";
import type { CommittedState, Moment, OwnFeed, Page, Refuse, Shown, ShownVolatile } from "../stream/feed.js";
import { createGate } from "../task/gate.js";
import { createQueue } from "../task/queue.js";
import { inSlices } from "../task/slices.js";
import { within } from "../task/within.js";
import type { Frame } from "../wire/frame.js";
import type { WatchInput } from "../wire/request-input.js";
import { Audiences, type HostViewers } from "./audiences.js";
import { Commits } from "./commits.js";
import { type Caller, type ConnectionInfo, SERVER, type Turn } from "./context.js";
import { earlier, type StartedRuns, startDue } from "./due.js";
import { createEventNumbers, type EventNumbers } from "./event-numbers.js";
import { type EventCall, EventRunner } from "./event-runner.js";
import { lifeOf, nextFeedNumber } from "./feed-number.js";
import { Interruptions } from "./interruptions.js";
import { KeptValues } from "./kept-values.js";
import { Loader } from "./loader.js";
import type { Presented } from "./people.js";
import { readOnly } from "./read-only.js";
import { Shelf } from "./shelf.js";
import type { Tab } from "./tab-hooks.js";
import { performTask } from "./task-runner.js";
import { Ticks } from "./ticks.js";
import { Turns } from "./turns.js";
import { Watchers } from "./watchers.js";
import type { World } from "./world.js";

/** One live scope instance: where its parts meet. Each of them asks the others through it. */
export class Host implements OwnFeed {
  /** The number by which streams name the host: its own in this process. */
  readonly number = nextFeedNumber();
  readonly id: string;
  readonly kind: ScopeKind;
  readonly key: string;
  readonly incarnation: string;
  /** The fence of its lease, where nodes share the storage. */
  readonly fence: number | undefined;
  readonly world: World;
  readonly eventNumbers: EventNumbers;
  /** The queue of all that changes its stores: one task at a time. */
  readonly queue = createQueue();
  readonly audiences = new Audiences(this);
  readonly shelf: Shelf;
  readonly loader = new Loader(this);
  readonly turns = new Turns(this);
  readonly commits: Commits;
  readonly watchers: Watchers;
  readonly ticks = new Ticks(this);
  /** The events that are to run later. Most hosts have none. */
  schedules: Schedules | undefined;
  /** The durable events that go on. Most hosts have none. */
  tasks: Tasks | undefined;
  readonly #runner = new EventRunner(this);
  readonly #interruptions: Interruptions | undefined;
  #kept: KeptValues | undefined;

  constructor(world: World, id: string, incarnation: string, state?: HostState, fence?: number) {
    this.id = id;
    this.fence = fence;
    this.kind = scopeKindOf(id);
    this.key = keyOf(id);
    this.incarnation = state?.incarnation ?? incarnation;
    this.world = world;
    const { revision = 0, sequence = 0 } = state ?? {};
    this.#interruptions = Interruptions.of(this, state?.numbers);
    if (state?.tasks) this.tasks = new Tasks(this, performTask, state.tasks);
    this.eventNumbers = createEventNumbers({
      records: state?.numbers,
      interrupted: (client, n) => this.#interruptions?.answer(client, n) ?? this.tasks?.answer(client, n) ?? world.interrupted(revision),
      lost: (n) => world.lost(this.revision, n),
    });
    this.shelf = new Shelf(this, state?.stores);
    this.commits = new Commits(this, { revision, sequence, known: state !== undefined });
    this.watchers = new Watchers(this, revision, state?.stores);
    if (state?.schedules) this.schedules = new Schedules(this, state.schedules);
  }

  /** Makes ahead what takes long to make, and lets stores know of events that an earlier process has left half done. */
  async prepare(): Promise<void> {
    await this.shelf.prepare();
    this.#interruptions?.run();
  }

  /** The revision of the last stored commit. */
  get revision(): number {
    return this.commits.told;
  }

  /** The key by which callers name the host: `null` where there is none. */
  get roomKey(): string | null {
    if (this.kind === "keyed-tab") return keyOf(this.key);
    return this.kind === "room" ? this.key : null;
  }

  /** The host has state to keep. */
  get touched(): boolean {
    return this.commits.revision > 0 || !this.eventNumbers.empty || (this.schedules?.size ?? 0) + (this.tasks?.size ?? 0) > 0;
  }

  /** When something of it is due first, as the storage is told; `undefined`: nothing is. */
  get firstDue(): number | undefined {
    return earlier(this.schedules?.first, this.tasks?.first);
  }

  /** When there is something to start or to wake here; `undefined`: never. */
  get nextDue(): number | undefined {
    return earlier(this.schedules?.next, this.tasks?.next);
  }

  /** Starts and wakes what is due. */
  startDue(now: number): StartedRuns {
    return startDue(this, now);
  }

  /** The host has computeds that are promises: it stays in memory for a page that is about to open its stream, so that they do not run again. */
  get awaits(): boolean {
    for (const { store } of this.shelf.live.values()) if (store.awaits) return true;
    return false;
  }

  /** The turn that has the stores now. */
  get turn(): Turn | undefined {
    return this.turns.now;
  }

  /** The fields of its stores that browsers keep. */
  get kept(): KeptValues {
    this.#kept ??= new KeptValues(this);
    return this.#kept;
  }

  /** How many events wait or run. */
  get waiting(): number {
    return this.queue.size;
  }

  get stores(): IterableIterator<string> {
    return this.shelf.live.keys();
  }

  // --- events and hooks ---

  /** Runs an event in its turn. It has entered the queue when this returns. */
  run<R>(call: EventCall<R>): Promise<R> {
    return this.#runner.run(call);
  }

  /** Cancels the calls of an event, which is given by its method, for another event: `label` and `asking` are that one's. Returns how many. */
  cancel(label: string, asking: AbortController, method: unknown): number {
    const labels = labelsOf(this.world.definitions, this.kind, method);
    if (labels.length === 0) throw noEvent(method);
    const near = nearest(labels, label);
    return this.#runner.cancel(near, asking) + (this.tasks?.cancel(near, asking) ?? 0);
  }

  /** Does what an event asks of the schedules, with its next commit. */
  schedule(turn: Turn, request: ScheduleRequest): void {
    this.schedules ??= new Schedules(this);
    this.schedules.ask(turn, request);
  }

  /** Undoes what the running event has not committed. */
  rollback(): void {
    this.shelf.rollback();
    this.schedules?.rollback();
    this.tasks?.rollback();
  }

  /** Runs a hook as an event of its own. */
  async notify(store: string, hook: LifecycleName, info: ConnectionInfo | undefined, caller: Caller): Promise<void> {
    const entry = this.shelf.live.get(store);
    if (!entry || this.turns.broken || !hasHook(entry.definition, hook)) return;
    const run = () =>
      this.turns.take(`${store}.${hook}`, { caller }, async (turn) => {
        const now = this.shelf.live.get(store);
        if (!now) return;
        await runHook(now.store, hook, info);
        await this.commits.make(turn);
      });
    await this.queue.run(run).catch((error: unknown) => this.world.report("error", error));
  }

  /** Forgets a client: nobody will ask for its events again. */
  forget(client: string): void {
    this.eventNumbers.drop(client);
    this.commits.forget(client);
  }

  /** Another store of this scope instance, for an event. */
  async get(turn: Turn, Class: unknown): Promise<object> {
    const name = this.world.nameOf(Class, this.kind);
    const definition = name === undefined ? undefined : this.world.definitions.get(name);
    if (!definition) throw notRegistered((Class as { name?: string })?.name || "the class");
    if (definition.kind !== this.kind) throw notOfScope(definition.name, definition.kind, this.kind);
    if (turn === this.turns.now) return (await this.loader.openIn(turn, definition.name)).store.instance;
    return (await this.loader.open(definition.name)).store.instance;
  }

  // --- reading ---

  /** Loads a store, and waits until those of its computeds are settled that are promises, for so many ms at most. */
  async settled(store: string, viewers: HostViewers | undefined, ms: number): Promise<void> {
    const { store: loaded } = await this.loader.open(store);
    if (ms <= 0) return;
    const { opened: settled, open } = createGate();
    await within(ms, settled).finally(loaded.onSettled(viewers, open));
  }

  /** Loads a store, and gives its committed state for clients. */
  async read(store: string, viewers: HostViewers | undefined, client?: string): Promise<CommittedState> {
    await this.loader.open(store);
    this.ticks.flush();
    const { snapshot, since, volatile } = this.watchers.snapshot(store, viewers);
    const ended = client !== undefined && { ended: this.eventNumbers.ended(client) };
    const audience = viewers && { audience: viewers.name };
    const read = {
      revision: this.commits.revision,
      tick: this.ticks.number,
      snapshot,
      ...ended,
      ...(since > 0 && { since }),
      ...audience,
      ...(volatile && { volatile }),
    };
    await this.commits.settled();
    return read;
  }

  /** Loads a store, and gives its committed state as an immutable view, with the instances in it that have events. */
  async plain(name: string): Promise<SeenStore> {
    const { definition, store } = await this.loader.open(name);
    const { view, instances: found } = store.look();
    const instances = new Map<object, SeenInstance>();
    const life = lifeOf(this.number);
    for (const [model, number, shown] of definition.models.size > 0 ? found : [])
      if (definition.models.has(model)) instances.set(shown, { ref: [this.incarnation, this.commits.revision, number], life, model });
    await this.commits.settled();
    return { view, instances };
  }

  /** Gives the stored state of each store, private fields too, as of the last commit. */
  async export(): Promise<Map<string, object>> {
    const states = this.shelf.states();
    await this.commits.settled();
    const plain = new Map<string, object>();
    for (const [name, { whole, tail }] of states) plain.set(name, await inSlices(plainSteps(whole.saved, tail)));
    return plain;
  }

  /** Loads a store, and gives it read-only, as of its last commit: for `allow`. */
  async loaded(name: string): Promise<object> {
    return readOnly(name, (await this.loader.open(name)).store);
  }

  // --- what pages watch ---

  async watch(page: Page, wants: readonly WatchInput[], refuse: Refuse, address?: string): Promise<void> {
    await this.watchers.watch(page, await this.permit(page, wants, refuse, address));
  }

  /** Gives the stores that a page may watch, one after the other, and refuses the others. */
  async permit(page: Tab, wants: readonly WatchInput[], refuse: Refuse, address?: string): Promise<readonly WatchInput[]> {
    const permitted: WatchInput[] = [];
    for (const want of wants) {
      const effects: Effect[] = [];
      try {
        await this.world.admit(this, page, want, (some) => effects.push(...some), address);
        permitted.push(want);
      } catch (error) {
        refuse(want, error, effects);
      }
    }
    return permitted;
  }

  unwatch(page: Page, store: string): void {
    this.watchers.unwatch(page, store);
  }

  has(page: Page): boolean {
    return this.watchers.has(page);
  }

  show(stores: readonly string[], viewers: HostViewers | undefined, client: string | undefined, tell: (moment: Moment, shown: readonly Shown[]) => void): void {
    this.watchers.show(stores, viewers, client, tell);
  }

  showVolatile(
    stores: Iterable<string>,
    viewers: HostViewers | undefined,
    client: string | undefined,
    tell: (moment: Moment, shown: readonly ShownVolatile[]) => void,
  ): void {
    this.watchers.showVolatile(stores, viewers, client, tell);
  }

  async present(page: Tab & { readonly closed: boolean }, presented: Presented, limits: ArgumentLimits): Promise<void> {
    await this.watchers.people?.present(page, presented, limits);
  }

  missed(after: number, stores: readonly string[], viewers: HostViewers | undefined): readonly Frame[] | undefined {
    return this.watchers.missed(after, stores, viewers);
  }

  // --- the end of it, and hot reload ---

  /** Ends a life: nobody uses the host any more, and all is stored. Gives what there is to save, where the storage has no commits. */
  async close(): Promise<HostRecord> {
    await this.watchers.close();
    this.ticks.stop();
    this.tasks?.drop();
    this.commits.keep();
    for (const [name, { definition }] of [...this.shelf.live]) if (hasHook(definition, "onDispose")) await this.notify(name, "onDispose", undefined, SERVER);
    if (this.queue.size > 0) await this.queue.run(() => {});
    // Stores that have been seen as they were created.
    if (this.touched && this.shelf.unstored.some(({ created }) => created)) this.commits.write([]);
    await this.commits.settled();
    const record = this.#save();
    this.shelf.dispose();
    return record;
  }

  #save(): HostRecord {
    const stores: Record<string, StoreRecord> = {};
    if (!this.world.storage.durable) for (const [name, { whole }] of this.shelf.states()) stores[name] = whole;
    const [schedules, tasks] = [this.schedules?.save(), this.tasks?.save()];
    const { revision, sequence } = this.commits;
    const numbers = this.eventNumbers.save();
    return { incarnation: this.incarnation, revision, sequence, stores, numbers, ...(schedules && { schedules }), ...(tasks && { tasks }) };
  }

  /** The storage did not take a commit: what it holds can no longer be trusted. Makes the error that those get who wait. */
  lose(error: unknown): Error {
    const broken = unavailable();
    this.turns.refuse(broken);
    this.watchers.endPast();
    this.tasks?.drop(broken);
    this.world.discard(this, notStored(this.id, error));
    return broken;
  }

  /** Ends the host, and tells a room's watchers. Nothing is on its way into the storage then. */
  async delete(): Promise<void> {
    await this.queue.run(async () => {
      const gone = this.kind === "room" ? roomDeleted(this.key) : erased();
      this.turns.refuse(gone);
      this.tasks?.drop(gone);
      await this.commits.settled().catch(() => {});
      if (this.kind === "room") this.watchers.dismiss(roomDeleted(this.key));
    });
  }

  /** Moves the state of all stores into instances of their new classes. A class that does not construct leaves the old one running. */
  reload(): Promise<void> {
    return this.queue.run(async () => {
      const { definitions, report } = this.world;
      let moved = false;
      for (const [name, entry] of [...this.shelf.live]) {
        const definition = definitions.get(name);
        if (!definition || definition.Class === entry.definition.Class) continue;
        const move = async (turn: Turn) => {
          const next = this.shelf.remake(entry, definition);
          await runHook(entry.store, "onDispose");
          this.shelf.replace(entry, next);
          this.watchers.renewPeople(name);
          moved = true;
          await runHook(next.store, "onLoad");
          await this.commits.make(turn);
        };
        await this.turns.take(`${name}.onLoad`, { caller: SERVER }, move).catch((error: unknown) => report("error", error));
      }
      if (!moved) return;
      this.audiences.renew();
      this.tasks?.restart();
      if (this.commits.revision > 0 || this.watchers.size > 0) this.commits.step(this.shelf.unstored, (revision) => this.watchers.renew(revision));
    });
  }
}
