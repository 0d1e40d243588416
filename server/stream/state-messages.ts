import type { Snapshot } from "../../lib/wire/codec.js";
import type { Message, SnapshotMessage, VolatileMessage } from "../../lib/wire/protocol.js";
import type { Audience, Feed, Moment, ShownStore } from "./feed.js";

/** The whole state of a store: what is volatile, and then the rest. What is default is left out at the end. */
export function wholeMessages(feed: Feed, moment: Moment, shown: ShownStore, audience: Audience | undefined): Message[] {
  const { store, snapshot, since, volatile } = shown;
  const { ended, revision, tick } = moment;
  const end = audience ? ([ended, since, audience.name] as const) : since > 0 ? ([ended, since] as const) : ended > 0 ? ([ended] as const) : ([] as const);
  const whole: SnapshotMessage = ["snapshot", feed.number, store, feed.roomKey, feed.incarnation, revision, snapshot, ...end];
  if (volatile) return [volatileMessage(feed, feed.number, moment, store, volatile, audience), whole];
  // The ticks that it takes the place of may be named by answers.
  return tick > 0 ? [["tick", feed.number, tick], whole] : [whole];
}

/** The whole volatile state of a store. `number`: by which the reader knows the feed. */
export function volatileMessage(
  { incarnation }: Feed,
  number: number,
  { ended, revision, tick }: Moment,
  store: string,
  snapshot: Snapshot,
  audience: Audience | undefined,
): VolatileMessage {
  const end = audience ? ([ended, audience.name] as const) : ended > 0 ? ([ended] as const) : ([] as const);
  return ["volatile", number, tick, store, snapshot, incarnation, revision, ...end];
}
