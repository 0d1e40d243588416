import type { Frame } from "../wire/frame.js";

/** The last frames of a host, for clients that resume: as many as fit a number of bytes. */
export interface FrameLog {
  /** The revision that the first frame follows. */
  readonly start: number;
  add(frame: Frame): void;
  /** Gives the frames after a revision; `undefined` when some have been dropped. */
  after(revision: number): readonly Frame[] | undefined;
  /** Adds frames before all others; nothing, where they do not lead to these. */
  precede(earlier: readonly Frame[]): void;
  /** Drops all frames. The next frame follows this revision. */
  restart(revision: number): void;
}

export function createFrameLog(limit: number): FrameLog {
  let frames: Frame[] = [];
  let start = 0;
  let bytes = 0;
  return {
    get start() {
      return start;
    },
    add(frame) {
      frames.push(frame);
      bytes += frame.weight;
      if (bytes <= limit) return;
      let drop = 0;
      while (drop < frames.length && bytes > limit / 2) bytes -= (frames[drop++] as Frame).weight;
      start = (frames[drop - 1] as Frame).revision;
      frames = frames.slice(drop);
    },
    precede(earlier) {
      const [first] = earlier;
      if (!first || earlier.at(-1)?.revision !== start) return;
      frames = [...earlier, ...frames];
      start = first.revision - 1;
      bytes += earlier.reduce((sum, { weight }) => sum + weight, 0);
    },
    after(revision) {
      if (revision < start) return undefined;
      return frames.slice(revision - start);
    },
    restart(revision) {
      frames = [];
      bytes = 0;
      start = revision;
    },
  };
}
