import type { Snapshot } from "../lib/codec.js";
import { plainSteps } from "../lib/compact.js";
import {
  dropped,
  erased,
  eventEnded,
  notOfScope,
  notRegistered,
  notStored,
  outsideEvent,
  refusedEvent,
  roomDeleted,
  superseded,
  unavailable,
} from "../lib/errors.js";
import type { EventSchema } from "../lib/schema.js";
import type { Store } from "../lib/store.js";
import { viewOf } from "../lib/view.js";
import { Commits } from "./commits.js";
import { type Caller, type ConnectionInfo, type Effect, runIn, SERVER, type Turn } from "./context.js";
import type { Frame } from "./frame.js";
import { type Hook, hasHook, runHook } from "./hooks.js";
import { Loader } from "./loader.js";
import { createNumbers, type Numbers } from "./numbers.js";
import { createQueue } from "./queue.js";
import type { EventRecord, HostRecord, HostState, StoreRecord } from "./record.js";
import type { Report } from "./refusal.js";
import { type Definition, keyOf, kindOf, type Models, type ScopeKind } from "./scope.js";
import { type Entry, Shelf } from "./shelf.js";
import { inSlices } from "./slices.js";
import type { Storage } from "./storage.js";
import type { Resume } from "./telemetry.js";
import { Turns } from "./turns.js";
import { Watchers } from "./watchers.js";

/** What hosts need of the server around them. */
export interface World {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly models: Models;
  readonly storage: Storage;
  readonly limits: Limits;
  /** The name under which a store's class is registered, also one that hot reload has replaced. */
  nameOf(Class: unknown, kind: ScopeKind): string | undefined;
  readonly report: Report;
  /** Keeps the host in memory until the returned function is called. */
  pin(host: Host): () => void;
  /** The answer of an event that was cut off, at a revision: it had committed something, and did not end. */
  interrupted(revision: number): unknown;
  /** An answer of an earlier process as it is given now. */
  restored(answer: unknown): unknown;
  /** A record has a field that its class does not have any more. `className` is `""` for the store's own. */
  dropped(store: string, className: string, field: string): void;
  /** A commit is stored, and told of. `bytes`: what it takes on the wire; 0 where nobody watches. */
  committed(host: Host, bytes: number): void;
  /** Stores began to be watched. */
  watched(how: Resume, count: number): void;
  /** What the host holds can no longer be trusted: the storage did not take its last commit. */
  discard(host: Host, error: unknown): void;
}

export interface Limits {
  /** How long an event may run, in ms. */
  readonly eventTimeout: number;
  /** How long a host that nobody uses stays in memory, in ms. */
  readonly idle: number;
  /** How long a tab may be away before it counts as gone, in ms. */
  readonly grace: number;
  /** How many bytes of frames a host keeps for those who come back. */
  readonly logBytes: number;
  /** How many bytes may wait for a slow reader. */
  readonly streamBytes: number;
  /** How many bytes a request's body may have. */
  readonly maxBody: number;
  /** How many hosts may be in memory. */
  readonly maxHosts: number;
}

/** One call of an event. */
export interface EventCall<R> {
  readonly definition: Definition;
  readonly event: EventSchema;
  readonly args: readonly unknown[];
  readonly caller: Caller;
  /** The key for effects outside: the same when the event is run again. */
  readonly eventId: string;
  readonly control: AbortController;
  /** Makes the answer, while containers have the numbers that they have in the commit. */
  answer(value: unknown, store: Store, revision: number): R;
  /** Its turn has come. */
  began?(): void;
  /** Makes the answer of an event that has failed: it is no failure of the call then. */
  refuse?(error: unknown): R;
  /** Under what the answer is stored with the commit. */
  readonly numbered?: Omit<EventRecord, "answer">;
  /** Its caller wants to know which frame brings what it has done. */
  readonly predicted?: boolean;
  /** Gives the ids of its `newId()`. @default random ones */
  readonly newId?: () => string;
  /** Takes a value, while containers have their numbers. What it gives sends it off, when the commit is stored. */
  yielded?(value: unknown, store: Store): () => void;
  effects?(effects: readonly Effect[]): void;
}

/** How long a generator that never waits may keep the process from other work, in ms. */
const SLICE = 10;

let lives = 0;

/** One live scope instance: its stores, and one queue of events that change them. */
export class Host {
  /** Under which streams name it: of its own in this process. */
  readonly number = ++lives;
  readonly id: string;
  readonly kind: ScopeKind;
  readonly key: string;
  readonly incarnation: string;
  readonly numbers: Numbers;
  readonly world: World;
  readonly queue = createQueue();
  readonly shelf: Shelf;
  readonly watchers: Watchers;
  readonly #active = new Map<string, Set<AbortController>>();
  readonly loader = new Loader(this);
  readonly turns = new Turns(this);
  readonly commits: Commits;

  constructor(world: World, id: string, incarnation: string, state?: HostState) {
    this.id = id;
    this.kind = kindOf(id);
    this.key = keyOf(id);
    this.world = world;
    this.incarnation = state?.incarnation ?? incarnation;
    const { revision = 0 } = state ?? {};
    this.watchers = new Watchers(this, revision);
    this.commits = new Commits(this, revision);
    this.numbers = createNumbers({
      records: state?.numbers,
      interrupted: () => world.interrupted(revision),
      restored: (answer) => world.restored(answer),
    });
    this.shelf = new Shelf(this, state?.stores);
  }

  /** Makes ahead what takes long to make. */
  prepare(): Promise<void> {
    return this.shelf.prepare();
  }

  /** Of the last commit that the storage has. */
  get revision(): number {
    return this.commits.told;
  }

  /** The key as the wire has it: `null` where there is none. */
  get roomKey(): string | null {
    return this.kind === "room" ? this.key : null;
  }

  /** There is something to keep. */
  get touched(): boolean {
    return this.commits.revision > 0 || !this.numbers.empty;
  }

  /** What runs now. */
  get turn(): Turn | undefined {
    return this.turns.now;
  }

  /** How many events wait or run. */
  get waiting(): number {
    return this.queue.size;
  }

  get stores(): IterableIterator<string> {
    return this.shelf.live.keys();
  }

  // --- stores ---

  /** Another store of this scope instance, for an event. */
  async get(turn: Turn, Class: unknown): Promise<object> {
    const name = this.world.nameOf(Class, this.kind);
    const definition = name === undefined ? undefined : this.world.definitions.get(name);
    if (!definition) throw notRegistered((Class as { name?: string })?.name || "the class");
    if (definition.kind !== this.kind) throw notOfScope(definition.name, definition.kind, this.kind);
    if (turn === this.turns.now) return (await this.loader.openIn(turn, definition.name)).store.instance;
    return (await this.loader.open(definition.name)).store.instance;
  }

  // --- events ---

  /** Runs an event in its turn. It has entered the queue when this returns. */
  run<R>(call: EventCall<R>): Promise<R> {
    const { definition, event, control } = call;
    const label = `${definition.name}.${event.name}`;
    const others = this.#active.get(label) ?? new Set();
    if (event.queue === "drop" && others.size > 0) return this.#answered(call, Promise.reject(dropped(label)));
    if (event.queue === "latest") for (const other of others) other.abort(superseded(label));
    this.#active.set(label, others.add(control));
    const result = event.background ? this.#beside(call, label) : this.queue.run(() => this.#event(call, label));
    const leave = () => {
      others.delete(control);
      if (others.size === 0) this.#active.delete(label);
    };
    result.then(leave, leave);
    return this.#answered(call, result);
  }

  /** The answer of an event, when all that it may tell of is stored. */
  async #answered<R>(call: EventCall<R>, result: Promise<R>): Promise<R> {
    let answer: R;
    try {
      answer = await result;
    } catch (error) {
      if (this.turns.broken || !call.refuse) {
        await this.commits.settled();
        throw error;
      }
      answer = call.refuse(error);
      if (call.numbered) this.commits.fail(call.numbered, answer);
    }
    await this.commits.settled();
    return answer;
  }

  async #event<R>(call: EventCall<R>, label: string): Promise<R> {
    const { definition, control } = call;
    control.signal.throwIfAborted();
    return this.turns.take(label, call, async (turn) => {
      call.began?.();
      let entry = this.shelf.live.get(definition.name);
      if (!entry) {
        entry = await this.loader.openIn(turn, definition.name);
        await this.commits.make(turn);
      }
      await this.#guard(turn, call, entry);
      const value = await this.#perform(turn, call, entry);
      control.signal.throwIfAborted();
      return this.#finish(turn, call, entry, value);
    });
  }

  /** Asks the event's own guard, which may read but not write. */
  async #guard(turn: Turn, { event, args, caller }: EventCall<unknown>, { definition, store }: Entry): Promise<void> {
    if (!event.guard || caller.trusted) return;
    turn.open = false;
    const allowed = await event.guard(turn.current as never, store.instance as never, ...(args as never[]));
    if (!allowed) throw refusedEvent(definition.name, event.name);
    if (!turn.ended) turn.open = !event.background;
  }

  #perform(turn: Turn, call: EventCall<unknown>, { store }: Entry): unknown {
    const { instance } = store;
    const method = Reflect.get(instance, call.event.name) as (...args: readonly unknown[]) => unknown;
    const result = this.turns.stretch(turn, () => method.apply(instance, call.args as unknown[]));
    return isGenerator(result) ? this.#drive(turn, call, store, result) : result;
  }

  /** Runs a generator: what it has changed is committed at each `yield`. */
  async #drive(turn: Turn, call: EventCall<unknown>, store: Store, generator: Generator | AsyncGenerator): Promise<unknown> {
    let slice = performance.now();
    for (;;) {
      const { done, value } = await this.turns.stretch(turn, () => generator.next());
      if (turn.ended) {
        void Promise.resolve(generator.return(undefined)).catch(() => {});
        throw turn.ended;
      }
      if (done) return value;
      if (!call.event.background) await this.commits.make(turn, call);
      const send = call.yielded?.(value, store);
      if (send) this.commits.after(send);
      if (call.control.signal.aborted) {
        await this.turns.stretch(turn, () => generator.return(undefined));
        // What its `finally` does is no part of what was cancelled.
        if (!call.event.background) await this.commits.make(turn, call);
        throw call.control.signal.reason;
      }
      if (performance.now() - slice < SLICE) continue;
      await new Promise(setImmediate);
      if (turn.ended) throw turn.ended;
      slice = performance.now();
    }
  }

  async #finish<R>(turn: Turn, call: EventCall<R>, { store }: Entry, value: unknown): Promise<R> {
    let answer: R | undefined;
    let failed: { error: unknown } | undefined;
    await this.commits.make(turn, call, () => {
      try {
        answer = call.answer(value, store, this.commits.revision);
      } catch (error) {
        if (!call.refuse) failed = { error };
        else answer = call.refuse(error);
      }
      return answer;
    });
    if (failed) throw failed.error;
    return answer as R;
  }

  /** Runs an event beside the queue: it changes state inside `update()` alone. */
  async #beside<R>(call: EventCall<R>, label: string): Promise<R> {
    const { definition, control } = call;
    const entry = await this.loader.open(definition.name);
    control.signal.throwIfAborted();
    const turn = this.turns.beside(call);
    turn.update = (change) =>
      this.queue.run(() => {
        this.turns.check(turn);
        control.signal.throwIfAborted();
        return this.turns.lend(turn, change, () => this.commits.make(turn, call));
      });
    call.began?.();
    try {
      const value = await runIn(turn, async () => {
        await this.#guard(turn, call, entry);
        return this.#perform(turn, call, entry);
      });
      control.signal.throwIfAborted();
      return await this.queue.run(() => this.#finish(turn, call, entry, value));
    } catch (error) {
      throw control.signal.aborted ? control.signal.reason : error;
    } finally {
      turn.end(() => eventEnded(label));
    }
  }

  // --- reading ---

  /** Loads a store, and gives its committed state for clients. */
  async read(store: string, client?: string): Promise<{ revision: number; snapshot: Snapshot; ended?: number }> {
    await this.loader.open(store);
    const snapshot = this.watchers.snapshot(store);
    const read = { revision: this.commits.revision, snapshot, ...(client !== undefined && { ended: this.numbers.ended(client) }) };
    await this.commits.settled();
    return read;
  }

  /** Loads a store, and gives its committed state as an immutable view. */
  async plain(store: string): Promise<object> {
    const plain = (await this.loader.open(store)).store.plain();
    await this.commits.settled();
    return plain;
  }

  /** All that is kept of each store, private fields too, as of the last commit. */
  async export(): Promise<Map<string, object>> {
    const states = this.shelf.states();
    await this.commits.settled();
    const plain = new Map<string, object>();
    for (const [name, { whole, tail }] of states) plain.set(name, await inSlices(plainSteps(whole.saved, tail)));
    return plain;
  }

  /** Loads a store, and gives it read-only, as of its last commit: for `allow`. */
  async loaded(name: string): Promise<object> {
    const { store } = await this.loader.open(name);
    const read = (key: string | symbol) => store.committed(() => viewOf(Reflect.get(store.instance, key)));
    return new Proxy(Object.create(null), {
      get: (_, key) => {
        const value = read(key);
        return typeof value === "function" ? undefined : value;
      },
      has: (_, key) => key in store.instance,
      set: () => {
        throw outsideEvent(name, name);
      },
    });
  }

  /** The frames after a revision that tell of these stores; `undefined` when they are not known any more. */
  missed(after: number, stores: readonly string[]): readonly Frame[] | undefined {
    return this.watchers.missed(after, stores);
  }

  /** Runs a hook as an event of its own. */
  async notify(store: string, hook: Hook, info: ConnectionInfo | undefined, caller: Caller): Promise<void> {
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

  // --- the end of it, and hot reload ---

  /** Ends a life: nobody uses the host any more, and all is stored. Gives what there is to save, where the storage has no commits. */
  async close(): Promise<HostRecord> {
    await this.watchers.close();
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
    return { incarnation: this.incarnation, revision: this.commits.revision, stores, numbers: this.numbers.save() };
  }

  /** The storage did not take a commit: what it holds can no longer be trusted. Makes the error that those get who wait. */
  lose(error: unknown): Error {
    const broken = unavailable();
    this.turns.refuse(broken);
    this.world.discard(this, notStored(this.id, error));
    return broken;
  }

  /** Ends it, with all that it holds: a room's watchers are told. Nothing is on its way into the storage then. */
  async delete(): Promise<void> {
    await this.queue.run(async () => {
      this.turns.refuse(this.kind === "room" ? roomDeleted(this.key) : erased());
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
          moved = true;
          await runHook(next.store, "onLoad");
          await this.commits.make(turn);
        };
        await this.turns.take(`${name}.onLoad`, { caller: SERVER }, move).catch((error: unknown) => report("error", error));
      }
      if (!moved) return;
      if (this.commits.revision > 0 || this.watchers.size > 0) this.commits.step(this.shelf.unstored, (revision) => this.watchers.renew(revision));
    });
  }
}

function isGenerator(value: unknown): value is Generator | AsyncGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Generator]" || tag === "[object AsyncGenerator]";
}
