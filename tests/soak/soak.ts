import type { Bug } from "../crash/bugs.js";
import { type Call, judge, type Seen, sum, type Verdict } from "../crash/checker.js";
import { freePort, Servers } from "../crash/servers.js";
import { Random } from "../kit/random.js";
import { type Resumes, shareOf } from "../kit/resumes.js";
import { Actor, enter, type Fault, type Harm, type Place, type Recovery, seen, wait } from "./actor.js";

export interface SoakOptions {
  /** How long things go wrong, in ms. */
  readonly ms: number;
  /** Where the server keeps its state. */
  readonly file: string;
  readonly clients?: number;
  readonly rooms?: number;
  /** Ms between two events of a client, on the average. */
  readonly pace?: number;
  /** Ms between two faults of a line, on the average; and between two kills of the server. */
  readonly faultEvery?: number;
  readonly killEvery?: number;
  readonly seed?: number;
  /** A mistake that the server shall make. */
  readonly bug?: Bug;
  readonly report?: (line: string) => void;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface SoakReport extends Verdict {
  readonly sent: number;
  /** Twins that did not equal their stores when all was quiet. */
  readonly diverged: number;
  readonly kills: number;
  readonly faults: Readonly<Record<Fault, number>>;
  /** How stores went on that clients had already; and while they recovered from a kill. */
  readonly resumes: Resumes;
  readonly killed: Resumes;
  /** How many streams clients have had. */
  readonly streams: Readonly<Record<"sse" | "websocket", number>>;
  readonly recoveries: readonly Recovery[];
  /** The most memory that a server process has had, in bytes. */
  readonly memory: number;
}

/** The longest that a line stands still, or answers nothing, in ms. */
const LONGEST = 8000;
/** How long a server is away, at most, in ms. */
const AWAY = 1000;
/** What is wrong is wrong for one client, for some, or for all. */
const SOME = 0.1;
const ALL = 0.01;
/** Of how many lines that answer nothing the client is not even told afterwards: it has to find out by their silence. */
const SILENT = 0.2;
/** How long to wait until all have recovered at the end, in ms: what has no answer by then counts as never answered. */
const PATIENCE = 120_000;

/** Real servers, real sockets, and many clients: lines are cut, stalled and half-open, servers are killed, all at random, and what clients were told is judged. */
export async function soak({
  ms,
  file,
  clients: count = 200,
  rooms = 3,
  pace = 2000,
  faultEvery = 500,
  killEvery = 15_000,
  seed = Date.now(),
  bug,
  report = () => {},
  signal,
}: SoakOptions): Promise<SoakReport> {
  const random = new Random(seed);
  const servers = new Servers(await freePort(), { FILE: file, ...(bug && { BUG: bug }) });
  const actors: Actor[] = [];
  const faults = { cut: 0, stall: 0, "half-open": 0 };
  let memory = 0;
  let kills = 0;
  const measure = async () => {
    memory = Math.max(memory, await servers.memory());
  };

  const begun = performance.now();
  const goingOn = () => performance.now() - begun < ms && !signal?.aborted;
  /** What has not happened yet, as on a machine where all have been ailing all the time: it goes on until that has. */
  const owed = () => (signal?.aborted ? undefined : (Object.keys(faults) as Fault[]).find((fault) => faults[fault] === 0));

  async function pull(): Promise<void> {
    const under: Promise<void>[] = [];
    while (goingOn() || owed()) {
      await wait(random.int(2 * faultEvery));
      const fault = goingOn() ? random.pick(["cut", "cut", "stall", "half-open"] as const) : owed();
      if (!fault) break;
      const many = random.chance(ALL) ? count : random.chance(SOME) ? Math.ceil(count / 10) : 1;
      const [duration, told] = [500 + random.int(LONGEST), !random.chance(SILENT)];
      const from = random.int(count);
      for (let n = 0; n < many; n++) {
        const actor = actors[(from + n) % count] as Actor;
        if (actor.ailing) continue;
        faults[fault]++;
        under.push(actor.suffer(fault, duration, told));
      }
    }
    await Promise.all(under);
  }

  async function kill(): Promise<void> {
    while (goingOn() || (kills === 0 && !signal?.aborted)) {
      await wait(killEvery / 4);
      // Not at once after a start: it takes the machine's time from those who come back.
      servers.prepare();
      await wait(killEvery / 4 + random.int(killEvery));
      if (!goingOn() && kills > 0) return;
      await measure();
      const over = actors.map((actor) => actor.harm("kill"));
      await servers.kill();
      await wait(random.int(AWAY));
      await servers.start();
      kills++;
      for (const one of over) one();
      report(
        `${Math.round((performance.now() - begun) / 1000)} s: ${kills} kills, ${Object.entries(faults)
          .map(([name, n]) => `${n} ${name}`)
          .join(", ")}`,
      );
    }
  }

  try {
    await servers.start();
    actors.push(...(await Promise.all(Array.from({ length: count }, (_, number) => Actor.arrive(number, `room-${number % rooms}`, servers.port)))));
    report(`${count} clients have come after ${Math.round(performance.now() - begun)} ms`);
    const working = actors.map((actor) => actor.work(new Random(random.int(2 ** 31)), pace));
    await Promise.all([pull(), kill()]);
    for (const actor of actors) actor.rest();
    for (const actor of actors) actor.heal();
    const quiet = Promise.all([...working, ...actors.map((actor) => actor.quiet())]);
    await Promise.race([quiet, wait(PATIENCE)]);
    const { verdict, diverged } = await inspect(servers.url, actors);
    await measure();
    const resumes = { delta: 0, snapshot: 0 };
    const killed = { delta: 0, snapshot: 0 };
    const streams = { sse: 0, websocket: 0 };
    for (const actor of actors) {
      for (const kind of ["delta", "snapshot"] as const) {
        resumes[kind] += actor.resumes[kind];
        killed[kind] += actor.killed[kind];
      }
      for (const transport of ["sse", "websocket"] as const) streams[transport] += actor.streams[transport];
    }
    const sent = actors.reduce((total, { own, room }) => total + own.calls.length + room.calls.length, 0);
    return { ...verdict, sent, diverged, kills, faults, resumes, killed, streams, recoveries: actors.flatMap(({ recoveries }) => recoveries), memory };
  } finally {
    for (const actor of actors) actor.leave();
    await servers.end();
  }
}

/** What there is, as one sees it who has just come, without any fault between; and how many twins of those who were there see something else. */
async function inspect(url: string, actors: readonly Actor[]): Promise<{ verdict: Verdict; diverged: number }> {
  const rooms = new Map<string, { truth: Seen; calls: Call[] }>();
  const verdicts: Verdict[] = [];
  let diverged = 0;
  for (const actor of actors) {
    const { twins, own, room } = await enter(actor.roomKey, { url, fetch: actor.jar.fetch });
    const there = rooms.get(actor.roomKey) ?? { truth: seen(room), calls: [] };
    rooms.set(actor.roomKey, there);
    there.calls.push(...actor.room.calls);
    verdicts.push(judge(actor.own.calls, seen(own)));
    for (const [place, truth] of [
      [actor.own, seen(own)],
      [actor.room, there.truth],
    ] as const)
      diverged += await differences(place, truth);
    twins.$close();
  }
  for (const { calls, truth } of rooms.values()) verdicts.push(judge(calls, truth));
  return { verdict: sum(verdicts), diverged };
}

/** How many of its twins do not come to show the truth, as a stream may be a little behind. */
async function differences(place: Place, truth: Seen): Promise<number> {
  for (let patience = 0; ; patience++) {
    const now = seen(place);
    const different = (["log", "tally"] as const).filter((name) => JSON.stringify(now[name]) !== JSON.stringify(truth[name])).length;
    if (different === 0 || patience === 100) return different;
    await wait(50);
  }
}

/** The value below which a share of all is. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** The figures, as a table of Markdown. */
export function tableOf({ faults, kills, recoveries, ...of }: SoakReport): string {
  const times = (harm?: Harm) => recoveries.flatMap((one) => (harm === undefined || one.harm === harm ? [one.ms] : []));
  const seconds = (harm: Harm | undefined, share: number) => `${(percentile(times(harm), share) / 1000).toFixed(2)} s`;
  const recovery = (what: string, harm?: Harm) =>
    `| recovery ${what}: p50, p99 (${times(harm).length} times) | ${seconds(harm, 0.5)}, ${seconds(harm, 0.99)} |`;
  const { sent, acknowledged, interrupted, lost, doubled, torn, disordered, invented, wrong, diverged, resumes, killed, streams, memory } = of;
  return [
    "| | |",
    "| --- | --: |",
    `| lines cut, stalled, half-open | ${faults.cut}, ${faults.stall}, ${faults["half-open"]} |`,
    `| servers killed with \`kill -9\` | ${kills} |`,
    `| events sent | ${sent} |`,
    `| acknowledged | ${acknowledged} |`,
    `| cut off between two commits, and told so | ${interrupted} |`,
    `| lost | ${lost} |`,
    `| doubled | ${doubled} |`,
    `| half there | ${torn} |`,
    `| out of order | ${disordered} |`,
    `| never asked for, wrongly answered or never answered | ${invented + wrong} |`,
    `| twins that differ from their stores | ${diverged} |`,
    `| streams by server-sent events, by WebSocket | ${streams.sse}, ${streams.websocket} |`,
    `| resumes by delta, by snapshot | ${resumes.delta}, ${resumes.snapshot} |`,
    `| after a kill: by delta, by snapshot | ${killed.delta}, ${killed.snapshot} (${(100 * shareOf(killed)).toFixed(1)} % by delta) |`,
    recovery("from all"),
    recovery("from a cut", "cut"),
    recovery("from a stall", "stall"),
    recovery("from a half-open line", "half-open"),
    recovery("from a killed server", "kill"),
    `| peak memory of the server | ${Math.round(memory / 2 ** 20)} MB |`,
  ].join("\n");
}
