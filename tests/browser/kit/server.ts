import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEMO, environment, nextOf } from "./build.js";

export interface DemoServer {
  readonly url: string;
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Asks it to end, as a deploy does, and gives its exit code. */
  stop(): Promise<number | null>;
  /** What it has written. */
  readonly said: string;
  /** Starts it again, on the same port, with what it kept; the app of another folder, where one is given. */
  start(folder?: string): Promise<void>;
  /** While it is down: all that it kept is lost. */
  lose(): void;
}

export interface ServerOptions {
  mode?: "start" | "dev";
  cwd?: string;
  /** Where the app is: its base path. */
  path?: string;
  env?: Readonly<Record<string, string>>;
  /** A file that the app serves once it is up. @default "/icon.svg" */
  probe?: string;
}

const SECRET = "a secret for tests of the demo";
const PATIENCE = 120_000;

/** Starts the demo's server on a free port. It answers when this resolves. */
export async function startServer({ mode = "start", cwd = DEMO, path = "", env = {}, probe = "/icon.svg" }: ServerOptions = {}): Promise<DemoServer> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "twinstate-demo-"));
  let child: ChildProcess | undefined;
  let said = "";

  async function start(app = cwd) {
    mkdirSync(folder, { recursive: true });
    // A group of its own: Next starts further processes.
    const started = spawn(process.execPath, [nextOf(app), mode, "-p", String(port)], {
      cwd: app,
      env: environment({ TWINSTATE_SECRET: SECRET, TWIN_FILE: join(folder, "twin.db"), AUTH_DATABASE: join(folder, "auth.db"), ...env }),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk) => (said += chunk));
    const end = Date.now() + PATIENCE;
    while (!(await answers(url + path + probe))) {
      if (started.exitCode !== null || Date.now() > end) throw new Error(`\`next ${mode}\` does not answer:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function kill() {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    process.kill(-(running.pid as number), "SIGKILL");
    await ended;
  }

  async function stop() {
    const running = child as ChildProcess;
    const ended = new Promise<number | null>((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    return ended;
  }

  const lose = () => rmSync(folder, { recursive: true, force: true });

  process.once("exit", () => {
    lose();
    if (child?.exitCode === null) process.kill(-(child.pid as number), "SIGKILL");
  });
  await start();
  return {
    url,
    start,
    kill,
    stop,
    lose,
    get said() {
      return said;
    },
  };
}

const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
