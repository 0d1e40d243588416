import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { event, state } from "twinstate";
import { type CommitRecord, scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { type RedisStorage, redis } from "../../server/storage/redis.js";
import { serveTwin } from "../kit/app.js";
import { cuttable } from "../kit/cuttable.js";
import { type RedisServer, test } from "../kit/redis.js";
import { soon } from "../kit/soon.js";
import { contentOf, contentOfWriter, TableWriter } from "../kit/table.js";

class Counter {
  @state count = 0;
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
const nodeOf = (server: Pick<RedisServer, "url">, options: { leaseTime?: number; idle?: number } = {}) =>
  serveTwin({ stores, storage: open(server.url), name: randomUUID(), ...options });

function open(url: string, options: Parameters<typeof redis>[1] = {}): RedisStorage {
  const storage = redis(url, { warn: () => {}, ...options });
  onTestFinished(() => storage.close());
  return storage;
}

/** A command of a test's own. */
async function ask(url: string, ...command: string[]): Promise<string> {
  const { Redis } = await import("ioredis");
  const client = new Redis(url);
  try {
    return String(await client.call(command[0] as string, ...command.slice(1)));
  } finally {
    client.disconnect();
  }
}

/** How many times Redis was asked what, by clients and within scripts. */
async function calls(url: string): Promise<Map<string, number>> {
  const lines = [...(await ask(url, "info", "commandstats")).matchAll(/cmdstat_(\S+?):calls=(\d+)/g)];
  return new Map(lines.map(([, name, count]) => [name as string, Number(count)]));
}

/** A storage that has claimed an id. */
async function claimed(storage: RedisStorage, id: string) {
  await storage.nodes.join({ lease: 60_000, versions: {} });
  const claim = await storage.nodes.claim(id);
  if (!("fence" in claim)) throw new Error(`${claim.owner} has it`);
  return claim.fence;
}

test("an event costs one script while its node has the lease, and nothing else", async ({ redisServer }) => {
  const { url } = await redisServer();
  const app = await nodeOf({ url }, { leaseTime: 60_000 });
  await app.twin.counter("x").add(1);
  await ask(url, "config", "resetstat");
  for (let n = 0; n < 50; n++) await app.twin.counter("x").add(1);
  const asked = await calls(url);
  expect(asked.get("evalsha")).toBe(50);
  expect(
    [...asked.keys()].filter((name) => !["evalsha", "hmget", "rpush", "hset", "info", "config|resetstat", "hello", "client|setinfo"].includes(name)),
  ).toEqual([]);
});

test("many events at once share scripts", async ({ redisServer }) => {
  const { url } = await redisServer();
  const app = await nodeOf({ url }, { leaseTime: 60_000 });
  await app.twin.counter("x").add(0);
  await ask(url, "config", "resetstat");
  await Promise.all(Array.from({ length: 200 }, () => app.twin.counter("x").add(1)));
  expect((await calls(url)).get("evalsha")).toBeLessThan(50);
  expect(await app.twin.counter("x").add(0)).toBe(200);
});

test("events of many rooms at once share scripts, and one that is refused leaves the others alone", async ({ redisServer }) => {
  const { url } = await redisServer();
  const storage = open(url);
  await storage.nodes.join({ lease: 60_000, versions: {} });
  const rooms = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const [id, writer] = [`room/${n}`, new TableWriter(1, `life-${n}`)];
      const { fence } = (await storage.nodes.claim(id)) as { fence: number };
      await storage.append(id, [writer.first()], fence);
      return { id, writer, fence };
    }),
  );
  // Of one the lease is another's, of one a commit is missing, and one has the key of somebody else in its place.
  const bad: Record<number, RegExp> = { 3: /lease/, 40: /does not follow|sequence/, 77: /WRONGTYPE/ };
  rooms[40]?.writer.toggle(0);
  await ask(url, "set", "twin:{room/77}:h", "of somebody else");
  await ask(url, "config", "resetstat");
  const commits = rooms.map(({ writer }) => writer.toggle(0));
  const appended = await Promise.allSettled(rooms.map(({ id, fence }, n) => storage.append(id, [commits[n] as CommitRecord], n === 3 ? fence + 1000 : fence)));
  // One more notes what is known of the record whose lease is over.
  expect((await calls(url)).get("evalsha")).toBeLessThan(10);
  for (const [n, outcome] of appended.entries()) {
    if (!bad[n]) expect(outcome.status, String(n)).toBe("fulfilled");
    else expect(String((outcome as PromiseRejectedResult).reason), String(n)).toMatch(bad[n]);
  }
  for (const n of [0, 41, 99]) expect((await storage.load(`room/${n}`))?.tail.at(-1)).toEqual(commits[n]);
  expect((await storage.load("room/3"))?.tail).toHaveLength(1);
});

test("what was acknowledged is there after a kill of Redis, and nodes go on by themselves", async ({ redisServer }) => {
  const server = await redisServer();
  const app = await nodeOf(server);
  let acknowledged = 0;
  const end = new AbortController();
  const load = (async () => {
    while (!end.signal.aborted) {
      const count = await app.twin
        .counter("x")
        .add(1)
        .catch(() => undefined);
      if (count === undefined) await pause(20);
      else acknowledged = count;
    }
  })();
  for (let times = 0; times < 3; times++) {
    const before = acknowledged;
    await soon(() => expect(acknowledged).toBeGreaterThan(before + 20));
    await server.stop("SIGKILL");
    await server.restart();
  }
  const before = acknowledged;
  await soon(() => expect(acknowledged).toBeGreaterThan(before + 20));
  end.abort();
  await load;
  const other = await nodeOf(server);
  await app.twin.close();
  expect(await other.twin.counter("x").add(0)).toBeGreaterThanOrEqual(acknowledged);
});

/** A line to Redis that can be cut, and led to another one. */
async function cuttableRedis(to: number) {
  const line = await cuttable(to);
  return { ...line, url: `redis://127.0.0.1:${line.port}` };
}

test("an append whose answer is lost with the line is sent again, and written once", async ({ redisServer }) => {
  const { port } = await redisServer();
  const { url, cutNext } = await cuttableRedis(port);
  const storage = open(url);
  const fence = await claimed(storage, "room/a");
  const writer = new TableWriter(5);
  await storage.append("room/a", [writer.first()], fence);
  for (let n = 0; n < 5; n++) {
    cutNext();
    await storage.append("room/a", [writer.toggle(n), writer.title(n, "x")], fence);
  }
  const found = await storage.load("room/a");
  expect(found?.tail).toHaveLength(11);
  expect(found && contentOf(found)).toBe(contentOfWriter(writer));
});

test("what a failover has lost is what the log says, and the state goes on from what is left", async ({ redisServer }) => {
  const master = await redisServer();
  const replica = await redisServer({ replicaof: `127.0.0.1 ${master.port}` });
  const { url, lead } = await cuttableRedis(master.port);
  const app = await nodeOf({ url });
  const add = (key: string) => app.twin.counter(key).add(1);
  for (const key of ["x", "x", "y", "x"]) await add(key);
  const stored = ({ url }: RedisServer, key: string) => ask(url, "hget", `twin:{room/${key}}:h`, "seq");
  for (const key of ["x", "y"]) await soon(async () => expect(await stored(replica, key)).toBe(await stored(master, key)));
  // The replica lacks what comes now.
  await ask(replica.url, "replicaof", "no", "one");
  for (const key of ["x", "y", "x"]) await add(key);
  await master.stop("SIGKILL");
  lead(replica.port);
  const last = { x: 0, y: 0 };
  for (const key of ["x", "y"] as const)
    await soon(async () => {
      last[key] = await add(key);
    });
  const lost = app.logs.flatMap(({ message }) => /has lost the last (\d+) commits of `room\/(\w)`/.exec(message) ?? []);
  expect(lost.filter((_, i) => i % 3 > 0)).toEqual(["2", "x", "1", "y"]);
  expect(last).toEqual({ x: 4, y: 2 });
});

test("a record and its commits are made one behind the events, and never by a node that has lost the lease", async ({ redisServer }) => {
  const { url } = await redisServer();
  const storage = open(url);
  const fence = await claimed(storage, "room/a");
  const writer = new TableWriter(5000);
  await storage.append("room/a", [writer.first()], fence);
  const length = async () => Number(await ask(url, "llen", "twin:{room/a}:c"));
  const chunks = async () => Number(await ask(url, "hlen", "twin:{room/a}:b"));
  const before = await chunks();
  let most = 0;
  for (let n = 0; n < 3000 && most < 20; n++) {
    await storage.append("room/a", [writer.title(n, `${n} ${"x".repeat(1000)}`)], fence);
    most = n;
  }
  for (let n = 20; (await length()) >= 20 && n < 5000; n++) await storage.append("room/a", [writer.title(n, `${n} ${"x".repeat(1000)}`)], fence);
  const found = await storage.load("room/a");
  expect(found && contentOf(found)).toBe(contentOfWriter(writer));
  expect(await chunks()).toBeLessThanOrEqual(before + 10);
  const other = open(url, { node: "other" });
  await other.nodes.join({ lease: 60_000, versions: {} });
  await storage.nodes.leave();
  const claim = await other.nodes.claim("room/a");
  expect("loaded" in claim && claim.loaded && contentOf(claim.loaded)).toBe(contentOfWriter(writer));
  await expect(storage.append("room/a", [writer.toggle(1)], fence)).rejects.toMatchObject({ code: "FENCED" });
});

test("a damaged record is set aside, and the next claim finds nothing", async ({ redisServer }) => {
  const { url } = await redisServer();
  const storage = open(url);
  const fence = await claimed(storage, "room/a");
  await storage.append("room/a", [new TableWriter(2).first()], fence);
  await ask(url, "hset", "twin:{room/a}:h", "head", "{");
  await expect(storage.nodes.claim("room/a")).rejects.toMatchObject({ code: "DAMAGED", message: expect.stringContaining("`room/a` is damaged") });
  const claim = await storage.nodes.claim("room/a");
  expect(claim).toMatchObject({ loaded: undefined });
  await storage.append("room/a", [new TableWriter(2).first()], "fence" in claim ? claim.fence : 0);
  for await (const { id } of storage.list("")) expect(id).toBe("room/a");
});

test("a record of a later format is refused by an earlier version, and stays as it is", async ({ redisServer }) => {
  const { url } = await redisServer();
  const storage = open(url);
  const fence = await claimed(storage, "room/x");
  const first: CommitRecord = new TableWriter(2).first();
  await storage.append("room/x", [first], fence);
  await ask(url, "hset", "twin:{room/x}:h", "fmt", "99");
  await expect(storage.load("room/x")).rejects.toMatchObject({ code: "NEWER" });
  await storage.nodes.leave();
  const app = await nodeOf({ url });
  await expect(app.twin.counter("x").add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(app.logs.map(({ level, error }) => [level, (error as { code?: string }).code])).toEqual([["warn", "NEWER"]]);
  expect(await ask(url, "hget", "twin:{room/x}:h", "fmt")).toBe("99");
  expect(await ask(url, "hexists", "twin:{room/x}:h", "lease")).toBe("0");
});

test.for<[name: string, settings: Record<string, string>, url: (url: string) => string, message: string]>([
  ["nothing listens", {}, () => "redis://ann:secret@127.0.0.1:1", "Redis at 127.0.0.1:1: nothing listens there. Is it up, and are host and port right?"],
  ["it wants a password", { requirepass: "right" }, (url) => url, "it wants a password. Put it into the address"],
  ["it has no such database", {}, (url) => `${url}/99`, "it has no database of the number that the address ends with"],
  ["the password is wrong", { requirepass: "right" }, (url) => url.replace("//", "//:secret@"), "user or password are wrong"],
  ["it is a replica", { replicaof: "127.0.0.1 1" }, (url) => url, "it is a replica, and takes no writes. Give `redis()` the address of the master"],
  ["its memory is full", { maxmemory: "100kb" }, (url) => url, "its memory is full. Give it more (`maxmemory`)"],
  ["it is a cluster", { "cluster-enabled": "yes" }, (url) => url, "it is a Redis Cluster, which `redis()` does not use"],
])("an error says what is the matter, where, and what to do, and never the password: %s", async ([, settings, change, message], { redisServer }) => {
  const { url } = await redisServer(settings);
  const storage = open(change(url));
  const failed = await (async () => storage.save("room/a", { incarnation: "one", revision: 1, sequence: 1, stores: {}, numbers: {} }))().catch(
    (error: Error) => error,
  );
  expect(failed).toMatchObject({ code: "STORAGE", message: expect.stringContaining(message) });
  expect((failed as Error).message).toMatch(/^Redis at 127\.0\.0\.1:\d+: /);
  expect(`${(failed as Error).message} ${(failed as Error).cause ?? ""}`).not.toContain("secret");
});

test("addresses that are none are refused at once, without what they hold", () => {
  for (const wrong of ["", "localhost:6379", "http://user:secret@host", { sentinels: [], name: "twin" }, { sentinels: [{ host: "a", port: 1 }] }]) {
    expect(() => redis(wrong as string)).toThrow("`redis()` takes `redis://host:port`");
    expect(() => redis(wrong as string)).not.toThrow("secret");
  }
  expect(() => redis(undefined as never)).toThrow("it is `undefined`. Where an environment variable has the address, give it a default");
});

test("settings that may lose state are warned of", async ({ redisServer }) => {
  const { url } = await redisServer({ "maxmemory-policy": "allkeys-lru", appendonly: "no" });
  const warned: string[] = [];
  await open(url, { warn: (message) => warned.push(message) }).load("room/a");
  expect(warned).toEqual([expect.stringContaining("`maxmemory-policy allkeys-lru`"), expect.stringContaining("writes no append-only file")]);
});

test("a Redis that stands still is given up, and asked again when it goes on", async ({ redisServer }) => {
  const server = await redisServer();
  const app = await nodeOf(server, { leaseTime: 1000 });
  expect(await app.twin.counter("x").add(1)).toBe(1);
  server.freeze();
  await expect(app.twin.counter("x").add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  server.thaw();
  await soon(async () => expect(await app.twin.counter("x").add(1)).toBeGreaterThanOrEqual(2));
});

test("closing takes no longer than 5 s where Redis stands still", async ({ redisServer }) => {
  const server = await redisServer();
  const storage = open(server.url);
  await claimed(storage, "x");
  server.freeze();
  const began = performance.now();
  await storage.close();
  expect(performance.now() - began).toBeLessThan(5000);
});
