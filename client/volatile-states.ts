import { applyTick } from "../lib/mirror/mirror.js";
import type { WireDelta } from "../lib/wire/codec.js";
import type { FrameTick, VolatileMessage } from "../lib/wire/protocol.js";
import type { LiveTwin, Position } from "./twin.js";

/** Volatile states that wait for the state of their store, by the number of the host and the name of the store. */
export type WaitingStates = Map<string, VolatileMessage>;

export const waitingKey = (host: number, store: string) => `${host} ${store}`;

/** Whether a volatile state belongs to what a twin shows at a position. */
export const belongsTo = (at: Position | undefined, [, , , , , incarnation, revision, , audience]: VolatileMessage) =>
  at?.[0] === incarnation && at[1] >= revision && at[2] === audience;

/** Takes the volatile state that belongs to a position, if one waits for it. */
export function takeWaiting(states: WaitingStates, key: string, at: Position | undefined): VolatileMessage | undefined {
  const state = states.get(key);
  if (!state || !belongsTo(at, state)) return undefined;
  states.delete(key);
  return state;
}

/** Gives a twin the whole volatile state of its store; `undefined`: there is none. `last`: the last tick of its host. */
export function fillVolatile(twin: LiveTwin, state: VolatileMessage | undefined, last = 0): void {
  twin.mirror.applyVolatile(state?.[4]);
  twin.tick = state?.[2] ?? last;
}

/** Whether a twin knows the state before a tick, and not the tick. */
export const isNews = (twin: LiveTwin, tick: number) => tick > (twin.tick ?? Number.POSITIVE_INFINITY);

/** Gives a twin the changes of its store in a tick, unless it has them. */
export function takeTick(twin: LiveTwin, [tick, ...parts]: FrameTick): void {
  if (!isNews(twin, tick)) return;
  for (let i = 0; i < parts.length; i += 2) if (parts[i] === twin.store) applyTick(twin.mirror, parts[i + 1] as WireDelta);
  twin.tick = tick;
}

/** Whether a twin shows a tick that counts with a number of its host. A higher number of the host means a later life, whose state has come since. */
export const showsTick = ({ synced, host, tick }: LiveTwin, h: number | null, t: number): boolean =>
  synced && (tick ?? -1) >= ((h ?? Number.POSITIVE_INFINITY) < (host ?? 0) ? 0 : t);
