"use client";
import { useRoom } from "@/state/client";

/** Tells those who use a screen reader of each message once it is whole, and not of each token. */
export function Announcer({ id }: { id: string }) {
  const said = useRoom(id, ({ messages }) => {
    const whole = messages.findLast(({ status }) => status !== "writing");
    return whole ? `${whole.by}: ${whole.text}` : "";
  });
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
