import { describe } from "vitest";
import { postgres } from "../../server/storage/postgres.js";
import { TABLE_NAMES } from "../../server/storage/postgres-tables.js";
import { nodeContract } from "../../testing/node-cases.js";
import { storageContract } from "../../testing/storage.js";
import { type PostgresServer, test } from "../kit/postgres.js";

/** Opens storages of empty tables: to make them anew for each case takes longer than most cases. */
async function emptied(server: PostgresServer) {
  const open = (node?: string) => postgres(server.url, node === undefined ? {} : { node });
  const storage = open();
  await storage.load("room/a");
  await storage.close();
  await server.ask(TABLE_NAMES.flatMap((table) => (table === "form" ? [] : `delete from twinstate.${table}`)).join(";"));
  return open;
}

describe("postgres", () => {
  for (const { name, run } of storageContract) {
    test(name, async ({ postgresServer }) => {
      const open = await emptied(postgresServer);
      await run(() => open());
    });
  }
});

describe("postgres, shared by nodes", () => {
  for (const { name, run } of nodeContract) test(name, async ({ postgresServer }) => run(await emptied(postgresServer)));
});
