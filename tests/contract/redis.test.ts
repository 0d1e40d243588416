import { AssertionError } from "node:assert";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { redis } from "../../server/storage/redis.js";
import { nodeContract } from "../../testing/node-cases.js";
import { storageContract } from "../../testing/storage.js";
import { openPlanted } from "../chaos/planted.js";
import { withBug } from "../crash/bugs.js";
import { missingRedis, RedisServer, test } from "../kit/redis.js";

// One Redis for all cases, each behind a prefix of its own.
let server: RedisServer | undefined;
let count = 0;
beforeAll(async () => {
  if (!missingRedis) server = await RedisServer.start();
});
afterAll(() => server?.end());

/** The cases that no mistake is noticed by. */
const takesLong = /thousands|large|whatever/;

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

describe("the suite of shared storages notices in redis()", () => {
  for (const bug of ["fence check alone removed", "sequence check removed", "dedupe off"] as const) {
    test(bug, async ({ redisServer: _ }) => {
      const { url } = server as RedisServer;
      // All storages of the process have the mistake of the one that was opened last.
      await (await openPlanted(url, bug)).close?.();
      const notices = async () => {
        for (const { name, run } of nodeContract) {
          const open = place();
          if (!takesLong.test(name)) await run((node) => withBug(open(node), bug === "dedupe off" ? bug : undefined));
        }
      };
      await expect(notices()).rejects.toThrow(AssertionError);
      await (await openPlanted(url, undefined)).close?.();
    });
  }
});
