import { randomUUID } from "node:crypto";
import { event, schedule, state, toPlain } from "twinstate";
import { compact, type HostRecord, scope } from "twinstate/server";
import { expect, test } from "vitest";
import type { Host } from "../../server/host/host.js";
import { lasting } from "../../testing/lasting.js";
import type { SharedStorage } from "../../testing/shared-storage.js";
import { type App, serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin } from "../kit/client.js";
import { soon } from "../kit/soon.js";

/** The lease time of nodes that are to lose theirs, in ms. */
const LEASE = 500;

class Counter {
  @state count = 0;
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
  @event later(n: number) {
    schedule.after(1, this.add, [n]);
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };

/** A node of a shared storage, in this process. */
const nodeOf = (shared: SharedStorage, node: string, options: { leaseTime?: number; idle?: number } = {}) =>
  serveTwin({ stores, storage: shared.node(node), name: randomUUID(), leaseTime: 60_000, ...options });

type Node = App<typeof stores, {}>;
const add = ({ twin }: Node, n: number, key = "x") => twin.counter(key).add(n);
const errors = ({ logs }: Node) => logs.filter(({ level }) => level === "error").map(({ error }) => String(error));

test("a scope instance has one owner: another node has what it is asked run there, until the owner has let go of it", async () => {
  const shared = lasting({ nodes: true });
  const a = await nodeOf(shared, "a", { idle: 0 });
  const b = await nodeOf(shared, "b");
  expect(await add(a, 1)).toBe(1);
  const stop = a.runtime.pin(a.runtime.hosts.find("room/x") as never);
  expect(await add(b, 10)).toBe(11);
  expect(await b.visitor().callIn("x", "counter.add", 1)).toBe(12);
  expect(b.runtime.hosts.find("room/x")).toBeUndefined();
  stop();
  await soon(() => expect(a.runtime.hosts.find("room/x")).toBeUndefined());
  expect(await add(b, 10)).toBe(22);
  expect(b.runtime.hosts.find("room/x")).toBeDefined();
  expect(await add(a, 1)).toBe(23);
  expect([errors(a), errors(b)]).toEqual([[], []]);
});

test("what a node had is another one's at once, when it closes", async () => {
  const shared = lasting({ nodes: true });
  const [a, b] = [await nodeOf(shared, "a"), await nodeOf(shared, "b")];
  for (const key of ["x", "y", "z"]) await add(a, 1, key);
  await a.twin.close();
  for (const key of ["x", "y", "z"]) expect(await add(b, 1, key)).toBe(2);
});

test("a node closes that could not load what it was asked for", async () => {
  const shared = lasting({ nodes: true });
  const a = await nodeOf(shared, "a");
  await add(a, 1);
  shared.freeze("a");
  const late = add(a, 1, "y");
  late.catch(() => {});
  const closed = a.twin.close();
  shared.cut("a");
  await closed;
  await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a frozen node takes no part any more: what it writes late is refused, it reports no fault of the storage, and asks the next owner", async () => {
  const shared = lasting({ nodes: true });
  const [a, b] = [await nodeOf(shared, "a", { leaseTime: LEASE }), await nodeOf(shared, "b", { leaseTime: LEASE })];
  expect(await add(a, 1)).toBe(1);
  shared.freeze("a");
  const late = add(a, 100);
  late.catch(() => {});
  await soon(async () => expect(await add(b, 10)).toBe(11));
  shared.heal("a");
  await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await add(b, 10)).toBe(21);
  expect(await add(a, 1)).toBe(22);
  expect(errors(b)).toEqual([]);
  expect(errors(a).filter((error) => !error.includes("cannot tell the storage that it lives"))).toEqual([]);
});

test("a node that cannot renew has given up its state before another can have it, and goes on when it can", async () => {
  const shared = lasting({ nodes: true });
  const [a, b] = [await nodeOf(shared, "a", { leaseTime: LEASE }), await nodeOf(shared, "b", { leaseTime: LEASE })];
  await add(a, 1);
  shared.cut("a");
  const life = a.runtime.membership?.life;
  // However late a timer is on a busy machine, the clock says so at the first look.
  const taken = soon(() => add(b, 10)).then((count) => [count, a.runtime.membership?.life !== life]);
  await soon(() => expect(a.runtime.membership?.life).not.toBe(life));
  expect(a.runtime.hosts.find("room/x")).toBeUndefined();
  await expect(add(a, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await taken).toEqual([11, true]);
  shared.heal("a");
  await soon(async () => expect(await add(a, 1, "y")).toBeGreaterThan(0));
});

test("who watches a scope instance is led to its next life, when the node has lost its lease", async () => {
  const shared = lasting({ nodes: true });
  const a = await nodeOf(shared, "a", { leaseTime: LEASE });
  const client = openClient(a.site.url);
  const twin = await openTwin(client, "counter", "x");
  await add(a, 1);
  await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 1 }));
  const host = a.runtime.hosts.find("room/x");
  shared.cut("a");
  await soon(() => expect(a.runtime.hosts.find("room/x")).not.toBe(host));
  shared.heal("a");
  await soon(async () => expect(await add(a, 1)).toBeGreaterThanOrEqual(2));
  await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 2 }));
});

test("schedules of a node that is gone run on another, once", async () => {
  const shared = lasting({ nodes: true });
  const a = await nodeOf(shared, "a", { leaseTime: LEASE });
  await a.twin.counter("x").later(5);
  shared.cut("a");
  const b = await nodeOf(shared, "b", { leaseTime: LEASE });
  b.twin.$start();
  await soon(async () => expect((await b.twin.counter("x").$snapshot()).count).toBe(5));
  shared.heal("a");
  expect(await b.twin.counter("x").add(0)).toBe(5);
});

class Counter2 {
  static version = 2;
  static migrate() {}
  @state count = 0;
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
}

test("behaviour 99: what a later release has written an earlier one leaves alone: the node that reads it runs the call, or clients ask again", async () => {
  const shared = lasting({ nodes: true });
  const old = await nodeOf(shared, "old");
  const later = await serveTwin({ stores: { counter: scope.room(Counter2, { allow: () => true }) }, storage: shared.node("new"), idle: 0 });
  expect(await later.twin.counter("x").add(3)).toBe(3);
  await soon(() => expect(later.runtime.hosts.find("room/x")).toBeUndefined());
  expect(await add(old, 1)).toBe(4);
  expect(old.runtime.hosts.find("room/x")).toBeUndefined();
  expect(await later.twin.counter("x").add(1)).toBe(5);
  await later.twin.close();
  const refused = add(old, 1);
  await expect(refused).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(refused).rejects.not.toHaveProperty("node");
  expect(old.logs.map(({ level, error }) => [level, (error as { code?: string }).code])).toEqual([["warn", "NEWER"]]);
  const again = await serveTwin({ stores: { counter: scope.room(Counter2, { allow: () => true }) }, storage: shared.node("newer") });
  expect(await again.twin.counter("x").add(1)).toBe(6);
});

test("a storage that was set back is noticed: the state goes on as another incarnation, and it is counted and logged", async () => {
  const shared = lasting({ nodes: true });
  const a = await nodeOf(shared, "a");
  const client = openClient(a.site.url);
  const twin = await openTwin(client, "counter", "x");
  for (let n = 0; n < 3; n++) await add(a, 1);
  const storage = shared.node("tool");
  const before = await storage.load("room/x");
  for (let n = 0; n < 2; n++) await call(twin, "add", 1);
  const { incarnation, fence } = a.runtime.hosts.find("room/x") as Host;
  // As after a failover to a copy that lacks the last commits.
  await storage.save("room/x", await compact(before?.record as HostRecord, before?.tail ?? []), fence);
  const late = call(twin, "add", 100);
  await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 3 }));
  await late.catch(() => {});
  expect(a.runtime.hosts.find("room/x")?.incarnation).not.toBe(incarnation);
  expect(errors(a).filter((error) => error.includes("has lost the last 2 commits of `room/x`"))).toHaveLength(1);
  await call(twin, "add", 1);
  expect(await add(a, 0)).toBe((toPlain(liveOf(twin)) as Counter).count);
});

test("a node closes while it asks for what another one has", async () => {
  const shared = lasting({ nodes: true });
  const [a, b] = [await nodeOf(shared, "a"), await nodeOf(shared, "b")];
  await add(a, 1);
  await b.twin.counter("y").add(1);
  shared.freeze("b");
  const asked = b.runtime.hosts.use("room/x");
  const { hosts } = b.runtime;
  const closing = new Promise<void>((resolve) => {
    const { close } = hosts;
    hosts.close = () => {
      resolve();
      return close.call(hosts);
    };
  });
  const closed = b.twin.close();
  await closing;
  shared.heal("b");
  await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await closed;
  expect(await a.twin.counter("y").add(1)).toBe(2);
});

test("a lease time in which no node can renew is refused at start", async () => {
  await expect(nodeOf(lasting({ nodes: true }), "a", { leaseTime: 0 })).rejects.toThrow("`createTwin({ leaseTime: 0 })` is too short");
});
