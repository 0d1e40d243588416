import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Bug } from "../crash/bugs.js";
import { jobShop } from "../crash/job-shop.js";
import { type Effect, flawless, judgeTasks, type Mark, type TaskVerdict } from "../crash/task-checker.js";
import { temporaryFolder } from "../kit/files.js";

const full = process.env.TEST_FULL !== undefined;
const [kills, tasks] = full ? [100, 500] : [3, 15];
const seed = Number(process.env.SEED ?? (full ? Date.now() % 1e6 : 1));
const pause = full ? 15_000 : 1500;

test(`${tasks} durable tasks of five steps over ${kills} kills all end, and no step runs again after its result was kept (seed ${seed})`, {
  timeout: 240_000 + kills * 20_000,
}, async ({ signal }) => {
  const { repeated, steps, ...report } = await jobShop({ kills, tasks, seed, pause, signal, file: join(temporaryFolder(), "twin.db") });
  console.log(`${tasks} tasks, ${kills} kills, seed ${seed}: ${steps} steps were run, ${repeated} of them again, as a kill had cut them off`);
  expect(report).toEqual({ ended: tasks, ...flawless, wrong: 0 });
});

describe("the checker notices", () => {
  const planted: [Bug, (verdict: TaskVerdict) => number][] = [
    ["steps again", ({ again }) => again],
    ["tasks lost", ({ lost }) => lost],
  ];
  for (const [bug, fault] of planted) {
    test(`${bug}`, { timeout: 240_000 }, async ({ signal }) => {
      const until = (verdict: TaskVerdict) => bug === "steps again" && fault(verdict) > 0;
      const options = { kills: 3, tasks: 16, seed, bug, pause: 500, patience: 3000, signal, until };
      expect(fault(await jobShop({ ...options, file: join(temporaryFolder(), "twin.db") }))).toBeGreaterThan(0);
    });
  }

  const steps = ["a", "b"];
  const effect = (step: string, token: string, ...got: string[]): Effect => ({ id: "1", step, token, got });
  const mark = (did: Mark["did"], ...got: string[]): Mark => ({ id: "1", did, got });
  const whole = [effect("a", "a1"), effect("b", "b1", "a1")];
  const marks = [mark("half", "a1"), mark("end", "a1", "b1")];
  test.each<[string, Effect[], Mark[], Partial<TaskVerdict>]>([
    ["nothing, where nothing is wrong", whole, marks, { steps: 2 }],
    ["nothing in a step that was cut off", [effect("a", "a0"), ...whole], marks, { steps: 3, repeated: 1 }],
    ["a step that runs again", [...whole, effect("a", "a2")], marks, { steps: 3, again: 1 }],
    ["a result that has changed", [effect("a", "a0"), ...whole, effect("b", "b2", "a0")], marks, { steps: 4, repeated: 2, changed: 2 }],
    ["a result that no step has given", [effect("b", "b1", "a1")], marks, { steps: 1, changed: 3 }],
    ["a change that was made twice", whole, [...marks, mark("half", "a1")], { steps: 2, wrongState: 1 }],
    ["a change that is missing", whole, marks.slice(1), { steps: 2, wrongState: 1 }],
    ["a task that has not ended", whole, marks.slice(0, 1), { steps: 2, lost: 1, ended: 0 }],
  ])("%s", (_, effects, left, found) => {
    expect(judgeTasks(["1"], steps, effects, left)).toMatchObject({ ended: 1, repeated: 0, ...flawless, ...found });
  });
});
