import type { Page } from "../../lib/event/current.js";
import { hasHook, runHook } from "../definition/lifecycle.js";
import { createGate } from "../task/gate.js";
import { type Caller, currentTurn, SERVER, type Turn } from "./context.js";
import type { Host } from "./host.js";
import type { Bring } from "./kept-values.js";
import type { ShelfEntry } from "./shelf.js";

/** Why a store is loaded. */
interface Visit {
  readonly caller: Caller;
  /** The page for which `onLoad` runs. */
  readonly page?: Page | undefined;
  /** What `onLoad` makes of a new store is a change: the page will ask for it when it opens its stream. */
  readonly lasting?: boolean;
  /** Checks what the page has brought of the store's kept fields. */
  readonly bring?: (() => Promise<Bring>) | undefined;
}

/** Loads stores of a host: makes them live, and runs `onCreate` and `onLoad`. */
export class Loader {
  readonly #host: Host;
  readonly #opening = new Map<string, Promise<ShelfEntry>>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The store, loaded; waits where its hooks need the host's turn. */
  async open(name: string): Promise<ShelfEntry> {
    const { commits, queue, shelf, turns } = this.#host;
    const turn = currentTurn();
    if (turn && turn === turns.now) return this.openIn(turn, name);
    const entry = shelf.live.get(name);
    if (entry) {
      if (!entry.loading) return entry;
      await entry.loading.over;
      return this.open(name);
    }
    const definition = shelf.definition(name);
    if (!hasHook(definition, "onCreate", "onLoad")) return shelf.make(definition);
    let opening = this.#opening.get(name);
    if (!opening) {
      opening = queue.run(() =>
        turns.take(`${name}.onLoad`, { caller: SERVER }, async (turn) => {
          const opened = await this.openIn(turn, name);
          await commits.make(turn);
          return opened;
        }),
      );
      this.#opening.set(name, opening);
      const forget = () => void this.#opening.delete(name);
      opening.then(forget, forget);
    }
    return opening;
  }

  /**
   * The store, loaded as part of what is running. `page`: for which; what that makes of a new store is a change, if it is to last. `bring`: puts in what the
   * page has brought.
   */
  async openIn(turn: Turn, name: string, page?: Page, lasting = false, bring?: Bring): Promise<ShelfEntry> {
    const { shelf } = this.#host;
    const found = shelf.live.get(name);
    if (found) return found;
    const kept = shelf.kept(name);
    const entry = shelf.make(shelf.definition(name));
    if (!bring && !hasHook(entry.definition, "onCreate", "onLoad")) return entry;
    const { opened: over, open: done } = createGate();
    // The next caller loads it again.
    const fail = () => {
      entry.loading = undefined;
      shelf.unmake(entry, kept);
      done();
    };
    entry.loading = { over, fail };
    const { open, guard } = turn;
    // A guard may ask for a store, and may not write: the store's own hooks may.
    turn.open = true;
    turn.guard = false;
    try {
      if (entry.created) await runHook(entry.store, "onCreate");
      bring?.(entry);
      if (entry.created && lasting) entry.store.commit();
      await runHook(entry.store, "onLoad", page);
      if (turn.ended) throw turn.ended;
    } catch (error) {
      entry.loading?.fail();
      throw error;
    } finally {
      if (!turn.ended) turn.open = open;
      turn.guard = guard;
    }
    // Changes that hooks make to a new store belong to its beginning: nobody has seen it before.
    if (entry.created && !lasting) entry.store.commit();
    entry.loading = undefined;
    done();
    return entry;
  }

  /** Loads a store for a page, with what that has brought, and runs its `onLoad`, as an event of the visitor's. A store that is live has run it already. */
  async load(name: string, { caller, page, lasting, bring }: Visit): Promise<void> {
    const { commits, queue, shelf, turns } = this.#host;
    const loads = page && hasHook(shelf.definition(name), "onLoad");
    if (!loads && !bring) return;
    await queue.run(() =>
      turns.take(`${name}.onLoad`, { caller }, async (turn) => {
        const brought = await bring?.();
        const entry = shelf.live.get(name);
        if (entry) {
          brought?.(entry);
          if (loads) await runHook(entry.store, "onLoad", page);
        } else await this.openIn(turn, name, page, lasting, brought);
        await commits.make(turn);
      }),
    );
  }
}
