import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { type Client, createClient } from "../client/client.js";
import type { BuiltInEffects } from "../lib/current.js";
import { type EventError, outsideProvider } from "../lib/errors.js";
import type { AppEffects } from "../lib/register.js";
import type { Preload } from "../server/twin.js";
import { builtIn, type Effects } from "./effects.js";
import { Pins } from "./pin.js";
import { usePreload } from "./preload.js";

export type TwinProviderComponent<S> = (props: TwinProviderProps<S>) => ReactNode;

export interface TwinProviderProps<S> {
  /** State that the page was rendered with, from `twin.preload()`. `<TwinPreload>` does it for a part of the page. */
  preload?: Preload<S>;
  /**
   * Where the twin's route is. Read once.
   * @default the `url` of `createHooks`
   */
  url?: string;
  /** What the app's own effects do here; `redirect`, `toast` and `download` may be replaced too. */
  effects?: AppEffects & Partial<BuiltInEffects>;
  /**
   * Takes failed calls that nobody awaits.
   * @default console.error
   */
  onError?(error: EventError): void;
  children?: ReactNode;
}

export const ClientContext = createContext<Client | undefined>(undefined);

/** The client of the nearest provider. `what` asks for it. */
export function useClient(what: string): Client {
  const client = useContext(ClientContext);
  if (!client) throw outsideProvider(what);
  return client;
}

/**
 * The connection of a page, around the whole app.
 * @example <TwinProvider>{children}</TwinProvider>
 */
export function TwinProvider({ preload, url, effects, onError, children }: TwinProviderProps<any>): ReactNode {
  const latest = useRef({ effects, onError });
  const client = useOwn(() => createClient(url === undefined ? {} : { url }));
  useEffect(() => {
    latest.current = { effects, onError };
  });
  useEffect(() => {
    const stops = [
      client.onError((error) => (latest.current.onError ?? console.error)(error)),
      client.onEffect((name, args) => ((latest.current.effects as Effects | undefined)?.[name] ?? builtIn(name))(...args)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client]);
  const pins = usePreload(client, preload);
  return (
    <ClientContext value={client}>
      <Pins value={pins}>{children}</Pins>
    </ClientContext>
  );
}

/** A client for as long as the component is mounted. */
function useOwn(make: () => Client): Client {
  const [client, setClient] = useState(make);
  const life = useRef<{ closing?: ReturnType<typeof setTimeout>; closed?: boolean }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: a client that is open stays, whatever `make` would make.
  useEffect(() => {
    const { current } = life;
    clearTimeout(current.closing);
    // `<Activity>` has hidden the page and shows it again.
    if (current.closed) setClient(make);
    current.closed = false;
    return () => {
      // Later, as StrictMode and hot reload mount again at once.
      current.closing = setTimeout(() => {
        current.closed = true;
        client.close();
      });
    };
  }, [client]);
  return client;
}
