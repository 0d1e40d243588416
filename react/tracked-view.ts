import type { Twin } from "../client/twin.js";
import { readOnlyTwin } from "../lib/errors/errors.js";
import { own } from "../lib/graph/node.js";
import { now, type Pinned } from "./hydration.js";

/**
 * The root of a view, and the handler of its own Proxy: it notes which fields were read, and gives the same value each time. A
 * field that is read late comes from a state in which all that was read before is as it was, so that no reader sees two mixed.
 */
export class TrackedView implements ProxyHandler<object> {
  /** In development it has what the console of a browser prints, which looks past traps. */
  readonly #target = {};
  /** What components hold. */
  readonly view: object = new Proxy(this.#target, this);
  readonly #twin: Twin;
  readonly #noted = new Set<string>();
  #base: Pinned;
  #all = false;
  /** How many events had no answer, once that was read. */
  #pending: number | undefined;
  #pinned: boolean;

  /** @param pin the state to stay at until {@link unpin}: what a page was rendered with. */
  constructor(twin: Twin, pin?: Pinned) {
    this.#twin = twin;
    this.#base = pin ?? now(twin);
    this.#pinned = pin !== undefined;
    this.#print();
  }

  /** Something that was read has another value by now. */
  get old(): boolean {
    const { mirror, version, pending } = this.#twin;
    const { view } = this.#base;
    if (version === this.#base.version) return false;
    if (pending !== (this.#pending ?? pending)) return true;
    if (this.#all) return mirror.view() !== view;
    for (const name of this.#noted) if (!Object.is(mirror.read(name), own(view, name))) return true;
    return false;
  }

  #print(): void {
    if (process.env.NODE_ENV !== "production") Object.assign(this.#target, this.#base.view);
  }

  unpin(): void {
    this.#pinned = false;
  }

  #note(name?: string): object {
    if (name === undefined || !this.#noted.has(name)) {
      if (!this.#pinned && this.#twin.state === "ready" && this.#twin.version !== this.#base.version && !this.old) {
        this.#base = now(this.#twin);
        this.#print();
      }
      if (name === undefined) this.#all = true;
      else this.#noted.add(name);
    }
    return this.#base.view;
  }

  get(target: object, name: string | symbol): unknown {
    if (typeof name === "symbol") return Reflect.get(target, name);
    if (name === "$pending") {
      this.#twin.counts = true;
      this.#pending ??= this.#pinned ? 0 : this.#twin.pending;
      return this.#pending;
    }
    const view = this.#note(name) as Record<string, unknown>;
    return Object.hasOwn(view, name) ? view[name] : (this.#twin.method(name, this.view) ?? Reflect.get(target, name));
  }

  has(target: object, name: string | symbol): boolean {
    return Reflect.has(typeof name === "symbol" ? target : this.#note(name), name);
  }

  ownKeys(): string[] {
    return Object.keys(this.#note());
  }

  getOwnPropertyDescriptor(_target: object, name: string | symbol): PropertyDescriptor | undefined {
    if (typeof name === "symbol" || !Object.hasOwn(this.#note(name), name)) return undefined;
    // Configurable, as a Proxy may claim nothing else of what its target lacks.
    return { value: own(this.#base.view, name), enumerable: true, configurable: true, writable: false };
  }

  readonly set = this.#refuse;
  readonly defineProperty = this.#refuse;
  readonly deleteProperty = this.#refuse;
  readonly setPrototypeOf = this.#refuse;
  readonly preventExtensions = this.#refuse;

  /** In production, the engine's own words do. */
  #refuse(): false {
    if (process.env.NODE_ENV !== "production") throw readOnlyTwin(this.#twin.store);
    return false;
  }
}
