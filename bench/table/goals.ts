import type { PeerName } from "./peers.ts";
import { type Figure, type Result, ratio, typical } from "./run.ts";
import type { Binary } from "./worker.ts";
import { kinds, type Op } from "./workload.ts";

export interface Verdict {
  what: string;
  goal: number;
  is: number;
  unit: "×" | "B" | "B/row" | "kB" | "µs";
  met: boolean;
}

type Kind = Op["kind"];

const PRODUCE: Record<Kind, number> = { push: 0.7, insert: 0.7, meta: 0.7, toggle: 1.2, swap: 1.2, remove: 2, move: 2, filter: 2.5 };
const APPLY: Record<Kind, number> = { toggle: 1, push: 1, remove: 1, insert: 1, meta: 1, swap: 2, move: 2, filter: 4 };
const BYTES: Partial<Record<Kind, number>> = { toggle: 16, remove: 15, swap: 42, meta: 12_500, filter: 3700 };
const SNAPSHOT = 0.62;
const BINARY = { toggle: 6, meta: 7500, snapshot: 0.5 };
const HEAP = 600;
const FLAT: readonly Kind[] = ["toggle", "push", "swap"];

export const verdict = (what: string, is: number, goal: number, unit: Verdict["unit"] = "×"): Verdict => ({ what, goal, is, unit, met: is <= goal });

/** What is asked of 10,000 rows. */
export function goalsOf(result: Result): Verdict[] {
  const us: PeerName = "twinstate";
  const toFloor = (figure: Figure, floor = figure) => ratio(result, us, figure, "floor", floor);
  const verdicts = [
    ...kinds.map((kind) => verdict(`produce ${kind}, to floor`, toFloor(produce(kind)), PRODUCE[kind])),
    ...kinds.map((kind) => verdict(`apply ${kind}, to floor`, toFloor(apply(kind)), APPLY[kind])),
    verdict("build of a store, to floor", toFloor(build), 0.12),
    verdict("build of a mirror, to floor", toFloor(mirror, build), 0.2),
    verdict("first snapshot produce, to JSON.stringify", ratio(result, us, snapshot, "resend"), 1.5),
    verdict("later snapshot produce, to JSON.stringify", ratio(result, us, later, "resend"), 1.5),
    verdict("snapshot apply, to JSON.parse", ratio(result, us, mirror, "resend"), 2),
    verdict("second encode of an unchanged store, to JSON.stringify", ratio(result, us, again, "resend", snapshot), 0.05),
    ...Object.entries(BYTES).map(([kind, goal]) => verdict(`bytes ${kind}`, typical(result, us, bytes(kind as Kind)), goal, "B")),
    verdict(
      "bytes snapshot, to JSON",
      ratio(result, us, (round) => round.bytes, "resend"),
      SNAPSHOT,
    ),
    ...(["toggle", "meta"] as const).map((kind) => verdict(`bytes ${kind}, binary wire`, binary(result, kind, "bytes"), BINARY[kind], "B")),
    verdict("bytes snapshot, binary wire, to JSON", binary(result, "snapshot", "bytes") / typical(result, "resend", (round) => round.bytes), BINARY.snapshot),
  ];
  const heap = result.heaps[us];
  if (heap) verdicts.push(verdict("heap of a source", heap.source, HEAP, "B/row"), verdict("heap of a mirror", heap.mirror, HEAP, "B/row"));
  return verdicts;
}

/** Cost must not follow the size of the table: by itself, and against what plain MobX on the same rows grows by in the same run. */
export const flatGoals = (small: Result, large: Result): Verdict[] =>
  FLAT.flatMap((kind) =>
    Object.entries({ produce: produce(kind), apply: apply(kind) }).flatMap(([what, figure]) => {
      const growth = (peer: PeerName) => typical(large, peer, figure) / typical(small, peer, figure);
      const name = `${what} ${kind}, n ${large.n} to n ${small.n}`;
      return [verdict(name, growth("twinstate"), 2), verdict(`${name}, to the growth of floor`, growth("twinstate") / growth("floor"), 1.1)];
    }),
  );

export const produce =
  (kind: Kind): Figure =>
  (round) =>
    round.ops[kind].produce;
export const apply =
  (kind: Kind): Figure =>
  (round) =>
    round.ops[kind].apply;
export const bytes =
  (kind: Kind): Figure =>
  (round) =>
    round.ops[kind].bytes;
/** Of twinstate alone. */
export const binary = (result: Result, what: Kind | "snapshot", figure: keyof Binary): number => result.binary?.[what][figure] as number;
export const build: Figure = (round) => round.build;
export const mirror: Figure = (round) => round.mirror;
export const snapshot: Figure = (round) => round.snapshot;
export const again: Figure = (round) => round.again;
export const later: Figure = (round) => round.later;

/** Peers with a MobX or typed mirror: twinstate should be first among these, or within 10 %. */
const RIVALS: readonly PeerName[] = ["floor", "keystone", "colyseus", "yjs"];

export interface Loss {
  what: string;
  ours: number;
  best: number;
  peer: PeerName;
}

/** Where one of them is more than 10 % better. */
export function losses(result: Result): Loss[] {
  const found: Loss[] = [];
  const compare = (what: string, figure: Figure, rivals: readonly PeerName[]) => {
    for (const peer of rivals) {
      if (!result.measured[peer] || result.measured[peer].some((round) => round.diverged)) continue;
      if (ratio(result, "twinstate", figure, peer) > 1.1)
        found.push({ what, ours: typical(result, "twinstate", figure), best: typical(result, peer, figure), peer });
    }
  };
  const senders = RIVALS.filter((peer) => peer !== "floor");
  for (const kind of kinds) {
    compare(`produce ${kind}`, produce(kind), RIVALS);
    compare(`apply ${kind}`, apply(kind), RIVALS);
    compare(`bytes ${kind}`, bytes(kind), senders);
  }
  compare("build", build, RIVALS);
  compare("mirror", mirror, RIVALS);
  compare("first snapshot produce", snapshot, senders);
  compare("later snapshot produce", later, senders);
  compare("snapshot bytes", (round) => round.bytes, senders);
  return found;
}
