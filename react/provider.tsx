import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Client, createClient } from "../client/client.js";
import type { BrowserClasses, ClientOptions } from "../client/options.js";
import type { AppEffects } from "../lib/class/register.js";
import type { EventError } from "../lib/errors/errors.js";
import type { BuiltInHandlers } from "../lib/event/current.js";
import type { Preload } from "../server/twin.js";
import { ClientContext } from "./context.js";
import type { Effects } from "./effects.js";
import { useHints } from "./hints.js";
import { HydrationContext } from "./hydration.js";
import { usePreload } from "./preload.js";
import { reloadAtNavigation } from "./reload.js";

/** `<TwinProvider>`: the connection of a page. */
export type TwinProviderComponent<S> = (props: TwinProviderProps<S>) => ReactNode;

/** The props of `<TwinProvider>`: where the server is, what happens with effects, errors and an outdated page. */
export interface TwinProviderProps<S> {
  /** The result of `twin.preload()`: what the page was rendered with. `<TwinPreload>` does the same for a part of the page. */
  preload?: Preload<S> | undefined;
  /**
   * The URL of the twin's route. It is read once.
   * @default the `url` of `createHooks`
   */
  url?: string | undefined;
  /**
   * How the stream comes: `"websocket"` needs a server that has called `twin.attach()`, and falls back to server-sent events. It is read once.
   * @default the `transport` of `createHooks`
   */
  transport?: ClientOptions["transport"] | undefined;
  /**
   * How messages are written where the stream comes by WebSocket. It is read once.
   * @default the `wire` of `createHooks`
   */
  wire?: ClientOptions["wire"] | undefined;
  /** What the app's own effects do in this browser. `redirect`, `toast`, `download`, `focus` and `scrollTo` may be replaced too. */
  effects?: (AppEffects & Partial<BuiltInHandlers>) | undefined;
  /**
   * Gets the errors of failed calls that nobody awaits.
   * @default console.error
   */
  onError?(error: EventError): void;
  /**
   * The server has a version that this page cannot follow: the page gets no changes any more, and must be reloaded.
   * @default the page is reloaded with the next navigation
   */
  onOutdated?(): void;
  children?: ReactNode | undefined;
}

/**
 * The connection of a page, around the whole app.
 * @example <TwinProvider>{children}</TwinProvider>
 */
export function TwinProvider({ preload, effects, onError, onOutdated, children, ...link }: TwinProviderProps<any> & BrowserClasses): ReactNode {
  const latest = useRef({ effects, onError, onOutdated });
  const client = useOwnClient(link);
  useHints(client);
  useEffect(() => {
    latest.current = { effects, onError, onOutdated };
  });
  useEffect(() => {
    let lastEffect: Promise<unknown> = Promise.resolve();
    const stops = [
      client.onError((error) => (latest.current.onError ?? console.error)(error)),
      client.onEffect((name, args) => {
        // Effects run one after the other. The built-in ones are loaded when one is needed; the stream does not wait for them.
        lastEffect = lastEffect
          .then(async () => {
            const own = (latest.current.effects as Effects | undefined)?.[name];
            (own ?? (await (await import("./effects.js")).builtIn(name)))(...args);
          })
          .catch(console.error);
      }),
    ];
    const stopped = client.status.subscribe(() => {
      if (client.status.current.status !== "outdated") return;
      stopped();
      (latest.current.onOutdated ?? reloadAtNavigation)();
    });
    stops.push(stopped);
    return () => {
      for (const stop of stops) stop();
    };
  }, [client]);
  const hydration = usePreload(client, preload);
  return (
    <ClientContext value={client}>
      <HydrationContext value={hydration}>{children}</HydrationContext>
    </ClientContext>
  );
}

/** A client for as long as the component is mounted. */
function useOwnClient(link: Link): Client {
  const [client, setClient] = useState(() => takeClient(link));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read once
  useLayoutEffect(() => {
    unmounted.delete(link.url);
    const life = lives.get(client) ?? { mounts: 0 };
    lives.set(client, life);
    // `<Activity>` has hidden the page, and shows it again.
    if (life.closed) setClient(takeClient(link));
    life.mounts++;
    return () => {
      life.mounts--;
      // The client is closed later, as StrictMode and hot reload mount again at once.
      setTimeout(() => {
        if (life.mounts > 0 || life.closed) return;
        life.closed = true;
        client.close();
      });
    };
  }, [client]);
  return client;
}

const lives = new WeakMap<Client, { mounts: number; closed?: boolean }>();

/**
 * Clients that no component has mounted with, by address. React throws a suspended first render away, and renders again when the awaited promise
 * resolves: the second render must get the same client.
 */
const unmounted = new Map<string | undefined, Client>();

type Link = Pick<ClientOptions, "url" | "transport" | "wire" | "linger" | "offline"> & BrowserClasses;

function takeClient(link: Link): Client {
  const client = unmounted.get(link.url) ?? createClient(link);
  // Each page on the server has its own client, and none is mounted.
  if (typeof window !== "undefined") unmounted.set(link.url, client);
  return client;
}
