import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// A node that stands still takes connections, and answers nothing. Its clients go on by others, long before a line counts as dead.

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}
const open = (seed: number) =>
  pair({ stores: { log: scope.room(Log, { allow: () => true }) }, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {}, seed });

/** How long a promise takes in a pair's time, in ms. */
async function taken(net: { readonly now: number; wait(ms: number): Promise<void> }, promise: PromiseLike<unknown>): Promise<number> {
  const begun = net.now;
  let over = false;
  void promise.then(() => {
    over = true;
  });
  while (!over) await net.wait(10);
  return net.now - begun;
}

test("a call that has reached a frozen node is sent again by another one", async () => {
  await using net = open(1);
  await net.node("b").log("x").add("begin");
  const client = net.client();
  net.stick(client, "c");
  const log = await client.log("x");
  net.freeze("a");
  net.stick(client, "a");
  const call = log.add("late");
  await net.wait(1000);
  net.stick(client, "c");
  expect(await taken(net, call)).toBeLessThan(2500);
  expect(log.lines).toEqual(["begin", "late"]);
});

test("a call that a busy server answers late is answered by the first request, though it was sent again", async () => {
  let asked = 0;
  const wrapFetch =
    (get: typeof fetch): typeof fetch =>
    async (input, init) => {
      // The first request is answered after 4 s, as by a server that is busy, the second one never.
      if (String(input).includes("log.add")) await new Promise((resolve) => setTimeout(resolve, asked++ === 0 ? 4000 : 60_000));
      return get(input, init);
    };
  await using net = pair({ stores: { log: Log }, wrapFetch });
  const log = await net.client().log();
  expect(await taken(net, log.add("late"))).toBeLessThan(4500);
  expect([asked, log.lines]).toEqual([2, ["late"]]);
});
