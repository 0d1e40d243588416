import { useContext, useEffect } from "react";
import type { Client } from "../client/client.js";
import { inspectionOf } from "../client/inspection.js";
import { frozenView, nestedProvider } from "../lib/errors.js";
import { ClientContext } from "./provider.js";

/** In development: tells of what would go wrong without a word, or with words that name no store. */
export const useHints: (client: Client) => void = process.env.NODE_ENV === "production" ? () => {} : useAllHints;

function useAllHints(client: Client): void {
  const nested = useContext(ClientContext) !== undefined;
  useEffect(() => {
    if (nested) console.warn(nestedProvider().message);
  }, [nested]);
  useEffect(() => {
    const look = (thrown: unknown) => {
      if (!(thrown instanceof TypeError) || !FROZEN.test(thrown.message)) return;
      const stores = [...(inspectionOf(client)?.twins.values() ?? [])].map(({ store }) => store);
      if (stores.length > 0) console.warn(frozenView([...new Set(stores)]).message);
    };
    const onError = ({ error }: ErrorEvent) => look(error);
    const onRejection = ({ reason }: PromiseRejectionEvent) => look(reason);
    window.addEventListener("error", onError);
    window.addEventListener("unhandledrejection", onRejection);
    return () => {
      window.removeEventListener("error", onError);
      window.removeEventListener("unhandledrejection", onRejection);
    };
  }, [client]);
}

/** What engines say where a frozen object is changed. */
const FROZEN = /read.?only|not extensible|Cannot delete property|non-configurable/i;
