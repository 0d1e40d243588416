import type { Client, ClientConfig, Pool } from "pg";
import { StateError } from "../../lib/errors/errors.js";
import {
  badConnections,
  badPostgresUrl,
  badSchema,
  closedPostgres,
  latePostgres,
  noPostgresClient,
  postgresFailed,
  postgresForgets,
} from "../../lib/errors/postgres-errors.js";
import { pause } from "../task/pause.js";
import { within } from "../task/within.js";
import { readAddress } from "./address.js";
import { checkServer, prepareTables } from "./postgres-form.js";
import { type StatementName, statementsOf } from "./postgres-statements.js";

/** How long a statement may take, in ms; and one that carries a whole record. */
const PATIENCE = 5000;
const LONG_PATIENCE = 30_000;
/** How long a statement waits for somebody's lock, in ms. */
const LOCK_PATIENCE = 4000;
const CARRIES: readonly StatementName[] = ["append", "peek", "save", "put", "fold", "facts"];
/** How long a line that ends waits for answers, in ms. */
const LAST_WORD = 2000;
/** The pauses between attempts, in ms. */
const SHORTEST_PAUSE = 20;
const LONGEST_PAUSE = 500;
/** What may be asked again: the line was cut, or the server starts up, stops, has become a replica, or has ended one of two that waited for each other. */
const PASSING = /^(08|57P0|40001|40P01|25006|53300|E(CONNRESET|PIPE|CONNREFUSED|TIMEDOUT|NOTFOUND|AI_AGAIN))/;
const CUT = /Connection terminated|not queryable|connection error/i;

export type Row = readonly unknown[];

export interface LineOptions {
  /** Makes the tables where there are none. */
  readonly makes: boolean;
  readonly schema: string;
  readonly connections: number;
  readonly warn: (message: string) => void;
}

/** The lines to one PostgreSQL: a small pool, which is made with the first statement. A line that breaks is made anew. */
export class PostgresLine {
  /** Host, port and database, for errors. */
  readonly where: string;
  readonly schema: string;
  readonly #url: string;
  readonly #options: LineOptions;
  readonly #statements: Readonly<Record<StatementName, string>>;
  #pool: Promise<Pool> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** How many lines nobody has, and those who wait for one. */
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(url: string, options: LineOptions) {
    if (!/^[a-z][a-z0-9_]{0,49}$/.test(options.schema)) throw badSchema(options.schema);
    if (!Number.isInteger(options.connections) || options.connections < 2) throw badConnections(options.connections);
    this.where = whereOf(url);
    this.schema = options.schema;
    this.#url = url;
    this.#options = options;
    this.#free = options.connections;
    this.#statements = statementsOf(options.schema);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Runs a statement. What has no answer, as the line broke, is asked again: each statement finds what it has done before. */
  async run(name: StatementName, values: readonly unknown[]): Promise<Row[]> {
    const rows = this.#asked(name, values);
    this.#running.add(rows);
    try {
      return await rows;
    } finally {
      this.#running.delete(rows);
    }
  }

  async #asked(name: StatementName, values: readonly unknown[]): Promise<Row[]> {
    await this.#turn();
    try {
      return await this.#answered(name, values);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Waits for one of the lines. The pool would give up those that wait as it gives up a server. */
  async #turn(): Promise<void> {
    if (this.#free > 0) return void this.#free--;
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(latePostgres(this.where, LONG_PATIENCE));
      }, LONG_PATIENCE);
      this.#waiting.push(begin);
    });
  }

  async #answered(name: StatementName, values: readonly unknown[]): Promise<Row[]> {
    const until = performance.now() + PATIENCE;
    for (let wait = SHORTEST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      const pool = await this.#connected();
      try {
        return await this.#query(pool, name, values);
      } catch (error) {
        if (this.#closed || !isPassing(error) || performance.now() + wait > until) throw this.explain(error);
        await pause(wait);
      }
    }
  }

  async #query(pool: Pool, name: StatementName, values: readonly unknown[]): Promise<Row[]> {
    const query_timeout = CARRIES.includes(name) ? LONG_PATIENCE : PATIENCE;
    const query = { name, text: this.#statements[name], values: [...values], rowMode: "array" as const, query_timeout };
    const { rows } = await pool.query<unknown[]>(query);
    return rows;
  }

  /** Makes a line of its own. `over` is told when it has ended, once it was made. */
  async connect(over: () => void): Promise<Client> {
    await this.#connected();
    const { Client } = await load();
    const client = new Client({ ...this.#config(), query_timeout: PATIENCE });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (error) {
      await end(client);
      throw this.explain(error);
    }
    client.on("end", over);
    return client;
  }

  explain(error: unknown): StateError {
    if (error instanceof StateError) return error;
    if (this.#closed) return closedPostgres(this.where);
    const { message = "" } = error as Error;
    if (/timeout/.test(message) && !/statement timeout|lock timeout/.test(message)) return latePostgres(this.where, PATIENCE);
    return postgresFailed(this.where, error);
  }

  // --- the pool ---

  #config(): ClientConfig {
    return {
      connectionString: this.#url,
      connectionTimeoutMillis: PATIENCE,
      statement_timeout: LONG_PATIENCE,
      lock_timeout: LOCK_PATIENCE,
      idle_in_transaction_session_timeout: LONG_PATIENCE,
      keepAlive: true,
      application_name: "twinstate",
    };
  }

  async #connected(): Promise<Pool> {
    if (this.#closed) throw closedPostgres(this.where);
    this.#pool ??= this.#open();
    const opening = this.#pool;
    try {
      return await opening;
    } catch (error) {
      if (this.#pool === opening) this.#pool = undefined;
      throw error;
    }
  }

  /** The first attempt alone decides: where nothing answers, callers are told, and the next one tries again. */
  async #open(): Promise<Pool> {
    const { Pool } = await load();
    const pool = new Pool({ ...this.#config(), max: this.#options.connections });
    // Idle lines that break are made anew when they are needed.
    pool.on("error", () => {});
    try {
      const client = await pool.connect();
      let failed: unknown;
      try {
        for (const setting of await checkServer(client, this.where)) this.#options.warn(postgresForgets(this.where, setting));
        await prepareTables(client, this.where, this.schema, this.#options.makes);
      } catch (error) {
        failed = error;
        throw error;
      } finally {
        client.release(failed !== undefined);
      }
      return pool;
    } catch (error) {
      await pool.end();
      throw this.explain(error);
    }
  }

  /** Lets go of the lines until the next statement. */
  async rest(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    this.#pool = undefined;
    if (pool) await within(LAST_WORD, pool.end());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // What was asked before is done first.
    await within(LAST_WORD, Promise.allSettled(this.#running));
    this.#closed = true;
    await this.rest();
  }
}

async function load(): Promise<typeof import("pg")> {
  return import("pg").catch((error: unknown) => {
    throw noPostgresClient(error);
  });
}

/** Ends a line. One that does not answer is cut. */
export async function end(client: Client): Promise<void> {
  const over = client.end().catch(() => {});
  await within(LAST_WORD, over);
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

function isPassing(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  return typeof code === "string" ? PASSING.test(code) : CUT.test(message ?? "");
}

/** Host, port and database of an address, for errors: without user and password. */
function whereOf(address: unknown): string {
  if (address === undefined)
    throw badPostgresUrl("it is `undefined`. Where an environment variable has the address, give it a default, as `next build` has none");
  const url = readAddress(String(address), badPostgresUrl);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") throw badPostgresUrl(`its protocol is \`${url.protocol}\``);
  const host = url.hostname || url.searchParams.get("host") || "localhost";
  return `${host}:${url.port || 5432}${url.pathname.length > 1 ? url.pathname : ""}`;
}
