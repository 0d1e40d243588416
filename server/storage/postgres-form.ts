import type { ClientBase } from "pg";
import { foreignTables, laterTables, noTables, oldPostgres, postgresEncoding, postgresRecovers } from "../../lib/errors/postgres-errors.js";
import { TABLE_NAMES, TABLES, tablesOf } from "./postgres-tables.js";

/** The oldest version that `postgres()` knows. */
const OLDEST = 140_000;

/** What every version can be asked. */
const ABOUT = `select current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery()::text,
  current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`;
/** Settings that should be on, in the order in which they are asked for. */
const SETTINGS = ["fsync", "full_page_writes", "synchronous_commit"];

/** Looks whether this is a PostgreSQL that keeps what it is given. Gives the settings that should be on, and are not. */
export async function checkServer(client: ClientBase, where: string): Promise<string[]> {
  const { rows } = await client.query<string[]>({ text: ABOUT, rowMode: "array" });
  const [number, version = "", recovers, encoding = "", ...settings] = rows[0] ?? [];
  if (Number(number) < OLDEST) throw oldPostgres(where, version);
  if (recovers === "true") throw postgresRecovers(where);
  if (encoding !== "UTF8") throw postgresEncoding(where, encoding);
  return SETTINGS.filter((_, i) => settings[i] === "off");
}

/** Looks at the tables, or makes them: one process does, others wait for it. */
export async function prepareTables(client: ClientBase, where: string, schema: string, makes: boolean): Promise<void> {
  if (await isReady(client, where, schema)) return;
  if (!makes) throw noTables(where, schema);
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`twinstate ${schema}`]);
    if (!(await isReady(client, where, schema))) await client.query(tablesOf(schema));
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

/** Whether the tables are there. */
async function isReady(client: ClientBase, where: string, schema: string): Promise<boolean> {
  const text = "select relname from pg_class where relnamespace = to_regnamespace($1) and relname = any($2)";
  const { rows } = await client.query<{ relname: string }>(text, [schema, TABLE_NAMES]);
  const [first] = rows;
  if (!first) return false;
  if (!rows.some(({ relname }) => relname === "form")) throw foreignTables(where, schema, first.relname);
  const { rows: forms } = await client.query<{ version: number }>(`select * from "${schema}".form`);
  const version = forms[0]?.version;
  if (version === undefined) throw foreignTables(where, schema, "form");
  if (version !== TABLES) throw laterTables(where, schema, version);
  return true;
}
