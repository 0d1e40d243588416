import { test as base, onTestFinished } from "vitest";
import { missingRedis, RedisServer, type RedisSettings } from "./redis-server.js";

export { missingRedis, RedisServer };

/** A test with Redis. It is skipped where there is none, but fails on a CI machine. The servers that it starts end with it. */
export const test = base.extend<{ redisServer(settings?: RedisSettings): Promise<RedisServer> }>({
  redisServer: async ({ skip }, use) => {
    if (missingRedis) {
      if (process.env.CI) throw new Error(missingRedis);
      skip(missingRedis);
    }
    await use(async (settings) => {
      const server = await RedisServer.start(settings);
      // What the test opens after it is closed before it.
      onTestFinished(() => server.end());
      return server;
    });
  },
});
