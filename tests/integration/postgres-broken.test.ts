import { randomUUID } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { type PostgresOptions, postgres } from "../../server/storage/postgres.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { cuttable } from "../kit/cuttable.js";
import { type PostgresServer, test } from "../kit/postgres.js";
import { soon } from "../kit/soon.js";

// What a PostgreSQL may do that is broken, and what an app sees of it: the table of SCALING.md.

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

let schemas = 0;
/** A schema of a test's own. */
const newSchema = () => `broken${schemas++}`;

async function nodeOf(url: string, schema: string, leaseTime = 1000) {
  const app = await serveTwin({ stores, storage: postgres(url, { schema, warn: () => {} }), name: randomUUID(), leaseTime });
  return { ...app, log: () => app.logs.map(({ error }) => `${error} ${(error as Error).cause ?? ""}`).join("\n") };
}

/** Calls events of a room, one after the other, and sees that each runs once. */
async function counting(url: string, schema: string) {
  const app = await nodeOf(url, schema);
  const twin = await openTwin(openClient(app.site.url), "counter", "x");
  let count = 0;
  const add = async () => expect(await call(twin, "add", 1)).toBe(++count);
  for (let n = 0; n < 5; n++) await add();
  return { ...app, add };
}

/** The first use of a storage. */
async function firstUse(url: string, options: PostgresOptions = {}): Promise<unknown> {
  const storage = postgres(url, { schema: newSchema(), warn: () => {}, ...options });
  onTestFinished(() => storage.close());
  return storage.load("room/x");
}

type Break = (server: PostgresServer, schema: string) => Promise<unknown>;

/** Has all connections but the asking one end. */
const END = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'twinstate'";

const READ_ONLY = [
  [
    "it takes no writes any more",
    async (server) => {
      await server.ask("alter role app set default_transaction_read_only = on");
      await server.ask(END);
    },
    async (server) => {
      await server.ask("alter role app reset default_transaction_read_only");
      await server.ask(END);
    },
    "it takes no writes",
  ],
] satisfies [name: string, broken: Break, mended: Break, told: string][];

test.for<[name: string, broken: Break, mended: Break, told: string]>([
  // Reading, too, is asked again for five seconds.
  ...(full ? READ_ONLY : []),
  [
    "somebody has renamed a table",
    (server, schema) => server.ask(`alter table ${schema}.commits rename to kept`),
    (server, schema) => server.ask(`alter table ${schema}.kept rename to commits`),
    "a table of twinstate's is missing",
  ],
  [
    "the user has lost a right",
    (server, schema) => server.ask(`revoke insert on ${schema}.commits from app`),
    (server, schema) => server.ask(`grant insert on ${schema}.commits to app`),
    "the user lacks a right",
  ],
])("an event waits, and is done once, where PostgreSQL is broken: %s", async ([, broken, mended, told], { postgresServer: server }) => {
  const schema = newSchema();
  await server.ask("do $$ begin create role app login password 'secret'; exception when duplicate_object then null; end $$");
  await server.ask("grant create on database postgres to app");
  const { add, log } = await counting(server.url.replace("twin:", "app:"), schema);
  await broken(server, schema);
  const answer = add();
  await soon(() => expect(log()).toContain(told));
  await mended(server, schema);
  await answer;
  for (let n = 0; n < 5; n++) await add();
});

test.runIf(full)("an event waits, and is done once, where somebody holds a lock on our table, or cancels what we ask", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const { add, log } = await counting(server.url, schema);
  const { Client } = await import("pg");
  const client = new Client({ connectionString: server.url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`begin; lock table ${schema}.commits`);
  let answer = add();
  await soon(() => expect(log()).toContain("it has waited too long for a lock"));
  await client.query("rollback");
  await answer;
  await client.query(`begin; lock table ${schema}.commits`);
  answer = add();
  const CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'twinstate' and wait_event_type = 'Lock'";
  await soon(async () => expect((await client.query(CANCEL)).rowCount).toBeGreaterThan(0));
  await soon(() => expect(log()).toContain("a statement took too long, or was cancelled"));
  await client.query("rollback");
  await answer;
  await add();
});

test.for<[name: string, broken: Break]>([
  ["our connections are ended", (server) => server.ask(END)],
  [
    "it is stopped for some seconds",
    async (server) => {
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, full ? 20_000 : 500));
      await server.restart();
    },
  ],
])("an app goes on by itself where PostgreSQL is disturbed: %s", async ([, broken], { postgresServer: server }) => {
  const schema = newSchema();
  const { add } = await counting(server.url, schema);
  for (let times = 0; times < (full ? 3 : 1); times++) {
    const answer = add();
    await broken(server, schema);
    await answer;
    await add();
  }
});

test("an app goes on by itself where the line is cut, or stands still", async ({ postgresServer: server }) => {
  const line = await cuttable(server.port);
  const { add } = await counting(server.urlOf(line.port), newSchema());
  for (let times = 0; times < 3; times++) {
    const answer = add();
    line.cut();
    await answer;
  }
  line.hold();
  const answer = add();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  line.release();
  await answer;
  await add();
});

test("what is thrown away is noticed", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const app = await nodeOf(server.url, schema);
  for (const key of ["x", "y"]) for (let n = 1; n <= 3; n++) expect(await app.twin.counter(key).add(1)).toBe(n);
  // As after a failover to a server that lacks the last commit.
  await server.ask(`with last as (delete from ${schema}.commits where sequence = 3 returning record)
    update ${schema}.instances i set sequence = 2, revision = 2 from last where i.record = last.record`);
  for (const key of ["x", "y"]) await soon(async () => expect(await app.twin.counter(key).add(1)).toBe(3));
  for (const key of ["x", "y"]) expect(app.log()).toContain(`has lost the last 1 commits of \`room/${key}\``);
});

test.for<[name: string, change: (url: string) => string, message: string]>([
  [
    "nothing listens",
    () => "postgres://ann:secret@127.0.0.1:1/db",
    "PostgreSQL at 127.0.0.1:1/db: nothing listens there. Is it up, and are host and port right?",
  ],
  ["the password is wrong", (url) => url.replace(":secret@", ":wrong-secret@"), "user or password are wrong"],
  ["no password is given", (url) => url.replace(":secret@", "@"), "user or password are wrong"],
  ["there is no such database", (url) => url.replace("/postgres", "/none"), "there is no such database"],
])("an error says what is the matter, where, and what to do, and never the password: %s", async ([, change, message], { postgresServer: server }) => {
  const failed = await firstUse(change(server.url)).catch((error: Error) => error);
  expect(failed).toMatchObject({ code: "STORAGE", message: expect.stringContaining(message) });
  expect((failed as Error).message).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+\/\w+: /);
  expect(`${(failed as Error).message} ${(failed as Error).cause ?? ""}`).not.toContain("secret");
});

test("tables that are not ours, of a later version, or of another form, are refused and left as they are", async ({ postgresServer: server }) => {
  const [later, foreign, changed] = [newSchema(), newSchema(), newSchema()];
  await firstUse(server.url, { schema: later });
  await server.ask(`update ${later}.form set version = 99`);
  await expect(firstUse(server.url, { schema: later })).rejects.toThrow(`the tables in the schema \`${later}\` are of version 99, which this version`);
  await server.ask(`create schema ${foreign}; create table ${foreign}.nodes (mine text)`);
  await expect(firstUse(server.url, { schema: foreign })).rejects.toThrow(`the schema \`${foreign}\` has a table \`nodes\` that twinstate has not made`);
  expect(await server.ask(`select * from ${foreign}.nodes`)).toEqual([]);
  await firstUse(server.url, { schema: changed });
  await server.ask(`alter table ${changed}.instances drop column base`);
  await expect(firstUse(server.url, { schema: changed })).rejects.toThrow("a table of twinstate's has another form");
});

test("a user that lacks a right, and a database that cannot keep all text, are refused at the first use", async ({ postgresServer: server }) => {
  await server.ask("create role poor login password 'secret'");
  await expect(firstUse(server.url.replace("twin:", "poor:"))).rejects.toThrow("the user lacks a right. Give it `CREATE` on the database");
  await server.ask("create database latin template template0 encoding 'LATIN1'");
  await expect(firstUse(server.url.replace("/postgres", "/latin"))).rejects.toThrow("the database has the encoding LATIN1");
});

test("a server in recovery is refused, and waited for where it becomes the primary", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const { add } = await counting(server.url, schema);
  await server.stop();
  server.standBy(true);
  await server.restart();
  await expect(firstUse(server.url, { schema })).rejects.toThrow("it is in recovery: a replica, or a server that has not become the primary yet");
  const answer = add();
  await server.ask("select pg_promote()");
  await answer;
  await add();
});

test("settings that may lose state are warned of", async ({ postgresServer: server }) => {
  const warned: string[] = [];
  await firstUse(`${server.url}?options=-csynchronous_commit%3Doff`, { warn: (message) => warned.push(message) });
  expect(warned).toEqual([expect.stringContaining("has `synchronous_commit = off`: what was acknowledged may be lost")]);
});

/** A message of the server's side of the protocol. */
function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

test("a PostgreSQL that is older than 14 is refused, with its version", async () => {
  const number = (n: number, size: number) => Buffer.from(n.toString(16).padStart(size * 2, "0"), "hex");
  const ready = message("Z", "I");
  const speak = (line: Socket) => {
    let begun = false;
    line.on("error", () => {});
    line.on("data", () => {
      if (begun) {
        const columns = ["130012", "13.12"];
        const names = columns.flatMap((name) => [
          `${name}\0`,
          number(0, 4),
          number(0, 2),
          number(25, 4),
          number(65535, 2),
          number(0xffffffff, 4),
          number(0, 2),
        ]);
        const values = columns.flatMap((value) => [number(value.length, 4), value]);
        const row = [message("T", number(2, 2), ...names), message("D", number(2, 2), ...values), message("C", "SELECT 1\0"), ready];
        line.write(Buffer.concat(row));
      } else line.write(Buffer.concat([message("R", number(0, 4)), ready]));
      begun = true;
    });
  };
  const server = createServer(speak);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(firstUse(`postgres://ann@127.0.0.1:${port}/db`)).rejects.toThrow("it is of version 13.12. `postgres()` needs PostgreSQL 14 or newer.");
});

test("addresses and options that are none are refused at once, without what they hold", () => {
  for (const wrong of ["", "localhost:5432", "http://user:secret@host/db", undefined]) {
    expect(() => postgres(wrong as string)).toThrow("`postgres()` takes `postgres://user:password@host:port/database`");
    expect(() => postgres(wrong as string)).not.toThrow("secret");
  }
  expect(() => postgres(undefined as never)).toThrow("it is `undefined`. Where an environment variable has the address, give it a default");
  for (const schema of ["", "Twin", "a b", 'x"; drop table y; --', "x".repeat(51)])
    expect(() => postgres("postgres://a/b", { schema })).toThrow("give a name of small letters, digits and `_`");
  expect(() => postgres("postgres://a/b", { connections: 1 })).toThrow("give a whole number of at least 2");
  expect(() => postgres("postgres://a/b", { node: "a\nb" })).toThrow("give a text of 1 to 200 bytes in one line");
});

test("a record of 5 MB, and many rooms", async ({ postgresServer: server }) => {
  const schema = newSchema();
  const app = await nodeOf(server.url, schema, 60_000);
  const text = "x".repeat(5 << 20);
  expect(await app.twin.counter("x").write(text)).toBe(text.length);
  const rooms = full ? 10_000 : 500;
  for (let at = 0; at < rooms; at += 250) await Promise.all(Array.from({ length: 250 }, (_, n) => app.twin.counter(`room ${at + n}`).add(1)));
  await app.twin.close();
  const other = await nodeOf(server.url, schema, 60_000);
  expect((await other.twin.counter("x").$snapshot()).text).toBe(text);
  expect(await other.twin.counter("room 7").add(1)).toBe(2);
  let count = 0;
  for await (const { id } of other.storage.list("room/room ")) count += Number(id.startsWith("room/room "));
  expect(count).toBe(rooms);
});
