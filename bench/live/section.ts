import type { Verdict } from "../table/goals.ts";

/** What a part of the workload has found. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly tables: readonly string[];
  /** The rounds, as they came. */
  readonly rounds: readonly string[];
  readonly verdicts: readonly Verdict[];
}

export interface PartOptions {
  readonly rounds: number;
  /** In less time: fewer rounds, and the peers that goals speak of. */
  readonly short: boolean;
  /** Server processes write CPU profiles. */
  readonly profile: boolean;
  log(line: string): void;
}

export type Part = (options: PartOptions) => Promise<Section>;

/** Figures by peer, one for each round. */
export type Rounds = Map<string, number[]>;

export function note(rounds: Rounds, peer: string, value: number): void {
  const list = rounds.get(peer) ?? [];
  rounds.set(peer, list);
  list.push(value);
}

/** The peers, another one first each time. */
export function* turns(peers: readonly string[], rounds: number): Generator<[round: number, peer: string]> {
  for (let round = 0; round < rounds; round++) {
    const turn = round % peers.length;
    for (const peer of [...peers.slice(turn), ...peers.slice(0, turn)]) yield [round, peer];
  }
}

/** The median of the rounds' ratios: both had the same machine in one round. */
export function ratioOf(rounds: Rounds, peer: string, to: string, median: (values: readonly number[]) => number): number {
  const others = rounds.get(to) ?? [];
  return median((rounds.get(peer) ?? []).map((value, i) => value / (others[i] as number)));
}
