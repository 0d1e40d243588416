import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { notes } from "./notes.ts";
import { allGoals, page, verdictTable } from "./report.ts";
import { type PeerName, peers } from "./table/peers.ts";
import { type Plan, type Result, runTable } from "./table/run.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { n: { type: "string" }, peers: { type: "string" }, rounds: { type: "string" }, check: { type: "boolean" } },
});

const log = (line: string) => void process.stdout.write(line + "\n");

/** Every peer, at every size. Fewer rounds where one takes long. */
const whole = (n: number): Plan => ({
  n,
  peers,
  rounds: n <= 1000 ? 25 : n <= 10_000 ? 9 : 5,
  warmup: n <= 10_000 ? 3 : 1,
  budget: n <= 10_000 ? 500 : 250,
  heap: true,
});

/** Those that goals speak of, in less time. */
const short = (n: number): Plan => ({ ...whole(n), peers: ["twinstate", "floor", "resend"], rounds: n <= 1000 ? 15 : n <= 10_000 ? 7 : 3, heap: n === 10_000 });

const [part] = positionals;
if (part !== undefined && part !== "T") throw new Error(`There is no workload \`${part}\`. Is \`T\` meant?`);
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
const goals = plans.every((plan) => plan.peers.includes("twinstate") && plan.peers.includes("floor") && plan.peers.includes("resend")) ? allGoals(results) : [];
const diverged = results.some((result) => result.measured.twinstate?.some((round) => round.diverged));

if (values.check) {
  log(`\n${verdictTable(goals)}`);
  if (diverged || goals.some((goal) => !goal.met)) process.exitCode = 1;
} else {
  const text = page(results, notes);
  log(`\n${text}`);
  // A part is printed only: the page holds all.
  if (!values.n && !values.peers && !values.rounds) writeFileSync(`${import.meta.dirname}/RESULTS.md`, text);
}
