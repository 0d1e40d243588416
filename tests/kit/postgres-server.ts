import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort, takesConnections } from "./port.js";

/** The folder of PostgreSQL's programs: the latest version's, where Debian has put them. */
const DEBIAN = "/usr/lib/postgresql";
const debians = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
const programs = [...debians.map((version) => join(DEBIAN, version, "bin")), ...(process.env.PATH ?? "").split(delimiter), "/usr/local/bin"].find(
  (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
);

/** Why tests that need PostgreSQL cannot run here; on a CI machine they must. */
export const missingPostgres =
  programs === undefined ? "needs PostgreSQL's `initdb` and `postgres`, which were not found (npm run setup, or `apt-get install postgresql`)" : undefined;

/** Settings of PostgreSQL, by their names. */
export type PostgresSettings = Readonly<Record<string, string>>;

/** PostgreSQL does not run as root: another user's numbers. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

const PASSWORD = "secret";

/** A PostgreSQL of the tests' own, on a free port. What it is given is on its disk before it answers. */
export class PostgresServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "twinstate-postgres-"));
  readonly #settings: PostgresSettings;
  #child!: ChildProcess;
  #said = "";

  private constructor(port: number, settings: PostgresSettings) {
    this.port = port;
    // Little memory, and nothing that works beside the tests.
    this.#settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", shared_buffers: "16MB", max_connections: "60", ...settings };
  }

  /** Starts one. It takes connections when this resolves. */
  static async start(settings: PostgresSettings = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), settings);
    const password = join(server.#folder, "password");
    writeFileSync(password, PASSWORD);
    if (NOBODY.uid !== undefined) for (const path of [server.#folder, password]) chownSync(path, NOBODY.uid, NOBODY.gid);
    const options = ["--username", "twin", "--auth", "scram-sha-256", "--pwfile", password, "--encoding", "UTF8", "--no-locale", "--no-sync"];
    await promisify(execFile)(program("initdb"), ["--pgdata", server.#data, ...options], { cwd: "/", ...NOBODY });
    await server.restart();
    return server;
  }

  get url(): string {
    return this.urlOf(this.port);
  }

  /** Its address behind a proxy on another port. */
  urlOf(port: number): string {
    return `postgres://twin:${PASSWORD}@127.0.0.1:${port}/postgres`;
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  /** Gives it statements by a line of its own. */
  async ask(text: string, values?: unknown[]): Promise<readonly Record<string, unknown>[]> {
    const { Client } = await import("pg");
    const client = new Client({ connectionString: this.url });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it again after {@link stop}, or {@link kill}, with what is on its disk. */
  async restart(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const args = ["-D", this.#data, "-p", String(this.port), ...settings];
    const child = spawn(program("postgres"), args, { stdio: ["ignore", "pipe", "pipe"], cwd: "/", ...NOBODY });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.#said += chunk));
    while (!(await this.#isUp())) {
      if (child.exitCode !== null) throw new Error(`postgres has ended:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #isUp(): Promise<boolean> {
    if (!(await takesConnections(this.port))) return false;
    return this.ask("select 1").then(
      () => true,
      (error: { code?: string }) => error.code !== "57P03" && error.code !== "ECONNRESET",
    );
  }

  /** Has it start, the next time, as a replica whose primary cannot be reached; or as a primary again. */
  standBy(replica: boolean): void {
    const file = join(this.#data, "standby.signal");
    if (replica) writeFileSync(file, "");
    else rmSync(file);
  }

  /** Stops it in order (`SIGINT`: without waiting for those who are connected), or not (`SIGQUIT`, as a crash does). */
  async stop(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, "exit");
  }

  /** Ends it, and forgets its disk. */
  async end(): Promise<void> {
    await this.stop("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const program = (name: string) => join(programs as string, name);
