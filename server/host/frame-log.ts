import type { Frame } from "../wire/frame.js";

/** The last frames of a host, for those who come back: as many as fit a number of bytes. */
export interface FrameLog {
  add(frame: Frame): void;
  /** The frames after a revision; `undefined` when some are not known any more. */
  after(revision: number): readonly Frame[] | undefined;
  /** Forgets all. What comes next follows a revision. */
  restart(revision: number): void;
}

export function createFrameLog(limit: number): FrameLog {
  let frames: Frame[] = [];
  let start = 0;
  let bytes = 0;
  return {
    add(frame) {
      frames.push(frame);
      bytes += frame.bytes;
      if (bytes <= limit) return;
      let drop = 0;
      while (drop < frames.length && bytes > limit / 2) bytes -= (frames[drop++] as Frame).bytes;
      start = (frames[drop - 1] as Frame).revision;
      frames = frames.slice(drop);
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
