import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median, micros } from "../table/run.ts";
import { type Child, launch } from "./child.ts";
import { launchNext, nextIsBuilt } from "./next.ts";
import { note, type Part, type Rounds, ratioOf, turns } from "./section.ts";

const PEERS = ["twinstate", "twinstate, socket", "trpc", "socketio"];
const ON_NEXT = ["twinstate, Next", "trpc, Next"];
const NAMES: Record<string, string> = {
  twinstate: "twinstate event",
  "twinstate, socket": "twinstate event, over a socket",
  trpc: "tRPC no-op mutation",
  socketio: "socket.io ack",
  "twinstate, Next": "twinstate event, on Next",
  "trpc, Next": "tRPC no-op mutation, on Next",
};
const TOGETHER = [1, 10];

/** How long an event takes, from call until the caller's twin shows it. */
export const roundtrip: Part = async ({ rounds, short, profile, log }) => {
  const onNext = !short && nextIsBuilt(log);
  const peers = short ? ["twinstate", "twinstate, socket", "trpc"] : onNext ? [...PEERS, ...ON_NEXT] : PEERS;
  const pairs = new Map<string, { server: Child; client: Child }>();
  const took: Record<number, Rounds> = Object.fromEntries(TOGETHER.map((together) => [together, new Map()]));
  try {
    for (const peer of peers) {
      const server = peer.endsWith("Next")
        ? await launchNext()
        : await launch(`servers/${peer.split(",")[0]}`, { profile: profile ? `roundtrip-${peer}` : undefined });
      const client = await launch("clients/call", { profile: profile ? `roundtrip-${peer}-client` : undefined });
      pairs.set(peer, { server, client });
      await client.ask("open", { peer, port: await server.ask("port") });
      await client.ask("time", { times: 300, together: 1 });
      await client.ask("time", { times: 50, together: 10 });
    }
    for (const [round, peer] of turns(peers, rounds)) {
      const { client } = pairs.get(peer) as { client: Child };
      for (const together of TOGETHER) {
        const value = median(await client.ask<number[]>("time", { times: together === 1 ? 200 : 30, together }));
        note(took[together] as Rounds, peer, value);
        log(`round trip, round ${round + 1}, ${peer}, ${together} at a time: ${micros(value)} µs`);
      }
    }
  } finally {
    for (const { server, client } of pairs.values()) await Promise.all([client.stop(), server.stop()]);
  }
  const of = (together: number, peer: string) => took[together]?.get(peer) ?? [];
  return {
    title: "Round trip",
    text: "Microseconds from call until the caller's twin shows what the event did, on a session of its own, with a stream that is open. The median of a round's calls; the median of the rounds. The tRPC mutation goes over `httpBatchStreamLink` through the same HTTP server, and does nothing. *On Next*: both as route handlers of one app, on Next's own server in production; elsewhere the handlers stand behind a plain HTTP server.",
    tables: [
      table(
        ["µs a call", ...TOGETHER.map((together) => `${together} at a time`)],
        peers.map((peer) => [NAMES[peer] as string, ...TOGETHER.map((together) => micros(median(of(together, peer))))]),
      ),
    ],
    rounds: peers.flatMap((peer) => TOGETHER.map((together) => `${peer}, ${together} at a time: ${of(together, peer).map(micros).join(" ")}`)),
    verdicts: (onNext ? ["", ", Next"] : [""]).flatMap((where) =>
      TOGETHER.map((together) =>
        verdict(
          `round trip${where && " on Next"}, ${together} at a time, to a no-op tRPC mutation`,
          ratioOf(took[together] as Rounds, `twinstate${where}`, `trpc${where}`, median),
          1.3,
        ),
      ),
    ),
  };
};
