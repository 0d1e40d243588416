import { scope } from "twinstate/server";
import { type Fault, type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Account } from "../crash/account.js";
import { ACCOUNTS, audit, type Books, type Call, orderOf } from "../crash/bank.js";
import { Random } from "../kit/random.js";

const runs = process.env.TEST_FULL === undefined ? 30 : 3000;
const seed = Number(process.env.SEED ?? 1);
const FAULTS: Fault[] = ["lose", "lose answer", "silence", "cut answer", "twice", "late", "late answer", "gateway"];
const POINTS: (KillPoint | undefined)[] = ["append", "appended", "frame", "answer", undefined];

/** Lets clients give orders to a bank on a bad network, kills it now and then, and audits its books when all is quiet. */
async function runBank(random: Random): Promise<{ calls: Call[]; accounts: Books[]; trace: readonly string[] }> {
  await using net = pair({ stores: { account: scope.room(Account, { allow: () => true }) }, storage: lasting(), seed: random.int(2 ** 31), log: () => {} });
  Account.at = (key) => net.server.account(key) as never;
  const calls: Call[] = [];
  const clients = [net.client(), net.client(), net.client()];
  if (random.chance(0.5)) net.storm({ [random.pick(FAULTS)]: 0.2, [random.pick(FAULTS)]: 0.2 });
  for (let order = 0; order < 12; order++) {
    const id = `${order}`;
    const { event, from, args } = orderOf(random, id);
    const call: Call = { id, event };
    calls.push(call);
    const account = (await random.pick(clients).account(from)) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    account[event]?.(...args).then(
      (value) => {
        call.outcome = { value };
      },
      (error: { code: string }) => {
        call.outcome = { error: error.code };
      },
    );
    if (random.chance(0.3)) net.kill(random.pick(POINTS));
    if (random.chance(0.5)) await net.wait(random.int(200));
  }
  await net.quiet();
  const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, async (_, key) => (await net.server.account(`${key}`).$snapshot()) as unknown as Books));
  return { calls, accounts, trace: net.trace };
}

test(`on any network and through kills, each message is done once, and each store is told once of what was cut off (${runs} runs, SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  for (let run = 0; run < runs; run++) {
    const { calls, accounts, trace } = await runBank(new Random(seed * 100_000 + run));
    const { acknowledged: _, interrupted: __, ...books } = audit(calls, accounts);
    expect(books, `run ${run}:\n${trace.join("\n")}`).toEqual({ sum: 0, lost: 0, doubled: 0, torn: 0, wrong: 0 });
  }
});
