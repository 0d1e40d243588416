import { test as base } from "vitest";
import { missingPostgres, PostgresServer } from "./postgres-server.js";

export type { PostgresServer };

/** A test with the PostgreSQL of its file, which starts with the first one. It is skipped where there is none, but fails on a CI machine. */
export const test = base.extend<{ postgresServer: PostgresServer; sharedPostgres: PostgresServer | undefined }>({
  sharedPostgres: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads which fixtures it needs from the pattern.
    async ({}, use) => {
      const server = missingPostgres ? undefined : await PostgresServer.start();
      await use(server);
      await server?.end();
    },
    { scope: "file" },
  ],
  postgresServer: async ({ sharedPostgres, skip }, use) => {
    if (!sharedPostgres) {
      if (process.env.CI) throw new Error(missingPostgres);
      return skip(missingPostgres);
    }
    await use(sharedPostgres);
  },
});
