import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { DEMO, environment, NEXT } from "./build.js";

export interface DemoServer {
  readonly url: string;
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
}

const SECRET = "a secret for tests of the demo";
const PATIENCE = 120_000;

/** Starts the demo's server on a free port. It answers when this resolves. */
export async function startServer({ mode = "start", cwd = DEMO }: { mode?: "start" | "dev"; cwd?: string } = {}): Promise<DemoServer> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let child: ChildProcess | undefined;

  async function start() {
    // A group of its own: Next starts further processes.
    const started = spawn(process.execPath, [NEXT, mode, "-p", String(port)], {
      cwd,
      env: environment({ TWINSTATE_SECRET: SECRET }),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child = started;
    let said = "";
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk) => (said += chunk));
    const end = Date.now() + PATIENCE;
    while (!(await answers(url))) {
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

  process.once("exit", () => {
    if (child?.exitCode === null) process.kill(-(child.pid as number), "SIGKILL");
  });
  await start();
  return { url, start, kill };
}

const answers = (url: string) =>
  fetch(`${url}/icon.svg`).then(
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
