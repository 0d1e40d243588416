import { messageOf, StateError, shown, wrong } from "./errors.js";

// The errors of `postgres()`: the server alone has them. `where` is host, port and database, never the password.

const failed = (where: string, what: string, cause?: unknown) =>
  new StateError("STORAGE", `PostgreSQL at ${where}: ${what}`, cause === undefined ? undefined : { cause });

export const noPostgresClient = (cause: unknown) =>
  wrong("POSTGRES", "`postgres()` needs the package `pg` (8.16 or newer), which is not installed. Install it: `npm install pg`.", cause);
export const badPostgresUrl = (why: string) =>
  wrong("POSTGRES", `\`postgres()\` takes \`postgres://user:password@host:port/database\`, with \`?sslmode=verify-full\` for TLS: ${why}.`);
export const badSchema = (schema: unknown) =>
  wrong(
    "POSTGRES",
    `\`postgres(…, { schema: ${shown(schema)} })\`: give a name of small letters, digits and \`_\`, which begins with a letter and has at most 50 of them, as \`my_app\`.`,
  );
export const badNodeName = (node: unknown) =>
  wrong("POSTGRES", `\`postgres(…, { node: ${shown(node)} })\`: give a text of 1 to 200 bytes in one line, or leave it out.`);
export const badConnections = (count: unknown) =>
  wrong("POSTGRES", `\`postgres(…, { connections: ${String(count)} })\`: give a whole number of at least 2, or leave it out.`);

export const oldPostgres = (where: string, version: string) => failed(where, `it is of version ${version}. \`postgres()\` needs PostgreSQL 14 or newer.`);
const RECOVERS = "it is in recovery: a replica, or a server that has not become the primary yet. It takes no writes";
export const postgresRecovers = (where: string) => failed(where, `${RECOVERS}. Give \`postgres()\` the address of the primary.`);
export const postgresEncoding = (where: string, encoding: string) =>
  failed(where, `the database has the encoding ${encoding}, which cannot keep all text. Make one with \`CREATE DATABASE … ENCODING 'UTF8'\`.`);
export const laterTables = (where: string, schema: string, version: unknown) =>
  failed(
    where,
    `the tables in the schema \`${schema}\` are of version ${shown(version)}, which this version of twinstate does not know: they are left as they are. Use the version that made them.`,
  );
export const noTables = (where: string, schema: string) => failed(where, `there is nothing of twinstate's in the schema \`${schema}\`.`);
export const foreignTables = (where: string, schema: string, table: string) =>
  failed(
    where,
    `the schema \`${schema}\` has a table \`${table}\` that twinstate has not made: it is left as it is. Give \`postgres(url, { schema })\` a schema that nobody else uses.`,
  );
export const closedPostgres = (where: string) => failed(where, "it was closed, with `twin.close()` or `storage.close()`.");
export const latePostgres = (where: string, ms: number) =>
  failed(where, `it has not answered for ${ms} ms. Is it up, and does the network let this process reach it? It is tried again.`);

export const postgresForgets = (where: string, setting: string) =>
  `PostgreSQL at ${where} has \`${setting} = off\`: what was acknowledged may be lost when it, or its machine, fails. Set \`${setting} = on\`.`;

/** The causes of errors that PostgreSQL answers, by their codes. */
const CAUSES: Readonly<Record<string, string>> = {
  "28P01": "user or password are wrong. Look at the address that `postgres()` was given",
  "28000": "it refuses this user, or a line without TLS (`pg_hba.conf`). Look at the address that `postgres()` was given",
  "3D000": "there is no such database. Make it (`CREATE DATABASE`), or look at the address that `postgres()` was given",
  "42501":
    "the user lacks a right. Give it `CREATE` on the database for the first start, or the schema as its owner: `CREATE SCHEMA twinstate AUTHORIZATION the_user`",
  "42P01": "a table of twinstate's is missing. Was the schema emptied while servers ran? Start them anew: the tables are made at the first use",
  "42703": "a table of twinstate's has another form. Somebody has changed it: restore it, or give `postgres(url, { schema })` another schema",
  "42804": "a table of twinstate's has another form. Somebody has changed it: restore it, or give `postgres(url, { schema })` another schema",
  "42883": "a table of twinstate's has another form. Somebody has changed it: restore it, or give `postgres(url, { schema })` another schema",
  "25006": "it takes no writes: it has become a replica, or `default_transaction_read_only` is on. It is asked again",
  "55000": `${RECOVERS}. It is asked again`,
  "53100": "its disk is full. Make room there: what was not acknowledged is asked again",
  "53200": "its memory is full. What was not acknowledged is asked again",
  "53300": "it has as many connections as it allows (`max_connections`). Give `postgres(url, { connections })` fewer, or the server more",
  "57014": "a statement took too long, or was cancelled. What was not acknowledged is asked again",
  "55P03": "it has waited too long for a lock. Does somebody else lock the tables?",
  "57P01": "it shuts down, or somebody has ended our connection. It is asked again",
  "57P02": "it has ended after a crash. It is asked again",
  "57P03": "it starts up, and takes no connections yet. It is asked again",
};
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there. Is it up, and are host and port right?",
  ENOENT: "nothing listens there. Is it up, and is the path of the socket right?",
  ENOTFOUND: "there is no such host. Look at the address that `postgres()` was given.",
  EAI_AGAIN: "the name of the host cannot be looked up just now.",
  ETIMEDOUT: "it cannot be reached. Does the network let this process reach it?",
  ECONNRESET: "the line has been cut. It is made anew.",
  EPIPE: "the line has been cut. It is made anew.",
};

/** Gives an error of the client's, or of PostgreSQL's, as users read it. */
export function postgresFailed(where: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const message = messageOf(error);
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  if (CAUSES[code]) return failed(where, `${CAUSES[code]} (${message}).`, error);
  if (/password must be a string|no password supplied|SASL/.test(message)) return failed(where, `${CAUSES["28P01"]} (${message}).`, error);
  if (/Connection terminated|not queryable|connection error/i.test(message)) return failed(where, NETWORK.ECONNRESET as string, error);
  return failed(where, NETWORK[code] ?? `${message}.`, error);
}
