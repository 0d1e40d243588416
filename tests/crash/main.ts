// `npm run crash -- --rounds 200 --seed 1`; `npm run crash -- --bank` for messages between scope instances; `npm run crash -- --schedules 1000 --rounds 100`, or
// `--tasks 500 --rounds 100`; each with `--redis` or `--postgres` for state in a Redis or a PostgreSQL that
// it starts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PostgresServer } from "../kit/postgres-server.js";
import { RedisServer } from "../kit/redis-server.js";
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
    redis: { type: "boolean" },
    postgres: { type: "boolean" },
  },
});
const seed = Number(values.seed ?? Date.now());
const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
const server = values.redis ? await RedisServer.start() : values.postgres ? await PostgresServer.start() : undefined;
const places = { file: join(folder, "twin.db"), shared: server?.url };
const end = async () => {
  await server?.end();
  rmSync(folder, { recursive: true });
};
console.log(`kill -9, ${values.rounds} times, seed ${seed}`);
if (values.bank) {
  const books = await bank({ kills: Number(values.rounds), seed, ...places, report: (line) => console.log(line) });
  await end();
  console.log(books);
  const { sum, lost, doubled, torn, wrong } = books;
  process.exit(sum === 0 && lost + doubled + torn + wrong === 0 ? 0 : 1);
}
if (values.schedules) {
  const [kills, schedules] = [Number(values.rounds), Number(values.schedules)];
  const found = await alarms({ kills, schedules, seed, late: server ? 3000 : 1000, ...places, report: (line) => console.log(line) });
  await end();
  console.log(found);
  const { lost, doubled, early, late, wrong } = found;
  process.exit(found.ran === found.made && lost + doubled + early + late + wrong === 0 ? 0 : 1);
}
if (values.tasks) {
  const [kills, tasks] = [Number(values.rounds), Number(values.tasks)];
  const found = await jobShop({ kills, tasks, seed, ...places, report: (line) => console.log(line) });
  await end();
  console.log(found);
  const { again, changed, wrongState, lost, wrong } = found;
  process.exit(found.ended === tasks && again + changed + wrongState + lost + wrong === 0 ? 0 : 1);
}
const { rounds, acknowledged, interrupted, lost, doubled, torn, disordered, invented, wrong, diverged, resumes } = await crash({
  rounds: Number(values.rounds),
  clients: Number(values.clients),
  seed,
  ...places,
  report: (line) => console.log(line),
});
await end();
console.log(
  `${rounds} kills: acknowledged ${acknowledged}, lost ${lost}, doubled ${doubled}, diverged ${diverged}\n` +
    `interrupted ${interrupted}, torn ${torn}, out of order ${disordered}, invented ${invented}, wrong answers ${wrong}\n` +
    `resumes by delta ${resumes.delta}, by snapshot ${resumes.snapshot}`,
);
process.exit(lost + doubled + torn + disordered + invented + wrong + diverged === 0 ? 0 : 1);
