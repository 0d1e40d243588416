import fc from "fast-check";
import { expect, test } from "vitest";
import { ReceivedItems } from "../../client/received-items.js";
import type { Item, NumberedItems } from "../../lib/wire/protocol.js";
import { CallItems, itemsAfter, withLastItems } from "../../server/call/call-items.js";

const item = (k: number): Item => ["yield", [k]];
const list = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => item(from + i));

test("items that come doubled, late and in any order are given once each, in their order", () => {
  const order = fc.integer({ min: 1, max: 30 }).chain((count) => fc.tuple(fc.constant(count), fc.array(fc.integer({ min: 1, max: count }), { maxLength: 80 })));
  fc.assert(
    fc.property(order, fc.boolean(), ([count, ks], shown) => {
      const items = new ReceivedItems();
      const given: Item[] = [];
      for (const k of ks) {
        items.take(k, item(k));
        given.push(...items.next(shown));
      }
      expect(given).toEqual(list(1, given.length));
      items.answer(count);
      expect(items.lacks).toBe(given.length < count);
      const { have } = items;
      items.answer(count, have < count ? ([have + 1, ...list(have + 1, count)] as NumberedItems) : undefined);
      // What comes with the answer waits until the twin shows it.
      given.push(...items.next(false));
      expect(given).toEqual(list(1, have));
      given.push(...items.next(true));
      expect([given, items.lacks]).toEqual([list(1, count), false]);
    }),
  );
});

test("items that the server has dropped are passed over", () => {
  const items = new ReceivedItems();
  items.take(2, item(2));
  items.answer(6, [5, item(5), item(6)]);
  expect([items.lacks, [...items.next(true)]]).toEqual([false, [item(2), item(5), item(6)]]);
  const silent = new ReceivedItems();
  silent.take(3, item(3));
  silent.answer(4);
  expect([silent.lacks, [...silent.next(true)]]).toEqual([true, []]);
  silent.skip();
  expect([silent.lacks, [...silent.next(true)]]).toEqual([false, [item(3)]]);
});

test("a server keeps the last thousand items of an event, and a million characters; with its answer it stores some kilobytes", () => {
  const ways = { send: () => {}, late: () => {} };
  const many = new CallItems(ways);
  for (let k = 1; k <= 1200; k++) many.add(item(k));
  const outcome = many.end({});
  expect([outcome.y, outcome.o]).toEqual([1200, [201, ...list(201, 1200)]]);
  expect(itemsAfter(outcome.o as NumberedItems, 0)).toBe(outcome.o);
  expect(itemsAfter(outcome.o as NumberedItems, 1198)).toEqual([1199, item(1199), item(1200)]);
  expect(itemsAfter(outcome.o as NumberedItems, 1200)).toBe(undefined);
  expect(withLastItems(outcome)).toBe(outcome);

  const long = new CallItems(ways);
  for (let k = 1; k <= 100; k++) long.add(["yield", ["x".repeat(1000)]]);
  const stored = withLastItems(long.end({})).o as NumberedItems;
  expect([stored[0] + stored.length - 2, JSON.stringify(stored).length < 70_000, stored.length > 60]).toEqual([100, true, true]);

  const large = new CallItems(ways);
  for (let k = 1; k <= 5; k++) large.add(["effect", "toast", [`${k}`.repeat(400_000)]]);
  expect(large.end({}).o?.[0]).toBe(4);
  // One that is larger than all may be still comes to who is there, and to who asks.
  const huge = new CallItems(ways);
  huge.add(["effect", "download", ["x".repeat(2_000_000)]]);
  expect(withLastItems(huge.end({})).o).toEqual([2]);
});

test("a server sends no item before its commit is stored, also where it is asked again", () => {
  const sent: number[] = [];
  const items = new CallItems({ send: (k) => void sent.push(k), late: () => {} });
  const [first] = [items.add(item(1)), items.add(item(2))];
  first?.();
  items.repeat(0);
  expect(sent).toEqual([1, 1]);
});
