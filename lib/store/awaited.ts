import { AWAITED, EVENT_ERROR, InstanceNode } from "../graph/instance.js";
import { nodeOf, own, type Stored } from "../graph/node.js";
import { pathOf } from "../graph/path.js";
import type { ClassNode } from "./class-node.js";
import type { WritableGraph } from "./writable-graph.js";

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Whether a value is a promise. A Proxy that throws when it is looked at is none. */
export function isPromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise;
  } catch {
    return false;
  }
}

/**
 * Gives a promise of what can only be awaited, as the query of a database client: awaited once, however many want its value. Other values stay as they are.
 */
export function promiseOf(value: unknown): unknown {
  try {
    if (typeof value !== "object" || value === null || isPromise(value) || nodeOf(value)) return value;
    return typeof (value as Partial<PromiseLike<unknown>>).then === "function" ? new Promise((resolve) => resolve(value)) : value;
  } catch {
    // The value throws where it is looked at.
    return value;
  }
}

/**
 * The computeds of a store that are promises: what clients see of each is a container with `value`, `pending` and `error`. The last run of a computed counts.
 * The outcome of an earlier one is dropped, whenever it comes.
 */
export class Awaited {
  readonly #graph: WritableGraph;
  /** The last runs, as long as they are under way. */
  readonly #runs = new Map<ClassNode, Map<string, object>>();
  /** Called when runs have ended. */
  readonly #waiting = new Set<() => void>();
  #waking = false;

  constructor(graph: WritableGraph) {
    this.#graph = graph;
  }

  /** A computed has a new promise. The last value and the last error stay until that has settled. */
  begin(holder: ClassNode, name: string, promise: Promise<unknown>): void {
    const shown = shownBy(holder, name);
    if (shown) shown.put("pending", true);
    else holder.put(name, this.#make({ value: undefined, pending: true, error: undefined }, AWAITED));
    const run = {};
    const runs = this.#runs.get(holder) ?? new Map<string, object>();
    this.#runs.set(holder, runs.set(name, run));
    const end = (outcome: Outcome) => this.#end(holder, name, run, outcome);
    // A promise may throw where it is looked at, as a Proxy does: this one rejects then.
    new Promise((resolve) => resolve(promise)).then(
      (value) => end({ value }),
      (error) => end({ error }),
    );
  }

  /** Drops the outcome of a computed that is under way, or of all of an instance. */
  drop(holder: ClassNode, name?: string): void {
    const runs = this.#runs.get(holder);
    if (!runs) return;
    if (name !== undefined) runs.delete(name);
    if (name === undefined || runs.size === 0) this.#runs.delete(holder);
    this.#wake();
  }

  /** Calls back once no run is under way that some clients see: those for whom these `visibleTo` predicates are true. Returns what stops it. */
  onSettled(predicates: ReadonlySet<unknown> | undefined, settled: () => void): () => void {
    const look = () => {
      if (this.#isShown(predicates)) return;
      this.#waiting.delete(look);
      settled();
    };
    this.#waiting.add(look);
    look();
    return () => this.#waiting.delete(look);
  }

  /** Whether a run is under way that these clients see. */
  #isShown(predicates: ReadonlySet<unknown> | undefined): boolean {
    for (const [holder, runs] of this.#runs) if (holder.visible(predicates).some((name) => runs.has(name))) return true;
    return false;
  }

  #end(holder: ClassNode, name: string, run: object, outcome: Outcome): void {
    const runs = this.#runs.get(holder);
    if (runs?.get(name) !== run) return;
    const shown = shownBy(holder, name);
    if (shown) this.#show(shown, outcome, () => pathOf(holder, name));
    this.drop(holder, name);
  }

  /** Has those look that wait, once the changes are over that have dropped a run: they may begin another. */
  #wake(): void {
    if (this.#waking || this.#waiting.size === 0) return;
    this.#waking = true;
    void Promise.resolve().then(() => {
      this.#waking = false;
      for (const look of this.#waiting) look();
    });
  }

  #show(shown: InstanceNode, outcome: Outcome, path: () => string): void {
    const graph = this.#graph;
    const put = (data: Readonly<Record<string, Stored>>) => {
      for (const name of Object.keys(data)) shown.put(name, data[name]);
    };
    const fail = (error: unknown) => graph.show(() => put({ error: this.#errorOf(shown, path(), error), pending: false }));
    if ("error" in outcome) return fail(outcome.error);
    try {
      graph.show(() => put({ value: graph.derive(own(shown.data, "value"), outcome.value, shown, "value"), error: undefined, pending: false }));
    } catch (error) {
      fail(error);
    }
  }

  /** The container of an error: nothing changes it, so its view stays the same. */
  #errorOf(shown: InstanceNode, path: string, error: unknown): Stored {
    const { code, message, data } = this.#graph.tell(error, path);
    return this.#make({ code, message, data: this.#graph.derive(undefined, data, shown, "error") }, EVENT_ERROR);
  }

  #make(data: Record<string, Stored>, className: string): InstanceNode {
    const node = new InstanceNode(this.#graph, data, className);
    this.#graph.writer.volatile?.add(node);
    return node;
  }
}

/** The container that clients see of a computed, if its value is a promise. */
function shownBy(holder: ClassNode, name: string): InstanceNode | undefined {
  const shown = own(holder.data, name);
  return shown instanceof InstanceNode && shown.className === AWAITED ? shown : undefined;
}
