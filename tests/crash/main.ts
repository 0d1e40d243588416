// `npm run crash -- --rounds 200 --seed 1`; `npm run crash -- --bank` for messages between scope instances; `npm run crash -- --schedules 1000 --rounds 100`, or
// `--tasks 500 --rounds 100`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { alarms } from "./alarm-clock.js";
import { bank } from "./bank.js";
import { crash } from "./crash.js";
import { jobShop } from "./job-shop.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    clients: { type: "string", default: "20" },
    seed: { type: "string" },
    bank: { type: "boolean" },
    schedules: { type: "string" },
    tasks: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now());
const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
console.log(`kill -9, ${values.rounds} times, seed ${seed}`);
if (values.bank) {
  const books = await bank({ kills: Number(values.rounds), seed, file: join(folder, "twin.db"), report: (line) => console.log(line) });
  rmSync(folder, { recursive: true });
  console.log(books);
  const { sum, lost, doubled, torn, wrong } = books;
  process.exit(sum === 0 && lost + doubled + torn + wrong === 0 ? 0 : 1);
}
if (values.schedules) {
  const [kills, schedules] = [Number(values.rounds), Number(values.schedules)];
  const found = await alarms({ kills, schedules, seed, file: join(folder, "twin.db"), report: (line) => console.log(line) });
  rmSync(folder, { recursive: true });
  console.log(found);
  const { lost, doubled, early, late, wrong } = found;
  process.exit(found.ran === found.made && lost + doubled + early + late + wrong === 0 ? 0 : 1);
}
if (values.tasks) {
  const [kills, tasks] = [Number(values.rounds), Number(values.tasks)];
  const found = await jobShop({ kills, tasks, seed, file: join(folder, "twin.db"), report: (line) => console.log(line) });
  rmSync(folder, { recursive: true });
  console.log(found);
  const { again, changed, wrongState, lost, wrong } = found;
  process.exit(found.ended === tasks && again + changed + wrongState + lost + wrong === 0 ? 0 : 1);
}
const { rounds, acknowledged, interrupted, lost, doubled, torn, disordered, invented, wrong, diverged } = await crash({
  rounds: Number(values.rounds),
  clients: Number(values.clients),
  seed,
  file: join(folder, "twin.db"),
  report: (line) => console.log(line),
});
rmSync(folder, { recursive: true });
console.log(
  `${rounds} kills: acknowledged ${acknowledged}, lost ${lost}, doubled ${doubled}, diverged ${diverged}\n` +
    `interrupted ${interrupted}, torn ${torn}, out of order ${disordered}, invented ${invented}, wrong answers ${wrong}`,
);
process.exit(lost + doubled + torn + disordered + invented + wrong + diverged === 0 ? 0 : 1);
