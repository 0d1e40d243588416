import { type ReactNode, useContext, useEffect, useMemo } from "react";
import type { Client } from "../client/client.js";
import { addressOf } from "../client/twin.js";
import type { PreloadData } from "../server/call/preload.js";
import type { Preload } from "../server/twin.js";
import { useClient } from "./context.js";
import { type PinMap, Pins, pin } from "./hydration.js";

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
  const pins = usePreload(useClient("<TwinPreload>"), state);
  return <Pins value={pins}>{children}</Pins>;
}

/** Puts a preload into the client, once; gives what the HTML below was rendered from. */
export function usePreload(client: Client, state: Preload<any> | undefined): PinMap {
  const data = state as unknown as PreloadData | undefined;
  const above = useContext(Pins);
  const pins = useMemo(() => {
    if (!data) return above;
    // While rendering, for those alone that have nothing yet: a twin that is on screen must not change in the middle of a render.
    const stores = data.stores.filter(({ store, key }) => client.twin(store, key).state === "waiting");
    client.preload({ ...data, stores });
    const rendered = data.stores.filter((one) => "snapshot" in one);
    for (const one of rendered) if (stores.includes(one)) pin(client.twin(one.store, one.key), one);
    const known = new Map([...above, ...rendered.map((one) => [addressOf(one), one] as const)]);
    return Object.assign(known, { visitor: JSON.stringify(data.visitor) });
  }, [client, data, above]);
  useEffect(() => {
    if (data) client.preload(data);
  }, [client, data]);
  return pins;
}
