import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Counter } from "./counter";

const stores = { counter: scope.shared(Counter) };

test("the counter adds", () => {
  const counter = new Counter();
  counter.add(2);
  expect(counter.count).toBe(2);
});

test("all visitors see one number", async () => {
  await using net = pair({ stores });
  const a = await net.client().counter();
  const b = await net.client().counter();
  await Promise.all([a.add(1), b.add(10)]);
  await net.quiet();
  expect([a.count, b.count]).toEqual([11, 11]);
});

test("a click off the net shows at once, and counts once, though the server dies meanwhile", async () => {
  await using net = pair({ stores, storage: lasting(), browser: { stores: { counter: Counter } } });
  const client = net.client();
  const counter = await client.counter();
  net.cut(client);
  const call = counter.add(1);
  await net.wait(1_000);
  expect(counter.count).toBe(1);
  net.kill();
  await net.quiet();
  await call;
  expect(await net.server.counter().$snapshot()).toMatchObject({ count: 1 });
});
