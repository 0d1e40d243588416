import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort, takesConnections } from "../../kit/port.js";
import { ROOT, run } from "./build.js";

/** Builds the site of the docs, and serves it as a host of static files does. */
export async function startSite(): Promise<{ url: string; stop(): void }> {
  await run("npm", ["run", "site"], ROOT);
  const port = await freePort();
  const server = spawn(process.execPath, [join(ROOT, "site/serve.mjs")], { env: { ...process.env, PORT: String(port) }, stdio: "ignore" });
  while (!(await takesConnections(port))) {
    if (server.exitCode !== null) throw new Error("`site/serve.mjs` has ended.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `http://localhost:${port}`, stop: () => void server.kill() };
}
