import * as react from "react";
import { useContext, useEffect } from "react";
import type { Client } from "../client/client.js";
import { inspectionOf } from "../client/inspection.js";
import { compiledLive, frozenView, nestedProvider } from "../lib/errors/errors.js";
import { ClientContext } from "./context.js";

/** Development warnings for mistakes that cause no error, or an error that names no store. */
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

/** The messages of engines when a frozen object is changed. */
const FROZEN = /read.?only|not extensible|Cannot delete property|non-configurable/i;

const warned = /* @__PURE__ */ new Set<string>();

/**
 * Warns once if the React Compiler has compiled the component that renders. A compiled component caches by identity, and a live mirror is always the same
 * object.
 */
export function warnOfCompiled(hook: string): void {
  // React offers no public API for this: it stores the cache of a compiled component here. If a later React moves it, there is no warning.
  const { A: owners } = ((react as unknown as Record<string, unknown>)[INTERNALS] ?? {}) as { A?: { getOwner?(): Fiber | null } | null };
  const owner = owners?.getOwner?.();
  if (!owner?.updateQueue?.memoCache) return;
  const component = owner.type?.displayName || owner.type?.name || "A component";
  if (warned.has(`${hook} ${component}`)) return;
  warned.add(`${hook} ${component}`);
  console.warn(compiledLive(hook, component).message);
}

const INTERNALS = "__CLIENT_INTERNALS_DO_NOT_USE_OR_WARN_USERS_THEY_CANNOT_UPGRADE";

interface Fiber {
  readonly type?: { readonly displayName?: string; readonly name?: string } | null;
  readonly updateQueue?: { readonly memoCache?: unknown } | null;
}
