import { badWire } from "../errors/errors.js";
import { InstanceNode } from "../graph/instance.js";
import { Node } from "../graph/node.js";
import type { WireDelta } from "../wire/codec.js";
import type { Decoder } from "./decoder.js";
import { readDelta } from "./delta-reader.js";
import { createSnapshotMirror, type MirrorOptions, type SnapshotMirror } from "./snapshot-mirror.js";
import { fieldsIn, linkFields } from "./volatile-state.js";

/** A twin's state: what deltas make of a snapshot. */
export interface Mirror extends SnapshotMirror {
  /** @throws StateError for a delta that does not fit: ask for a snapshot then. */
  applyDelta(delta: WireDelta): void;
  /** The same for a delta of the volatile state. */
  applyTick(delta: WireDelta): void;
}

export function createMirror(options: MirrorOptions): Mirror {
  const mirror = createSnapshotMirror(options);
  return Object.assign(mirror, { applyDelta: (delta: WireDelta) => applyDelta(mirror, delta), applyTick: (delta: WireDelta) => applyTick(mirror, delta) });
}

/** @throws StateError for a delta that does not fit: ask for a snapshot then. */
export const applyDelta = (mirror: SnapshotMirror, delta: WireDelta): void =>
  mirror.apply("a delta", delta, (decoder, volatile) => {
    if (!volatile) return readDelta(decoder, delta);
    const { free } = decoder;
    const named = new Set<unknown>();
    readDelta(decoder, delta, named);
    // The volatile fields may have come first. A field that was stored so far may be one of them now.
    const numbers = [...named].flatMap((one) => (one instanceof InstanceNode ? one.id : []));
    for (let made = free; made < decoder.free; made++) numbers.push(made);
    linkFields(volatile, decoder, concerned(volatile, numbers));
  });

/** The same for a delta of the volatile state. */
export const applyTick = (mirror: SnapshotMirror, delta: WireDelta): void =>
  mirror.apply("a delta of volatile state", delta, (decoder, volatile) => {
    if (!volatile) throw badWire("volatile state before its delta", delta);
    const named = new Set<unknown>();
    readDelta(volatile, delta, named);
    linkFields(volatile, decoder, concerned(volatile, named));
  });

/** The numbers of instances among what a delta has named: objects with their fields, and keys of Maps. */
function* concerned(volatile: Decoder, named: Iterable<unknown>): Generator<unknown> {
  const fields = fieldsIn(volatile);
  for (const one of named) {
    const number = one instanceof Node ? (one.users as InstanceNode | undefined)?.id : one;
    // The fields of an instance that has left the store stay as they are.
    if (fields?.has(number)) yield number;
  }
}
