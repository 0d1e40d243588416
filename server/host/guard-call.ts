import { eventPart } from "../../lib/errors/call-errors.js";
import { isEventError, isLater } from "../../lib/errors/errors.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { silence } from "../wire/plain-values.js";
import { type Caller, effectsRead, type Running, runIn } from "./context.js";

/**
 * Asks a guard of a store, or of the app, or a room's `allow`: outside of turns, as it changes nothing. `take` gets the effects of one that refuses, which are
 * all for its caller. Those of others do not take place.
 */
export async function askGuard(caller: Caller, key: string | undefined, ask: () => unknown, take: (effects: readonly Effect[]) => void): Promise<boolean> {
  const running: Running = { current: currentOf(caller, key), effects: [], guard: true };
  let allowed: unknown;
  try {
    allowed = await runIn(running, ask);
    silence(allowed);
  } catch (error) {
    if (isRefusal(error)) await refuse(running, take);
    throw error;
  }
  if (!allowed) await refuse(running, take);
  return Boolean(allowed);
}

/** Whether a guard has refused by what it has thrown. It may also have failed, or the call may be made again. */
export const isRefusal = (error: unknown): boolean => isEventError(error) && !isLater(error);

async function refuse(running: Running, take: (effects: readonly Effect[]) => void): Promise<void> {
  await effectsRead(running);
  if (running.effects.length > 0) take(running.effects.map(({ effect }) => effect));
}

/** The value of `current()` in a guard. */
const currentOf = ({ connection, context, session }: Caller, key: string | undefined): object => ({
  ...context,
  session,
  key,
  connection,
  eventId: "",
  // One of its own for each: whatever listens to a signal for all would stay.
  get signal() {
    return new AbortController().signal;
  },
  get() {
    throw eventPart("get");
  },
  cancel() {
    throw eventPart("cancel");
  },
});
