import { type ReactNode, useEffect, useMemo } from "react";
import type { Client } from "../client/client.js";
import type { PreloadData } from "../server/runtime.js";
import type { Preload } from "../server/twin.js";
import { useClient } from "./provider.js";

export type TwinPreloadComponent<S> = (props: {
  /** From `twin.preload()`. */
  state: Preload<S>;
  children?: ReactNode;
}) => ReactNode;

/**
 * Gives the hooks below it the state that the server has rendered, so that the page arrives with it.
 * @example <TwinPreload state={await twin.preload({ todo: true })}><TodoList /></TwinPreload>
 */
export function TwinPreload({ state, children }: { state: Preload<any>; children?: ReactNode }): ReactNode {
  usePreload(useClient("<TwinPreload>"), state);
  return children;
}

/** Puts a preload into the client, once. */
export function usePreload(client: Client, state: Preload<any> | undefined): void {
  const data = state as unknown as PreloadData | undefined;
  // While rendering, for those alone that have nothing yet: a twin that is on screen must not change in the middle of a render.
  useMemo(() => {
    const stores = data?.stores.filter(({ store, key }) => client.twin(store, key).state === "waiting");
    if (data && stores?.length) client.preload({ ...data, stores });
  }, [client, data]);
  useEffect(() => {
    if (data) client.preload(data);
  }, [client, data]);
}
