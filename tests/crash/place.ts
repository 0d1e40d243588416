import { memory, type Storage } from "twinstate/server";
import { redis } from "twinstate/server/redis";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";

const { FILE: file, REDIS: url, BUG: bug } = process.env;

/** The storage of a server that will be killed, as its process was told: Redis, a file, or memory. */
export const storage: Storage = withBug(url ? redis(url) : file ? sqlite(file) : memory(), bug as Bug | undefined);
/** The next server has another node's id, so it waits for this long, in ms, until what the killed one had is free. */
export const leaseTime = 1000;
