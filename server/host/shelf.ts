import { transaction } from "mobx";
import { notRegistered, outsideEvent, storeNotMade } from "../../lib/errors/errors.js";
import { ANY_SHAPE, createStoreSteps, type Store } from "../../lib/store/store.js";
import type { StoreHost, ToldError } from "../../lib/store/store-host.js";
import { toPlain } from "../../lib/view/view.js";
import type { Snapshot } from "../../lib/wire/codec.js";
import { finish, type Steps } from "../../lib/wire/steps.js";
import { type Definition, versionOf } from "../definition/scope.js";
import { migrated } from "../storage/migration.js";
import type { CommitRecord, StoreDelta, StoreRecord, StoreState } from "../storage/records.js";
import { inSlices } from "../task/slices.js";
import { tellable } from "../wire/error-shape.js";
import { silence } from "../wire/plain-values.js";
import { currentTurn, runApart } from "./context.js";
import { numberedSince, type Past } from "./past.js";
import type { World } from "./world.js";

/** A store that is live. */
export interface ShelfEntry {
  readonly definition: Definition;
  readonly store: Store;
  /** The storage has it as it was before the open changes. */
  stored: boolean;
  /** The store has just been created, and is not stored. */
  readonly created: boolean;
  /** While `onCreate` and `onLoad` run: `over` resolves when they have ended or failed. */
  loading: { readonly over: Promise<void>; fail(): void } | undefined;
  /** The first revision from which on the log tells all that watchers see of it. */
  loggedFrom: number | undefined;
  /** The revision as it was watched first: its computeds are kept from then on. */
  watchedFrom: number | undefined;
  /**
   * What clients that go on from an earlier life have of its computeds. `"old"`: the values that these had there, which cannot be known here. `"lost"`: such
   * clients cannot go on, as changes of these values have been sent. `"set"`: those of now.
   */
  computeds: "set" | "old" | "lost";
  /** The revision since which its containers have the numbers that they have: 0 where they came back with those of an earlier life. */
  since: number;
}

/** Whether its containers have other numbers than clients may know from an earlier life of the host. It is final once the store is watched. */
export const isRenumbered = ({ created, store }: ShelfEntry): boolean => created || !store.resumable;

interface Owner {
  readonly id: string;
  readonly commits: { readonly revision: number };
  readonly ticks: { due(): void };
  readonly tasks: { list(store: string): void } | undefined;
  readonly watchers: { readonly past: Past | undefined };
  readonly world: Pick<World, "beginnings" | "definitions" | "models" | "storage" | "report" | "dropped">;
}

/** The stores of a host: the live ones, and the stored state of the others. */
export class Shelf implements StoreHost {
  readonly #host: Owner;
  readonly #live = new Map<string, ShelfEntry>();
  /** The stored state of stores that are not live. */
  readonly #kept: Map<string, StoreState>;
  /** Large stores, made ahead. Hardly any host has one, and there are many hosts: so there is a Map only where there is something in it. */
  #prepared: Map<string, { readonly Class: unknown; readonly store: Store }> | undefined;

  constructor(host: Owner, kept?: ReadonlyMap<string, StoreState>) {
    this.#host = host;
    this.#kept = new Map(kept);
  }

  /** The live stores, by name. */
  get live(): ReadonlyMap<string, ShelfEntry> {
    return this.#live;
  }

  /** The stored state of a store that is not live. */
  kept(name: string): StoreState | undefined {
    return this.#kept.get(name);
  }

  definition(name: string): Definition {
    const definition = this.#host.world.definitions.get(name);
    if (!definition) throw notRegistered(name);
    return definition;
  }

  // --- as their host ---

  /** The stores whose changes are committed together. */
  get stores(): Iterable<Store> {
    return Array.from(this.#live.values(), ({ store }) => store);
  }

  apart<R>(run: () => R): R {
    return runApart(run);
  }

  /** What clients are told of the error of a computed that is a promise. The log has the path of the computed. */
  tell(error: unknown, path: string): ToldError {
    const { report } = this.#host.world;
    return tellable(error, (level, cause, id) => report(level, cause, id, { name: path, args: undefined }));
  }

  fed(): void {
    this.#host.ticks.due();
  }

  // --- how they come to be ---

  /** Makes large stores ahead, in slices, so that opening them later takes no time. */
  async prepare(): Promise<void> {
    for (const [name, kept] of this.#kept) {
      const definition = this.#host.world.definitions.get(name);
      if (!definition || !isLarge(kept)) continue;
      try {
        const store = await inSlices(this.#steps(definition, kept));
        this.#prepared ??= new Map();
        this.#prepared.set(name, { Class: definition.Class, store });
      } catch {
        // The error reaches the caller that opens the store.
      }
    }
  }

  /** Makes a store live, from its stored state if there is any. Its hooks have not run. */
  make(definition: Definition): ShelfEntry {
    const { name, Class } = definition;
    const kept = this.#kept.get(name);
    const prepared = this.#prepared?.get(name);
    const store = prepared?.Class === Class ? prepared.store : finish(this.#steps(definition, kept));
    const stored = kept !== undefined && !store.outgrown && kept.whole.version === versionOf(definition);
    const { durable } = this.#host.world.storage;
    // Clients of an earlier life may come back, to whom all is of interest that changes until then.
    const loggedFrom = kept && store.resumable ? this.#host.watchers.past?.startOf(name) : undefined;
    const entry: ShelfEntry = {
      definition,
      store,
      stored,
      created: !kept,
      loading: undefined,
      loggedFrom,
      watchedFrom: undefined,
      computeds: kept && durable && store.computes ? "old" : "set",
      since: kept && durable ? numberedSince(kept) : 0,
    };
    this.#live.set(name, entry);
    this.#kept.delete(name);
    this.#prepared?.delete(name);
    this.#host.tasks?.list(name);
    return entry;
  }

  /** Puts a live store back: `kept` is the state from which it was made. */
  unmake({ definition, store }: ShelfEntry, kept: StoreState | undefined): void {
    this.#live.delete(definition.name);
    if (kept) this.#kept.set(definition.name, kept);
    store.rollback();
    store.dispose();
  }

  /** The same state in an instance of a new class. It takes no place yet. */
  remake({ store: old, since }: ShelfEntry, definition: Definition): ShelfEntry {
    const [snapshot, names, next, ids, shape] = old.save();
    const saved = [snapshot, names, next, ids, ...(shape === undefined ? ([] as const) : ([ANY_SHAPE] as const))] as const;
    const store = finish(this.#steps(definition, { whole: { version: versionOf(definition), saved }, tail: [] }));
    return { definition, store, stored: false, created: false, loading: undefined, loggedFrom: undefined, watchedFrom: undefined, computeds: "set", since };
  }

  replace({ definition, store }: ShelfEntry, next: ShelfEntry): void {
    this.#live.set(definition.name, next);
    // Fields that are not stored are not in the saved state: they come from the old instance.
    for (const { name: field, persist, presence, tasks } of next.definition.schema.fields.values()) {
      if (!persist && !presence && !tasks && definition.schema.fields.has(field))
        Reflect.set(next.store.instance, field, toPlain(Reflect.get(store.instance, field)));
    }
    this.#host.tasks?.list(definition.name);
    store.dispose();
  }

  *#steps(definition: Definition, kept: StoreState | undefined): Steps<Store> {
    const { name, Class } = definition;
    const { world } = this.#host;
    const { models, storage } = world;
    try {
      const state = kept && (yield* migrated(definition, kept));
      return yield* createStoreSteps({
        name,
        instance: new Class(),
        models,
        guard: () => this.#mayWrite(name),
        report: (error, _, value) => {
          silence([error, value]);
          world.report("error", error);
        },
        host: this,
        unknown: (className, field) => world.dropped(name, className, field),
        keep: storage.durable,
        ...(!kept && definition.models.size > 0 && { firstNumber: (snapshot: Snapshot) => this.#firstNumber(name, snapshot) }),
        ...(state && { restore: state.whole.saved, tail: state.tail }),
      });
    } catch (error) {
      throw storeNotMade(name, Class.length > 0, error);
    }
  }

  /** A store that nobody has changed is not stored, so it may have begun before. */
  #firstNumber(store: string, snapshot: Snapshot): number {
    const { commits, id, world } = this.#host;
    return commits.revision === 0 ? world.beginnings.firstNumber(`${id} ${store}`, snapshot) : 0;
  }

  #mayWrite(store: string): void {
    const turn = currentTurn();
    if (turn?.host !== this.#host) throw outsideEvent(store, store);
    if (!turn.open) throw turn.ended ?? outsideEvent(store, store);
  }

  // --- all of them, as events go ---

  /** Undoes what is not committed. */
  rollback(): void {
    transaction(() => {
      for (const { store } of this.#live.values()) if (store.open) store.rollback();
    });
  }

  endTurn(): void {
    for (const { store } of this.#live.values()) store.endTurn();
  }

  /** Forgets the stores that are being loaded: the loading event has ended. */
  failLoading(): void {
    for (const { loading } of [...this.#live.values()]) loading?.fail();
  }

  /** Notes the revision for the stores whose containers have got their numbers anew since the last call. `false`: none have. */
  takeRenumbered(revision: number): boolean {
    let any = false;
    for (const entry of this.#live.values()) {
      if (!entry.store.takeRenumbered()) continue;
      entry.since = revision;
      any = true;
    }
    return any;
  }

  // --- what is kept of them ---

  /** Gives what the storage gets of a commit that has changed some stores. */
  records(changed: readonly ShelfEntry[]): CommitRecord["stores"] {
    const stores: { [name: string]: StoreRecord | StoreDelta } = {};
    for (const entry of this.#live.values()) {
      const { store, definition, stored, created, loading } = entry;
      if (loading) continue;
      if (stored) {
        const kept = store.takeStored();
        if (kept) stores[definition.name] = { kept };
        continue;
      }
      // A store that was just created goes along, as it has been seen.
      if (!changed.includes(entry) && !created) continue;
      stores[definition.name] = wholeOf(entry);
      store.noteSaved();
      entry.stored = true;
    }
    return stores;
  }

  /** The stores whose state before the open changes is not in the storage. */
  get unstored(): ShelfEntry[] {
    return [...this.#live.values()].filter(({ stored }) => !stored);
  }

  /** The state of all stores, as of the last commit. */
  states(): Map<string, StoreState> {
    const states = new Map(this.#kept);
    for (const [name, entry] of this.#live) states.set(name, { whole: wholeOf(entry), tail: [] });
    return states;
  }

  dispose(): void {
    for (const { store } of this.#live.values()) store.dispose();
  }
}

const wholeOf = ({ definition, store }: ShelfEntry): StoreRecord => ({ version: versionOf(definition), saved: store.save() });

/** So large that it is made in slices: by its groups, of some thousand containers each, or its commits. */
const isLarge = ({ whole, tail }: StoreState) => whole.saved[0][3].length + tail.length > 50;
