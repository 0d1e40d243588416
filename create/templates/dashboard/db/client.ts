import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { drizzle, type SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy";
import { samples } from "./samples";
import { orders, SCHEMA } from "./schema";

/** A file of its own, beside the twin's, which the twin holds alone. */
const file = () => process.env.ORDERS_FILE ?? join(dirname(process.env.TWIN_FILE ?? "data/twin.db"), "orders.db");

let opened: Promise<SqliteRemoteDatabase> | undefined;

/** Opened at its first use: a build imports this module too. */
export function database(): Promise<SqliteRemoteDatabase> {
  opened ??= open();
  return opened;
}

async function open(): Promise<SqliteRemoteDatabase> {
  const sqlite = new DatabaseSync(file());
  sqlite.exec(`PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; ${SCHEMA}`);
  // Drizzle over Node's own SQLite: nothing to compile.
  const db = drizzle(async (text, params, method) => {
    const statement = sqlite.prepare(text);
    statement.setReturnArrays(true);
    if (method === "run") statement.run(...params);
    const rows = method === "run" ? [] : (statement.all(...params) as unknown[]);
    return { rows: method === "get" ? (rows[0] as unknown[]) : rows };
  });
  if ((await db.$count(orders)) === 0) {
    const all = samples(2_000, new Date());
    for (let n = 0; n < all.length; n += 500) await db.insert(orders).values(all.slice(n, n + 500));
  }
  return db;
}
