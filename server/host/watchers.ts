import type { WireDelta } from "../../lib/wire/codec.js";
import { hasHook, hasPresence } from "../definition/lifecycle.js";
import type { StoreState } from "../storage/records.js";
import type { Have, Moment, Page, Resumed, Shown, ShownStore, ShownVolatile, Visit, Visitor, Watcher } from "../stream/feed.js";
import { Frame } from "../wire/frame.js";
import type { Tick } from "../wire/tick.js";
import type { HostViewers } from "./audiences.js";
import { createFrameLog, type FrameLog } from "./frame-log.js";
import type { Host } from "./host.js";
import { Past } from "./past.js";
import { People } from "./people.js";
import { isRenumbered, type ShelfEntry } from "./shelf.js";
import { createTabHooks, type TabHooks } from "./tab-hooks.js";

interface Want {
  readonly store: string;
  readonly have?: Have | undefined;
}

/** How stores begin for somebody: what goes on from what the client has, and the stores that it is sent anew. */
interface Beginning {
  readonly resumed: Resumed;
  readonly anew: readonly string[];
}

/** A commit, as watchers get it. */
export interface Told {
  readonly revision: number;
  readonly deltas: Frame["deltas"];
  /** The deltas for those who see hidden members. */
  readonly others?: ReadonlyMap<HostViewers, Frame["deltas"]> | undefined;
  /** `viewers`: the audience of the caller, whose numbers the made instances have. */
  readonly by?: (NonNullable<Frame["by"]> & { readonly viewers: HostViewers | undefined }) | undefined;
  /** The effects for all who watch. */
  readonly effects?: Frame["effects"];
  /** The changes of the volatile state. */
  readonly tick?: Tick | undefined;
}

/** The watchers of a host, each of some stores: what they get when they come, and of each commit. */
export class Watchers {
  readonly #host: Host;
  readonly #watching = new Map<Watcher, Set<string>>();
  readonly #frameLog: FrameLog;
  readonly #tabHooks: TabHooks;
  #people: People | undefined;
  #past: Past | undefined;
  /** The host has ended, and its watchers were led on or refused: nobody would tell those anything who come later. */
  over = false;

  /** @param stores what the host was loaded from */
  constructor(host: Host, revision: number, stores?: ReadonlyMap<string, StoreState>) {
    const { world } = host;
    this.#host = host;
    this.#frameLog = createFrameLog(world.limits.logBytes);
    this.#frameLog.restart(revision);
    if (stores && world.storage.durable) this.#past = new Past(host, revision, stores, () => this.endPast());
    this.#tabHooks = createTabHooks({
      grace: world.limits.grace,
      pin: () => world.pin(host),
      notify: (store, hook, { info, caller }) => host.notify(store, hook, info, caller),
      here: (store, tab, pages) => {
        if (!hasPresence(host.shelf.live.get(store)?.definition)) return;
        this.#people ??= new People(host);
        if (pages.size > 0) this.#people.see(store, tab, pages);
        else this.#people.lose(store, tab);
      },
    });
  }

  get size(): number {
    return this.#watching.size;
  }

  /** The pages that are here, with the stores that each watches. */
  *visits(): Iterable<Visit> {
    for (const [watcher, stores] of this.#watching) yield* watcher.visits(stores);
  }

  has(watcher: Watcher): boolean {
    return this.#watching.has(watcher);
  }

  /** Whether somebody watches a store. */
  watches(store: string): boolean {
    for (const [, stores] of this.visits()) if (stores.has(store)) return true;
    return false;
  }

  // --- how they come and go ---

  /** Loads stores for a page, and watches them for it from now on. Stores that cannot be loaded are refused one by one. */
  async watch(page: Page, wants: readonly Want[]): Promise<void> {
    const { loaded, failed } = await this.load(wants);
    if (page.closed) return;
    if (this.over) return page.lead(this.#host, namesOf(wants));
    const stores = this.enter(page);
    const viewers = this.#host.audiences.of(page.caller);
    const { resumed, anew } = this.begin(loaded, viewers, stores.size > 0);
    for (const { store } of loaded) stores.add(store);
    if (resumed.names.length > 0) page.resume(this.#host, resumed, stores, viewers);
    if (anew.length > 0) page.renew(this.#host, anew, stores, viewers);
    if (stores.size === 0) this.leave(page);
    for (const [{ store }, error] of failed) page.refuse(store, this.#host.roomKey, error);
    for (const { store } of loaded) this.arrive(page, store);
  }

  /** Tells somebody of frames and ticks from now on. Gives the stores that it watches, to be filled. */
  enter(watcher: Watcher): Set<string> {
    const stores = this.#watching.get(watcher) ?? new Set();
    this.#watching.set(watcher, stores);
    return stores;
  }

  /** Tells somebody of nothing any more. */
  leave(watcher: Watcher): void {
    this.#watching.delete(watcher);
  }

  /** Loads stores that somebody is going to watch. */
  async load<W extends Want>(wants: readonly W[]): Promise<{ loaded: readonly W[]; failed: readonly [W, unknown][] }> {
    const { loader, shelf } = this.#host;
    const failed: [W, unknown][] = [];
    await Promise.all(wants.map((want) => loader.open(want.store).catch((error: unknown) => failed.push([want, error]))));
    return { loaded: wants.filter((want) => shelf.live.has(want.store) && !failed.some(([other]) => other === want)), failed };
  }

  /** Has loaded stores begin for a client: from what it has, where the frames after it are known. `more`: it watches others of the host already. */
  begin(loaded: readonly Want[], viewers: HostViewers | undefined, more: boolean): Beginning {
    const { shelf, world } = this.#host;
    const resumable = loaded.filter((want) => this.#canResume(want, viewers));
    const revision = Math.max(...resumable.map((want) => (want.have as Have)[1]));
    const resumed = more ? [] : resumable.filter((want) => want.have?.[1] === revision);
    const anew = loaded.filter((want) => !resumed.includes(want));
    const volatile = resumed.some(({ store }) => shelf.live.get(store)?.store.hasVolatile);
    const had = anew.filter(({ have }) => have).length;
    world.watched("delta", resumed.length);
    world.watched("snapshot", had);
    world.watched("first", anew.length - had);
    const frames = resumed.length > 0 ? (this.#frameLog.after(revision) ?? []) : [];
    return { resumed: { names: namesOf(resumed), volatile, revision, frames }, anew: namesOf(anew) };
  }

  /** A page watches a store that is loaded from now on: hooks and lists of who is here are told. */
  arrive(page: Visitor, store: string): void {
    const { definition } = this.#host.shelf.live.get(store) as ShelfEntry;
    if (hasPresence(definition) || hasHook(definition, "onConnect", "onDisconnect")) this.#tabHooks.arrive(store, page);
  }

  /** A page has left a store. */
  depart(page: Visitor, store: string): void {
    this.#tabHooks.leave(store, page);
  }

  unwatch(page: Page, store: string): void {
    const stores = this.#watching.get(page);
    if (!stores?.delete(store)) return;
    if (stores.size === 0) this.leave(page);
    this.depart(page, store);
  }

  /** Who is here, where somebody watches a store with a presence field. */
  get people(): People | undefined {
    return this.#people;
  }

  /** A store has an instance of a new class, whose lists of people are empty, and which may say something else of them. */
  renewPeople(store: string): void {
    this.#people?.renew(store);
    if (!hasPresence(this.#host.shelf.live.get(store)?.definition)) return;
    for (const [page, stores] of this.visits()) if (stores.has(store)) this.#tabHooks.arrive(store, page);
  }

  /** Sends snapshots to all: the frames that they have are not continued. */
  renew(revision: number): void {
    this.#frameLog.restart(revision);
    for (const [watcher, stores] of this.#watching) watcher.restart(this.#host, stores, (caller) => this.#host.audiences.of(caller));
  }

  /** Refuses all watchers for good. No hook runs for it. */
  dismiss(error: Error): void {
    this.over = true;
    for (const [page, stores] of [...this.visits()]) {
      for (const store of [...stores]) {
        page.unwatch(this.#host, store);
        page.refuse(store, this.#host.roomKey, error);
      }
    }
    this.#tabHooks.clear();
  }

  /** Leads all watchers to another life of the host. */
  lead(): void {
    this.over = true;
    const all = [...this.#watching];
    this.#watching.clear();
    this.#tabHooks.clear();
    for (const [watcher, stores] of all) watcher.lead(this.#host, [...stores]);
  }

  /** Counts all as gone: `onDisconnect` runs. */
  close(): Promise<void> {
    this.endPast();
    return this.#tabHooks.close();
  }

  // --- what they are sent ---

  /** Some store has frames, as it was watched since it was loaded. */
  get logs(): boolean {
    for (const { loggedFrom } of this.#host.shelf.live.values()) if (loggedFrom !== undefined) return true;
    return false;
  }

  /** Whether somebody watches as one of these. */
  shows(viewers: HostViewers): boolean {
    for (const watcher of this.#watching.keys()) if (watcher.watchesAs(this.#host, viewers)) return true;
    return false;
  }

  publish(told: Told): void {
    const { revision } = told;
    const { number, world } = this.#host;
    if (!this.logs) {
      this.#frameLog.restart(revision);
      return world.committed(this.#host, 0);
    }
    const frame = frameOf(number, told);
    this.#frameLog.add(frame);
    for (const watcher of this.#watching.keys()) watcher.frame(this.#host, frame);
    world.committed(this.#host, frame.bytes);
  }

  tick(tick: Tick): void {
    for (const watcher of this.#watching.keys()) watcher.tick(this.#host, tick);
    // What is volatile may also say who may see a room.
    this.#host.world.committed(this.#host, 0);
  }

  /** The frames after a revision that tell of these stores; `undefined` when they are not known any more. */
  missed(after: number, stores: readonly string[], viewers: HostViewers | undefined): readonly Frame[] | undefined {
    const kept = stores.every((name) => {
      const entry = this.#host.shelf.live.get(name);
      return entry?.loggedFrom !== undefined && entry.loggedFrom <= after && this.#isOfNow(entry, after);
    });
    return kept && after > 0 ? this.#frameLog.after(after)?.map((frame) => frame.for(viewers)) : undefined;
  }

  /** Gives the committed state of loaded stores: see `Feed.show`. */
  show(stores: readonly string[], viewers: HostViewers | undefined, client: string | undefined, tell: (moment: Moment, shown: readonly Shown[]) => void): void {
    this.#host.ticks.flush();
    const shown = stores.map((store): Shown => {
      try {
        return { store, ...this.snapshot(store, viewers) };
      } catch (error) {
        return { store, error };
      }
    });
    const moment = this.#moment(client);
    this.#host.commits.after(() => tell(moment, shown));
  }

  /** Now, which may not be stored yet. `client`: whose events it tells of. */
  #moment(client: string | undefined): Moment {
    const { commits, eventNumbers, ticks } = this.#host;
    return { revision: commits.revision, tick: ticks.number, ended: client === undefined ? 0 : eventNumbers.ended(client) };
  }

  /** Gives the volatile state of those stores that have any: see `Feed.showVolatile`. */
  showVolatile(
    stores: Iterable<string>,
    viewers: HostViewers | undefined,
    client: string | undefined,
    tell: (moment: Moment, shown: readonly ShownVolatile[]) => void,
  ): void {
    const shown = this.#volatile(stores, viewers);
    const moment = this.#moment(client);
    this.#host.commits.after(() => tell(moment, shown));
  }

  /** The volatile state of loaded stores, as it is now. It may be of a commit on its way into the storage. */
  #volatile(stores: Iterable<string>, viewers: HostViewers | undefined): ShownVolatile[] {
    const { shelf, ticks } = this.#host;
    ticks.flush();
    return [...stores].flatMap((name) => {
      const snapshot = shelf.live.get(name)?.store.volatile(viewers);
      return snapshot ? [[name, snapshot] as const] : [];
    });
  }

  /** A store's committed state for clients, which may be on its way into the storage, and since when its numbers count. It is loaded, and no tick waits. */
  snapshot(store: string, viewers: HostViewers | undefined): Omit<ShownStore, "store"> {
    const entry = this.#host.shelf.live.get(store) as ShelfEntry;
    const since = this.since(entry);
    return { snapshot: entry.store.snapshot(viewers), since, volatile: entry.store.volatile(viewers) };
  }

  /** The revision since which a store's containers have the numbers that they have. Clients may know other numbers from before. */
  since(entry: ShelfEntry): number {
    this.keep(entry);
    return entry.since;
  }

  #canResume({ store, have }: Want, viewers: HostViewers | undefined): boolean {
    const { commits, incarnation, shelf } = this.#host;
    const entry = shelf.live.get(store) as ShelfEntry;
    const first = entry.watchedFrom === undefined;
    this.keep(entry);
    // Revision 0 is not stored: a client's state of it may be of another life.
    if (!have || have[0] !== incarnation || have[1] === 0) return false;
    // Other viewers know the containers by other numbers.
    if (have[2] !== viewers?.name) return false;
    if (have[1] > commits.told) return false;
    if (have[1] < (entry.loggedFrom as number)) this.#recall();
    if (have[1] < (entry.loggedFrom as number)) return false;
    // A client's state from an earlier life is the same only if the store has come back with the same numbers.
    if (first && isRenumbered(entry)) return false;
    if (this.#frameLog.after(have[1]) === undefined) return false;
    if (this.#isOfNow(entry, have[1])) return true;
    if (entry.computeds === "old") this.#setComputeds();
    return entry.computeds === "set";
  }

  /** Whether clients that have a store as of a revision have its computeds as this process makes them. */
  #isOfNow({ computeds, watchedFrom }: ShelfEntry, revision: number): boolean {
    return computeds === "set" || (watchedFrom !== undefined && revision > watchedFrom);
  }

  /** Sends all computeds that clients which go on from an earlier life may have otherwise. */
  #setComputeds(): void {
    const { shelf } = this.#host;
    const deltas: [string, WireDelta][] = [];
    for (const [name, entry] of shelf.live) {
      if (entry.computeds !== "old" || entry.watchedFrom === undefined) continue;
      entry.computeds = "set";
      const delta = entry.store.computedDelta();
      if (delta) deltas.push([name, delta]);
    }
    if (deltas.length > 0) this.#stepComputeds(deltas);
  }

  /** Makes a revision that brings computeds. Who sees hidden members of a store has all of it from this process. */
  #stepComputeds(deltas: readonly [string, WireDelta][]): void {
    const { audiences, commits, shelf } = this.#host;
    const plain = deltas.filter(([name]) => !shelf.live.get(name)?.store.hides);
    commits.step([], (revision) => this.publish({ revision, deltas, others: new Map(Array.from(audiences.live, (viewers) => [viewers, plain])) }));
  }

  /** What the host was loaded from, for a while. */
  get past(): Past | undefined {
    return this.#past;
  }

  /** Adds the frames to the log that clients were sent last in the earlier life. */
  #recall(): void {
    const past = this.#past;
    if (!past) return;
    this.#frameLog.precede(past.recall());
    for (const [name, entry] of this.#host.shelf.live) if (entry.loggedFrom === past.revision && !isRenumbered(entry)) entry.loggedFrom = past.startOf(name);
  }

  /** The past is over: what nobody has come back to is logged no more. */
  endPast(): void {
    this.#past?.end();
    this.#past = undefined;
    for (const entry of this.#host.shelf.live.values()) if (entry.watchedFrom === undefined) entry.loggedFrom = undefined;
    if (!this.logs) this.#frameLog.restart(this.#host.commits.told);
  }

  /** Has the frame log keep all that watchers see of a store from now on. */
  keep(entry: ShelfEntry): void {
    if (entry.watchedFrom !== undefined) return;
    const { commits } = this.#host;
    const { definition, store } = entry;
    entry.watchedFrom = commits.revision;
    store.watch();
    if (isRenumbered(entry)) {
      // A client may have another state of the loaded revision, from an earlier life: so that revision is skipped.
      if (commits.asLoaded) commits.step([], (revision) => this.publish({ revision, deltas: [] }));
      entry.loggedFrom = entry.since = entry.watchedFrom = commits.revision;
      entry.computeds = "set";
      return;
    }
    entry.loggedFrom ??= commits.revision;
    const { renewal } = store;
    if (!renewal) return;
    entry.computeds = "set";
    this.#stepComputeds([[definition.name, renewal]]);
  }
}

const namesOf = (wants: readonly Want[]): string[] => wants.map(({ store }) => store);

/** Makes a commit's frame. The instances that its event has made have numbers for the audience of its caller alone. */
function frameOf(host: number, { revision, deltas, others, by, effects, tick }: Told): Frame {
  const byFor = (viewers: HostViewers | undefined) => by && { client: by.client, n: by.n, ...(by.viewers === viewers && { made: by.made }) };
  const forms =
    others && new Map([...others].map(([viewers, seen]) => [viewers, new Frame(host, revision, seen, byFor(viewers), effects, undefined, tick?.for(viewers))]));
  return new Frame(host, revision, deltas, byFor(undefined), effects, forms, tick);
}
