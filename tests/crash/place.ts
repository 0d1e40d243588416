import { memory, type Storage } from "twinstate/server";
import { postgres } from "twinstate/server/postgres";
import { redis } from "twinstate/server/redis";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";

const { FILE: file, SHARED: url, BUG: bug } = process.env;

const shared = (url: string): Storage => (url.startsWith("postgres:") ? postgres(url) : redis(url));

/** The storage of a server that will be killed, as its process was told: Redis or PostgreSQL, a file, or memory. */
export const storage: Storage = withBug(url ? shared(url) : file ? sqlite(file) : memory(), bug as Bug | undefined);
/** The next server has another node's id, so it waits for this long, in ms, until what the killed one had is free. */
export const leaseTime = 1000;
