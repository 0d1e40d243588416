// `npm run chaos -- --minutes 5 --clients 100 --seed 1`. `--lease` is the lease time in ms, `--pace` the ms between two events of a client. `--faults kill,cut`
// has these alone happen. `--failover` has a replica take the place of Redis now and then, which lacks the last writes.
// `--trace kill` prints the longest pauses after kills, with what clients asked for meanwhile, and of which node.
import { parseArgs } from "node:util";
import { faultsOf } from "../crash/checker.js";
import { chaos, figuresOf, isTold } from "./chaos.js";
import type { Fault } from "./trouble.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    clients: { type: "string", default: "100" },
    nodes: { type: "string", default: "3" },
    lease: { type: "string", default: "2000" },
    pace: { type: "string", default: "1000" },
    failover: { type: "boolean" },
    faults: { type: "string" },
    seed: { type: "string" },
    trace: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now());
console.log(`${values.nodes} nodes and Redis, ${values.clients} clients, ${values.minutes} minutes, lease time ${values.lease} ms, seed ${seed}`);
const report = await chaos({
  ms: Number(values.minutes) * 60_000,
  clients: Number(values.clients),
  nodes: Number(values.nodes),
  lease: Number(values.lease),
  pace: Number(values.pace),
  seed,
  ...(values.failover && { faults: ["failover", "failover", "cut", "drain"] as const }),
  ...(values.faults && { faults: values.faults.split(",") as Fault[] }),
  ...(values.trace && { trace: values.trace as Fault }),
  report: (line) => console.log(line),
});
console.log(figuresOf(report));
process.exit(isTold(report) && Object.values(faultsOf(report)).every((count) => count === 0) ? 0 : 1);
