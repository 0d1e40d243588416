import { randomUUID } from "node:crypto";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { type RedisOptions, redis } from "../../server/storage/redis.js";
import type { RedisAddress } from "../../server/storage/redis-line.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { type RedisServer, test } from "../kit/redis.js";
import { MASTER, Sentinel } from "../kit/sentinel.js";
import { soon } from "../kit/soon.js";

class Counter {
  @state count = 0;
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
const nodeOf = (address: RedisAddress, options: RedisOptions) =>
  serveTwin({ stores, storage: redis(address, { warn: () => {}, ...options }), name: randomUUID(), leaseTime: 2000 });

/** A replica of a server, once it follows it. */
async function replicaOf(master: RedisServer, start: (settings: Record<string, string>) => Promise<RedisServer>) {
  const replica = await start({ replicaof: `127.0.0.1 ${master.port}`, "repl-diskless-sync-delay": "0" });
  await soon(async () => expect(String(await replica.ask("info", "replication"))).toContain("master_link_status:up"));
  return replica;
}

const settings = { "repl-diskless-sync-delay": "0" };

test("with `replicas`, an event is acknowledged when a replica has it", async ({ redisServer }) => {
  const master = await redisServer(settings);
  const replica = await replicaOf(master, redisServer);
  const app = await nodeOf(master.url, { replicas: 1 });
  for (let n = 1; n <= 50; n++) {
    await app.twin.counter("x").add(1);
    expect(await replica.ask("hget", "twin:{room/x}:h", "seq")).toBe(String(n));
  }
  // Events that come at once share what they wait for.
  await master.ask("config", "resetstat");
  await Promise.all(Array.from({ length: 200 }, (_, n) => app.twin.counter(`room ${n}`).add(1)));
  const waits = /cmdstat_wait:calls=(\d+)/.exec(String(await master.ask("info", "commandstats")))?.[1];
  expect(Number(waits)).toBeLessThan(100);
});

test("with `replicas`, events wait while a replica stands still, and are done once when it goes on", async ({ redisServer }) => {
  const master = await redisServer(settings);
  const replica = await replicaOf(master, redisServer);
  const app = await nodeOf(master.url, { replicas: 1 });
  const twin = await openTwin(openClient(app.site.url), "counter", "x");
  expect(await call(twin, "add", 1)).toBe(1);
  replica.freeze();
  // Server code is told; clients ask again by themselves.
  await expect(app.twin.counter("y").add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  let answered = false;
  const answer = Promise.resolve(call(twin, "add", 1)).then((value) => {
    answered = true;
    return value;
  });
  await soon(() => expect(app.logs.map(({ message }) => message).join()).toContain("0 of 1 replicas that `redis(…, { replicas: 1 })` demands"));
  expect(answered).toBe(false);
  replica.thaw();
  expect(await answer).toBe(2);
  await soon(async () => expect(await app.twin.counter("x").add(0)).toBe(2));
});

test("`replicas` that are no count are refused", () => {
  for (const replicas of [-1, 0.5, Number.NaN, "1"]) expect(() => redis("redis://localhost", { replicas: replicas as number })).toThrow("a whole number");
});

test("an app goes on by itself when Sentinel has a replica take the place of a master that was killed", async ({ redisServer }) => {
  const master = await redisServer(settings);
  const replica = await replicaOf(master, redisServer);
  const sentinels = await Promise.all([1, 2, 3].map(() => Sentinel.start(master, 2)));
  onTestFinished(async () => void (await Promise.all(sentinels.map((one) => one.end()))));
  for (const { url } of sentinels.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })))
    await soon(async () => {
      const { Redis } = await import("ioredis");
      const client = new Redis(url);
      const known = String(await client.call("sentinel", "master", MASTER)).split(",");
      client.disconnect();
      const of = (name: string) => known[known.indexOf(name) + 1];
      expect([of("num-slaves"), of("num-other-sentinels")]).toEqual(["1", "2"]);
    });
  const app = await nodeOf({ sentinels: sentinels.map(({ host, port }) => ({ host, port })), name: MASTER }, { replicas: 1 });
  const twin = await openTwin(openClient(app.site.url), "counter", "x");
  for (let n = 1; n <= 20; n++) expect(await call(twin, "add", 1)).toBe(n);
  await master.stop("SIGKILL");
  // The replica that is the master now has none: without it, `replicas: 1` refuses.
  await soon(async () => expect(String(await replica.ask("info", "replication"))).toContain("role:master"));
  await replicaOf(replica, redisServer);
  for (let n = 21; n <= 40; n++) expect(await call(twin, "add", 1)).toBe(n);
  expect(app.logs.filter(({ message }) => message.includes("has lost"))).toEqual([]);
});
