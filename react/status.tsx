import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import type { ConnectionStatus as Connection } from "../client/status.js";
import { useClient } from "./context.js";

/**
 * Returns how the page is connected.
 * @example const { status, pending } = useConnection();
 */
export function useConnection(): Connection {
  const { status } = useClient("useConnection");
  return useSyncExternalStore(
    status.subscribe,
    () => status.current,
    () => ONLINE,
  );
}

const ONLINE: Connection = { status: "online", pending: 0 };

/** The props of `<ConnectionStatus>`. */
export interface ConnectionStatusProps {
  /** Renders the state. @default a sentence in English */
  children?: ((state: Connection) => ReactNode) | undefined;
  className?: string | undefined;
}

/**
 * Shows that the connection is broken. It renders nothing while the page is online, or for a break shorter than a second. Style it by `data-status`.
 * @example <ConnectionStatus className="banner" />
 */
export function ConnectionStatus({ children = sentence, className }: ConnectionStatusProps): ReactNode {
  const state = useConnection();
  const broken = state.status !== "online";
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!broken) return;
    const timer = setTimeout(() => setShown(true), 1000);
    return () => {
      clearTimeout(timer);
      setShown(false);
    };
  }, [broken]);
  if (!broken || !shown) return null;
  return (
    <div role="status" data-status={state.status} className={className}>
      {children(state)}
    </div>
  );
}

function sentence({ status, pending }: Connection): string {
  if (status === "outdated") return "There is a new version of this page. Reload it.";
  return (
    (status === "offline" ? "You are offline." : status === "waiting" ? "The server has not answered yet." : "Reconnecting…") +
    (pending > 0 ? ` Changes waiting: ${pending}.` : "")
  );
}
