import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, takesConnections } from "./port.js";
import { executable } from "./redis-server.js";

/** The name by which the Sentinels of tests know their master. */
export const MASTER = "twin";

/** A Sentinel of the tests' own, on a free port: it watches a master, and has a replica take its place when the master is silent for a second. */
export class Sentinel {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** `quorum`: how many Sentinels must agree that the master is gone. */
  static async start(master: { readonly port: number }, quorum: number): Promise<Sentinel> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "twinstate-sentinel-"));
    const settings = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      "loglevel warning",
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} ${quorum}`,
      `sentinel down-after-milliseconds ${MASTER} 1000`,
      `sentinel failover-timeout ${MASTER} 5000`,
    ];
    // It writes what it learns into the file.
    writeFileSync(join(folder, "sentinel.conf"), `${settings.join("\n")}\n`);
    const child = spawn(executable as string, [join(folder, "sentinel.conf"), "--sentinel"], { stdio: "ignore" });
    while (!(await takesConnections(port))) {
      if (child.exitCode !== null) throw new Error("the Sentinel has ended");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return new Sentinel(port, folder, child);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
