import { randomBytes } from "node:crypto";
import { badNodeName } from "../../lib/errors/postgres-errors.js";
import { within } from "../task/within.js";
import type { NodeStorage } from "./nodes.js";
import { PostgresLine } from "./postgres-line.js";
import { PostgresNodes } from "./postgres-nodes.js";
import { PostgresRecords } from "./postgres-records.js";
import type { StorageReader } from "./reader.js";
import type { CommitRecord, HostRecord } from "./records.js";
import type { LoadedHost, Storage } from "./storage.js";

/** How long closing waits for what is under way, in ms. */
const LAST_WORD = 2000;

/** The options of `postgres`. */
export interface PostgresOptions {
  /**
   * The schema that has the tables. It is made at the first use, and nothing else may be in it. Apps that share a database take different ones.
   * @default "twinstate"
   */
  readonly schema?: string | undefined;
  /**
   * The id of this process among those that share the state. No other one may have it.
   * @default a random one
   */
  readonly node?: string | undefined;
  /**
   * How many connections statements may have at once. One more takes the messages of other nodes.
   * @default 4
   */
  readonly connections?: number | undefined;
  /**
   * Takes warnings about the settings of PostgreSQL.
   * @default console.warn
   */
  readonly warn?: ((message: string) => void) | undefined;
}

/** The storage of `postgres(url)`, with what only it has. */
export interface PostgresStorage extends Storage {
  readonly nodes: NodeStorage;
  load(id: string): Promise<LoadedHost | undefined>;
  append(id: string, commits: readonly CommitRecord[], fence?: number): Promise<void>;
  save(id: string, record: HostRecord, fence?: number): Promise<void>;
  delete(id: string, fence?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps state in PostgreSQL (14 or newer), which any number of server processes share. Needs the package `pg`. Nothing is opened before the first use, which
 * makes the tables, in a schema of their own.
 * @example createTwin({ stores, storage: postgres(process.env.DATABASE_URL!) })
 * @example postgres("postgres://app:secret@db.example.com/app?sslmode=verify-full", { schema: "my_app" })
 */
export function postgres(
  url: string,
  { schema = "twinstate", node = randomBytes(9).toString("base64url"), connections = 4, warn = console.warn }: PostgresOptions = {},
): PostgresStorage {
  if (!isNodeName(node)) throw badNodeName(node);
  const line = new PostgresLine(url, { schema, connections, warn, makes: true });
  const records = new PostgresRecords(line);
  const nodes = new PostgresNodes(line, node, records);
  return {
    "~storage": true,
    durable: true,
    nodes,
    load: (id) => records.load(id),
    append: (id, commits, fence) => records.append(id, commits, fence),
    save: (id, record, fence) => records.save(id, record, fence),
    delete: (id, fence) => records.delete(id, fence),
    touch: (ids) => records.touch(ids),
    list: (start) => records.list(start),
    expire: (start, before) => records.expire(start, before),
    due: (before, limit) => records.due(before, limit),
    async rest() {
      await nodes.rest();
      await line.rest();
    },
    async close() {
      await within(LAST_WORD, records.quiet());
      await line.close();
      await nodes.rest();
    },
  };
}

const isNodeName = (node: unknown): boolean => typeof node === "string" && /^[^\p{Cc}]+$/u.test(node) && Buffer.byteLength(node) <= 200;

/** Reads what `postgres()` keeps, beside the processes that use it. */
export function postgresReader(url: string, schema: string): StorageReader {
  const line = new PostgresLine(url, { schema, connections: 2, warn: () => {}, makes: false });
  const records = new PostgresRecords(line);
  return { facts: (start) => records.facts(start), load: (id) => records.peek(id), close: () => line.close() };
}
