import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { manyStorages, noStorageFile, noStorageNamed, storageFolder, unknownStorage } from "../../lib/errors/command-errors.js";
import { postgres, postgresReader } from "../../server/storage/postgres.js";
import type { StorageReader } from "../../server/storage/reader.js";
import { redis, redisReader } from "../../server/storage/redis.js";
import type { Storage } from "../../server/storage/storage.js";

/** The place of what is kept: a file of `sqlite()`, or a Redis with the prefix of its keys, or a PostgreSQL with its schema. */
export type Place = { readonly file: string } | { readonly url: string; readonly keys: string };

const isPostgres = (url: string) => /^postgres(ql)?:/i.test(url);

/**
 * Reads which storage is meant: by the flag `--url`, or the environment's `TWIN_FILE` or `REDIS_URL`.
 * @throws StateError if none is named, or two are, or there is no such file
 */
export function placeOf(url: string | undefined, keys: string | undefined, environment: NodeJS.ProcessEnv): Place {
  const { TWIN_FILE, REDIS_URL } = environment;
  if (url === undefined && TWIN_FILE && REDIS_URL) throw manyStorages();
  const named = url ?? (TWIN_FILE || REDIS_URL);
  if (!named) throw noStorageNamed(existsSync("twin.db") ? "twin.db" : undefined);
  // One letter is a disk of Windows.
  const [protocol] = /^[a-z][\w+.-]+:/i.exec(named) ?? [];
  if (protocol === undefined || existsSync(named)) return { file: fileAt(named) };
  if (!/^(rediss?|postgres(ql)?):$/i.test(protocol)) throw unknownStorage(protocol);
  return { url: named, keys: keys ?? (isPostgres(named) ? "twinstate" : "twin:") };
}

function fileAt(path: string): string {
  if (!existsSync(path)) throw noStorageFile(resolve(path));
  if (statSync(path).isDirectory()) throw storageFolder(resolve(path));
  return path;
}

/** Opens a storage to read it: it stays as it is. */
export async function reader(place: Place): Promise<StorageReader> {
  if ("url" in place) return isPostgres(place.url) ? postgresReader(place.url, place.keys) : redisReader(place.url, place.keys);
  // `node:sqlite` is loaded where a file is read.
  const { sqliteReader } = await import("../../server/storage/reader.js");
  return sqliteReader(place.file);
}

/** Opens a storage to change it, as a server process would. */
export async function writer(place: Place): Promise<Storage> {
  if ("url" in place) {
    const { url, keys } = place;
    return isPostgres(url) ? postgres(url, { schema: keys, warn: () => {} }) : redis(url, { prefix: keys, warn: () => {} });
  }
  const { sqlite } = await import("../../server/storage/sqlite.js");
  return sqlite(place.file);
}
