import { afterAll, beforeAll, describe } from "vitest";
import { redis } from "../../server/storage/redis.js";
import { nodeContract } from "../../testing/node-cases.js";
import { storageContract } from "../../testing/storage.js";
import { missingRedis, RedisServer, test } from "../kit/redis.js";

// One Redis for all cases, each behind a prefix of its own.
let server: RedisServer | undefined;
let count = 0;
beforeAll(async () => {
  if (!missingRedis) server = await RedisServer.start();
});
afterAll(() => server?.end());

const place = () => {
  const prefix = `case${count++}:`;
  return (node?: string) => redis((server as RedisServer).url, { prefix, ...(node && { node }) });
};

describe("redis", () => {
  for (const { name, run } of storageContract) test(name, ({ redisServer: _ }) => run(place()));
});

describe("redis, shared by nodes", () => {
  for (const { name, run } of nodeContract) test(name, ({ redisServer: _ }) => run(place()));
});
