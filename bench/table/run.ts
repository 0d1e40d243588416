import { bundlePeers, type PeerName, start } from "./peers.ts";
import type { Heap, Round } from "./worker.ts";
import { kinds } from "./workload.ts";

export interface Plan {
  /** Rows of the table. */
  n: number;
  peers: readonly PeerName[];
  /** Rounds that count. */
  rounds: number;
  /** Rounds before them, for the compilers. */
  warmup: number;
  /** Milliseconds for each batch of one op, at most. */
  budget: number;
  heap: boolean;
}

/** Rounds of a small table before all others, until the code is as compiled as a server's. */
const WARM = { rounds: 100, n: 100 };

export interface Result extends Plan {
  /** By peer, one for each round. */
  measured: Record<string, Round[]>;
  heaps: Record<string, Heap>;
  /** twinstate's other wire. */
  binary: Round["binary"];
}

/** Runs all peers side by side, one round of each in turn, each in its own process. */
export async function runTable(plan: Plan, log: (line: string) => void): Promise<Result> {
  const { n, peers, rounds, warmup, budget } = plan;
  await bundlePeers(peers);
  const measured: Record<string, Round[]> = Object.fromEntries(peers.map((peer) => [peer, []]));
  let binary: Result["binary"];
  const running = new Map(peers.map((peer) => [peer, start(peer)]));
  try {
    for (let i = 0; i < WARM.rounds; i++) for (const peer of running.values()) await peer.ask({ task: "round", n: WARM.n, seed: i, budget });
    for (let round = -warmup; round < rounds; round++) {
      // Each time another one goes first.
      const turn = ((round + warmup) * 3) % peers.length;
      for (const peer of [...peers.slice(turn), ...peers.slice(0, turn)]) {
        const result = await running.get(peer)?.ask({ task: "round", n, seed: round + warmup, budget });
        if (round < 0 || !result) continue;
        measured[peer]?.push(result);
        log(
          `n ${n}, round ${round + 1}, ${peer.padEnd(9)} ${kinds.map((kind) => `${kind} ${micros(result.ops[kind].produce)}/${micros(result.ops[kind].apply)}`).join("  ")}`,
        );
        if (result.diverged) log(`  DIVERGED: ${result.diverged}`);
      }
    }
    binary = (await running.get("twinstate")?.ask({ task: "round", n, seed: rounds + warmup, budget, binary: true }))?.binary;
  } finally {
    for (const peer of running.values()) peer.stop();
  }
  const heaps: Result["heaps"] = {};
  if (plan.heap) {
    for (const peer of peers) {
      const alone = start(peer);
      heaps[peer] = await alone.ask({ task: "heap", n }).finally(() => alone.stop());
    }
  }
  return { ...plan, measured, heaps, binary };
}

export const micros = (value: number): string => (value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** One figure of a round. */
export type Figure = (round: Round) => number;

/** The median over the rounds. */
export const typical = (result: Result, peer: PeerName, figure: Figure): number => median((result.measured[peer] ?? []).map(figure));

/** The median over the rounds of what one peer takes for each unit that another does: both had the same machine in one round. */
export function ratio(result: Result, peer: PeerName, figure: Figure, to: PeerName, toFigure: Figure = figure): number {
  const others = result.measured[to] ?? [];
  return median((result.measured[peer] ?? []).map((round, i) => figure(round) / toFigure(others[i] as Round)));
}
