import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, takesConnections } from "./port.js";

const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
/** The file of `redis-server`, which is a Sentinel's too. `REDIS_SERVER` names another one, such as that of Valkey. */
export const executable = (process.env.REDIS_SERVER === undefined ? folders.map((folder) => join(folder, "redis-server")) : [process.env.REDIS_SERVER]).find(
  (file) => existsSync(file),
);

/** Why tests that need Redis cannot run here; on a CI machine they must. */
export const missingRedis = executable === undefined ? "needs redis-server, which was not found (npm run setup, or `apt-get install redis-server`)" : undefined;

/** Settings of Redis, by their names. */
export type RedisSettings = Readonly<Record<string, string>>;

/** A Redis of the tests' own, on a free port. What it is given is on its disk before it answers. */
export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "twinstate-redis-"));
  readonly #settings: RedisSettings;
  #child!: ChildProcess;
  #said = "";

  private constructor(port: number, settings: RedisSettings) {
    this.port = port;
    this.#settings = { appendonly: "yes", appendfsync: "always", save: "", loglevel: "warning", bind: "127.0.0.1", ...settings };
  }

  /** Starts one. It takes connections when this resolves. */
  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Gives it a command by a line of its own. */
  async ask(...[name = "", ...args]: string[]): Promise<unknown> {
    const { Redis } = await import("ioredis");
    // It speaks also with one that says of itself that it is not ready.
    const client = new Redis(this.url, { enableReadyCheck: false });
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** Starts it again after {@link stop}, or {@link kill}, with what is on its disk. */
  async restart(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(executable as string, ["--port", String(this.port), "--dir", this.#folder, ...settings], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.#said += chunk));
    while (!(await takesConnections(this.port))) {
      if (child.exitCode !== null) throw new Error(`redis-server has ended:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops it in order (`SIGTERM`), or not (`SIGKILL`). */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGCONT");
    this.#child.kill(signal);
    await once(this.#child, "exit");
  }

  /** Lets it stand still, until {@link thaw}. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends it, and forgets its disk. */
  async end(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
