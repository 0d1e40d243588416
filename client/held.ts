/** Sends what waits. `leaving`: the page may end. */
type Send = (leaving?: boolean) => void;

interface Held {
  /** The twin that it goes to, where that is known. */
  readonly twin: object | undefined;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/** Paced calls and typed text that are held back by time, in the order of their last changes. */
const held = new Map<Send, Held>();

/** Sends something after `ms`, where they are given, unless it is held anew, let go, or sent before. */
export function hold(send: Send, twin: object | undefined, ms?: number): void {
  letGo(send);
  held.set(send, { twin, timer: ms === undefined ? ms : setTimeout(() => letGo(send) && send(), ms) });
}

/** Holds it no longer. `false`: it was not held. */
export function letGo(send: Send): boolean {
  clearTimeout(held.get(send)?.timer);
  return held.delete(send);
}

/** Sends what waits, and may go to a twin; without one, all. */
export function sendHeld(twin?: object, leaving = false): void {
  // A send may hold back more: the loop reaches that too.
  for (const [send, to] of held) if ((!twin || !to.twin || to.twin === twin) && letGo(send)) send(leaving);
}
