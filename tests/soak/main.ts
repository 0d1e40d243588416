// `npm run soak -- --minutes 5 --clients 200 --rooms 3 --seed 1`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultsOf } from "../crash/checker.js";
import { shareOf } from "../kit/resumes.js";
import { soak, tableOf } from "./soak.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    clients: { type: "string", default: "200" },
    rooms: { type: "string", default: "3" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now());
const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
console.log(`${values.clients} clients in ${values.rooms} rooms for ${values.minutes} minutes, seed ${seed}`);
const report = await soak({
  ms: Number(values.minutes) * 60_000,
  file: join(folder, "twin.db"),
  clients: Number(values.clients),
  rooms: Number(values.rooms),
  seed,
  report: (line) => console.log(line),
});
rmSync(folder, { recursive: true });
console.log(tableOf(report));
// Most clients get what they lack alone.
process.exit(Object.values(faultsOf(report)).every((count) => count === 0) && shareOf(report.killed) >= 0.9 ? 0 : 1);
