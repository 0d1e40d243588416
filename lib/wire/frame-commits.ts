import type { WireDelta } from "./codec.js";
import { EFFECTS, type Effect, type FrameMessage, type FrameTick, TICK } from "./protocol.js";

/** A commit in a frame. */
export interface FrameCommit {
  readonly revision: number;
  readonly deltas: readonly (readonly [store: string, delta: WireDelta])[];
  /** The effects for all who watch the host. */
  effects?: readonly Effect[];
  /** Its changes of the volatile state. */
  tick?: FrameTick;
}

/** Reads the commits of a frame, in their order. Commits that changed nothing for the reader are left out. */
export function commitsOf([, first, ...rest]: FrameMessage): [FrameCommit, ...FrameCommit[]] {
  let deltas: [store: string, delta: WireDelta][] = [];
  let revision = first;
  const commits: [FrameCommit, ...FrameCommit[]] = [{ revision, deltas }];
  for (let i = 0; i < rest.length; i++) {
    const part = rest[i];
    if (typeof part === "number") {
      deltas = [];
      revision += part;
      commits.push({ revision, deltas });
    } else if (part === EFFECTS) (commits.at(-1) as FrameCommit).effects = rest[++i] as readonly Effect[];
    else if (part === TICK) (commits.at(-1) as FrameCommit).tick = rest[++i] as FrameTick;
    else deltas.push([part as string, rest[++i] as WireDelta]);
  }
  return commits;
}
