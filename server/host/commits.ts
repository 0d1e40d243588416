import type { WireDelta } from "../../lib/wire/codec.js";
import type { EventRecord } from "../storage/records.js";
import type { Turn } from "./context.js";
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
  readonly world: Pick<World, "storage" | "report">;
  /** The storage did not take a commit. Makes the error that those get who wait for it. */
  lose(error: unknown): Error;
}

/** What a host commits: each a revision, and its way into the storage. Nobody is told of what is not there. */
export class Commits {
  readonly #host: Owner;
  readonly #journal: Journal;
  /** Of the record that it began with, if any. */
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

  /** Of the last commit, which may be on its way into the storage. */
  get revision(): number {
    return this.#revision;
  }

  /** Of the last commit that the storage has. Nobody is told of more. */
  get told(): number {
    return this.#told;
  }

  /** Nothing was committed since it was loaded. */
  get asLoaded(): boolean {
    return this.#revision === this.#loaded;
  }

  /** Makes what has changed final, in all stores at once, and sends it on its way into the storage; when it is there, it is told of. `end`: it is the event's last, which gives its answer. */
  async make(turn: Turn, call?: EventCall<unknown>, end?: () => unknown): Promise<void> {
    const { eventNumbers, shelf, turns, watchers } = this.#host;
    turns.check(turn);
    const changed: ShelfEntry[] = [];
    const deltas: [string, WireDelta][] = [];
    for (const [name, entry] of shelf.live) {
      const { open } = entry.store;
      const delta = entry.store.commit();
      if (open || delta) changed.push(entry);
      if (delta && entry.loggedFrom !== undefined) deltas.push([name, delta]);
    }
    if (changed.length > 0) this.#revision++;
    const revision = this.#revision;
    const numbered = call?.numbered;
    // One that runs beside the queue may end before those that were called before it.
    const by = end && !call?.event.background ? numbered : undefined;
    if (by) eventNumbers.end(by.client, by.n);
    if (end) {
      const answer = end();
      if (numbered) this.#begun?.delete(numbered);
      if (changed.length > 0 || numbered) this.write(changed, numbered && { ...numbered, answer });
    } else if (changed.length > 0) {
      if (numbered) (this.#begun ??= new Set()).add(numbered);
      this.write(changed, numbered);
    }
    const { effects, deliver } = turn;
    turn.effects = [];
    this.#journal.after(() => {
      this.#told = revision;
      if (changed.length > 0) watchers.publish({ revision, deltas, by: call?.predicted ? by : undefined });
      if (effects.length > 0) deliver?.(effects);
    });
    if (this.#journal.full) await turns.hold(this.#journal.settled());
  }

  /** A revision that no event makes. `told`: it is stored. */
  step(changed: readonly ShelfEntry[], told: (revision: number) => void): void {
    const revision = ++this.#revision;
    this.write(changed);
    this.#journal.after(() => {
      this.#told = revision;
      told(revision);
    });
  }

  /** An event that has committed something has failed: that answer is stored too. */
  fail(numbered: Omit<EventRecord, "answer">, answer: unknown): void {
    if (this.#begun?.delete(numbered)) this.write([], { ...numbered, answer });
  }

  /** Sends it on its way into the storage. */
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
