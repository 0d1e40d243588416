import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair, type SharedStorageBug } from "twinstate/testing";
import { expect, test } from "vitest";
import { Random } from "../../testing/random.js";

// Nodes that die, freeze, are cut off and close, while clients call and watch.

const full = process.env.TEST_FULL !== undefined;
const first = Number(process.env.SEED ?? 1);
/** Scripts that once ended badly. */
const KNOWN = [50, 90, 116, 271, 454, 524, 530, 839, 1451];
const some = Array.from({ length: process.env.SEED ? 1 : full ? 200 : 8 }, (_, i) => first + i);
const seeds = process.env.SEED ? some : [...new Set([...some, ...KNOWN])];

class Log {
  @state ids: string[] = [];
  @event add(id: string) {
    this.ids.push(id);
    return this.ids.length;
  }
}
const stores = { log: scope.room(Log, { allow: () => true }) };

/** Runs a script of one seed. Gives what went wrong. */
async function run(seed: number, bugs: readonly SharedStorageBug[] = []): Promise<string[]> {
  const random = new Random(seed * 7919);
  await using net = pair({ stores, storage: lasting({ nodes: true, bugs }), nodes: 3, seed, leaseTime: 2000, log: () => {} });
  const clients = [net.client(), net.client(), net.client()];
  const twins = await Promise.all(clients.map((client) => client.log("x")));
  const acknowledged: string[] = [];
  const refused: string[] = [];
  const calls: Promise<unknown>[] = [];
  let made = 0;
  for (let step = 0; step < 40; step++) {
    const node = "abc"[random.int(3)] as string;
    const what = random.int(20);
    if (what === 0) net.kill(node);
    else if (what === 1) net.freeze(node);
    else if (what === 2) net.cutNode(node);
    else if (what === 3) net.drain(node);
    else if (what < 8) await net.wait(random.int(what === 4 ? 6000 : 400));
    else if (what === 8) net.heal();
    else {
      const id = `${seed}.${made++}`;
      const twin = twins[random.int(3)] as (typeof twins)[number];
      calls.push(
        twin.add(id).then(
          () => acknowledged.push(id),
          (error: { code?: string }) => refused.push(`${id} ${error.code}`),
        ),
      );
    }
  }
  await net.quiet();
  await Promise.all(calls);
  const { ids } = await net.server.log("x").$snapshot();
  const wrong: string[] = [];
  for (const id of acknowledged) if (ids.filter((one) => one === id).length !== 1) wrong.push(`${id} is there ${ids.filter((one) => one === id).length} times`);
  for (const twin of twins) if (JSON.stringify(twin.ids) !== JSON.stringify(ids)) wrong.push("a twin has not converged");
  for (const one of refused) wrong.push(`refused: ${one}`);
  return wrong;
}

for (const seed of seeds)
  test(`what clients are told is true, and stays, over kills, freezes, cuts and drains of nodes: seed ${seed}`, async () =>
    expect(await run(seed)).toEqual([]));

test("the same scripts notice calls that run twice, where the storage forgets the clients' numbers", async () => {
  expect((await run(38, ["dedupe off"])).join()).toContain("is there 2 times");
});
