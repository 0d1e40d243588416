import type { ViewedTwin } from "../client/twin.js";
import { readOnlyTwin } from "../lib/errors/errors.js";
import { own } from "../lib/graph/node.js";
import { currentView, type VersionedView } from "./hydration.js";

/**
 * The root of a view, and the handler of its own Proxy. It tracks which fields were read, and gives each field the same value each time. A field that is read
 * for the first time comes from a state in which all fields read before are unchanged: no reader sees a mix of two states.
 */
export class TrackedView implements ProxyHandler<object> {
  /** The target of the Proxy. It holds the fields in development, as the console of a browser prints a Proxy's target. */
  readonly #target = {};
  /** The Proxy that components hold. */
  readonly view: object = new Proxy(this.#target, this);
  readonly #twin: ViewedTwin;
  readonly #fields = new Set<string>();
  #base: VersionedView;
  /** All fields were read, as by a spread. */
  #all = false;
  /** The count of events without an answer, once that was read. */
  #pending: number | undefined;
  #hydrating: boolean;

  /** @param rendered what the page was rendered with: the view stays at it until {@link endHydration}. */
  constructor(twin: ViewedTwin, rendered?: VersionedView) {
    this.#twin = twin;
    this.#base = rendered ?? currentView(twin);
    this.#hydrating = rendered !== undefined;
    this.#fillTarget();
  }

  /** A field that was read has another value by now. */
  get stale(): boolean {
    const { mirror, version, pending } = this.#twin;
    const { view } = this.#base;
    if (version === this.#base.version) return false;
    if (pending !== (this.#pending ?? pending)) return true;
    if (this.#all) return mirror.view() !== view;
    for (const name of this.#fields) if (!Object.is(mirror.read(name), own(view, name))) return true;
    return false;
  }

  #fillTarget(): void {
    if (process.env.NODE_ENV !== "production") Object.assign(this.#target, this.#base.view);
  }

  endHydration(): void {
    this.#hydrating = false;
  }

  #track(name?: string): object {
    if (name === undefined || !this.#fields.has(name)) {
      if (!this.#hydrating && this.#twin.state === "ready" && this.#twin.version !== this.#base.version && !this.stale) {
        this.#base = currentView(this.#twin);
        this.#fillTarget();
      }
      if (name === undefined) this.#all = true;
      else this.#fields.add(name);
    }
    return this.#base.view;
  }

  get(target: object, name: string | symbol): unknown {
    if (typeof name === "symbol") return Reflect.get(target, name);
    if (name === "$pending") {
      this.#twin.counts = true;
      this.#pending ??= this.#hydrating ? 0 : this.#twin.pending;
      return this.#pending;
    }
    const view = this.#track(name) as Record<string, unknown>;
    return Object.hasOwn(view, name) ? view[name] : (this.#twin.method(name, this.view) ?? Reflect.get(target, name));
  }

  has(target: object, name: string | symbol): boolean {
    return Reflect.has(typeof name === "symbol" ? target : this.#track(name), name);
  }

  ownKeys(): string[] {
    return Object.keys(this.#track());
  }

  getOwnPropertyDescriptor(_target: object, name: string | symbol): PropertyDescriptor | undefined {
    if (typeof name === "symbol" || !Object.hasOwn(this.#track(name), name)) return undefined;
    // The property must be configurable, as the target lacks it.
    return { value: own(this.#base.view, name), enumerable: true, configurable: true, writable: false };
  }

  readonly set = this.#refuse;
  readonly defineProperty = this.#refuse;
  readonly deleteProperty = this.#refuse;
  readonly setPrototypeOf = this.#refuse;
  readonly preventExtensions = this.#refuse;

  /** Refuses a write. The engine's own error is enough in production. */
  #refuse(): false {
    if (process.env.NODE_ENV !== "production") throw readOnlyTwin(this.#twin.store);
    return false;
  }
}
