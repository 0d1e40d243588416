import { current, EventError, event, state } from "twinstate";
import { memory, type RemoteStore, scope } from "twinstate/server";
import { type KillPoint, lasting, pair } from "twinstate/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { storages } from "../kit/storages.js";

/** How often the event has run. */
let runs = 0;
let refuse = false;

class Shop {
  @state paid: string[] = [];
  @state ids: string[] = [];
  @event async pay(order: string) {
    runs++;
    await Promise.resolve();
    if (refuse) throw new EventError("NO", "Not now.");
    this.paid.push(order);
    this.ids.push(current().eventId);
    return { order, count: this.paid.length };
  }
  @event other(order: string) {
    this.paid.push(`other ${order}`);
    return this.paid.length;
  }
  @event async pass(to: string, order: string): Promise<unknown> {
    return await shop(to).$once("passed").pay(order);
  }
}
const stores = { shop: scope.room(Shop, { allow: () => true }) };
/** The rooms of the running test. */
let shop: (key: string) => RemoteStore<Shop>;

describe.each(storages)("on %s", (_, place) => {
  test("an event that is called with `$once` runs once for an id, whoever asks again gets its first answer", async () => {
    runs = 0;
    const there = place();
    const first = await serveTwin({ stores, storage: there.open() });
    const { twin } = first;
    const calls = Array.from({ length: 20 }, () => twin.shop("a").$once("evt_1").pay("tea"));
    expect(new Set((await Promise.all(calls)).map(({ count }) => count))).toEqual(new Set([1]));
    expect(await twin.shop("a").$once("evt_2").pay("tea")).toEqual({ order: "tea", count: 2 });
    // Another event, and another room, are others.
    expect(await twin.shop("a").$once("evt_1").other("tea")).toBe(3);
    expect(await twin.shop("b").$once("evt_1").pay("milk")).toEqual({ order: "milk", count: 1 });
    expect(await twin.shop("a").$once("evt_1").pay("something else")).toEqual({ order: "tea", count: 1 });
    expect(runs).toBe(3);
    const { ids } = await twin.shop("a").$snapshot();
    expect(new Set(ids).size).toBe(2);
    if (!first.storage.durable) return;
    await twin.close();
    const second = await serveTwin({ stores, storage: there.open() });
    const again = await second.twin.shop("a").$once("evt_1").pay("tea");
    expect(again).toEqual({ order: "tea", count: 1 });
    expect(runs).toBe(3);
  });
});

test("one that was refused and has left nothing behind runs again", async () => {
  const { twin } = await serveTwin({ stores, storage: memory() });
  [runs, refuse] = [0, true];
  await expect(twin.shop("a").$once("evt_1").pay("tea")).rejects.toMatchObject({ code: "NO" });
  refuse = false;
  expect(await twin.shop("a").$once("evt_1").pay("tea")).toEqual({ order: "tea", count: 1 });
  expect(await twin.shop("a").$once("evt_1").pay("tea")).toEqual({ order: "tea", count: 1 });
  expect(runs).toBe(2);
});

test.each<KillPoint>(["append", "appended"])("a kill at %s neither loses it nor runs it twice for the state", async (point) => {
  runs = 0;
  refuse = false;
  const net = pair({ stores, storage: lasting() });
  onTestFinished(() => net[Symbol.asyncDispose]());
  await net.server.shop("a").other("first");
  net.kill(point);
  // The provider gets no answer, and delivers again.
  void net.server
    .shop("a")
    .$once("evt_1")
    .pay("tea")
    .catch(() => {});
  await net.wait(1000);
  for (let n = 0; n < 3; n++) expect(await net.server.shop("a").$once("evt_1").pay("tea")).toEqual({ order: "tea", count: 2 });
  expect((await net.server.shop("a").$snapshot()).paid).toEqual(["other first", "tea"]);
  expect(runs).toBe(point === "append" ? 2 : 1);
});

test("an event may use it too, and an id that is none is refused", async () => {
  runs = 0;
  refuse = false;
  const { twin } = await serveTwin({ stores, storage: memory() });
  shop = twin.shop;
  for (let n = 0; n < 2; n++) expect(await twin.shop("a").pass("b", "tea")).toEqual({ order: "tea", count: 1 });
  expect(runs).toBe(1);
  for (const id of ["", 1, undefined]) expect(() => twin.shop("a").$once(id as never)).toThrow("`twin.shop(…).$once()`");
});
