import { type ReactNode, useContext, useEffect, useMemo } from "react";
import type { Client } from "../client/client.js";
import { addressOf } from "../client/twin.js";
import type { PreloadData } from "../server/call/preload.js";
import type { Preload } from "../server/twin.js";
import { useClient } from "./context.js";
import { HydrationContext, type HydrationMap, recordHydration } from "./hydration.js";

/** `<TwinPreload state={…}>`: gives what `twin.preload()` has read to the hooks below it. */
export type TwinPreloadComponent<S> = (props: {
  /** The result of `twin.preload()`. */
  state: Preload<S>;
  children?: ReactNode;
}) => ReactNode;

/**
 * Gives the hooks below it the state that the server has rendered, so that the page arrives with it.
 * @example <TwinPreload state={await twin.preload({ todo: true })}><TodoList /></TwinPreload>
 */
export function TwinPreload({ state, children }: { state: Preload<any>; children?: ReactNode }): ReactNode {
  const hydration = usePreload(useClient("<TwinPreload>"), state);
  return <HydrationContext value={hydration}>{children}</HydrationContext>;
}

/** Puts a preload into the client, once. Returns what the HTML below was rendered from. */
export function usePreload(client: Client, state: Preload<any> | undefined): HydrationMap {
  const data = state as unknown as PreloadData | undefined;
  const above = useContext(HydrationContext);
  const hydration = useMemo(() => {
    if (!data) return above;
    // A render fills only twins that are empty: a twin on screen must not change in the middle of a render.
    const stores = data.stores.filter(({ store, key }) => client.twin(store, key).state === "waiting");
    client.preload({ ...data, stores });
    const rendered = data.stores.filter((store) => "snapshot" in store);
    for (const store of rendered) if (stores.includes(store)) recordHydration(client.twin(store.store, store.key), store);
    const byAddress = new Map([...above, ...rendered.map((store) => [addressOf(store), store] as const)]);
    return Object.assign(byAddress, { visitor: JSON.stringify(data.visitor) });
  }, [client, data, above]);
  useEffect(() => {
    if (data) client.preload(data);
  }, [client, data]);
  return hydration;
}
