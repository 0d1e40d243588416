import { test as base, onTestFinished } from "vitest";
import { missingPostgres, PostgresServer, type PostgresSettings } from "./postgres-server.js";

export { missingPostgres, PostgresServer };

/** A test with PostgreSQL. It is skipped where there is none, but fails on a CI machine. The servers that it starts end with it. */
export const test = base.extend<{ postgresServer(settings?: PostgresSettings): Promise<PostgresServer> }>({
  postgresServer: async ({ skip }, use) => {
    if (missingPostgres) {
      if (process.env.CI) throw new Error(missingPostgres);
      skip(missingPostgres);
    }
    await use(async (settings) => {
      const server = await PostgresServer.start(settings);
      // What the test opens after it is closed before it.
      onTestFinished(() => server.end());
      return server;
    });
  },
});
