import type { WireDelta } from "../wire/codec.js";
import { readDelta } from "./delta-reader.js";
import { createSnapshotMirror, type MirrorOptions, type SnapshotMirror } from "./snapshot-mirror.js";

/** A twin's state: what deltas make of a snapshot. */
export interface Mirror extends SnapshotMirror {
  /** @throws StateError for a delta that does not fit: ask for a snapshot then. */
  applyDelta(delta: WireDelta): void;
}

export function createMirror(options: MirrorOptions): Mirror {
  const mirror = createSnapshotMirror(options);
  return Object.assign(mirror, { applyDelta: (delta: WireDelta) => applyDelta(mirror, delta) });
}

/** @throws StateError for a delta that does not fit: ask for a snapshot then. */
export const applyDelta = (mirror: SnapshotMirror, delta: WireDelta): void => mirror.apply("a delta", delta, (decoder) => readDelta(decoder, delta));
