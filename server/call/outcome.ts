import type { Store } from "../../lib/store/store.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { NumberedItems } from "../../lib/wire/protocol.js";
import type { HostViewers } from "../host/audiences.js";
import type { Refusal } from "../wire/error-shape.js";

/** The outcome of a numbered event. Plain data, as it is stored. */
export interface Outcome {
  readonly r: number;
  readonly v?: Encoded;
  /** How many items the event has had, and the items that are kept. */
  readonly y?: number;
  readonly o?: NumberedItems;
  /** The numbers of the instances that it has made. */
  readonly m?: readonly number[];
  /** The tick that has what it has changed of the volatile state. It counts in this life of the host, by its number. */
  readonly t?: readonly [tick: number, host: number];
  /** The audience whose numbers these are, if it sees hidden members. */
  readonly a?: string;
  readonly error?: Refusal;
}

/** Encodes a value for a caller. Numbers of containers count for those who see the same hidden members, so their name goes along. */
export function encodedFor(viewers: HostViewers | undefined, value: unknown, store: Store): Encoded {
  const [slot, bodies = []] = store.encode(value, viewers);
  if (viewers && (bodies.length > 0 || Array.isArray(slot))) return [slot, bodies, viewers.name];
  return bodies.length > 0 ? [slot, bodies] : [slot];
}
