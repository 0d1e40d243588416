import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median, micros } from "../table/run.ts";
import { kinds, makeOps } from "../table/workload.ts";
import { type Child, launch } from "./child.ts";
import { freePort } from "./next.ts";
import { note, type Part, type Rounds, ratioOf, turns } from "./section.ts";

const VERSION = "0.10.1";
const folder = import.meta.dirname;
const python = `${folder}/../.venv/bin/python`;

const SESSIONS = 200;
const TIMES = 10;
/** Ops of one kind in a round. */
const OPS = 3;
const TITLE = "Reflex";
const PEERS = ["twinstate", "reflex"];
/** Those that a number is changed by: by requests, and over a socket as Reflex has it. */
const CALLERS = [...PEERS, "twinstate, socket"];

/** Installs Reflex into a virtual environment of the bench's own. Gives what is in the way, if anything is. */
function missing(): string | undefined {
  try {
    if (existsSync(python)) return undefined;
    execFileSync("python3", ["-m", "venv", `${folder}/../.venv`], { stdio: "pipe" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", `reflex==${VERSION}`], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}

/** Reflex's backend alone, in production mode, with one worker and its state in memory. */
async function startReflex(): Promise<{ port: number; cpu(): Promise<number>; stop(): void }> {
  const port = await freePort();
  const child: ChildProcess = spawn(python, [`${folder}/reflex/serve.py`, String(port)], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let trouble = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    trouble += chunk.toString();
  });
  const stop = () => {
    // With its worker, which is a process of its own.
    if (child.exitCode === null) process.kill(-(child.pid as number));
  };
  const cpu = async () => Number(await (await fetch(`http://127.0.0.1:${port}/cpu`)).text());
  for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      await cpu();
      return { port, cpu, stop };
    } catch (error) {
      if (child.exitCode === null && Date.now() < end) continue;
      stop();
      throw new Error(`Reflex does not start: ${trouble || error}`);
    }
  }
}

/** Reflex itself, on the same work. */
export const reflex: Part = async ({ rounds, short, log }) => {
  const trouble = missing();
  if (trouble) {
    log(`Reflex: skipped. ${trouble}`);
    return { title: TITLE, text: `Skipped, as Reflex could not be installed: ${trouble}`, tables: [], rounds: [], verdicts: [] };
  }
  const sizes = short ? [10_000] : [1000, 10_000];
  const server = await launch("servers/twinstate");
  const theirs = await startReflex();
  const children = new Set([server]);
  const open = async (name: string) => {
    const child = await launch(`clients/${name}`);
    children.add(child);
    return child;
  };
  const cpuOf: Record<string, () => Promise<number>> = {
    twinstate: () => server.ask<number>("cpu"),
    "twinstate, socket": () => server.ask<number>("cpu"),
    reflex: theirs.cpu,
  };
  const trips = { 1: new Map() as Rounds, 10: new Map() as Rounds };
  const events: Rounds = new Map();
  const ops = new Map<string, { micros: Rounds; bytes: Rounds; cpu: Rounds }>();
  try {
    const port = await server.ask<number>("port");
    const [caller, load, tab, theirCaller, theirLoad] = await Promise.all([open("call"), open("load"), open("table"), open("reflex"), open("reflex")]);
    const [socketCaller, socketLoad] = await Promise.all([open("call"), open("load")]);
    await caller.ask("open", { peer: "twinstate", port });
    await socketCaller.ask("open", { peer: "twinstate, socket", port });
    await socketLoad.ask("open", { peer: "twinstate, socket", port, count: SESSIONS });
    await theirCaller.ask("open", { port: theirs.port, count: 1 });
    await load.ask("open", { peer: "twinstate", port, count: SESSIONS });
    await theirLoad.ask("open", { port: theirs.port, count: SESSIONS });
    await tab.ask("open", port);
    const callers: Record<string, Child> = { twinstate: caller, "twinstate, socket": socketCaller, reflex: theirCaller };
    const loads: Record<string, Child> = { twinstate: load, "twinstate, socket": socketLoad, reflex: theirLoad };
    const tabs: Record<string, Child> = { twinstate: tab, reflex: theirCaller };
    for (let i = 0; i < 3; i++) for (const peer of CALLERS) await loads[peer]?.ask("run", TIMES);

    for (const [round, peer] of turns(CALLERS, rounds)) {
      for (const together of [1, 10] as const) {
        const value = median((await callers[peer]?.ask<number[]>("time", { times: together === 1 ? 100 : 20, together })) ?? []);
        note(trips[together], peer, value);
      }
      const before = (await cpuOf[peer]?.()) ?? 0;
      await loads[peer]?.ask("run", TIMES);
      const each = (((await cpuOf[peer]?.()) ?? 0) - before) / (SESSIONS * TIMES);
      note(events, peer, each);
      log(`Reflex, round ${round + 1}, ${peer}: round trip ${micros(trips[1].get(peer)?.at(-1) as number)} µs, ${each.toFixed(1)} µs of CPU an event`);
    }
    for (const n of sizes) {
      for (const [round, peer] of turns(PEERS, Math.min(rounds, 5))) {
        const one = tabs[peer] as Child;
        await one.ask("fill", n);
        let rows = n;
        for (const kind of kinds) {
          const asked = makeOps(kind, kind === "filter" ? 1 : OPS, rows, round);
          const before = (await cpuOf[peer]?.()) ?? 0;
          const found = await one.ask<{ micros: number; bytes: number }>("edit", asked);
          const cpu = (((await cpuOf[peer]?.()) ?? 0) - before) / asked.length;
          const key = `${n} ${kind}`;
          const figures = ops.get(key) ?? { micros: new Map(), bytes: new Map(), cpu: new Map() };
          ops.set(key, figures);
          note(figures.micros, peer, found.micros);
          note(figures.bytes, peer, found.bytes);
          note(figures.cpu, peer, cpu);
          if (kind === "push" || kind === "insert") rows += OPS;
          if (kind === "remove") rows -= OPS;
        }
        log(`Reflex, ${n} rows, round ${round + 1}, ${peer}: toggle ${micros(ops.get(`${n} toggle`)?.micros.get(peer)?.at(-1) as number)} µs`);
      }
    }
    await load.ask("close");
    await socketLoad.ask("close");
    await theirLoad.ask("close");
  } finally {
    await Promise.all([...children].map((child) => child.stop()));
    theirs.stop();
  }
  const of = (rounds: Rounds | undefined, peer: string) => median(rounds?.get(peer) ?? []);
  const count = (value: number) => Math.round(value).toLocaleString("en");
  const all = (what: string, rounds: Rounds) => [
    what,
    ...CALLERS.map((peer) => count(of(rounds, peer))),
    ...["twinstate", "twinstate, socket"].map((peer) => `${ratioOf(rounds, peer, "reflex", median).toFixed(2)} ×`),
  ];
  const cell = ops.get("10000 toggle") as { bytes: Rounds; cpu: Rounds };
  return {
    title: TITLE,
    text: `Reflex ${VERSION}, its backend alone in production mode with one worker (Granian) and its state in memory, driven over its own Socket.IO protocol; twinstate by its own client, with events by request and a stream over SSE, and, for the first table, with both over a WebSocket, as Reflex has them. Round trip and events as above, over ${SESSIONS} sessions. Then the ops of workload T, each an event of one session: time from the call until what it changed is in the browser's hands, bytes of all that the browser got for it, and CPU of the server. What a browser waits for there is mostly tRPC's batch timer and \`fetch\`.`,
    tables: [
      table(
        ["", "twinstate, by request", "reflex", "twinstate, over a socket", "by request, to Reflex", "over a socket, to Reflex"],
        [all("round trip, 1 at a time, µs", trips[1]), all("round trip, 10 at a time, µs", trips[10]), all("server CPU of an event, µs", events)],
      ),
      ...sizes.map((n) =>
        table(
          [`${count(n)} rows`, "twinstate µs", "reflex µs", "twinstate bytes", "reflex bytes", "twinstate CPU µs", "reflex CPU µs"],
          kinds.map((kind) => {
            const figures = ops.get(`${n} ${kind}`);
            return [kind, ...[figures?.micros, figures?.bytes, figures?.cpu].flatMap((rounds) => PEERS.map((peer) => count(of(rounds, peer))))];
          }),
        ),
      ),
    ],
    rounds: CALLERS.map((peer) => `${peer}, CPU µs of an event: ${(events.get(peer) ?? []).map((value) => value.toFixed(1)).join(" ")}`),
    verdicts: [
      verdict("CPU of an event that changes a number, to Reflex", ratioOf(events, "twinstate, socket", "reflex", median), 0.1),
      verdict("CPU of an event that toggles one of 10,000 rows, to Reflex", ratioOf(cell.cpu, "twinstate", "reflex", median), 0.1),
      verdict("bytes of one cell of 10,000 rows, to Reflex", ratioOf(cell.bytes, "twinstate", "reflex", median), 0.01),
    ],
  };
};
