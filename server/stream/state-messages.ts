import type { Snapshot } from "../../lib/wire/codec.js";
import type { Message, SnapshotMessage, VolatileMessage } from "../../lib/wire/protocol.js";
import type { HostViewers } from "../host/audiences.js";
import type { Host } from "../host/host.js";
import type { Moment, ShownStore } from "../host/watchers.js";

/** The whole state of a store: what is volatile, and then the rest. What is default is left out at the end. */
export function wholeMessages(host: Host, moment: Moment, shown: ShownStore, ended: number, viewers: HostViewers | undefined): Message[] {
  const { store, snapshot, since, volatile } = shown;
  const end = viewers ? ([ended, since, viewers.name] as const) : since > 0 ? ([ended, since] as const) : ended > 0 ? ([ended] as const) : ([] as const);
  const whole: SnapshotMessage = ["snapshot", host.number, store, host.roomKey, host.incarnation, moment.revision, snapshot, ...end];
  if (volatile) return [volatileMessage(host, host.number, moment, store, volatile, ended, viewers), whole];
  // The ticks that it takes the place of may be named by answers.
  return moment.tick > 0 ? [["tick", host.number, moment.tick], whole] : [whole];
}

/** The whole volatile state of a store. `number`: by which the reader knows the host. */
export function volatileMessage(
  host: Host,
  number: number,
  { revision, tick }: Moment,
  store: string,
  snapshot: Snapshot,
  ended: number,
  viewers: HostViewers | undefined,
): VolatileMessage {
  const end = viewers ? ([ended, viewers.name] as const) : ended > 0 ? ([ended] as const) : ([] as const);
  return ["volatile", number, tick, store, snapshot, host.incarnation, revision, ...end];
}
