import type { Effect } from "../../lib/wire/protocol.js";
import type { Deliver, Turn } from "./context.js";

/** The effects of one commit, by whom they are for. */
export interface CommitEffects {
  /** The effects for all who watch the host: they are part of the commit's frame. */
  readonly everyone: readonly Effect[];
  /** Sends the others, once the commit is stored. */
  send?(): void;
}

/** Posts the effects of a turn that has no call to its caller's tab. */
export const lettersTo =
  (connection: string, post: (connection: string, effect: Effect) => void): Deliver =>
  (effects) =>
  () => {
    for (const effect of effects) post(connection, effect);
  };

const NONE: CommitEffects = { everyone: [] };

/**
 * Takes the effects that a turn has called since its last commit. Those for the caller get their numbers now. `post` takes those for one tab, and `watched`
 * tells whether the host has frames: without any, nobody watches.
 */
export function takeEffects(turn: Turn, post: (connection: string, effect: Effect) => void, watched: () => boolean): CommitEffects {
  const { deliver, effects } = turn;
  if (effects.length === 0) return NONE;
  turn.effects = [];
  const caller: Effect[] = [];
  const everyone: Effect[] = [];
  const letters: (readonly [connection: string, effect: Effect])[] = [];
  for (const { effect, target } of effects) {
    if (!target) caller.push(effect);
    else if (target === "everyone") everyone.push(effect);
    else letters.push([target.connection, effect]);
  }
  const sendCaller = caller.length > 0 ? deliver?.(caller) : undefined;
  return {
    everyone: everyone.length > 0 && watched() ? everyone : NONE.everyone,
    send() {
      sendCaller?.();
      for (const [connection, effect] of letters) post(connection, effect);
    },
  };
}
