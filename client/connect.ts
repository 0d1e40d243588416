import type { AppVisitor } from "../lib/class/register.js";
import type { LoadedOf, Presence, View } from "../lib/class/view-types.js";
import type { EventError } from "../lib/errors/errors.js";
import { openFace } from "../lib/live/faces.js";
import { printContainers } from "../lib/live/inspect.js";
import { viewOf } from "../lib/view/view.js";
import type { KeyedKind, KindOf, StoreOf } from "../server/definition/scope.js";
import { createClient } from "./client.js";
import { engine } from "./lazy-prediction.js";
import { presenceOf } from "./lazy-presence.js";
import type { ClientOptions } from "./options.js";
import type { Status } from "./status.js";
import type { LiveTwin } from "./twin.js";
import { decodeVisitor, type Visiting } from "./visitor.js";

/** A store's twin: the state as MobX sees it, read-only, and the events. */
export type Live<T> = View<T> & LiveTools<T>;

/** What a tab shows of itself in a presence field. */
type OwnOf<V> = V extends Presence<any, infer I> ? Partial<I> : never;

/** What a live twin has beside the store's fields and events. */
export interface LiveTools<T> {
  /** How many events of this store that were called here have no answer yet. */
  readonly $pending: number;
  /** The state now, as an immutable view: what has not changed is the same object as before. */
  $snapshot(): View<T>;
  /** Calls back after each change, until the returned function is called. For those who do not use MobX. */
  $subscribe(listener: () => void): () => void;
  /**
   * Shows something of this client in a presence field, in the place of what it showed there before; `undefined`: nothing any more.
   * @example board.$present("people", { cursor: { x, y } });
   */
  $present<K extends keyof T & string>(field: K, own: OwnOf<T[K]> | undefined): void;
  /** Lets the twin go: a while later it is no longer kept up to date. */
  $leave(): void;
}

/** The stores of an app, each by its name; rooms and keyed tab stores by their keys. */
export type Connected<S> = {
  readonly [K in keyof S & string]: KindOf<S[K]> extends KeyedKind ? (key: string) => Promise<Live<StoreOf<S[K]>>> : () => Promise<Live<StoreOf<S[K]>>>;
} & ConnectedTools;

/** What `connect` returns beside the stores: the connection's status, the visitor, effects, and the end of it. */
export interface ConnectedTools {
  /** How the connection is, and how many calls have no answer yet. */
  readonly $status: Status;
  /** The `visitor` of the app's context, as of now: `undefined` until a store has come. */
  readonly $visitor: LoadedOf<AppVisitor> | undefined;
  /** Calls back for each call that fails and that nobody awaits. @default they are printed to the console */
  $onError(listener: (error: EventError) => void): () => void;
  /** Calls back for each effect, as `effect.toast("Saved")`, that an event has for its caller. */
  $onEffect(listener: (name: string, args: readonly unknown[]) => void): () => void;
  /** Ends the connection. Calls that have no answer are rejected with `CANCELLED`. */
  $close(): void;
}

export interface ConnectOptions<S, M> extends ClientOptions {
  /** Classes that this side shall know too: the server's, or ones that the server's extend. Their optimistic events are shown at once. */
  stores?: { readonly [K in keyof S]?: new () => Partial<StoreOf<S[K]>> } | undefined;
  /** The same for classes of nested instances. */
  models?: { readonly [K in keyof M]?: M[K] extends new (...args: any[]) => infer T ? new (...args: any[]) => Partial<T> : never } | undefined;
}

/**
 * Connects to an app's stores, without React: for bots, workers, scripts, other UI libraries. A store resolves when its state has come, and
 * is kept up to date from then on.
 * @throws EventError (by rejection) when a store is refused: `FORBIDDEN`, `NOT_FOUND`.
 * @example
 * const twin = connect<Twin>({ url: "https://app.example/api/twin" });
 * const todo = await twin.todo();
 * await todo.add("milk");                    // resolves once `todo` shows it
 * console.log(todo.left);
 * autorun(() => console.log(todo.items.length));
 * const board = await twin.board("sprint-42");
 * twin.$close();
 */
export function connect<T extends { readonly "~stores": any; readonly "~models"?: any }>(
  options: ConnectOptions<T["~stores"], T["~models"]> = {},
): Connected<T["~stores"]> {
  printContainers();
  const client = createClient({ ...options, ...withCookies(options) });
  const loading = (options.stores ?? options.models) && engine.load();
  const opened = new Map<object, Promise<object>>();
  const tools: Record<string, unknown> = { $status: client.status, $onError: client.onError, $onEffect: client.onEffect, $close: client.close };

  /** The same value until it changes. */
  let known: { readonly from: Visiting; readonly value: unknown } | undefined;
  function visitor(): unknown {
    const { current } = client.visitor;
    if (known?.from !== current) known = { from: current, value: decodeVisitor(current) };
    return known.value;
  }

  async function open(store: string, key: string | null): Promise<object> {
    const twin = client.twin(store, key);
    const stop = twin.use();
    const leave = () => {
      opened.delete(twin);
      stop();
    };
    await Promise.all([twin.ready, loading]);
    if (twin.error) {
      leave();
      throw twin.error;
    }
    twin.mirror.graph.open ??= openFace;
    const { live } = twin.mirror;
    const more: Record<string, unknown> = {
      $snapshot: () => viewOf(live),
      $subscribe: (listener: () => void) => twin.subscribe(listener),
      $present: (field: string, own?: object) => void presenceOf(client).then((presence) => presence.showIn(twin as LiveTwin, field, live, own), unloaded),
      $leave: leave,
    };
    return new Proxy(live, { get: (target, name) => (typeof name === "string" && Object.hasOwn(more, name) ? more[name] : Reflect.get(target, name, target)) });
  }

  return new Proxy(tools, {
    get(_, name) {
      if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
      if (name === "$visitor") return visitor();
      if (name.startsWith("$")) return tools[name];
      return (key: string | null = null) => {
        const twin = client.twin(name, key);
        const found = opened.get(twin) ?? open(name, key);
        opened.set(twin, found);
        found.catch(() => opened.delete(twin));
        return found;
      };
    },
  }) as unknown as Connected<T["~stores"]>;
}

/** The code that shows something did not load: nothing is shown, until the next time. */
const unloaded = () => {};

/** Keeps cookies where there is no browser to keep them: the session's, and those of proxies. */
function withCookies({ fetch: get = fetch, openSocket }: ClientOptions): Required<Pick<ClientOptions, "fetch" | "openSocket">> {
  /** The cookies by name, each as it is sent. */
  const cookies = new Map<string, string>();
  const cookie = () => [...cookies.values()].join("; ");
  return {
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      if (cookies.size > 0 && !headers.has("cookie")) headers.set("cookie", cookie());
      const response = await get(input, { ...init, headers });
      for (const set of response.headers.getSetCookie?.() ?? []) {
        const [pair, name] = /^([^=;]*)[^;]*/.exec(set) as unknown as [string, string];
        cookies.set(name, pair);
      }
      return response;
    },
    // Node's takes headers; a browser shows no cookie.
    openSocket: openSocket ?? ((url) => new WebSocket(url, (cookies.size > 0 ? { headers: { cookie: cookie() } } : undefined) as never)),
  };
}
