import { createFrameLog, type FrameLog } from "../host/frame-log.js";
import type { Audience } from "../stream/feed.js";
import type { Frame } from "../wire/frame.js";
import type { LogStart } from "./node-messages.js";

/** The last frames of a followed host, for each audience that is watched. */
export class FrameLogs {
  readonly #limit: number;
  readonly #logs = new Map<Audience | undefined, FrameLog>();

  /** @param limit how many bytes are kept of each */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** After which revision the frames of each audience begin. */
  get starts(): LogStart[] {
    return Array.from(this.#logs, ([audience, log]) => [audience?.name ?? null, log.start]);
  }

  /**
   * Begins to keep frames for an audience, or keeps earlier ones too. `frames`: those after revision `from`, up to what is kept already, else up to `told`, the
   * revision of the last frame that was sent.
   */
  begin(audience: Audience | undefined, from: number, frames: readonly Frame[], told: number): void {
    const old = this.#logs.get(audience);
    const fits = frames.at(-1)?.revision === (old?.start ?? told);
    if (old && !fits) return;
    const log = createFrameLog(this.#limit);
    log.restart(fits ? from : told);
    for (const frame of [...(fits ? frames : []), ...(old?.after(old.start) ?? [])]) log.add(frame);
    this.#logs.set(audience, log);
  }

  /** Adds a frame, as each audience gets it that the owner knows here. The frames of another one do not go on. */
  add(frames: ReadonlyMap<Audience | undefined, Frame>): void {
    for (const [audience, log] of this.#logs) {
      const frame = frames.get(audience);
      if (frame) log.add(frame);
      else this.#logs.delete(audience);
    }
  }

  /** Gives the frames after a revision; `undefined` where they are not known. */
  after(audience: Audience | undefined, revision: number): readonly Frame[] | undefined {
    return this.#logs.get(audience)?.after(revision);
  }

  /** Forgets an audience. */
  drop(audience: Audience | undefined): void {
    this.#logs.delete(audience);
  }

  clear(): void {
    this.#logs.clear();
  }
}
