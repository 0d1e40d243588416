import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { build } from "esbuild";
import type { Heap, Request, Round } from "./worker.ts";

export const peers = ["twinstate", "floor", "keystone", "colyseus", "yjs", "mutative", "resend"] as const;
export type PeerName = (typeof peers)[number];

const folder = import.meta.dirname;
const bundles = mkdtempSync(`${tmpdir()}/twinstate-bench-`);
process.once("exit", () => rmSync(bundles, { recursive: true }));
const file = (name: PeerName) => `${bundles}/${name}.mjs`;

/** Production builds of all peers, each with what it needs. */
export async function bundlePeers(names: readonly PeerName[]): Promise<void> {
  await Promise.all(
    names.map((name) =>
      build({
        stdin: { contents: `import peer from "./peers/${name}.ts";\nimport { serve } from "./worker.ts";\nserve(peer);`, resolveDir: folder, loader: "ts" },
        outfile: file(name),
        bundle: true,
        format: "esm",
        platform: "node",
        target: "node22",
        define: { "process.env.NODE_ENV": '"production"' },
        tsconfig: `${folder}/../tsconfig.json`,
        logLevel: "error",
      }),
    ),
  );
}

/** A peer in a process of its own. */
export interface Running {
  ask(request: Extract<Request, { task: "round" }>): Promise<Round>;
  ask(request: Extract<Request, { task: "heap" }>): Promise<Heap>;
  stop(): void;
}

export function start(name: PeerName): Running {
  const child = fork(file(name), { execArgv: ["--expose-gc", "--max-old-space-size=8192"] });
  const ask = (request: Request) =>
    new Promise<never>((resolve, reject) => {
      const gone = (code: number | null) => reject(new Error(`The process of ${name} has ended with ${code}`));
      child.once("exit", gone);
      child.once("message", ({ result, error }: { result: never; error?: string }) => {
        child.off("exit", gone);
        if (error) reject(new Error(`${name}: ${error}`));
        else resolve(result);
      });
      child.send(request);
    });
  return { ask, stop: () => void child.kill() };
}
