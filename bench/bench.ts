import { parseArgs } from "node:util";
import { livePage, parts, runLive } from "./live/run.ts";
import { notes } from "./notes.ts";
import { renderPage, runRender } from "./render/run.ts";
import { allGoals, page, verdictTable } from "./report.ts";
import { writeResults } from "./results.ts";
import { runStorage, storagePage } from "./storage/run.ts";
import type { Verdict } from "./table/goals.ts";
import { type PeerName, peers } from "./table/peers.ts";
import { type Plan, type Result, runTable } from "./table/run.ts";
import { runText, textPage } from "./text/run.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    n: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string" },
    check: { type: "boolean" },
    known: { type: "boolean" },
    part: { type: "string" },
    profile: { type: "boolean" },
  },
});

const log = (line: string) => void process.stdout.write(line + "\n");

/** Those whose rounds of 100,000 rows end within seconds: a filter takes others a minute, as its cost grows with the square. */
const swift: readonly PeerName[] = ["twinstate", "floor", "colyseus", "resend"];

/** Every peer, at every size that it bears. Fewer rounds where one takes long. */
const whole = (n: number): Plan => ({
  n,
  peers: n <= 10_000 ? peers : swift,
  rounds: n <= 1000 ? 15 : n <= 10_000 ? 7 : 3,
  warmup: n <= 10_000 ? 2 : 1,
  budget: n <= 10_000 ? 500 : 250,
  heap: true,
});

/** Those that goals speak of, in less time. */
const short = (n: number): Plan =>
  n === 10_000 ? { ...whole(n), peers: ["twinstate", "floor", "resend"], rounds: 5 } : { ...whole(n), peers: ["twinstate", "floor"], heap: false };

const missed: Verdict[] = [];

const [workload] = positionals;
if (workload !== undefined && !["T", "L", "S", "R", "A"].includes(workload))
  throw new Error(`There is no workload \`${workload}\`. Is \`T\`, \`L\`, \`S\`, \`R\` or \`A\` meant?`);
if (workload === undefined || workload === "T") finish(await tableWorkload());
if (workload === undefined || workload === "L") finish(await liveWorkload());
if (workload === undefined || workload === "S") finish(await storageWorkload());
if (workload === undefined || workload === "R") finish(await renderWorkload());
if (workload === undefined || workload === "A") finish(await textWorkload());
if (missed.length > 0) {
  log(`\n${missed.length} goals are missed:\n\n${verdictTable(missed)}`);
  process.exitCode = 1;
}

/** Where goals are checked, each that is missed fails the whole; with `--known`, not those that are no worse than the notes say. */
function finish(goals: readonly Verdict[]): void {
  if (!values.check) return;
  log(`\n${verdictTable(goals)}`);
  missed.push(...goals.filter(({ what, is, met }) => !met && !(values.known && is <= (notes.known[what] ?? 0))));
}

async function tableWorkload(): Promise<Verdict[]> {
  const sizes = values.n ? values.n.split(",").map(Number) : [100, 10_000, 100_000];
  const plans = sizes.map((n): Plan => {
    const plan = values.check ? short(n) : whole(n);
    return {
      ...plan,
      peers: values.peers ? (values.peers.split(",") as PeerName[]) : plan.peers,
      rounds: values.rounds ? Number(values.rounds) : plan.rounds,
    };
  });
  const results: Result[] = [];
  for (const plan of plans) results.push(await runTable(plan, log));
  if (results.some((result) => result.measured.twinstate?.some((round) => round.diverged))) process.exitCode = 1;
  if (!values.check) {
    const text = page(results, notes);
    log(`\n${text}`);
    // A part is printed only: the page holds all.
    if (!values.n && !values.peers && !values.rounds) writeResults("T", text);
  }
  const judged = plans.every(({ n, peers }) =>
    (n === 10_000 ? (["twinstate", "floor", "resend"] as const) : (["twinstate", "floor"] as const)).every((peer) => peers.includes(peer)),
  );
  return judged ? allGoals(results) : [];
}

async function liveWorkload(): Promise<Verdict[]> {
  const sections = await runLive({
    parts: values.part ? values.part.split(",") : Object.keys(parts),
    short: values.check === true,
    profile: values.profile === true,
    rounds: values.rounds ? Number(values.rounds) : undefined,
    log,
  });
  if (!values.check) {
    const text = livePage(sections);
    log(`\n${text}`);
    if (!values.part && !values.rounds) writeResults("L", text);
  }
  return sections.flatMap(({ verdicts }) => verdicts);
}

async function storageWorkload(): Promise<Verdict[]> {
  const short = values.check === true;
  const sections = await runStorage({ short, rounds: values.rounds ? Number(values.rounds) : short ? 3 : 7, log });
  if (!short) {
    const text = storagePage(sections);
    log(`\n${text}`);
    if (!values.rounds) writeResults("S", text);
  }
  return sections.flatMap(({ verdicts }) => verdicts);
}

async function renderWorkload(): Promise<Verdict[]> {
  const short = values.check === true;
  const sections = await runRender({ rounds: values.rounds ? Number(values.rounds) : short ? 5 : 11, short, profile: values.profile === true, log });
  if (!short && sections.length > 0) {
    const text = renderPage(sections);
    log(`\n${text}`);
    if (!values.rounds) writeResults("R", text);
  }
  return sections.flatMap(({ verdicts }) => verdicts);
}

async function textWorkload(): Promise<Verdict[]> {
  const short = values.check === true;
  const sections = await runText({ short, rounds: values.rounds ? Number(values.rounds) : short ? 5 : 7, log });
  if (!short) {
    const text = textPage(sections);
    log(`\n${text}`);
    if (!values.rounds) writeResults("A", text);
  }
  return sections.flatMap(({ verdicts }) => verdicts);
}
