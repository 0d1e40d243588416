import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { postgres } from "../../server/storage/postgres.js";
import { TABLE_NAMES } from "../../server/storage/postgres-tables.js";
import { nodeContract } from "../../testing/node-cases.js";
import { storageContract } from "../../testing/storage.js";
import { missingPostgres, PostgresServer, test } from "../kit/postgres.js";

// One PostgreSQL for all cases, whose tables are emptied before each: making them takes longer than most cases.
let server: PostgresServer | undefined;
let client: Client | undefined;
beforeAll(async () => {
  if (missingPostgres) return;
  server = await PostgresServer.start();
  client = new Client({ connectionString: server.url });
  await client.connect();
  const storage = open();
  await storage.load("room/a");
  await storage.close();
});
beforeEach(async () => {
  for (const table of TABLE_NAMES) if (table !== "form") await client?.query(`delete from twinstate.${table}`);
});
afterAll(async () => {
  await client?.end();
  await server?.end();
});

const open = (node?: string) => postgres((server as PostgresServer).url, node === undefined ? {} : { node });

describe("postgres", () => {
  for (const { name, run } of storageContract) test(name, ({ postgresServer: _ }) => run(() => open()));
});

describe("postgres, shared by nodes", () => {
  for (const { name, run } of nodeContract) test(name, ({ postgresServer: _ }) => run(open));
});
