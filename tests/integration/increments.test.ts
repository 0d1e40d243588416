import { event, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";

const CLIENTS = 50;
/** How many events of each kind a client calls: 10,000 of each kind together in a full run. */
const each = process.env.TEST_FULL ? 200 : 10;

class Counter {
  @state count = 0;
  @event add() {
    return ++this.count;
  }
  @event({ background: true }) async addBehind() {
    await Promise.resolve();
    return await update(() => ++this.count);
  }
}

test("behaviour 61: increments in the queue and beside it, of 50 clients with lines that break, are counted exactly", async () => {
  await using net = pair({ stores: { counter: scope.room(Counter, { allow: () => true }) }, eventRate: 10_000 });
  const clients = Array.from({ length: CLIENTS }, () => net.client());
  const counters = await Promise.all(clients.map((client) => client.counter("a")));
  const answers: Promise<number>[] = [];
  for (let n = 0; n < each; n++) {
    for (const counter of counters) answers.push(counter.add(), counter.addBehind());
    const [client] = clients.slice(n % CLIENTS);
    if (client && n % 3 === 0) {
      net.cut(client);
      await net.wait(5);
      net.heal(client);
    }
  }
  const counts = await Promise.all(answers);
  await net.quiet();
  const total = 2 * CLIENTS * each;
  // Each has made one step of its own.
  expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, n) => n + 1));
  expect((await net.server.counter("a").$snapshot()).count).toBe(total);
  expect(new Set(counters.map(({ count }) => count))).toEqual(new Set([total]));
}, 300_000);
