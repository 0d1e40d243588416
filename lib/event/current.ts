import type { AppContext, AppEffects, Problem } from "../class/register.js";
import type { Global } from "../class/view-types.js";
import { outsideCurrent } from "../errors/errors.js";
import { randomId } from "./random-id.js";

/** A browser tab, or another client. `id` stays the same while the tab is open. */
export interface Connection {
  readonly id: string;
  readonly since: Date;
}

/**
 * The page that a store is loaded for, as `twin.preload({ todo: { params, search } })` passes it to `onLoad(page)`. It comes from the URL, so a visitor can set
 * it to anything: check it like arguments.
 */
export interface Page {
  readonly params: PageParams;
  readonly search: PageParams;
}
export type PageParams = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The visitor's session: a browser, signed in or not. */
interface Session {
  /** The session's id on the server: `twin.todo(id)`. */
  readonly id: string;
  /**
   * Replaces the browser's cookie, with the answer of this event. A copy of the old cookie becomes useless. The session's state stays. Call it when somebody
   * signs in or out.
   * @throws StateError in a batch of calls of a client of your own, and where there is no request.
   * @example await current().session?.rotate();
   */
  rotate(): Promise<void>;
}

export interface CurrentBase {
  readonly session: Session | undefined;
  /** The room's key. */
  readonly key: string | undefined;
  /** A signal that aborts when the event is cancelled, superseded or timed out. */
  readonly signal: Global<"AbortSignal">;
  readonly connection: Connection | undefined;
  /** The idempotency key for effects outside: the same when the event is run again. */
  readonly eventId: string;
  /** Another store of the same scope instance. */
  get<T extends object>(store: new () => T): Promise<T>;
}
/** The caller, and the running event. In a predicted event only `visitor` and `key` are known: reading anything else leaves the event to the server. */
export type Current = CurrentBase & AppContext;

export interface BuiltInEffects {
  redirect(url: string): void;
  toast(message: string, options?: { kind?: "info" | "error" }): void;
  download(url: string, name?: string): void;
}

/** The environment of running events: it provides `current()`, `update()`, effects and ids. */
export interface Provider {
  current(): Current | undefined;
  update<R>(change: () => R): Promise<R>;
  /** `false`: no event runs here. */
  effect(name: string, args: readonly unknown[]): boolean;
  newId(): string | undefined;
  /** Runs a constructor. State cannot be changed meanwhile. */
  construct<R>(make: () => R): R;
}

// One for all copies of this module, of which Next makes several in one process.
const PROVIDER = Symbol.for("twinstate.provider");
const shared = globalThis as unknown as { [PROVIDER]?: Provider };

export function setProvider(provider: Provider): void {
  shared[PROVIDER] = provider;
}

/** Runs a synchronous function with another provider. */
export function withProvider<R>(provider: Provider, run: () => R): R {
  const before = shared[PROVIDER];
  shared[PROVIDER] = provider;
  try {
    return run();
  } finally {
    shared[PROVIDER] = before as Provider;
  }
}

/**
 * Returns the caller of the running event: the app's context, with the session, the room's key, a signal, and `get` for the other
 * stores of the scope instance.
 * @throws StateError outside an event
 * @example const { user, signal } = current();
 */
export function current(): Current {
  const found = shared[PROVIDER]?.current();
  if (!found) throw outsideCurrent("current()");
  return found;
}

/**
 * Changes state from an event that runs beside the queue (`@event({ background: true })`): `change` waits for its turn, and its
 * changes are one commit. Resolves to its result.
 *
 * After the event is cancelled, superseded, or cut off because the server closes, `update()` still works for five seconds, so that `finally` can clean up. If
 * the event has not read `current().signal`, the next `update()` throws the reason first, so that a loop ends.
 * @example await update(() => { this.progress = n; });
 * @example
 * try {
 *   for (const row of rows) await update(() => { this.add(row); });
 * } finally {
 *   await update(() => { this.progress = null; });
 * }
 */
export function update<R>(change: () => R & (R extends PromiseLike<unknown> ? Problem<"update() takes a synchronous function"> : unknown)): Promise<R> {
  const provider = shared[PROVIDER];
  return provider ? provider.update(change as () => R) : new Promise((resolve) => resolve(change()));
}

/**
 * Runs an effect in the caller's browser, after the event's changes are shown there.
 * @throws StateError outside an event
 * @example effect.toast("Saved");
 */
export const effect: BuiltInEffects & AppEffects = new Proxy({} as BuiltInEffects & AppEffects, {
  get: (_, name) => {
    if (typeof name === "symbol") return undefined;
    return (...args: unknown[]) => {
      if (!shared[PROVIDER]?.effect(name, args)) throw outsideCurrent(`effect.${name}()`);
    };
  },
});

/**
 * A new random id of 22 letters, digits, `-` and `_`. Inside an event that runs at both ends it is the same at both.
 * @example this.items.push({ id: newId(), title, done: false });
 */
export function newId(): string {
  return shared[PROVIDER]?.newId() ?? randomId();
}

/** Runs a constructor for an event: what it would change of state is refused. */
export const constructing = <R>(make: () => R): R => shared[PROVIDER]?.construct(make) ?? make();
