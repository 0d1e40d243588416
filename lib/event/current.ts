import type { AppContext, AppEffects, Problem } from "../class/register.js";
import type { Global } from "../class/view-types.js";
import { outsideCurrent } from "../errors/errors.js";
import { randomId } from "./random-id.js";
import type { ScheduleRequest } from "./schedule.js";
import type { TaskVerb } from "./task.js";

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
/** The `params` or the `search` of a page, as Next gives them. */
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

/** What `current()` gives in every app, beside the app's own context. */
export interface CurrentBase {
  readonly session: Session | undefined;
  /** The key of the room, or of the keyed tab store. */
  readonly key: string | undefined;
  /** A signal that aborts when the event is cancelled, superseded or timed out. */
  readonly signal: Global<"AbortSignal">;
  readonly connection: Connection | undefined;
  /** The idempotency key for effects outside: the same when the event is run again. */
  readonly eventId: string;
  /** Another store of the same scope instance. */
  get<T extends object>(store: new () => T): Promise<T>;
  /**
   * Cancels the calls of an event that wait or run in this scope instance, whoever made them, from whichever tab or device. Their signals abort at once, and
   * their callers get `CANCELLED`. Returns how many there were. The call that asks is not among them. What they have committed stays.
   * For an event of a model, the calls on all of its objects in this scope instance are cancelled.
   *
   * An event that is not `background: true` holds the queue while it runs: the event that cancels it must then be `background: true`.
   * @throws StateError if the function is no event of a store of the same scope instance, or of a model
   * @example
   * @event({ background: true }) stop() {
   *   current().cancel(this.answer);
   * }
   */
  cancel(event: (...args: never[]) => unknown): number;
}
/** The caller, and the running event. In a predicted event only `visitor` and `key` are known: reading anything else leaves the event to the server. */
export type Current = CurrentBase & AppContext;

/** The effects that every app has. `<TwinProvider effects>` replaces what they do. */
export interface BuiltInEffects {
  /**
   * Opens another page of the app. Addresses of other origins are refused unless `external`, those of scripts always.
   * @param options `replace`: the page that is left takes no place in the history. @default { external: false, replace: false }
   * @throws StateError `UNSAFE_URL`
   * @example effect.redirect(`/poll/${id}`);
   */
  redirect(url: string, options?: { external?: boolean; replace?: boolean }): void;
  /**
   * Shows a short message for `duration` ms, and longer while the visitor points at it; `Infinity`: until it is dismissed.
   * @default { kind: "info", duration: 6000 }
   * @example effect.toast("Saved", { kind: "success" });
   */
  toast(message: string, options?: { kind?: "info" | "success" | "warning" | "error"; duration?: number }): void;
  /**
   * Saves a file: of an address, as `redirect` takes it, or one that the event has made, of 512 KiB at most. The commit of the event waits for a Blob's bytes.
   * @param name the name of the saved file @default that of the address, or of the `File`
   * @throws StateError `UNSAFE_URL`, or if the file is too large
   * @example effect.download("/report.csv");
   * @example effect.download({ data: rows.join("\n"), type: "text/csv" }, "report.csv");
   */
  download(file: string | MadeFile | Global<"Blob">, name?: string, options?: { external?: boolean }): void;
  /**
   * Focuses the element with this `id`, once the page shows what the event has changed.
   * @example effect.focus("title");
   */
  focus(id: string): void;
  /**
   * Scrolls the element with this `id` into view, once the page shows what the event has changed. Visitors who prefer less motion get none.
   * @default { behavior: "auto", block: "start", inline: "nearest" }
   * @example effect.scrollTo(`message-${id}`, { behavior: "smooth", block: "end" });
   */
  scrollTo(id: string, options?: ScrollOptions): void;
}

/** A file that an event has made. The default `type` of text is `text/plain`. */
interface MadeFile {
  readonly data: string | Uint8Array;
  readonly type?: string;
}

interface ScrollOptions {
  behavior?: "auto" | "instant" | "smooth";
  block?: "start" | "center" | "end" | "nearest";
  inline?: "start" | "center" | "end" | "nearest";
}

/** A file as the browser gets it. */
export interface SentFile {
  readonly data: Uint8Array;
  readonly type: string;
}

/** The built-in effects, as functions of the browser. */
export interface BuiltInHandlers extends Omit<BuiltInEffects, "download"> {
  download(file: string | SentFile, name?: string, options?: { external?: boolean }): void;
}

/** The effects that events have in browsers: the built-in ones, and the app's own. */
type Effects = BuiltInEffects & AppEffects;

/** The effects of an event, by whose browsers they act in. */
export type EventEffects = Effects & {
  /**
   * Acts in the browsers of all who watch a store of this scope instance now, with the frame of the event's commit.
   * @example effect.everyone.confetti(20);
   */
  readonly everyone: Effects;
  /**
   * Acts in one tab, of whatever session: once it has a stream, if that is within a minute. `connection` is a `Connection`, as `current().connection` or one
   * that state has kept, or its id.
   * @throws StateError for anything else
   * @example effect.to(this.host).toast("Somebody has come");
   */
  to(connection: Pick<Connection, "id"> | string): Effects;
};

/** Whom an effect is for: the caller, if undefined. `connection` is whatever the app has given. */
export type EffectTarget = "everyone" | { readonly connection: unknown } | undefined;

/** The environment of running events: it provides `current()`, `update()`, effects and ids. */
export interface Provider {
  current(): Current | undefined;
  update<R>(change: () => R): Promise<R>;
  /** `false`: no event runs here. */
  effect(name: string, args: readonly unknown[], target: EffectTarget): boolean;
  newId(): string | undefined;
  /** Makes or cancels a schedule. Missing in predictions: the server does it. */
  schedule?(request: ScheduleRequest): void;
  /** Does what code asks of durable events. Missing in browsers. */
  task?(verb: TaskVerb, args: readonly unknown[]): unknown;
  /** Runs a constructor. State cannot be changed meanwhile. */
  construct<R>(make: () => R): R;
}

// One for all copies of this module, of which Next makes several in one process.
const PROVIDER = Symbol.for("twinstate.provider");
const shared = globalThis as unknown as { [PROVIDER]?: Provider };

export function setProvider(provider: Provider): void {
  shared[PROVIDER] = provider;
}

/** The provider of what runs now. */
export const runningProvider = (): Provider | undefined => shared[PROVIDER];

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
 * changes are one commit. Resolves to its result. In an event that has its turn, `change` runs at once.
 *
 * After the event is cancelled, superseded, out of time, or cut off because the server closes, `update()` still works for five seconds, so that `finally` can
 * clean up. If the event has not read `current().signal`, the next `update()` throws the reason first, so that a loop ends.
 * @throws StateError inside another `update()`, and if `change` returns a promise: it takes a synchronous function
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

const effectsFor = (target: EffectTarget, more?: object) =>
  new Proxy({} as EventEffects, {
    get: (_, name) => {
      if (typeof name === "symbol") return undefined;
      if (more && Object.hasOwn(more, name)) return Reflect.get(more, name);
      return (...args: unknown[]) => {
        if (!shared[PROVIDER]?.effect(name, args, target)) throw outsideCurrent(`effect.${name}()`);
      };
    },
  });

/**
 * Runs an effect in the caller's browser, after the event's changes are shown there. `effect.everyone` runs one in the browsers of all who watch, and
 * `effect.to(connection)` in one tab.
 * @throws StateError outside an event
 * @example effect.toast("Saved");
 * @example effect.everyone.confetti(20);
 */
export const effect: EventEffects = effectsFor(undefined, {
  everyone: effectsFor("everyone"),
  to: (connection: unknown) => effectsFor({ connection }),
});

/**
 * A new random id of 22 letters, digits, `-` and `_`. Inside an event that runs at both ends it is the same at both. With a durable storage, a client's event
 * that runs again after a kill gets the same ids again.
 * @example this.items.push({ id: newId(), title, done: false });
 */
export function newId(): string {
  return shared[PROVIDER]?.newId() ?? randomId();
}

/** Runs a constructor for an event: what it would change of state is refused. */
export const constructing = <R>(make: () => R): R => shared[PROVIDER]?.construct(make) ?? make();
