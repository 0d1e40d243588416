import { randomBytes } from "node:crypto";
import type { NodeStorage } from "./nodes.js";
import type { StorageReader } from "./reader.js";
import type { CommitRecord, HostRecord } from "./records.js";
import { type RedisAddress, RedisLine } from "./redis-line.js";
import { RedisNodes } from "./redis-nodes.js";
import { PAGE, pairs, RedisRecords } from "./redis-records.js";
import type { DueHost, LoadedHost, Storage } from "./storage.js";

/** The options of `redis`. */
export interface RedisOptions {
  /**
   * What the names of all keys begin with. Apps that share a Redis take different ones.
   * @default "twin:"
   */
  readonly prefix?: string | undefined;
  /**
   * The id of this process among those that share the state. No other one may have it.
   * @default a random one
   */
  readonly node?: string | undefined;
  /**
   * How many replicas of Redis must have a write before it is acknowledged. Where they do not have it within 3 s, events are refused with `UNAVAILABLE`, and
   * clients ask again: nothing is done twice.
   * @default 0
   */
  readonly replicas?: number | undefined;
  /**
   * Takes warnings about the settings of Redis.
   * @default console.warn
   */
  readonly warn?: ((message: string) => void) | undefined;
}

/** The storage of `redis(url)`, with what only it has. */
export interface RedisStorage extends Storage {
  readonly nodes: NodeStorage;
  load(id: string): Promise<LoadedHost | undefined>;
  append(id: string, commits: readonly CommitRecord[], fence?: number): Promise<void>;
  save(id: string, record: HostRecord, fence?: number): Promise<void>;
  delete(id: string, fence?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps state in Redis (7 or newer) or Valkey, which any number of server processes share. Needs the package `ioredis`. Nothing is opened before the first use.
 * @example createTwin({ stores, storage: redis(process.env.REDIS_URL!) })
 * @example redis({ sentinels: [{ host: "10.0.0.1", port: 26379 }], name: "twin", password: process.env.REDIS_PASSWORD })
 */
export function redis(
  address: RedisAddress,
  { prefix = "twin:", node = randomBytes(9).toString("base64url"), replicas = 0, warn = console.warn }: RedisOptions = {},
): RedisStorage {
  const line = new RedisLine(address, warn, replicas);
  const records = new RedisRecords(line, prefix, node);
  return {
    "~storage": true,
    durable: true,
    nodes: new RedisNodes(line, prefix, node, records),
    load: (id) => records.load(id),
    append: (id, commits, fence) => records.append(id, commits, fence),
    save: (id, record, fence) => records.save(id, record, fence),
    delete: (id, fence) => records.delete(id, fence),
    async touch(ids) {
      for (let at = 0; at === 0 || at < ids.length; at += PAGE) await line.run("touch", [], [prefix, ...ids.slice(at, at + PAGE)]);
    },
    list: (start) => records.list(start),
    expire: (start, before) => records.expire(start, before),
    async due(before, limit) {
      const found = (await line.run("due", [], [prefix, before, limit, node])) as string[];
      return pairs(found).map(([id, due]): DueHost => ({ id, due: Number(due) }));
    },
    rest: () => line.rest(),
    close: async () => {
      await records.quiet();
      await line.close();
    },
  };
}

/** Reads what `redis()` keeps, beside the processes that use it. */
export function redisReader(address: RedisAddress, prefix: string): StorageReader {
  const line = new RedisLine(address, () => {}, 0);
  const records = new RedisRecords(line, prefix, "");
  return { facts: (start) => records.facts(start), load: (id) => records.peek(id), close: () => line.close() };
}
