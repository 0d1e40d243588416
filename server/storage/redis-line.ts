import type { Redis } from "ioredis";
import { StateError } from "../../lib/errors/errors.js";
import {
  badRedisUrl,
  badReplicas,
  closedRedis,
  lateRedis,
  noRedisClient,
  oldRedis,
  redisCluster,
  redisFailed,
  redisForgets,
  redisMayEvict,
  redisReplica,
} from "../../lib/errors/redis-errors.js";
import { readAddress } from "./address.js";
import { hashes, type ScriptName, scripts } from "./redis-scripts.js";
import { ReplicatedWrites } from "./redis-writes.js";

/** The place of a Redis: its address, or the Sentinels that know the master of a name. */
export type RedisAddress =
  | string
  | {
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
      /** The name under which the Sentinels know the master. */
      readonly name: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly sentinelUsername?: string | undefined;
      readonly sentinelPassword?: string | undefined;
      readonly db?: number | undefined;
      /** Speak TLS with the servers. */
      readonly tls?: boolean | undefined;
    };

/** How long a command may take, in ms. */
const PATIENCE = 5000;
/** How long a line that ends waits for answers, in ms. */
const LAST_WORD = 2000;
/** The pauses between attempts to make the line anew, in ms. */
const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

export type Reply = string | number | null | readonly Reply[];
export type Argument = string | number | Buffer;

/**
 * The lines to one Redis: one for commands, one for messages, and one for writes that replicas must have. They are made with the first command, and anew when
 * they break.
 */
export class RedisLine {
  /** Host and port, for errors. */
  readonly where: string;
  readonly #address: RedisAddress;
  readonly #warn: (message: string) => void;
  #client: Promise<Redis> | undefined;
  #listener: Promise<Redis> | undefined;
  /** The line of writes that replicas must have. */
  #writer: Promise<Redis> | undefined;
  readonly #writes: ReplicatedWrites | undefined;
  #channel: string | undefined;
  #take: ((message: string) => void) | undefined;
  #closed = false;
  /** The server has said that it is a replica: it is asked again until then, and with longer pauses. */
  #readOnly: { readonly error: Error; readonly until: number } | undefined;

  /** `replicas`: how many must have a write before it counts. */
  constructor(address: RedisAddress, warn: (message: string) => void, replicas: number) {
    if (!Number.isInteger(replicas) || replicas < 0) throw badReplicas(replicas);
    this.#address = address;
    this.#warn = warn;
    this.where = whereOf(address);
    const { where } = this;
    const explain = (error: unknown) => this.explain(error);
    if (replicas > 0) this.#writes = new ReplicatedWrites({ where, client: () => this.#written(), explain }, replicas);
  }

  /** Runs a script whose writes count: it resolves when as many replicas have them as were asked for. */
  write(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#writes ? this.#writes.run(name, keys, args) : this.run(name, keys, args);
  }

  async #written(): Promise<Redis> {
    const client = await this.#connected();
    this.#writer ??= Promise.resolve(client.duplicate({ lazyConnect: false })).then((line) => line.on("error", () => {}));
    return this.#writer;
  }

  /** Runs a script. Errors that it gives itself have their first word as `code`. */
  async run(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const client = await this.#connected();
    try {
      const reply = (await client.call("evalsha", [hashes[name], keys.length, ...keys, ...args])) as Reply;
      this.#readOnly = undefined;
      return reply;
    } catch (error) {
      if (!String((error as Error).message).startsWith("NOSCRIPT")) throw this.explain(error);
    }
    try {
      return (await client.eval(scripts[name], keys.length, ...keys, ...args)) as Reply;
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** Sends a message to who listens on a channel; it may get lost. */
  publish(channel: string, message: string): void {
    void this.#connected()
      .then((client) => client.publish(channel, message))
      .catch(() => {});
  }

  /** Takes the messages of a channel, from when the promise resolves. `first` is sent to it, as a trial. */
  async listen(channel: string, take: (message: string) => void, first: string): Promise<void> {
    this.#take = take;
    if (this.#channel === channel && this.#listener) return void (await this.#listener);
    this.#channel = channel;
    this.#listener = this.#listening(channel, first);
    this.#listener.catch(() => {
      this.#listener = undefined;
    });
    await this.#listener;
  }

  async #listening(channel: string, first: string): Promise<Redis> {
    const client = await this.#connected();
    const line = client.duplicate({ commandTimeout: undefined as never, socketTimeout: undefined as never });
    line.on("error", () => {});
    line.on("message", (_, message: string) => this.#take?.(message));
    try {
      await line.subscribe(channel);
      await client.publish(channel, first);
    } catch (error) {
      line.disconnect();
      throw this.explain(error);
    }
    return line;
  }

  explain(error: unknown): StateError {
    const { message = "", name } = error as Error;
    for (const code of ["FENCED", "NOTNEXT"]) if (message.startsWith(`${code} `)) return new StateError(code, message);
    if (this.#closed) return closedRedis(this.where);
    const { error: reason, until = 0 } = this.#readOnly ?? {};
    if (message === "Command timed out" && performance.now() < until) return redisFailed(this.where, reason);
    if (message === "Command timed out" || name === "MaxRetriesPerRequestError") return lateRedis(this.where, PATIENCE);
    return redisFailed(this.where, error);
  }

  // --- the line ---

  async #connected(): Promise<Redis> {
    if (this.#closed) throw closedRedis(this.where);
    this.#client ??= this.#open();
    const opening = this.#client;
    try {
      return await opening;
    } catch (error) {
      if (this.#client === opening) this.#client = undefined;
      throw error;
    }
  }

  async #open(): Promise<Redis> {
    const { Redis: Client } = await import("ioredis").catch((error: unknown) => {
      throw noRedisClient(error);
    });
    const options = {
      lazyConnect: true,
      commandTimeout: PATIENCE,
      socketTimeout: 3 * PATIENCE,
      maxRetriesPerRequest: 20,
      connectTimeout: PATIENCE,
      retryStrategy: (attempt: number) => (this.#readOnly ? LONGEST_PAUSE : Math.min(attempt * SHORTEST_PAUSE, LONGEST_PAUSE)),
      // A master that has become a replica is left for the one of now.
      reconnectOnError: (error: Error) => {
        if (!error.message.startsWith("READONLY")) return false;
        this.#readOnly = { error, until: performance.now() + 2 * PATIENCE };
        return 2 as const;
      },
    };
    const address = this.#address;
    const client =
      typeof address === "string"
        ? new Client(address, options)
        : new Client({ ...options, ...address, sentinels: [...address.sentinels], tls: address.tls ? {} : (undefined as never) });
    let trouble: unknown;
    client.on("error", (error) => {
      trouble = error;
    });
    try {
      await this.#check(client);
      return client;
    } catch (error) {
      client.disconnect();
      throw error instanceof StateError ? error : this.explain(trouble ?? error);
    }
  }

  /** Looks whether this is a Redis that keeps what it is given. */
  async #check(client: Redis): Promise<void> {
    // The first attempt alone decides: where nothing answers, callers are told, and the next one tries again.
    await client.connect();
    // The client goes on in another database where there is none of this number.
    if (client.options.db) await client.select(client.options.db);
    const info = new Map((await client.info()).split(/\r?\n/).map((line) => line.split(":", 2) as [string, string]));
    const version = info.get("redis_version") ?? "0";
    if (Number.parseInt(version, 10) < 7) throw oldRedis(this.where, version);
    if (info.get("cluster_enabled") === "1") throw redisCluster(this.where);
    if (info.get("role") !== "master") throw redisReplica(this.where);
    const policy = info.get("maxmemory_policy");
    if (policy !== undefined && policy !== "noeviction") this.#warn(redisMayEvict(this.where, policy));
    if (info.get("aof_enabled") === "0") this.#warn(redisForgets(this.where));
  }

  /** Lets go of the lines until the next command. */
  async rest(): Promise<void> {
    const lines = [this.#client, this.#listener, this.#writer];
    this.#client = undefined;
    this.#listener = undefined;
    this.#writer = undefined;
    await Promise.all(lines.map((line) => line?.then(leave).catch(() => {})));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.rest();
    this.#closed = true;
  }
}

/** Ends a line once what was asked is answered. One that does not answer is cut. */
async function leave(client: Redis): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_WORD);
  });
  await Promise.race([client.quit().catch(() => {}), late]);
  clearTimeout(timer);
  client.disconnect();
}

/** Host and port of an address, for errors: without user and password. */
function whereOf(address: RedisAddress | undefined): string {
  if (address === undefined) throw badRedisUrl("it is `undefined`. Where an environment variable has the address, give it a default, as `next build` has none");
  if (typeof address !== "string") {
    const { sentinels, name } = address ?? {};
    if (!Array.isArray(sentinels) || sentinels.length === 0 || typeof name !== "string") throw badRedisUrl("it has neither");
    return `${name} (by Sentinel ${sentinels.map(({ host, port }) => `${host}:${port}`).join(", ")})`;
  }
  const url = readAddress(address, badRedisUrl);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") throw badRedisUrl(`its protocol is \`${url.protocol}\``);
  if (!/^\/?\d*\/?$/.test(url.pathname)) throw badRedisUrl("what stands behind the host is no number of a database");
  return `${url.hostname || "localhost"}:${url.port || 6379}`;
}
