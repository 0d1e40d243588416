import { readFileSync } from "node:fs";
import { Client } from "pg";
import { expect, onTestFinished, vi } from "vitest";
import { type Files, guide, ROOT, write } from "../kit/guide.js";
import { test } from "../kit/postgres.js";
import { soon } from "../kit/soon.js";

// The recipes for databases, as they are written, with a PostgreSQL and the packages themselves.

// What the recipes declare is known where they are compiled: `npm run docs`.
type Loose = any;

let apps = 0;

/** Writes an app of files, without what they declare of packages. Loads its files. */
function appOf(files: Files): (path: string) => Promise<Loose> {
  const folder = `${ROOT}test-results/recipe-${process.pid}-${++apps}`;
  const compilerOptions = { target: "es2023", experimentalDecorators: true, emitDecoratorMetadata: true };
  const own = Object.entries(files).filter(([path]) => !path.endsWith(".d.ts"));
  write(folder, { ...Object.fromEntries(own), "tsconfig.json": JSON.stringify({ compilerOptions, include: ["**/*.ts"] }) });
  return (path) => import(/* @vite-ignore */ `${folder}/${path}`);
}

/** Another program that writes to the database. */
async function program(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  await client.query("drop table if exists products");
  onTestFinished(() => client.end());
  vi.stubEnv("DATABASE_URL", url);
  onTestFinished(() => void vi.unstubAllEnvs());
  return client;
}

test("POSTGRES.md: rows that another program writes are in the store, also after the listener's connection broke", async ({ postgresServer: { url } }) => {
  const other = await program(url);
  await other.query("create table products (id serial primary key, name text not null)");
  const [, sql = ""] = /```sql\n([\s\S]*?)```/.exec(readFileSync(`${ROOT}docs/recipes/POSTGRES.md`, "utf8")) ?? [];
  await other.query(sql);
  await other.query("insert into products (name) values ('milk')");
  const load = appOf(guide("recipes/POSTGRES"));
  vi.stubEnv("NEXT_RUNTIME", "nodejs");
  const { twin } = await load("state/server.ts");
  onTestFinished(() => twin.close());
  await (await load("instrumentation.ts")).register();
  const names = async () => (await twin.products().$snapshot()).rows.map(({ name }: { name: string }) => name);
  expect(await names()).toEqual(["milk"]);
  await other.query("insert into products (name) values ('bread'), ('eggs')");
  await soon(async () => expect(await names()).toEqual(["milk", "bread", "eggs"]));
  await other.query("update products set name = 'oat milk' where id = 1");
  await other.query("delete from products where id = 2");
  await soon(async () => expect(await names()).toEqual(["oat milk", "eggs"]));
  // Others lose their lines. What changes meanwhile is read when the listener is back.
  await other.query("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'");
  await other.query("insert into products (name) values ('salt')");
  await soon(async () => expect(await names()).toEqual(["oat milk", "eggs", "salt"]));
});

test("DRIZZLE.md: what an event writes is in the database, and a store that comes into memory reads it", async ({ postgresServer: { url } }) => {
  const other = await program(url);
  await other.query("create table products (id serial primary key, name text not null, stock integer not null default 0)");
  await other.query("insert into products (name, stock) values ('milk', 3), ('bread', 5)");
  const load = appOf(guide("recipes/DRIZZLE"));
  const { twin } = await load("state/server.ts");
  onTestFinished(() => twin.close());
  onTestFinished(async () => (await load("db/index.ts")).db.$client.end());
  const stock = twin.stock();
  expect(await stock.$snapshot()).toMatchObject({
    rows: [
      { name: "milk", stock: 3 },
      { name: "bread", stock: 5 },
    ],
    soldOut: 0,
  });
  await stock.setStock(2, 0);
  expect((await stock.$snapshot()).soldOut).toBe(1);
  expect((await other.query("select stock from products order by id")).rows).toEqual([{ stock: 3 }, { stock: 0 }]);
  // A value that the database refuses is undone in the store.
  await expect(stock.setStock(1, 2 ** 40)).rejects.toThrow();
  expect((await stock.$snapshot()).rows[0]).toMatchObject({ stock: 3 });
});
