import { randomBytes } from "node:crypto";
import { table } from "../report.ts";
import { type Verdict, verdict } from "../table/goals.ts";
import { median } from "../table/run.ts";
import { type Child, launch } from "./child.ts";
import { MARK } from "./clients/reader.ts";
import { note, type Part, type PartOptions, type Rounds, ratioOf, turns } from "./section.ts";

const READERS = 1000;
/** Deltas of a round that go out one by one, and those that are made in one go. */
const SINGLE = 20;
const BURST = 10;

const PEERS = ["twinstate", "twinstate, attached", "sse", "trpc", "twinstate, ws", "ws", "socketio"];
const NAMES: Record<string, string> = {
  twinstate: "twinstate, SSE",
  "twinstate, attached": "twinstate, SSE past the handler",
  sse: "raw SSE, one buffer",
  trpc: "tRPC subscription, SSE",
  "twinstate, ws": "twinstate, WebSocket",
  ws: "ws, one buffer",
  socketio: "socket.io, WebSocket",
};

/** A text of which a delta of 100 bytes is made, and in which the mark comes once. It has nothing in common with others: a change of it is sent whole. */
function text(): string {
  const noise = randomBytes(66).toString("base64url");
  return `${noise.slice(0, 44)}${String.fromCharCode(MARK)}${noise.slice(44)}`;
}

interface Pair {
  readonly server: Child;
  readonly client: Child;
  /** How many marks were sent. */
  sent: number;
}

/** One small delta to a thousand readers. */
export const fanout: Part = async (options) => {
  const { rounds, short, log } = options;
  const peers = short ? ["twinstate", "twinstate, attached", "sse", "twinstate, ws", "ws"] : PEERS;
  const pairs = new Map<string, Pair>();
  const cpu = { single: new Map() as Rounds, burst: new Map() as Rounds };
  const rates = { single: new Map() as Rounds, burst: new Map() as Rounds };
  try {
    for (const peer of peers) pairs.set(peer, await open(peer, options));
    for (const [round, peer] of turns(peers, rounds)) {
      const pair = pairs.get(peer) as Pair;
      for (const kind of ["single", "burst"] as const) {
        const before = await pair.server.ask<number>("cpu");
        let took = 0;
        if (kind === "single") for (let i = 0; i < SINGLE; i++) took += await publish(pair, 1);
        else took = await publish(pair, BURST);
        const deliveries = READERS * (kind === "single" ? SINGLE : BURST);
        const each = ((await pair.server.ask<number>("cpu")) - before) / deliveries;
        note(cpu[kind], peer, each);
        note(rates[kind], peer, (deliveries * 1e6) / took);
        log(`fan-out, round ${round + 1}, ${peer}, ${kind}: ${Math.round((deliveries * 1e6) / took)} deliveries a second, ${each.toFixed(1)} µs of CPU each`);
      }
    }
  } finally {
    for (const { server, client } of pairs.values()) await Promise.all([client.stop(), server.stop()]);
  }
  const of = (rounds: Rounds, peer: string) => median(rounds.get(peer) ?? []);
  const count = (value: number) => Math.round(value).toLocaleString("en");
  const verdicts: Verdict[] = [
    verdict("CPU of a delivery over SSE", of(cpu.single, "twinstate"), 18, "µs"),
    verdict("CPU of a delivery over SSE, to raw SSE (0.8 × as many a second)", ratioOf(cpu.single, "twinstate", "sse", median), 1 / 0.8),
    verdict("CPU of a delivery over SSE past the handler", of(cpu.single, "twinstate, attached"), 18, "µs"),
    verdict(
      "CPU of a delivery over SSE past the handler, to raw SSE (0.8 × as many a second)",
      ratioOf(cpu.single, "twinstate, attached", "sse", median),
      1 / 0.8,
    ),
    verdict("CPU of a delivery over WebSocket", of(cpu.single, "twinstate, ws"), 12, "µs"),
    verdict("CPU of a delivery over WebSocket, to ws (0.8 × as many a second)", ratioOf(cpu.single, "twinstate, ws", "ws", median), 1 / 0.8),
  ];
  return {
    title: "Fan-out",
    text: `One delta of about 100 bytes to ${READERS.toLocaleString("en")} readers, in another process, which count what comes from bare sockets. *Past the handler*: with \`attach(server, { live: true })\`, on Node's own response, as raw SSE. *One by one*: a delta is made when all have the one before it. *Ten at once*: ten are made in one go. Deliveries a second: from the first write to the last arrival; they also depend on the readers and on what else the machine did.`,
    tables: [
      table(
        ["", "CPU µs for each delivery, one by one", "ten at once", "deliveries a second, one by one", "ten at once"],
        peers.map((peer) => [
          NAMES[peer] as string,
          of(cpu.single, peer).toFixed(1),
          of(cpu.burst, peer).toFixed(1),
          count(of(rates.single, peer)),
          count(of(rates.burst, peer)),
        ]),
      ),
    ],
    rounds: peers.map((peer) => `${peer}, CPU µs: ${(cpu.single.get(peer) ?? []).map((value) => value.toFixed(1)).join(" ")}`),
    verdicts,
  };
};

async function open(peer: string, { profile }: PartOptions): Promise<Pair> {
  const server = await launch(`servers/${peer.split(",")[0]}`, { profile: profile ? `fanout-${peer}` : undefined });
  const client = await launch("clients/listen");
  await client.ask("open", { peer, port: await server.ask("port"), count: READERS });
  const pair = { server, client, sent: 0 };
  for (let i = 0; i < 10; i++) await publish(pair, 1);
  return pair;
}

/** Sends texts to all, and gives the microseconds until the last has come. */
async function publish(pair: Pair, count: number): Promise<number> {
  pair.sent += count * READERS;
  const arrived = pair.client.ask<number>("until", pair.sent);
  const started = await pair.server.ask<number>("publish", Array.from({ length: count }, text));
  return (await arrived) - started;
}
