import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, takesConnections } from "./port.js";

const executable = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"].map((folder) => join(folder, "caddy")).find((file) => existsSync(file));

/** Why tests that need Caddy cannot run here. */
export const missingCaddy = executable === undefined ? "needs Caddy, which was not found (npm run setup, or `apt-get install caddy`)" : undefined;

/** Starts Caddy with a Caddyfile, whose `SITE` is a free port. It takes connections when this resolves. */
export async function startCaddy(caddyfile: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-caddy-"));
  const port = await freePort();
  const file = join(folder, "Caddyfile");
  // Its own address for commands would be the same for all.
  writeFileSync(file, `{\n\tadmin off\n}\n${caddyfile}`);
  const child = spawn(executable as string, ["run", "--config", file, "--adapter", "caddyfile"], {
    env: { ...process.env, SITE: `:${port}`, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`Caddy has ended:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url: `http://localhost:${port}`,
    stop: async () => {
      // It would wait for open streams.
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
