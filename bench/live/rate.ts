import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median } from "../table/run.ts";
import { type Child, launch } from "./child.ts";
import { launchNext, nextIsBuilt } from "./next.ts";
import { note, type Part, type Rounds, ratioOf, turns } from "./section.ts";

const SESSIONS = 200;
const TIMES = 20;
const PEERS = ["twinstate", "twinstate, socket", "twinstate, no stream", "trpc"];
const ON_NEXT = ["twinstate, Next", "trpc, Next"];
const NAMES: Record<string, string> = {
  twinstate: "twinstate, all sessions stream",
  "twinstate, socket": "twinstate event, over a socket",
  "twinstate, no stream": "twinstate, no stream",
  trpc: "tRPC no-op mutation",
  "twinstate, Next": "twinstate on Next, all sessions stream",
  "trpc, Next": "tRPC no-op mutation, on Next",
};

/** How many events a second one core of the server sustains. */
export const rate: Part = async ({ rounds, short, profile, log }) => {
  const onNext = !short && nextIsBuilt(log);
  const peers = short ? ["twinstate", "twinstate, socket", "trpc"] : onNext ? [...PEERS, ...ON_NEXT] : PEERS;
  const pairs = new Map<string, { server: Child; client: Child }>();
  const cpu: Rounds = new Map();
  const seconds: Rounds = new Map();
  try {
    for (const peer of peers) {
      const server = peer.endsWith("Next")
        ? await launchNext()
        : await launch(`servers/${peer.split(",")[0]}`, { profile: profile ? `rate-${peer}` : undefined });
      const client = await launch("clients/load");
      pairs.set(peer, { server, client });
      await client.ask("open", { peer, port: await server.ask("port"), count: SESSIONS });
      for (let i = 0; i < 3; i++) await client.ask("run", TIMES);
    }
    for (const [round, peer] of turns(peers, rounds)) {
      const { server, client } = pairs.get(peer) as { server: Child; client: Child };
      const before = await server.ask<number>("cpu");
      const took = await client.ask<number>("run", TIMES);
      const each = ((await server.ask<number>("cpu")) - before) / (SESSIONS * TIMES);
      note(cpu, peer, each);
      note(seconds, peer, (SESSIONS * TIMES * 1e6) / took);
      log(`rate, round ${round + 1}, ${peer}: ${Math.round((SESSIONS * TIMES * 1e6) / took)} a second, ${each.toFixed(1)} µs of CPU each`);
    }
  } finally {
    for (const { server, client } of pairs.values()) {
      await client.ask("close");
      await Promise.all([client.stop(), server.stop()]);
    }
  }
  const of = (rounds: Rounds, peer: string) => median(rounds.get(peer) ?? []);
  const count = (value: number) => Math.round(value).toLocaleString("en");
  return {
    title: "Events a second",
    text: `${SESSIONS} sessions, each with one call under way, over kept-alive connections from a process that only writes requests and looks for the end of answers. What one core sustains is a second divided by the CPU that the server process has used for each call; the rate that was seen also depends on what else the machine did. In the first row, each session watches its store, so each event is answered *and* sent as a frame. *Over a socket*, a WebSocket takes the events and brings both.`,
    tables: [
      table(
        ["", "events a second of one core", "CPU µs for each", "a second, as seen"],
        peers.map((peer) => [NAMES[peer] as string, count(1e6 / of(cpu, peer)), of(cpu, peer).toFixed(1), count(of(seconds, peer))]),
      ),
    ],
    rounds: peers.map((peer) => `${peer}, CPU µs: ${(cpu.get(peer) ?? []).map((value) => value.toFixed(1)).join(" ")}`),
    verdicts: (onNext ? ["", ", Next"] : [""]).map((where) =>
      verdict(
        `CPU of an event${where && " on Next"}, to a no-op tRPC mutation (0.8 × as many a second)`,
        ratioOf(cpu, `twinstate${where}`, `trpc${where}`, median),
        1 / 0.8,
      ),
    ),
  };
};
