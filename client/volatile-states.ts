import { applyTick } from "../lib/mirror/mirror.js";
import type { WireDelta } from "../lib/wire/codec.js";
import { commitsOf, type FrameCommit } from "../lib/wire/frame-commits.js";
import type { FrameMessage, FrameTick, RanMessage, VolatileMessage } from "../lib/wire/protocol.js";
import type { LiveTwin, Position } from "./twin.js";

/** Volatile states that wait for the state of their store, by the number of the host and the name of the store. */
export type WaitingStates = Map<string, VolatileMessage>;

export const waitingKey = (host: number, store: string) => `${host} ${store}`;

/** Whether a volatile state belongs to what a twin shows at a position. */
export const belongsTo = (at: Position | undefined, [, , , , , incarnation, revision, , audience]: VolatileMessage) =>
  at?.[0] === incarnation && at[1] >= revision && at[2] === audience;

/** Whether a volatile state belongs to what frames will bring that follow a position. */
const isAhead = (at: Position | undefined, state: VolatileMessage | undefined) =>
  state !== undefined && at?.[0] === state[5] && at[1] < state[6] && at[2] === state[8];

/** Whether the volatile state of a twin waits for frames behind a revision. */
export const isAwaited = (states: WaitingStates, host: number, { store, synced, at }: LiveTwin, revision: number) =>
  synced && isAhead(at && [at[0], Math.max(at[1], revision), at[2]], states.get(waitingKey(host, store)));

/** The events of a client that frames show, by number, with the numbers of the instances that they have made. */
export type Ran = Map<number, RanMessage[3]>;

/** Commits that are shown together, and what has run in them. */
export interface JoinedCommits {
  readonly commits: readonly FrameCommit[];
  readonly ran: Ran;
}

/**
 * Frames that wait for those behind them: the volatile state that has come belongs to what these bring. Without it, commits would show only in part, and
 * instances without fields.
 */
export class HeldFrames {
  readonly #held = new Map<number, JoinedCommits>();

  get any(): boolean {
    return this.#held.size > 0;
  }

  /** Adds a frame to those that wait for it, and takes them all. */
  take(message: FrameMessage, ran: Ran): JoinedCommits {
    const [host, first] = message;
    const held = this.#held.get(host);
    this.#held.delete(host);
    const commits = commitsOf(message);
    // What is behind a gap cannot be shown.
    if (!held || held.commits.at(-1)?.revision !== first - 1) return { commits, ran };
    return { commits: [...held.commits, ...commits], ran: new Map([...held.ran, ...ran]) };
  }

  hold(host: number, commits: JoinedCommits): void {
    this.#held.set(host, commits);
  }

  /** Takes all that wait, by the numbers of their hosts. */
  takeAll(): readonly (readonly [host: number, commits: JoinedCommits])[] {
    const all = [...this.#held];
    this.#held.clear();
    return all;
  }
}

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
