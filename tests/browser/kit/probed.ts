import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inject, onTestFinished } from "vitest";
import { copyDemo } from "./copy.js";
import { startServer } from "./server.js";

export interface Probed {
  readonly url: string;
  /** Asks the probe in the process that has the twin: see `probe.mjs`. */
  ask(what: "" | "objects" | "memory" | "held"): Promise<unknown>;
}

/** Starts the demo's server, until the test ends, with a probe that looks into it. `edit`: changes the copy that development runs from. */
export async function startProbed(mode: "start" | "dev", edit: (folder: string) => void = () => {}): Promise<Probed> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-probe-"));
  const copy = mode === "dev" ? copyDemo() : undefined;
  if (copy) edit(copy.folder);
  const probe = pathToFileURL(join(import.meta.dirname, "probe.mjs")).href;
  const server = await startServer({ mode, cwd: copy?.folder ?? inject("demo").folder, env: { NODE_OPTIONS: `--import ${probe}`, PROBE: folder } });
  onTestFinished(async () => {
    await server.kill();
    copy?.remove();
    rmSync(folder, { recursive: true });
  });
  async function ask(what: string): Promise<unknown> {
    // Next has several processes: one of them has the twin.
    for (const pid of readdirSync(folder)) {
      const port = readFileSync(join(folder, pid), "utf8");
      const found: unknown = await fetch(`http://127.0.0.1:${port}/${what}`).then(
        (response) => response.json(),
        () => null,
      );
      if (found) return found;
    }
    throw new Error("No process of the server has a twin.");
  }
  return { url: server.url, ask };
}
