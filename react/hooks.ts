import { createElement, use, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { engine } from "../client/lazy-prediction.js";
import type { ClientOptions } from "../client/options.js";
import { addressOf, type Twin } from "../client/twin.js";
import { decodeVisitor } from "../client/visitor.js";
import type { AppVisitor } from "../lib/class/register.js";
import type { LoadedOf, View } from "../lib/class/view-types.js";
import { notPreloaded } from "../lib/errors/errors.js";
import type { KeyedKind, KindOf, StoreOf } from "../server/definition/scope.js";
import { useClient } from "./context.js";
import { warnOfCompiled } from "./hints.js";
import { HydrationContext } from "./hydration.js";
import { lazyLive } from "./lazy-live.js";
import { TwinPreload, type TwinPreloadComponent } from "./preload.js";
import { TwinProvider, type TwinProviderComponent, type TwinProviderProps } from "./provider.js";
import { createLive, createSelection, createView, type ViewSource } from "./view.js";

// --- types ---

/** A store, as its hook returns it. */
export type StoreView<T> = View<T> & {
  /** The count of events of this store that were called in this tab and have no answer yet. */
  readonly $pending: number;
};
/** `useTodo`: the hook of a store without key. */
export type UseStore<T> = (<R>(select: (store: StoreView<T>) => R) => R) & (() => StoreView<T>);
/** `useBoard`: the hook of a room, or of a keyed tab store, by key. With `null` there is none now. */
export type UseRoom<T> = (<R>(key: string, select: (store: StoreView<T>) => R) => R) &
  ((key: string) => StoreView<T>) &
  ((key: string | null) => StoreView<T> | undefined);
/** `useLiveBoard`: the MobX mirror itself, for `observer` components. */
export type UseLive<D> = KindOf<D> extends KeyedKind ? (key: string) => StoreView<StoreOf<D>> : () => StoreView<StoreOf<D>>;
/** The hook of a store: with a key for rooms and keyed tab stores, without one for all others. */
export type HookOf<D> = KindOf<D> extends KeyedKind ? UseRoom<StoreOf<D>> : UseStore<StoreOf<D>>;

/** The options of `createHooks`: those of the client, and the classes that the browser has. */
export interface HookOptions<S, M> {
  /**
   * The URL of the twin's route.
   * @default "/api/twin"
   */
  url?: string | undefined;
  /**
   * How the stream is transported. `"websocket"` needs a server that has called `twin.attach()`, as a custom server of Next's. Where no socket opens, as
   * behind some proxies, server-sent events take its place, and sockets are tried again later.
   * @default "sse"
   */
  transport?: ClientOptions["transport"] | undefined;
  /**
   * How messages are written where the stream comes by WebSocket: `"binary"` takes half of the bytes, and cannot be read in the browser's tools. It has no
   * effect without `transport: "websocket"`.
   * @default "json"
   */
  wire?: ClientOptions["wire"] | undefined;
  /**
   * How long a store that no component uses any more stays up to date, in ms. A page that is visited again within that time shows it at once.
   * @default 30,000
   */
  linger?: number | undefined;
  /**
   * Keeps the stores' last states and the unanswered events in the browser, so that a page works without a network: `docs/OFFLINE.md`.
   * @default false
   */
  offline?: boolean | undefined;
  /**
   * Classes for the browser: the server's own, or classes that those extend. Their optimistic events run in the browser at once, and views have their getters
   * and reading methods.
   */
  stores?: { readonly [K in keyof S]?: new () => Partial<StoreOf<S[K]>> } | undefined;
  /** Classes of instances for the browser: views are `instanceof` them, with their getters and reading methods. Their optimistic events run at once. */
  models?: { readonly [K in keyof M]?: M[K] extends new (...args: any[]) => infer T ? new (...args: any[]) => Partial<T> : never } | undefined;
}

/** What `createHooks` returns: the provider, the preload, `useVisitor`, and two hooks for each store. */
export type Hooks<S> = { readonly [K in keyof S & string as `use${Capitalize<K>}`]: HookOf<S[K]> } & {
  readonly [K in keyof S & string as `useLive${Capitalize<K>}`]: UseLive<S[K]>;
} & {
  readonly TwinProvider: TwinProviderComponent<S>;
  readonly TwinPreload: TwinPreloadComponent<S>;
  /**
   * The `visitor` of the app's context. It is `undefined` until the preload or the stream brings it.
   * @example const me = useVisitor();
   */
  readonly useVisitor: () => LoadedOf<AppVisitor> | undefined;
};

// --- hooks ---

/**
 * Creates the hooks of an app's stores, and the components that connect them. `useTodo` belongs to the store `todo`.
 * @example export const { TwinProvider, TwinPreload, useTodo, useBoard, useLiveBoard } = createHooks<Twin>();
 */
export function createHooks<T extends { readonly "~stores": any; readonly "~models": any }>(
  options: HookOptions<T["~stores"], T["~models"]> = {},
): Hooks<T["~stores"]> {
  if ((options.stores ?? options.models) && typeof window !== "undefined") void engine.load();
  const made = new Map<string, unknown>([
    [
      "TwinProvider",
      (props: TwinProviderProps<T["~stores"]>) =>
        createElement(TwinProvider, {
          ...options,
          ...props,
          url: props.url ?? options.url,
          transport: props.transport ?? options.transport,
          wire: props.wire ?? options.wire,
        }),
    ],
    ["TwinPreload", TwinPreload],
    ["useVisitor", useVisitor],
  ]);
  return new Proxy({} as Hooks<T["~stores"]>, {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      if (!made.has(name)) made.set(name, createHook(name));
      return made.get(name);
    },
  });
}

function createHook(hook: string): unknown {
  const [, live, first, rest] = /^use(Live)?([A-Z])(.*)$/.exec(hook) ?? [];
  if (first === undefined) return undefined;
  const store = first.toLowerCase() + rest;
  if (live) {
    // A page is rendered from views.
    if (typeof window !== "undefined") void lazyLive.load();
    return (key?: string) => useLive(hook, store, key);
  }
  return (...args: unknown[]) => {
    const [key, select] = typeof args[0] === "function" ? [undefined, args[0]] : args;
    return useView(hook, store, key as string | null | undefined, select as Select | undefined);
  };
}

type Select = (view: unknown) => unknown;

function useView(hook: string, store: string, key: string | null | undefined, select: Select | undefined): unknown {
  const twin = useTwin(hook, store, key);
  const lastValue = useRef<unknown>(undefined);
  const hydration = useContext(HydrationContext);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a later preload, as a navigation brings, is nothing to hydrate from
  const view = useMemo(() => twin && createView(twin, hydration.get(addressOf(twin))), [twin]);
  const source = useMemo(() => (twin && view && select ? createSelection(twin, view, select, () => lastValue.current) : view), [twin, view, select]);
  const value = useSource(source);
  useEffect(() => {
    lastValue.current = value;
  }, [value]);
  return value;
}

function useLive(hook: string, store: string, key: string | undefined): unknown {
  if (process.env.NODE_ENV !== "production") warnOfCompiled(hook);
  const twin = useTwin(hook, store, key);
  const hydration = useContext(HydrationContext);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  return useSource(useMemo(() => twin && createLive(twin, hydration.get(addressOf(twin))), [twin]));
}

/** Returns a twin that has something to show. The component suspends until then, and the error of a refused twin goes to the error boundary. */
function useTwin(hook: string, store: string, key: string | null | undefined): Twin | undefined {
  const client = useClient(hook);
  if (key === null) return undefined;
  const twin = client.twin(store, key);
  if (twin.state !== "ready" && typeof window === "undefined") throw Object.assign(notPreloaded(hook), { digest: BAILOUT, reason: `${hook}()` });
  const { ready } = twin;
  if (twin.state === "waiting") watchUntilReady(twin);
  // React reads a promise with this status at once; otherwise it would wait a turn.
  else (ready as { status?: string }).status = "fulfilled";
  // `use` is always called, as React replays a suspended render, and complains about a missing `use`.
  use(ready);
  if (twin.state === "refused") throw twin.error;
  return twin;
}

/** The digest of an error by which Next leaves the nearest Suspense boundary to the browser and logs nothing. Without a boundary Next shows `reason`. */
const BAILOUT = "BAILOUT_TO_CLIENT_SIDE_RENDERING";

const watched = new WeakSet<Promise<void>>();

/** Watches a twin for a suspended component, which React has not mounted and so cannot subscribe. */
function watchUntilReady(twin: Twin): void {
  const { ready } = twin;
  if (watched.has(ready)) return;
  watched.add(ready);
  // The twin is watched after the render: the connection's status may change at once, and other components show it.
  queueMicrotask(() => {
    const release = twin.use();
    void ready.then(release, release);
  });
}

function useVisitor(): unknown {
  const { visitor } = useClient("useVisitor");
  const hydration = useContext(HydrationContext);
  const text = useSource({ subscribe: visitor.subscribe, get: () => visitor.current.text, getServer: () => hydration.visitor }) as string | undefined;
  return useMemo(() => decodeVisitor({ text }), [text]);
}

const NOTHING: ViewSource = { subscribe: () => () => {}, get: () => undefined, getServer: () => undefined };

const useSource = ({ subscribe, get, getServer }: ViewSource = NOTHING): unknown => useSyncExternalStore(subscribe, get, getServer);
