import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import * as sqlite from "node:sqlite";
import { StateError } from "../../lib/errors/errors.js";
import { emptyFile, foreignFile, storageBusy, storageFailed } from "../../lib/errors/storage-errors.js";
import { FORMAT, isReadable } from "./packed.js";
import { Whereabouts } from "./whereabouts.js";

/** The letters "twin": they tell our files from files of other programs. */
const APPLICATION = 0x7477696e;
const BUSY = 5;
const READ_ONLY = 8;
/** How many times a backup is tried. */
const MOST_TRIES = 5;
/** How long to wait for another process to release the file, in ms. */
const PATIENCE = 2000;

/** A row of a result, by the names of its columns. */
export type Row = Record<string, string | number | bigint | Uint8Array | null>;

/** What makes a file one of a format, where it is of an earlier one. */
export interface Upgrade {
  readonly before: number;
  readonly sql: string;
}

/**
 * An open SQLite database: its lock, its transactions and its prepared statements. Synchronous: for a thread of its own.
 * @throws StateError when it cannot be opened, or is none of ours
 */
export class SqliteDatabase {
  readonly #path: string;
  readonly #db: sqlite.DatabaseSync;
  #whereabouts: Whereabouts | undefined;
  readonly #statements = new Map<string, sqlite.StatementSync>();

  /** `schema`: the SQL that makes the tables of a new file. `readOnly`: the file stays as it is, also one of an earlier format. */
  constructor(path: string, schema: string, upgrades: readonly Upgrade[], readOnly = false) {
    this.#path = path;
    try {
      if (!readOnly && existsSync(path)) mayWrite(path);
      this.#db = new sqlite.DatabaseSync(path, { readOnly });
      if (!readOnly) this.#open(schema, upgrades);
      else if (this.#look().fresh) throw emptyFile(path);
    } catch (error) {
      throw this.explain(error);
    }
  }

  #look(): { version: number; fresh: boolean } {
    this.#db.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
    const [{ application_id: application }, { user_version: version }] = ["application_id", "user_version"].map((name) => this.row(`PRAGMA ${name}`)) as [
      Row,
      Row,
    ];
    const fresh = this.row("SELECT count(*) AS count FROM sqlite_schema")?.count === 0;
    if (!fresh && (application !== APPLICATION || !isReadable(version)))
      throw foreignFile(this.#path, application === APPLICATION ? Number(version) : undefined);
    return { version: Number(version), fresh };
  }

  #open(schema: string, upgrades: readonly Upgrade[]): void {
    this.#db.exec("PRAGMA locking_mode = EXCLUSIVE");
    const { version, fresh } = this.#look();
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
    // A first transaction takes the lock, which stays.
    this.transaction(() => {
      const wanted = upgrades.filter(({ before }) => version < before).map(({ sql }) => sql);
      this.#db.exec(fresh ? `${schema} PRAGMA application_id = ${APPLICATION}` : wanted.join(" "));
      this.#db.exec(`PRAGMA user_version = ${FORMAT}`);
    });
    this.#db.exec("PRAGMA busy_timeout = 0");
    this.#whereabouts = new Whereabouts(this.#path);
  }

  /**
   * Runs statements as one transaction. It is rolled back when one of them throws.
   * @throws StateError `STORAGE_LOST` when the file is not where it was opened: the caller must not report what was read or written then
   */
  transaction<R>(run: () => R): R {
    this.#whereabouts?.before();
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = run();
      this.#db.exec("COMMIT");
      this.#whereabouts?.after();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #prepare(sql: string): sqlite.StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  run(sql: string, ...values: (string | number | Uint8Array | null)[]): void {
    this.#prepare(sql).run(...values);
  }

  row(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  rows(sql: string, ...values: (string | number | Uint8Array)[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Copies the database to another file, also while it is in use. */
  async backup(to: string): Promise<void> {
    // Node 22 has `sqlite.backup` since 22.16.
    if (!sqlite.backup) return void this.#db.prepare("VACUUM INTO ?").run(to);
    // Node copies beside the statements of this thread, and may give up with "not an error" where the two meet: the next try begins anew.
    for (let tries = 1; ; tries++) {
      try {
        await sqlite.backup(this.#db, to);
        return;
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
      }
    }
  }

  close(): void {
    this.#db.close();
  }

  /** Gives an error of SQLite as users read it. */
  explain(error: unknown): StateError {
    if (error instanceof StateError) return error;
    const { errcode, message } = error as { errcode?: number; message: string };
    const code = errcode === undefined ? undefined : errcode & 0xff;
    return code === BUSY ? storageBusy(this.#path) : storageFailed(this.#path, code, message);
  }
}

/** SQLite notices a missing permission late, and names it badly. */
function mayWrite(path: string): void {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw storageFailed(path, READ_ONLY, (error as Error).message);
  }
}
