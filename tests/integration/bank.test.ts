import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { audit, type BankReport, bank } from "../crash/bank.js";
import { temporaryFolder } from "../kit/files.js";

const full = process.env.TEST_FULL !== undefined;
const kills = Number(process.env.KILLS ?? (full ? 200 : 4));
const seed = Number(process.env.SEED ?? (full ? Date.now() % 1e6 : 1));
const right = { sum: 0, lost: 0, doubled: 0, torn: 0, wrong: 0 };

test(`accounts that give to each other by message have equal sums after ${kills} kills under load (seed ${seed})`, { timeout: kills * 60_000 }, async ({
  signal,
}) => {
  const { acknowledged, interrupted, ...books } = await bank({ kills, seed, signal, file: join(temporaryFolder(), "twin.db") });
  console.log(`${kills} kills, seed ${seed}: acknowledged ${acknowledged}, interrupted ${interrupted}, sum ${books.sum}, doubled ${books.doubled}`);
  expect(books).toEqual(right);
  expect(acknowledged).toBeGreaterThan(kills * 2);
});

describe("the audit notices", () => {
  test.runIf(full)("messages that are done twice", { timeout: 240_000 }, async ({ signal }) => {
    const file = join(temporaryFolder(), "twin.db");
    const { doubled } = await bank({ kills: 15, seed, bug: "messages twice", signal, file, until: (report) => report.doubled > 0 });
    expect(doubled).toBeGreaterThan(0);
  });

  const none = { balance: 0, sent: [], got: [], open: [], ended: [], cut: [] };
  const given = (account: object) => [
    { ...none, balance: -5, sent: ["a"] },
    { ...none, ...account },
  ];
  const call = (event: "give" | "pass" | "slowly", outcome?: object) => ({ id: "a", event, outcome: outcome as never });
  const value = { value: "a" };
  const interrupted = { error: "INTERRUPTED" };
  test.each<[string, Parameters<typeof audit>[0], Parameters<typeof audit>[1], Partial<BankReport>]>([
    ["nothing where all is right", [call("give", value)], given({ balance: 5, got: ["a"] }), { acknowledged: 1 }],
    ["what was got twice", [call("give", value)], given({ balance: 10, got: ["a", "a"] }), { acknowledged: 1, sum: 5, doubled: 1 }],
    ["what was not got", [call("give", value)], given({}), { acknowledged: 1, sum: -5, torn: 1 }],
    ["what is lost", [call("give", value)], [none], { acknowledged: 1, lost: 1 }],
    ["a transfer that was refused", [call("give", { error: "CANCELLED" })], [none], { wrong: 1 }],
    ["no answer", [call("give")], [none], { wrong: 1 }],
    ["an event that was cut off without its hook", [call("slowly", interrupted)], [{ ...none, open: ["a"] }], { interrupted: 1, wrong: 1 }],
    ["a hook that ran twice", [call("slowly", interrupted)], [{ ...none, cut: ["a", "a"] }], { interrupted: 1, wrong: 1 }],
    ["a hook for what has ended", [call("slowly", value)], [{ ...none, ended: ["a"], cut: ["a"] }], { acknowledged: 1, wrong: 1 }],
  ])("%s", (_, calls, accounts, found) => {
    expect(audit(calls, accounts)).toEqual({ acknowledged: 0, interrupted: 0, ...right, ...found });
  });
});
