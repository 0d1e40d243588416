"use client";
import { useConnection } from "twinstate/react";

const LOOKS = {
  online: { text: "Live", dot: "bg-green-500" },
  waiting: { text: "No answer yet", dot: "bg-amber-500" },
  reconnecting: { text: "Reconnecting", dot: "bg-amber-500" },
  offline: { text: "Offline", dot: "bg-red-500" },
} as const;

/** How the page is connected, as a dot and a word. */
export function Connection() {
  const { status, pending } = useConnection();
  if (status === "outdated") {
    return (
      <button type="button" onClick={() => location.reload()} className="rounded-md border px-3 py-1 text-sm font-medium">
        New version: reload
      </button>
    );
  }
  const { text, dot } = LOOKS[status];
  return (
    <p role="status" data-status={status} className="flex items-center gap-2 text-sm whitespace-nowrap text-muted-foreground">
      <span className={`size-2 rounded-full ${dot}`} />
      {text}
      {status !== "online" && pending > 0 && ` · ${pending} waiting`}
    </p>
  );
}
