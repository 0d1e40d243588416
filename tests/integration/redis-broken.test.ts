import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { redis } from "../../server/storage/redis.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { type RedisServer, test } from "../kit/redis.js";
import { soon } from "../kit/soon.js";

// What a Redis may do that is broken, and what an app sees of it: the table of SCALING.md.

class Counter {
  @state count = 0;
  @state text = "";
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
  @event write(text: string) {
    this.text = text;
    return text.length;
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
const full = process.env.TEST_FULL !== undefined;

async function nodeOf(url: string, leaseTime = 1000) {
  const app = await serveTwin({ stores, storage: redis(url, { warn: () => {} }), name: randomUUID(), leaseTime });
  return { ...app, log: () => app.logs.map(({ error }) => `${error} ${(error as Error).cause ?? ""}`).join("\n") };
}

/** Calls events of a room, one after the other, and sees that each runs once. */
async function counting(url: string) {
  const app = await nodeOf(url);
  const twin = await openTwin(openClient(app.site.url), "counter", "x");
  let count = 0;
  const add = async () => expect(await call(twin, "add", 1)).toBe(++count);
  for (let n = 0; n < 5; n++) await add();
  return { ...app, add };
}

type Break = (server: RedisServer) => Promise<unknown>;

test.for<[name: string, broken: Break, mended: Break, told: string]>([
  [
    "it is full",
    (server) => server.ask("config", "set", "maxmemory", "1"),
    (server) => server.ask("config", "set", "maxmemory", "0"),
    "its memory is full. Give it more (`maxmemory`)",
  ],
  [
    "it has become a replica",
    (server) => server.ask("replicaof", "127.0.0.1", "1"),
    (server) => server.ask("replicaof", "no", "one"),
    "it is a replica, and takes no writes",
  ],
  [
    "it runs a script of somebody's that does not end",
    async (server) => {
      await server.ask("config", "set", "busy-reply-threshold", "50");
      void server.ask("eval", "while true do end", "0").catch(() => {});
    },
    async (server) => void (await server.ask("script", "kill")),
    "it runs a script of somebody's that does not end",
  ],
  [
    "a key of somebody else's is in the place of ours",
    async (server) => {
      await server.ask("rename", "twin:{room/x}:h", "kept");
      await server.ask("set", "twin:{room/x}:h", "mine");
    },
    async (server) => void (await server.ask("rename", "kept", "twin:{room/x}:h")),
    "a key of another app's has a name of ours",
  ],
])("an event waits, and is done once, where Redis is broken: %s", async ([, broken, mended, told], { redisServer }) => {
  const server = await redisServer();
  const { add, log } = await counting(server.url);
  await broken(server);
  const answer = add();
  await soon(() => expect(log()).toContain(told));
  await mended(server);
  await answer;
  for (let n = 0; n < 5; n++) await add();
});

test.for<[name: string, broken: Break]>([
  ["its scripts are forgotten", (server) => server.ask("script", "flush")],
  ["our lines are ended", (server) => server.ask("client", "kill", "type", "normal")],
  ["our lines for messages are ended", (server) => server.ask("client", "kill", "type", "pubsub")],
  [
    "it is stopped for some seconds",
    async (server) => {
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, full ? 20_000 : 2000));
      await server.restart();
    },
  ],
])("an app goes on by itself where Redis is disturbed: %s", async ([, broken], { redisServer }) => {
  const server = await redisServer();
  const { add } = await counting(server.url);
  for (let times = 0; times < 3; times++) {
    const answer = add();
    await broken(server);
    await answer;
    await add();
  }
});

test("a Redis that reads its files is waited for", async ({ redisServer }) => {
  const server = await redisServer({ "key-load-delay": "1000", "loading-process-events-interval-bytes": "1024" });
  const { add } = await counting(server.url);
  await server.ask("eval", "for n = 1, 1500 do redis.call('SET', 'other' .. n, n) end", "0");
  await server.stop("SIGKILL");
  const answer = add();
  await server.restart();
  await answer;
  await add();
});

test("what is thrown away is noticed: all at once, or a part of one instance", async ({ redisServer }) => {
  const server = await redisServer();
  const app = await nodeOf(server.url);
  for (const key of ["x", "y", "z"]) for (let n = 1; n <= 3; n++) expect(await app.twin.counter(key).add(1)).toBe(n);
  const goesOn = (key: string) => soon(async () => expect(await app.twin.counter(key).add(1)).toBeGreaterThan(0));
  // As `allkeys-lru` does where memory is full.
  await server.ask("del", "twin:{room/x}:h");
  await goesOn("x");
  expect(app.log()).toContain("has lost the last 3 commits of `room/x`");
  await app.twin.close();
  await server.ask("del", "twin:{room/z}:c");
  const other = await nodeOf(server.url);
  await soon(async () => expect(await other.twin.counter("z").add(1)).toBe(1));
  expect(other.log()).toContain("What the storage has of `room/z` is damaged: The commits up to 3 are missing.");
  expect(await other.twin.counter("y").add(1)).toBe(4);
  await server.ask("flushall");
  await soon(async () => expect(await other.twin.counter("y").add(1)).toBeGreaterThan(0));
  expect(other.log()).toContain("has lost the last 4 commits of `room/y`");
});

test.for<[name: string, rights: string[]]>([
  ["scripts", ["-evalsha", "-eval"]],
  ["messages", ["-publish"]],
  ["messages to it", ["-subscribe"]],
  ["questions", ["-info"]],
])("a user that lacks a right is told so at the first use: %s", async ([, rights], { redisServer }) => {
  const server = await redisServer();
  await server.ask("acl", "setuser", "twin", "on", ">secret", "~*", "&*", "+@all", ...rights);
  const app = await nodeOf(server.url.replace("//", "//twin:secret@"));
  await expect(app.twin.counter("x").add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(app.log()).toContain("the user may not run a command that `redis()` needs");
});

test("a Redis that is older than 7 is refused, with its version", async () => {
  const server = createServer((line) => {
    line.on("error", () => {});
    line.on("data", (data) => {
      for (const [, name = ""] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        const text = "redis_version:6.2.14\r\nrole:master\r\n";
        line.write(/info/i.test(name) ? `$${text.length}\r\n${text}\r\n` : /hello/i.test(name) ? "-ERR unknown command 'HELLO'\r\n" : "+OK\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const storage = redis(`redis://127.0.0.1:${(server.address() as { port: number }).port}`);
  onTestFinished(() => storage.close());
  await expect((async () => storage.load("room/x"))()).rejects.toThrow("it is of version 6.2.14. `redis()` needs Redis 7, or Valkey 7.2, or newer.");
});

test("a record of 5 MB, and many rooms", async ({ redisServer }) => {
  const server = await redisServer();
  const app = await nodeOf(server.url, 60_000);
  const text = "x".repeat(5 << 20);
  expect(await app.twin.counter("x").write(text)).toBe(text.length);
  const rooms = full ? 10_000 : 500;
  for (let at = 0; at < rooms; at += 250) await Promise.all(Array.from({ length: 250 }, (_, n) => app.twin.counter(`room ${at + n}`).add(1)));
  await app.twin.close();
  const other = await nodeOf(server.url, 60_000);
  expect((await other.twin.counter("x").$snapshot()).text).toBe(text);
  expect(await other.twin.counter("room 7").add(1)).toBe(2);
  let count = 0;
  for await (const { id } of other.storage.list("room/room ")) count += Number(id.startsWith("room/room "));
  expect(count).toBe(rooms);
});
