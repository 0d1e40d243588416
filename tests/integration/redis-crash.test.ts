import { join } from "node:path";
import { expect } from "vitest";
import { alarms } from "../crash/alarm-clock.js";
import { bank } from "../crash/bank.js";
import { crash } from "../crash/crash.js";
import { jobShop } from "../crash/job-shop.js";
import { faultless } from "../crash/schedule-checker.js";
import { flawless } from "../crash/task-checker.js";
import { temporaryFolder } from "../kit/files.js";
import { test } from "../kit/redis.js";

const full = process.env.TEST_FULL !== undefined;
const seed = Number(process.env.SEED ?? (full ? Date.now() % 1e6 : 1));
const rounds = full ? 100 : 3;
const timeout = 240_000 + rounds * 30_000;
const name = (what: string) => `${what} over ${rounds} kills of a server with Redis (seed ${seed})`;
const file = () => join(temporaryFolder(), "twin");

test(name("no event is lost, and none done twice"), { timeout }, async ({ redisServer, signal }) => {
  const { url } = await redisServer();
  const { acknowledged, interrupted, lost, doubled, torn, disordered, invented, wrong, diverged, incarnations } = await crash({
    rounds,
    seed,
    signal,
    shared: url,
  });
  console.log(`${rounds} kills, seed ${seed}: acknowledged ${acknowledged}, interrupted ${interrupted}, lost ${lost}, doubled ${doubled}`);
  const faults = { lost, doubled, torn, disordered, invented, wrong, diverged, incarnations };
  expect(faults).toEqual({ lost: 0, doubled: 0, torn: 0, disordered: 0, invented: 0, wrong: 0, diverged: 0, incarnations: 0 });
  expect(acknowledged).toBeGreaterThan(rounds * 2);
});

test(name("durable tasks all end, and no kept step runs again"), { timeout }, async ({ redisServer, signal }) => {
  const { url } = await redisServer();
  const tasks = full ? 300 : 12;
  const { repeated: _, steps: __, ...report } = await jobShop({ kills: rounds, tasks, seed, pause: full ? 15_000 : 1000, signal, file: file(), shared: url });
  expect(report).toEqual({ ended: tasks, ...flawless, wrong: 0 });
});

test(name("schedules each run once"), { timeout }, async ({ redisServer, signal }) => {
  const { url } = await redisServer();
  const schedules = full ? 600 : 30;
  const { latest: _, ...report } = await alarms({ kills: rounds, schedules, seed, late: 10_000, signal, file: file(), shared: url });
  expect(report).toEqual({ made: schedules, ran: schedules, ...faultless, wrong: 0 });
});

test.runIf(full)(name("messages between scope instances are done once"), { timeout }, async ({ redisServer, signal }) => {
  const { url } = await redisServer();
  const { sum, lost, doubled, torn, wrong } = await bank({ kills: rounds, seed, signal, file: file(), shared: url });
  expect({ sum, lost, doubled, torn, wrong }).toEqual({ sum: 0, lost: 0, doubled: 0, torn: 0, wrong: 0 });
});
