import { createContext, useContext } from "react";
import type { Client } from "../client/client.js";
import { outsideProvider } from "../lib/errors/errors.js";

/** The client of the nearest provider. */
export const ClientContext = createContext<Client | undefined>(undefined);

/**
 * Gives the client of the nearest provider. `what` names the caller in the error.
 * @throws StateError outside of a provider.
 */
export function useClient(what: string): Client {
  const client = useContext(ClientContext);
  if (!client) throw outsideProvider(what);
  return client;
}
