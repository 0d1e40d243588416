import { scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { csvOf } from "./csv";
import { Orders } from "./orders";
import type { Query } from "./query";
import { View } from "./view";

// Read at the first query: each file of tests has a database of its own.
process.env.ORDERS_FILE = ":memory:";

const app = { stores: { orders: scope.shared(Orders), view: View } };
const ALL: Query = { from: "", to: "", category: "all", search: "", sort: "at", descending: true };

test("a page gets the rows that it asks for, and 200 at most", async () => {
  await using net = pair(app);
  const orders = await net.client().orders();
  const { rows, count } = await orders.rows(0, 50, ALL);
  expect([rows.length, count >= 2_000]).toEqual([50, true]);
  expect((await orders.rows(0, 5_000, ALL)).rows).toHaveLength(200);
});

test("filters and order are the server's", async () => {
  await using net = pair(app);
  const orders = await net.client().orders();
  const { rows } = await orders.rows(0, 100, { ...ALL, category: "Music", search: "ada", sort: "amount", descending: false });
  expect(rows.length).toBeGreaterThan(0);
  for (const { customer, category } of rows) expect([customer.startsWith("Ada"), category]).toEqual([true, "Music"]);
  expect(rows.map(({ amount }) => amount)).toEqual(rows.map(({ amount }) => amount).sort((a, b) => a - b));
  const day = (rows[0] as (typeof rows)[number]).at.slice(0, 10);
  const ofDay = await orders.rows(0, 200, { ...ALL, from: day, to: day });
  expect(ofDay.rows.length).toBeGreaterThan(0);
  expect(ofDay.rows.filter(({ at }) => !at.startsWith(day))).toEqual([]);
});

test("the cards and the charts count what the table shows", async () => {
  await using net = pair(app);
  const orders = await net.client().orders();
  const { rows, count } = await orders.rows(0, 200, { ...ALL, category: "Tools", search: "ken" });
  const [summary] = (await orders.summary(0, 1, { from: "", to: "", category: "Tools", search: "ken" })).rows;
  const amount = rows.reduce((all, row) => all + row.amount, 0);
  expect(summary).toMatchObject({ count, amount, categories: [{ category: "Tools", count, amount }] });
  expect(summary?.days.reduce((all, day) => all + day.amount, 0)).toBe(amount);
});

test("what one visitor saves, all are told of", async () => {
  await using net = pair(app);
  const ann = await net.client().orders();
  const bob = await net.client().orders();
  const before = bob.revision;
  await ann.save({ customer: " Zoe Quill ", category: "Books", amount: "12.50" });
  await net.quiet();
  expect(bob.revision).toBeGreaterThan(before);
  const [row] = (await bob.rows(0, 10, { ...ALL, search: "Zoe Quill" })).rows;
  expect(row).toMatchObject({ customer: "Zoe Quill", category: "Books", amount: 1_250 });
  await bob.save({ id: row?.id, customer: "Zoe Quill", category: "Games", amount: 1 });
  expect((await ann.rows(0, 10, { ...ALL, search: "Zoe Quill" })).rows).toMatchObject([{ id: row?.id, at: row?.at, category: "Games", amount: 100 }]);
});

test("what one visitor deletes is gone for all, once", async () => {
  await using net = pair(app);
  const ann = await net.client().orders();
  const bob = await net.client().orders();
  await ann.save({ customer: "Yan Oak", category: "Books", amount: 3 });
  const search = { ...ALL, search: "Yan Oak" };
  const [row] = (await bob.rows(0, 10, search)).rows;
  const id = row?.id ?? Number.NaN;
  const before = ann.revision;
  await Promise.all([ann.remove(id), bob.remove(id)]);
  await net.quiet();
  expect([ann.revision > before, bob.revision === ann.revision]).toEqual([true, true]);
  expect(await ann.rows(0, 10, search)).toMatchObject({ rows: [], count: 0 });
  await expect(bob.save({ id, customer: "Yan Oak", category: "Books", amount: 3 })).rejects.toThrow("This order is gone.");
  await expect(ann.remove("1 OR 1" as never)).rejects.toThrow();
});

test("what is wrong with an order is said, and nothing is written", async () => {
  await using net = pair(app);
  const orders = await net.client().orders();
  const { count } = await orders.rows(0, 1, ALL);
  await expect(orders.save({ customer: " ", category: "Books", amount: "many" })).rejects.toThrow("Say who ordered.");
  await expect(orders.save({ id: 999_999, customer: "Nobody", category: "Books", amount: 1 })).rejects.toThrow("This order is gone.");
  expect((await orders.rows(0, 1, ALL)).count).toBe(count);
});

test("while somebody looks, orders come in", async () => {
  await using net = pair(app);
  const orders = await net.client().orders();
  const { revision } = orders;
  await net.wait(3_500);
  await net.quiet();
  expect(orders.viewers).toHaveLength(1);
  expect(orders.revision).toBeGreaterThanOrEqual(revision + 2);
});

test("each visitor has filters of their own, the same in all tabs", async () => {
  await using net = pair(app);
  const ann = net.client();
  const view = await ann.view();
  await view.setCategory("Garden");
  await view.sortBy("customer");
  const tab = await net.tab(ann).view();
  expect(tab.query).toEqual({ ...ALL, category: "Garden", sort: "customer", descending: false });
  expect((await net.client().view()).query).toEqual(ALL);
  await expect(view.setFrom("yesterday")).rejects.toThrow("Choose a day.");
});

test("no cell of an export is a formula", () => {
  const text = csvOf([{ id: 1, at: "2026-01-31T12:00:00.000Z", customer: '=HYPERLINK("x")', category: "Books", amount: 1_250 }]);
  expect(text).toBe('id,time,customer,category,amount\r\n1,2026-01-31T12:00:00.000Z,"\'=HYPERLINK(""x"")",Books,12.50\r\n');
});
