import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { event, state } from "twinstate";
import { type CommitRecord, scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { type PostgresOptions, type PostgresStorage, postgres } from "../../server/storage/postgres.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown } from "../kit/client.js";
import { cuttable } from "../kit/cuttable.js";
import { test } from "../kit/postgres.js";
import { soon } from "../kit/soon.js";
import { contentOf, contentOfWriter, TableWriter } from "../kit/table.js";

class Counter {
  @state count = 0;
  @state text = "";
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
  @event write(text: string) {
    this.text = text;
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
const nodeOf = (url: string, schema: string, options: { leaseTime?: number } = {}) =>
  serveTwin({ stores, storage: open(url, { schema }), name: randomUUID(), ...options });

function open(url: string, options: PostgresOptions = {}): PostgresStorage {
  const storage = postgres(url, { warn: () => {}, ...options });
  onTestFinished(() => storage.close());
  return storage;
}

let schemas = 0;
/** A schema of a test's own. */
const newSchema = () => `test${schemas++}`;

/** A storage that has claimed an id. */
async function claimed(storage: PostgresStorage, id: string) {
  await storage.nodes.join({ lease: 60_000, versions: {} });
  const claim = await storage.nodes.claim(id);
  if (!("fence" in claim)) throw new Error(`${claim.owner} has it`);
  return claim.fence;
}

test("events that come together share transactions", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const app = await nodeOf(server.url, schema, { leaseTime: 60_000 });
  const rooms = Array.from({ length: 50 }, (_, n) => app.twin.counter(`room ${n}`));
  await Promise.all(rooms.map((room) => room.add(1)));
  await Promise.all(rooms.flatMap((room) => Array.from({ length: 10 }, () => room.add(1))));
  const [found] = await server.ask(`select count(*)::int as commits, count(distinct xmin::text)::int as transactions from ${schema}.commits`);
  expect(found?.commits).toBe(550);
  expect(found?.transactions).toBeLessThan(110);
  expect(await Promise.all(rooms.map((room) => room.add(0)))).toEqual(rooms.map(() => 11));
});

test("two nodes share state, frames and calls: what is long too", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const [one, two] = await Promise.all([nodeOf(server.url, schema), nodeOf(server.url, schema)]);
  const first = await openTwin(openClient(one.site.url), "counter", "x");
  const second = await openTwin(openClient(two.site.url), "counter", "x");
  expect(await call(first, "add", 1)).toBe(1);
  expect(await call(second, "add", 2)).toBe(3);
  for (const twin of [first, second]) await shown<Counter>(twin, ({ count }) => count === 3);
  const text = "✓ é \u{1f600} long".repeat(5000);
  await call(second, "write", text);
  for (const twin of [first, second]) await shown<Counter>(twin, (view) => view.text === text);
  // The owner closes: the other one takes over.
  await one.twin.close();
  expect(await call(second, "add", 1)).toBe(4);
});

test("what was acknowledged is there after a crash of PostgreSQL, and nodes go on by themselves", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const app = await nodeOf(server.url, schema);
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
  const goesOn = async () => {
    const before = acknowledged;
    await soon(() => expect(acknowledged).toBeGreaterThan(before + 20));
  };
  for (const signal of ["SIGQUIT", "SIGINT"] as const) {
    await goesOn();
    await server.stop(signal);
    await server.restart();
  }
  await goesOn();
  end.abort();
  await load;
  const other = await nodeOf(server.url, schema);
  await app.twin.close();
  await soon(async () => expect(await other.twin.counter("x").add(0)).toBeGreaterThanOrEqual(acknowledged));
});

test("an append whose answer is lost with the line is sent again, and written once", async ({ postgresServer: server }) => {
  const line = await cuttable(server.port);
  const storage = open(server.urlOf(line.port), { schema: newSchema() });
  const fence = await claimed(storage, "room/a");
  const writer = new TableWriter(5);
  await storage.append("room/a", [writer.first()], fence);
  for (let n = 0; n < 5; n++) {
    line.cutNext();
    await storage.append("room/a", [writer.toggle(n), writer.title(n, "x")], fence);
  }
  const found = await storage.load("room/a");
  expect(found?.tail).toHaveLength(11);
  expect(found && contentOf(found)).toBe(contentOfWriter(writer));
});

test("a node that was cut off writes nothing late, and its clients' events run once at the new owner", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const line = await cuttable(server.port);
  const one = await nodeOf(server.urlOf(line.port), schema, { leaseTime: 1000 });
  const two = await nodeOf(server.url, schema, { leaseTime: 1000 });
  expect(await one.twin.counter("x").add(1)).toBe(1);
  line.hold();
  const late = one.twin.counter("x").add(10);
  await soon(async () => expect(await two.twin.counter("x").add(1)).toBe(2));
  await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
  line.release();
  await soon(async () => expect(await one.twin.counter("x").add(0)).toBe(2));
  expect(await two.twin.counter("x").add(1)).toBe(3);
});

test("a record and its commits are made one behind the events, and never by a node that has lost the lease", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const storage = open(server.url, { schema });
  const fence = await claimed(storage, "room/a");
  const writer = new TableWriter(5000);
  await storage.append("room/a", [writer.first()], fence);
  const count = async (table: string) => Number((await server.ask(`select count(*) from ${schema}.${table}`))[0]?.count);
  const before = await count("chunks");
  for (let n = 0; n < 5000 && (n < 400 || (await count("commits")) >= 400); n += 20)
    await storage.append(
      "room/a",
      Array.from({ length: 20 }, (_, i) => writer.title(n + i, `${n} ${"x".repeat(1000)}`)),
      fence,
    );
  const found = await storage.load("room/a");
  expect(found && contentOf(found)).toBe(contentOfWriter(writer));
  expect(await count("chunks")).toBeLessThanOrEqual(before + 10);
  const other = open(server.url, { schema, node: "other" });
  await other.nodes.join({ lease: 60_000, versions: {} });
  await storage.nodes.leave();
  const claim = await other.nodes.claim("room/a");
  expect("loaded" in claim && claim.loaded && contentOf(claim.loaded)).toBe(contentOfWriter(writer));
  await expect(storage.append("room/a", [writer.toggle(1)], fence)).rejects.toMatchObject({ code: "FENCED" });
});

test("a damaged record is set aside, and the next claim finds nothing", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const storage = open(server.url, { schema });
  const fence = await claimed(storage, "room/a");
  await storage.append("room/a", [new TableWriter(2).first()], fence);
  await server.ask(`update ${schema}.heads set head = '{'`);
  await expect(storage.nodes.claim("room/a")).rejects.toMatchObject({ code: "DAMAGED", message: expect.stringContaining("`room/a` is damaged") });
  const claim = await storage.nodes.claim("room/a");
  expect(claim).toMatchObject({ loaded: undefined });
  await storage.append("room/a", [new TableWriter(2).first()], "fence" in claim ? claim.fence : 0);
  await server.ask(`delete from ${schema}.commits`);
  await expect(open(server.url, { schema }).load("room/a")).rejects.toMatchObject({ code: "DAMAGED", message: expect.not.stringContaining("set aside") });
  await expect(storage.nodes.claim("room/a")).rejects.toMatchObject({ code: "DAMAGED" });
  const ids: string[] = [];
  for await (const { id } of storage.list("")) ids.push(id.replace(/^~\S+/, "~"));
  expect(ids).toEqual(["~ room/a", "~ room/a"]);
});

test("a record of a later format is refused by an earlier version, and stays as it is", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const storage = open(server.url, { schema });
  const fence = await claimed(storage, "room/x");
  const first: CommitRecord = new TableWriter(2).first();
  await storage.append("room/x", [first], fence);
  await server.ask(`update ${schema}.instances set format = 99`);
  await expect(storage.load("room/x")).rejects.toMatchObject({ code: "NEWER" });
  await storage.nodes.leave();
  const app = await nodeOf(server.url, schema);
  await expect(app.twin.counter("x").add(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(app.logs.map(({ level, error }) => [level, (error as { code?: string }).code])).toEqual([["warn", "NEWER"]]);
  const [row] = await server.ask(`select format, (select count(*)::int from ${schema}.nodes n where n.life = i.life) as owners from ${schema}.instances i`);
  expect(row).toEqual({ format: 99, owners: 0 });
});

test("processes that begin at once make the tables once", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const storages = Array.from({ length: 5 }, (_, n) => open(server.url, { schema, node: `node ${n}` }));
  expect(await Promise.all(storages.map((storage) => claimed(storage, storage.nodes.node)))).toHaveLength(5);
  expect(await server.ask(`select count(*)::int from ${schema}.form`)).toEqual([{ count: 1 }]);
});

test("more rooms than one moment can claim wait for their turn, and none is refused", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const app = await nodeOf(server.url, schema, { leaseTime: 60_000 });
  await app.twin.counter("x").add(1);
  const { Client } = await import("pg");
  const client = new Client({ connectionString: server.url });
  await client.connect();
  onTestFinished(() => client.end());
  // Four rooms have all lines for nearly as long as a lock is waited for.
  await client.query(`begin; lock table ${schema}.instances`);
  const added = Promise.all(Array.from({ length: 100 }, (_, n) => app.twin.counter(`room ${n}`).add(1)));
  await pause(3000);
  await client.query("rollback");
  expect(await added).toEqual(Array.from({ length: 100 }, () => 1));
});
