import type { WireDelta } from "../../lib/wire/codec.js";
import { EFFECTS, type Effect, type FrameMessage, type FrameTick, TICK } from "../../lib/wire/protocol.js";
import { Frame } from "../wire/frame.js";
import type { CommittedEvent } from "../wire/ran.js";
import { Tick } from "../wire/tick.js";

// Frames and ticks on their way to another node: as clients get them, with all stores in them, and whose events they have.

/** A tick for one audience. */
export type SentTick = readonly [tick: FrameTick, by: readonly CommittedEvent[], named: boolean];
/** A frame for one audience. The number of the host in it means nothing. */
export type SentFrame = readonly [frame: FrameMessage, by: CommittedEvent | null, tick: readonly [by: readonly CommittedEvent[], named: boolean] | null];

/** What has been written: one text for all nodes. */
const written = new WeakMap<Frame | Tick, string>();

function once<T extends Frame | Tick>(what: T, write: (what: T) => string): string {
  let text = written.get(what);
  if (text === undefined) written.set(what, (text = write(what)));
  return text;
}

/** Writes a frame as JSON: a `SentFrame`. */
export const frameText = (frame: Frame): string =>
  once(frame, ({ by, names, revision, tick }) => {
    const message = `[0,${revision}${frame.partsOf(new Set(names))}]`;
    return `[${message},${JSON.stringify(by ?? null)},${tick ? JSON.stringify([tick.by, tick.named]) : null}]`;
  });

/** Writes a tick as JSON: a `SentTick`. */
export const tickText = (tick: Tick): string =>
  once(tick, ({ by, deltas, named }) => `[${tick.text(new Set(deltas.map(([store]) => store)))},${JSON.stringify(by)},${named}]`);

/** Makes the tick that another node has sent. `host`: the number by which streams of this node know the feed. */
export function tickFrom(host: number, [[number, ...parts], by, named]: SentTick): Tick {
  return new Tick({ host, number, deltas: pairsOf(parts) as (readonly [string, WireDelta])[], by, named });
}

/** Makes the frame that another node has sent. */
export function frameFrom(host: number, [[, revision, ...parts], by, told]: SentFrame): Frame {
  const deltas: (readonly [string, WireDelta])[] = [];
  let effects: readonly Effect[] = [];
  let tick: Tick | undefined;
  for (const [name, part] of pairsOf(parts)) {
    if (name === EFFECTS) effects = part as readonly Effect[];
    else if (name === TICK) tick = tickFrom(host, [part as FrameTick, ...(told ?? ([[], false] as const))]);
    else deltas.push([name, part as WireDelta]);
  }
  return new Frame(host, revision, deltas, by ?? undefined, effects, undefined, tick);
}

/** A flat list of names, each before what it names. */
function pairsOf(parts: readonly unknown[]): (readonly [string, unknown])[] {
  const pairs: (readonly [string, unknown])[] = [];
  for (let at = 0; at < parts.length; at += 2) pairs.push([parts[at] as string, parts[at + 1]]);
  return pairs;
}
