import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Bug } from "../crash/bugs.js";
import { clean, faultsOf, judge, type Verdict } from "../crash/checker.js";
import { crash } from "../crash/crash.js";
import { temporaryFolder } from "../kit/files.js";

const full = process.env.TEST_FULL !== undefined;
const rounds = Number(process.env.ROUNDS ?? (full ? 200 : 5));
const seed = Number(process.env.SEED ?? (full ? Date.now() % 1e6 : 1));

const none = { lost: 0, doubled: 0, torn: 0, disordered: 0, invented: 0, wrong: 0, diverged: 0 };

test(`a server that is killed ${rounds} times under load loses nothing and does nothing twice (seed ${seed})`, { timeout: rounds * 60_000 }, async ({
  signal,
}) => {
  const report = await crash({ rounds, seed, signal, file: join(temporaryFolder(), "twin.db") });
  console.log(
    `${rounds} kills, seed ${seed}: acknowledged ${report.acknowledged}, lost ${report.lost}, doubled ${report.doubled}, diverged ${report.diverged}, interrupted ${report.interrupted}`,
  );
  expect(faultsOf(report)).toEqual(none);
  expect(report.acknowledged).toBeGreaterThan(rounds * 2);
  expect(report.incarnations).toBe(0);
});

test("a server that keeps its state in memory says so: what was asked is of unknown outcome, and nobody shows what is gone", { timeout: 180_000 }, async ({
  signal,
}) => {
  const report = await crash({ rounds: 2, seed, signal });
  expect({ ...faultsOf(report), lost: 0 }).toEqual(none);
  expect(report.unknown).toBeGreaterThan(0);
  expect(report.incarnations).toBeGreaterThan(0);
});

describe("the judge notices", () => {
  const planted: [Bug, (verdict: Verdict) => number][] = [
    ["acknowledge before write", ({ lost }) => lost],
    ["dedupe off", ({ doubled }) => doubled],
    ["a torn record accepted", ({ torn }) => torn],
  ];
  for (const [bug, fault] of planted) {
    test.runIf(full)(`${bug}`, { timeout: 240_000 }, async ({ signal }) => {
      const report = await crash({
        rounds: 12,
        clients: 10,
        seed,
        bug,
        signal,
        file: join(temporaryFolder(), "twin.db"),
        until: (verdict) => fault(verdict) > 0,
      });
      expect(fault(report)).toBeGreaterThan(0);
    });
  }

  const call = (ids: string[], outcome: object) => ({ client: 1, ids, outcome: outcome as never });
  test.each([
    ["what is lost", [call(["a"], { value: "a" })], { log: [], tally: [] }, { lost: 1, acknowledged: 1 }],
    ["what is there twice", [call(["a"], { value: "a" })], { log: ["a", "a"], tally: ["a", "a"] }, { doubled: 1, acknowledged: 1 }],
    ["what is half there", [call(["a"], { value: "a" })], { log: ["a"], tally: [] }, { torn: 1, acknowledged: 1 }],
    ["an end without its beginning", [call(["a", "b"], { error: "INTERRUPTED" })], { log: ["b"], tally: ["b"] }, { torn: 1, interrupted: 1 }],
    ["an interruption of what had not begun", [call(["a", "b"], { error: "INTERRUPTED" })], { log: [], tally: [] }, { wrong: 1, interrupted: 1 }],
    ["another order", [call(["a"], { value: "a" }), call(["b"], { value: "b" })], { log: ["b", "a"], tally: ["b", "a"] }, { disordered: 1, acknowledged: 2 }],
    ["what nobody asked for", [], { log: ["x"], tally: ["x"] }, { invented: 1 }],
    ["another's answer", [call(["a"], { value: "b" })], { log: ["a"], tally: ["a"] }, { wrong: 1, acknowledged: 1 }],
    ["no answer", [{ client: 1, ids: ["a"] }], { log: ["a"], tally: ["a"] }, { wrong: 1 }],
  ])("%s", (_, calls, seen, found) => {
    expect(judge(calls, seen)).toEqual({ ...clean, ...found });
  });
});
