import { type Recalled, recallSteps, sizeOf } from "../../lib/store/recall.js";
import type { WireDelta } from "../../lib/wire/codec.js";
import { finish } from "../../lib/wire/steps.js";
import { versionOf } from "../definition/scope.js";
import type { StoreHistory, StoreState } from "../storage/records.js";
import { Frame } from "../wire/frame.js";
import type { World } from "./world.js";

/** How long a host that was loaded knows what it was loaded from, in ms: clients that its end has cut off come back meanwhile. */
const KEPT = 60_000;
/** The most containers that a store may have. Larger ones would hold the host up, and take memory. */
const MOST_CONTAINERS = 20_000;

interface Owner {
  readonly number: number;
  readonly world: Pick<World, "definitions" | "models" | "report">;
}

/** What a host was loaded from: the last commits of its earlier life, for clients that lack them. */
export class Past {
  readonly #host: Owner;
  /** The revision with which this life has begun. */
  readonly revision: number;
  /** The stores that have changed since they were whole. */
  readonly #stores: Map<string, StoreState>;
  /** The revision after which the frames tell of each store, once they have been made. */
  readonly #from = new Map<string, number>();
  #frames: readonly Frame[] | undefined;
  readonly #timer: NodeJS.Timeout;

  /** @param over called when it is over */
  constructor(host: Owner, revision: number, stores: ReadonlyMap<string, StoreState>, over: () => void) {
    this.#host = host;
    this.revision = revision;
    this.#stores = new Map([...stores].filter(([, { whole, tail }]) => tail.length > 0 && sizeOf(whole.saved) <= MOST_CONTAINERS));
    this.#timer = setTimeout(over, KEPT);
    this.#timer.unref();
  }

  /** The revision after which the frames tell of a store, as far as they are made. */
  startOf(store: string): number {
    return this.#from.get(store) ?? this.revision;
  }

  /** Makes the frames once more that clients were sent last, without computeds and effects. They are given once. */
  recall(): readonly Frame[] {
    if (this.#frames) return [];
    const deltas = new Map<number, [store: string, delta: WireDelta][]>();
    const events = new Map<number, StoreHistory["commits"][number]["by"]>();
    for (const [name, state] of this.#stores) this.#recallStore(name, state, deltas, events);
    this.#stores.clear();
    const frames: Frame[] = [];
    for (let revision = Math.min(this.revision, ...this.#from.values()) + 1; revision <= this.revision; revision++) {
      const by = events.get(revision);
      frames.push(new Frame(this.#host.number, revision, deltas.get(revision) ?? [], by && { client: by.client, n: by.n }));
    }
    this.#frames = frames;
    return frames;
  }

  #recallStore(
    name: string,
    { whole, tail, history }: StoreState,
    deltas: Map<number, [store: string, delta: WireDelta][]>,
    events: Map<number, StoreHistory["commits"][number]["by"]>,
  ): void {
    const { definitions, models, report } = this.#host.world;
    const definition = definitions.get(name);
    if (!history || !definition || versionOf(definition) !== whole.version) return;
    let recalled: Recalled;
    try {
      recalled = finish(recallSteps({ name, instance: () => new definition.Class(), models, saved: whole.saved, tail }));
    } catch (error) {
      report("error", error);
      return;
    }
    const { from } = recalled;
    const { commits, since } = history;
    this.#from.set(name, commits[from - 1]?.revision ?? since);
    for (const [i, delta] of recalled.deltas.entries()) {
      const { revision, by } = commits[from + i] as StoreHistory["commits"][number];
      if (by) events.set(revision, by);
      if (!delta) continue;
      const some = deltas.get(revision) ?? [];
      deltas.set(revision, some);
      some.push([name, delta]);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The revision since which the containers of a stored store have the numbers that they have: earlier ones may count no more. */
export function numberedSince({ tail, history }: StoreState): number {
  if (!history) return 0;
  const whole = tail.findLastIndex(([, , numbers]) => numbers !== undefined && numbers !== 0 && numbers[2] !== undefined);
  return whole < 0 ? history.since : (history.commits[whole]?.revision ?? history.since);
}
