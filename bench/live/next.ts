import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { Child } from "./child.ts";

const app = `${import.meta.dirname}/next`;
const next = `${import.meta.dirname}/../../node_modules/next/dist/bin/next`;
const PATIENCE = 60_000;

/** Whether the app is built; says how where it is not. */
export function nextIsBuilt(log: (line: string) => void): boolean {
  const built = existsSync(`${app}/.next/BUILD_ID`);
  if (!built) log("Next's route handler: skipped, as the app is not built. `npm run build && npx next build bench/live/next` builds it.");
  return built;
}

/** Next's own server in production, with a twin's route and a no-op mutation's. */
export async function launchNext(): Promise<Child> {
  const port = await freePort();
  // Lines wait while other peers have their turn.
  const child: ChildProcess = spawn(process.execPath, [next, "start", "-p", String(port), "-H", "127.0.0.1", "--keepAliveTimeout", "3600000"], {
    cwd: app,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let trouble = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    trouble += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = () => {
    child.kill();
    return ended;
  };
  const cpu = async () => Number(await (await fetch(`http://127.0.0.1:${port}/api/cpu`)).text());
  const tasks: Record<string, () => unknown> = { port: () => port, cpu };
  for (const end = Date.now() + PATIENCE; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      await cpu();
      return { ask: async (task) => (await tasks[task]?.()) as never, stop };
    } catch (error) {
      if (child.exitCode === null && Date.now() < end) continue;
      await stop();
      throw new Error(`Next does not start: ${trouble || error}`);
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
