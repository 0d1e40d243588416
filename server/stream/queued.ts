import type { Encoded } from "../../lib/wire/codec.js";
import type { Message, ResumeMessage } from "../../lib/wire/protocol.js";
import { Frame } from "../wire/frame.js";
import type { FrameRun } from "../wire/frame-run.js";
import type { Tick } from "../wire/tick.js";
import type { Audience, Feed } from "./feed.js";
import { volatileMessage } from "./state-messages.js";

/** The whole volatile state of what the reader watches of a feed, which is written when it is sent. */
export class Whole {
  /** What follows it, and goes or is dropped with it: that the reader has the rest of these stores. */
  readonly resumes: readonly ResumeMessage[];
  /** The messages, once they have been written. */
  messages: readonly Message[] | undefined;
  #asked = false;

  constructor(resumes: readonly ResumeMessage[] = []) {
    this.resumes = resumes;
  }

  /** Writes the messages. They are there when all is stored that they tell of: `true`, or `written` is called then. `client`: the reader. */
  write({ audience, feed, stores }: Watched, client: string | undefined, written: () => void): boolean {
    if (!this.#asked) {
      this.#asked = true;
      feed.showVolatile(stores, audience, client, (moment, shown) => {
        const messages = shown.map(([store, snapshot]) => volatileMessage(feed, feed.number, moment, store, snapshot, audience));
        this.messages = [...(messages.length > 0 ? messages : [["tick", feed.number, moment.tick] as const]), ...this.resumes];
        written();
      });
    }
    return this.messages !== undefined;
  }
}

/** A message, or a frame or tick of which the reader gets the stores that it watches. */
export type Queued = { readonly bytes: number } & (
  | { readonly message: Message; readonly of: undefined }
  /** `of`: what the reader watches, that it belongs to. */
  | { readonly message: Frame | Tick | Whole; readonly of: Watched }
);

/** What is sent as one: messages, a tick, or a frame of one or several commits. `before`, `behind`: the messages that go before and behind it. */
export type Taken = { readonly before: readonly Message[]; readonly behind: readonly Message[] } & (
  | { readonly sent: undefined; readonly of: undefined }
  | { readonly sent: Frame | FrameRun | Tick; readonly of: Watched }
);

/** A feed that a reader watches. */
export interface Watched {
  readonly feed: Feed;
  readonly release: () => void;
  /** The stores that it watches: the feed's own set. */
  stores: ReadonlySet<string>;
  /** The audience as one of whom it watches, if it sees hidden members. */
  audience: Audience | undefined;
  /** The stores that get a snapshot when the reader is ready for it: it is made only then. */
  readonly pending: Set<string>;
  /** Snapshots are being made. */
  asked: boolean;
  /** How many frames and ticks wait. */
  queued: number;
}

/** The messages that a reader does without when it is much too slow. It asks for items by their calls, and gets letters with its next stream. */
export const DROPPED: readonly Message[0][] = ["yield", "effect", "effects"];

/** The effects of a frame, to be sent where a snapshot takes the place of the rest. */
export function effectsIn(waiting: Frame | Tick | Whole): Queued[] {
  if (!(waiting instanceof Frame) || waiting.effects.length === 0) return [];
  const { host, revision, effects } = waiting;
  const message: Message = ["effects", host, revision, effects];
  return [{ message, bytes: JSON.stringify(message).length, of: undefined }];
}

/** Whether one of two frames has effects for all: such a frame goes alone, so a client that has a part of a message knows which effects are new. */
const hasEffects = (...frames: readonly Frame[]) => frames.some(({ effects }) => effects.length > 0);

/** Whether a frame is the next one behind a frame and some that follow it, and may go with them. */
export const canMerge = (first: Frame, more: number, next: Frame) => next.revision === first.revision + more + 1 && !hasEffects(first, next);

/** Whether a message means the same behind a later frame: it names no container of the state. */
export function isFree(message: Message): boolean {
  if (message[0] === "effect") return true;
  if (message[0] !== "yield") return false;
  const [slot, bodies] = message[message.length - 1] as Encoded;
  return !bodies && !(Array.isArray(slot) && typeof slot[0] === "number");
}
