import { judge, type Seen, sum, type Verdict } from "../crash/checker.js";
import { Random } from "../kit/random.js";
import { Actor, type Resumes, wait } from "./actor.js";
import { Cluster } from "./cluster.js";
import type { Planted } from "./planted.js";
import { traceOf } from "./trace.js";
import { type Fault, type Mishap, Trouble } from "./trouble.js";

export interface ChaosOptions {
  /** How long things go wrong, in ms. */
  readonly ms: number;
  readonly clients?: number;
  readonly nodes?: number;
  readonly seed?: number;
  /** The lease time of nodes, in ms. */
  readonly lease?: number;
  /** Ms between two events of a client, on the average. */
  readonly pace?: number;
  /** The faults, in shares. */
  readonly faults?: readonly Fault[];
  /** How long a node is frozen, in ms. */
  readonly frozen?: number;
  /** A mistake that the nodes shall make. */
  readonly planted?: Planted;
  /** Has the longest pauses after faults of this kind reported, with what clients asked for meanwhile. */
  readonly trace?: Fault;
  readonly report?: (line: string) => void;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

/** What a Redis may lose whose place a replica takes: commits. */
interface Losses {
  /** Acknowledged, and not there. */
  readonly acknowledged: number;
  /** Not there, and the client was told that this is not known. */
  readonly unknown: number;
  /** What the nodes' log says that was lost. */
  readonly logged: number;
}

export interface ChaosReport extends Verdict {
  /** Where Redis may have lost something, this says what. It is no fault then. */
  readonly losses: Losses | undefined;
  readonly sent: number;
  /** Clients whose twins did not equal their stores when all was quiet. */
  readonly diverged: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly resumes: Resumes;
  /** How long each client waited after each fault for what it had asked, in ms; and after faults with which nothing else was wrong. */
  readonly pauses: Readonly<Record<Fault, readonly number[]>>;
  readonly pausesAlone: Readonly<Record<Fault, readonly number[]>>;
}

/** How many clients share a room. */
const ROOM = 10;
/** How long to wait until all have recovered at the end, in ms: what has no answer by then counts as never answered. */
const PATIENCE = 120_000;
/** How long a twin that was there may be behind one that has just come, in ms. */
const LATE = 20_000;

/** Several node processes, a real Redis and many clients, to which things happen at random; judged by what clients were told. */
export async function chaos({
  ms,
  clients: count = 100,
  nodes = 3,
  seed = Date.now(),
  lease = 2000,
  pace = 1000,
  faults = ["kill", "kill", "freeze", "cut", "cut", "restart", "drain"],
  frozen = 15_000,
  planted,
  trace,
  report = () => {},
  signal,
}: ChaosOptions): Promise<ChaosReport> {
  const random = new Random(seed);
  const forgets = faults.includes("failover");
  const cluster = await Cluster.start({ nodes, lease, replica: forgets, ...(planted && { planted }) });
  const trouble = new Trouble(cluster, random, { lease, frozen, faults });
  const actors: Actor[] = [];
  signal?.addEventListener("abort", () => void cluster.end());
  try {
    const begun = performance.now();
    for (let n = 0; n < count; n++) actors.push(new Actor(n, cluster.url, n % 2 === 0 ? `room-${Math.floor(n / 2 / ROOM)}` : undefined));
    await Promise.all(actors.map((actor) => actor.arrive()));
    report(`${count} clients have come after ${Math.round(performance.now() - begun)} ms`);
    const working = actors.map((actor) => actor.work(new Random(random.int(2 ** 31)), pace, forgets ? 0 : undefined));
    const end = performance.now() + ms;
    while (performance.now() < end) {
      signal?.throwIfAborted();
      const at = performance.now() - end + ms;
      report(`${Math.round(at / 1000)} s: ${await trouble.make()}; ${countsOf(trouble.counts)}`);
    }
    await trouble.over();
    for (const actor of actors) actor.rest();
    await Promise.race([Promise.all([...working, ...actors.map((actor) => actor.quiet())]), wait(PATIENCE)]);
    for (const actor of actors) if (actor.waits > 0) report(`client ${actor.number} (${actor.room ?? "its session"}) waits for ${actor.waits} answers`);
    const { verdict, diverged, missing } = await inspect(actors, forgets);
    const resumes = { delta: 0, snapshot: 0 };
    for (const actor of actors) for (const kind of ["delta", "snapshot"] as const) resumes[kind] += actor.resumes[kind];
    const pausesOf = (mishaps: readonly Mishap[]) => {
      const pauses = Object.fromEntries(Object.keys(trouble.counts).map((fault) => [fault, [] as number[]])) as Record<Fault, number[]>;
      for (const { at, fault } of mishaps) pauses[fault].push(...actors.map((actor) => actor.pause(at, lease).waited));
      return pauses;
    };
    if (trace) {
      const pauses = trouble.mishaps.flatMap((mishap) => actors.map((actor) => ({ mishap, ...actor.pause(mishap.at, lease) })));
      for (const line of traceOf(trace, pauses, trouble.mishaps, cluster, end - ms)) report(line);
    }
    return {
      ...verdict,
      losses: forgets ? { ...missing, logged: cluster.lost } : undefined,
      sent: actors.reduce((total, { calls }) => total + calls.length, 0),
      diverged,
      faults: trouble.counts,
      resumes,
      pauses: pausesOf(trouble.mishaps),
      pausesAlone: pausesOf(trouble.mishaps.filter(({ alone }) => alone)),
    };
  } finally {
    for (const actor of actors) actor.leave();
    await cluster.end();
  }
}

/** What there is, as those see it who have just come; and how many of those who were there see something else. */
async function inspect(actors: readonly Actor[], forgets: boolean) {
  const places = new Map<string, Actor[]>();
  for (const actor of actors) {
    const place = actor.room ?? `session ${actor.number}`;
    places.set(place, [...(places.get(place) ?? []), actor]);
  }
  const verdicts: Verdict[] = [];
  const missing = { acknowledged: 0, unknown: 0 };
  let diverged = 0;
  for (const members of places.values()) {
    const truth = await (members[0] as Actor).truth();
    const calls = members.flatMap(({ calls }) => calls);
    verdicts.push(judge(calls, truth, forgets));
    const there = new Set(truth.log);
    for (const { ids, outcome } of calls) missing[outcome && "value" in outcome ? "acknowledged" : "unknown"] += ids.filter((id) => !there.has(id)).length;
    for (const member of members) if (!(await agrees(member, truth))) diverged++;
  }
  return { verdict: sum(verdicts), diverged, missing };
}

/** Whether a client comes to show the truth, as its stream may be a little behind. */
async function agrees(actor: Actor, truth: Seen): Promise<boolean> {
  const wanted = JSON.stringify(truth);
  const end = performance.now() + LATE;
  while (JSON.stringify(actor.sees()) !== wanted) {
    if (performance.now() > end) return false;
    await wait(50);
  }
  return true;
}

const NAMES: Readonly<Record<Fault, string>> = {
  kill: "a kill",
  freeze: "a freeze",
  cut: "a cut from Redis",
  restart: "a restart of Redis",
  drain: "a drain",
  failover: "a failover of Redis",
};

/** The value below which a share of all is, in seconds. */
function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? "none" : `${(value / 1000).toFixed(2)} s`;
}

/** Whether the nodes' log says what was lost: all that clients had an answer to, and no more than what is gone besides. */
export const isTold = ({ losses }: Pick<ChaosReport, "losses">): boolean =>
  losses === undefined || (losses.logged >= losses.acknowledged && losses.logged <= losses.acknowledged + losses.unknown);

/** The figures, in lines. */
export function figuresOf(report: ChaosReport): string {
  const { sent, acknowledged, interrupted, losses, lost, doubled, torn, disordered, invented, wrong, diverged, faults, resumes, pauses, pausesAlone } = report;
  const times = (values: readonly number[]) => `p50 ${percentile(values, 0.5)}, p99 ${percentile(values, 0.99)}, longest ${percentile(values, 1)}`;
  return [
    `faults: ${countsOf(faults)}`,
    `events: ${sent} sent, ${acknowledged} acknowledged, ${interrupted} interrupted`,
    `lost ${lost}, doubled ${doubled}, diverged ${diverged}, torn ${torn}, out of order ${disordered}, invented ${invented}, wrongly answered or never ${wrong}`,
    ...(losses
      ? [`commits that Redis has lost: ${losses.logged} by the nodes' log; ${losses.acknowledged} that clients had an answer to, ${losses.unknown} without one`]
      : []),
    ...(Object.keys(faults) as Fault[])
      .filter((fault) => faults[fault] > 0)
      .map((fault) => `pause of each client after ${NAMES[fault]}: ${times(pauses[fault])}; with nothing else wrong: ${times(pausesAlone[fault])}`),
    `resumes: ${resumes.delta} by delta, ${resumes.snapshot} by snapshot`,
  ].join("\n");
}

const countsOf = (faults: Readonly<Record<Fault, number>>) =>
  Object.entries(faults)
    .map(([name, times]) => `${times} ${name}`)
    .join(", ");
