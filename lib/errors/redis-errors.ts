import { messageOf, StateError, wrong } from "./errors.js";

// The errors of `redis()`: the server alone has them. `where` is host and port, never the password.

const failed = (where: string, what: string, cause?: unknown) =>
  new StateError("STORAGE", `Redis at ${where}: ${what}`, cause === undefined ? undefined : { cause });

export const noRedisClient = (cause: unknown) =>
  wrong("REDIS", "`redis()` needs the package `ioredis` (5.4 or newer), which is not installed. Install it: `npm install ioredis`.", cause);
export const badRedisUrl = (why: string) =>
  wrong(
    "REDIS",
    `\`redis()\` takes \`redis://host:port\` or \`rediss://host:port\`, with \`user:password@\` before the host where one is needed, or \`{ sentinels, name }\`: ${why}.`,
  );
export const oldRedis = (where: string, version: string) => failed(where, `it is of version ${version}. \`redis()\` needs Redis 7, or Valkey 7.2, or newer.`);
export const redisCluster = (where: string) => failed(where, "it is a Redis Cluster, which `redis()` does not use. Give it one server, or one with Sentinel.");
export const redisReplica = (where: string) =>
  failed(where, "it is a replica, and takes no writes. Give `redis()` the address of the master, or `{ sentinels, name }`, which finds it.");
export const closedRedis = (where: string) => failed(where, "it was closed, with `twin.close()` or `storage.close()`.");
export const lateRedis = (where: string, ms: number) =>
  failed(where, `it has not answered for ${ms} ms. Is it up, and does the network let this process reach it? It is tried again.`);
export const fewReplicas = (where: string, have: number, wanted: number, ms: number) =>
  failed(
    where,
    `${have} of ${wanted} replicas that \`redis(…, { replicas: ${wanted} })\` demands had a write after ${ms} ms. It is not acknowledged, and asked again. Are the replicas up, and do they follow (\`info replication\`)?`,
  );
export const badReplicas = (count: unknown) =>
  wrong(
    "REDIS",
    `\`redis(…, { replicas: ${String(count)} })\`: give how many replicas must have a write before it is acknowledged, a whole number, or leave it out.`,
  );
export const redisMayEvict = (where: string, policy: string) =>
  `Redis at ${where} has \`maxmemory-policy ${policy}\`: when its memory is full, it throws away state that was acknowledged. Set \`maxmemory-policy noeviction\`.`;
export const redisForgets = (where: string) =>
  `Redis at ${where} writes no append-only file: what was acknowledged is lost when it restarts. Set \`appendonly yes\`, and \`appendfsync always\` if nothing may be lost with the power.`;

/** The causes of errors that Redis answers, by their first word. */
const CAUSES: Readonly<Record<string, string>> = {
  NOAUTH: "it wants a password. Put it into the address, as `redis://:password@host`",
  WRONGPASS: "user or password are wrong. Look at the address that `redis()` was given",
  NOPERM:
    "the user may not run a command that `redis()` needs. Give it the categories `@read @write @scripting @pubsub` and the commands `info` and `config|get`",
  READONLY: "it is a replica, and takes no writes. It is asked again when the line has been made anew",
  OOM: "its memory is full. Give it more (`maxmemory`): what was not acknowledged is asked again",
  MISCONF: "it cannot write to its disk. Make room there: what was not acknowledged is asked again",
  NOREPLICAS: "it has fewer replicas than `min-replicas-to-write` demands. What was not acknowledged is asked again",
  LOADING: "it is reading its files. It is asked again",
  MASTERDOWN: "it has lost its master. It is asked again",
  WRONGTYPE: "a key of another app's has a name of ours. Give `redis(url, { prefix })` a prefix that no other app has, or move that key",
  BUSY: "it runs a script of somebody's that does not end",
};
/** How Redis says that it has no database of a number. */
const NO_DATABASE = /DB index is out of range|invalid DB index/;
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there. Is it up, and are host and port right?",
  ENOTFOUND: "there is no such host. Look at the address that `redis()` was given.",
  EAI_AGAIN: "the name of the host cannot be looked up just now.",
  ETIMEDOUT: "it cannot be reached. Does the network let this process reach it?",
  ECONNRESET: "the line has been cut. It is made anew.",
  EPIPE: "the line has been cut. It is made anew.",
};

/** Gives an error of the client's, or of Redis', as users read it. */
export function redisFailed(where: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const message = messageOf(error);
  const [word = ""] = message.split(" ");
  const cause = CAUSES[word];
  if (cause) return failed(where, `${cause} (${message}).`, error);
  if (NO_DATABASE.test(message)) return failed(where, `it has no database of the number that the address ends with (${message}).`, error);
  const code = (error as { code?: unknown } | null)?.code;
  return failed(where, typeof code === "string" && NETWORK[code] ? NETWORK[code] : `${message}.`, error);
}
