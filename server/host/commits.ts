import type { WireDelta } from "../../lib/wire/codec.js";
import type { EventRecord } from "../storage/records.js";
import type { Turn } from "./context.js";
import { takeEffects } from "./effects.js";
import type { EventNumbers } from "./event-numbers.js";
import type { EventCall } from "./event-runner.js";
import type { World } from "./host.js";
import { createJournal, type Journal } from "./journal.js";
import type { Shelf, ShelfEntry } from "./shelf.js";
import type { Turns } from "./turns.js";
import type { Watchers } from "./watchers.js";

interface Owner {
  readonly id: string;
  readonly incarnation: string;
  readonly eventNumbers: EventNumbers;
  readonly shelf: Shelf;
  readonly turns: Turns;
  readonly watchers: Watchers;
  readonly world: Pick<World, "post" | "storage" | "report">;
  /** The storage did not take a commit. Makes the error that those get who wait for it. */
  lose(error: unknown): Error;
}

/** Makes a host's commits: gives each a revision, and stores it. Clients are sent only what is stored. */
export class Commits {
  readonly #host: Owner;
  readonly #journal: Journal;
  /** The revision of the record that was loaded, if any. */
  readonly #loaded: number | undefined;
  #revision: number;
  #told: number;
  /** The numbered events that run and have committed something, as generators do. Most hosts never have one. */
  #begun: Set<EventCall<unknown>["numbered"]> | undefined;

  constructor(host: Owner, revision: number) {
    this.#host = host;
    this.#revision = revision;
    this.#told = revision;
    this.#loaded = revision || undefined;
    this.#journal = createJournal({
      append: (commits) => host.world.storage.append(host.id, commits),
      failed: (error) => host.lose(error),
      report: (error) => host.world.report("error", error),
    });
  }

  /** The revision of the last commit, which may not be stored yet. */
  get revision(): number {
    return this.#revision;
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
  async make(turn: Turn, call?: EventCall<unknown>, end?: () => unknown): Promise<void> {
    const { eventNumbers, shelf, turns, watchers, world } = this.#host;
    if (turn.reading) await turn.reading;
    turns.check(turn);
    const changed: ShelfEntry[] = [];
    const deltas: [string, WireDelta][] = [];
    for (const [name, entry] of shelf.live) {
      const { open } = entry.store;
      const delta = entry.store.commit();
      if (open || delta) changed.push(entry);
      if (delta && entry.loggedFrom !== undefined) deltas.push([name, delta]);
    }
    const { everyone, send } = takeEffects(turn, world.post, () => watchers.logs);
    // Effects for all who watch have a revision, so a client that resumes gets them once.
    const news = changed.length > 0 || everyone.length > 0;
    if (news) this.#revision++;
    const revision = this.#revision;
    const numbered = call?.numbered;
    // An event beside the queue may end before events that were called before it.
    const by = end && !call?.event.background ? numbered : undefined;
    if (by) eventNumbers.end(by.client, by.n);
    if (end) {
      const answer = end();
      if (numbered) this.#begun?.delete(numbered);
      if (news || numbered) this.write(changed, numbered && { ...numbered, answer: storedAnswer(call, answer) });
    } else if (news) {
      // The first commit of an event says that it has begun.
      const begins = numbered && !this.#begun?.has(numbered);
      if (begins) (this.#begun ??= new Set()).add(numbered);
      this.write(changed, begins ? numbered : undefined);
    }
    const shown = call?.predicted ? by && { client: by.client, n: by.n, made: shelf.live.get(call.definition.name)?.store.made } : undefined;
    this.#journal.after(() => {
      this.#told = revision;
      if (news) watchers.publish({ revision, deltas, by: shown, effects: everyone });
      send?.();
    });
    if (this.#journal.full) await turns.hold(this.#journal.settled());
  }

  /** Has the effects of an event beside the queue take place with its yield, which commits nothing. */
  async effects(turn: Turn): Promise<void> {
    if (turn.reading) await turn.reading;
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

  /** An event that has committed something has failed: that answer is stored too. */
  fail<R>(call: EventCall<R>, answer: R): void {
    const { numbered } = call;
    if (numbered && this.#begun?.delete(numbered)) this.write([], { ...numbered, answer: storedAnswer(call, answer) });
  }

  /** Sends a commit to the storage. */
  write(changed: readonly ShelfEntry[], event?: EventRecord): void {
    const { incarnation, shelf, world } = this.#host;
    if (!world.storage.durable) return;
    this.#journal.add({ incarnation, revision: this.#revision, stores: shelf.records(changed), ...(event && { event }) });
  }

  /** Runs something when all that stands here now is stored; at once where it is. */
  after(run: () => void): void {
    this.#journal.after(run);
  }

  /** Resolves when all that stands here now is stored. */
  settled(): Promise<void> {
    return this.#journal.settled();
  }
}

const storedAnswer = <R>({ stored }: EventCall<R>, answer: R): unknown => (stored ? stored(answer) : answer);
