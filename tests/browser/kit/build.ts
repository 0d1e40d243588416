import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");
export const DEMO = join(ROOT, "demo-next");
/** An app's own Next: another one would bring another React. */
export const nextOf = (folder: string) => createRequire(join(folder, "package.json")).resolve("next/dist/bin/next");

/** Whether the React Compiler is on in this project: the environment of `browser-plain` turns it off, in what tests build too. */
export const compiled = process.env.REACT_COMPILER !== "0";

const MADE = new Set(["node_modules", ".next", ".twinstate", "next-env.d.ts"]);

/** Builds the library, if its sources have changed since it was built. */
export async function buildLibrary(): Promise<void> {
  await run(process.execPath, ["scripts/build.mjs", "--if-changed"], ROOT);
}

/** Builds an app, as far as its build is older than its sources and the library. `dist`: where to, in its folder. */
export async function buildApp(folder: string, env: Readonly<Record<string, string>> = {}, dist = ".next"): Promise<void> {
  if (age(join(folder, dist, "BUILD_ID")) >= newest([folder, join(ROOT, "dist")])) return;
  // What Turbopack keeps for the next build takes long to write: where there is none, it writes nothing.
  const isLast = process.env.CI !== undefined || relative(ROOT, folder).startsWith("..");
  await run(process.execPath, [nextOf(folder), "build"], folder, { ...(isLast && { TURBO_ENGINE_READ_ONLY: "1" }), ...env });
}

const age = (file: string) => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** When the youngest of these files was written. */
function newest(paths: readonly string[]): number {
  let time = 0;
  for (const path of paths) {
    const { mtimeMs } = statSync(path);
    const inside = statSync(path).isDirectory() ? newest(readdirSync(path).flatMap((name) => (MADE.has(name) ? [] : join(path, name)))) : mtimeMs;
    time = Math.max(time, inside);
  }
  return time;
}

/** What Next reads of the environment is not what tests have set. */
export function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { NODE_ENV: _, VITEST: _vitest, ...rest } = process.env;
  return { ...rest, NEXT_TELEMETRY_DISABLED: "1", ...extra } as NodeJS.ProcessEnv;
}

/** Runs a command to its end, and gives what it has said. */
export function run(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(said) : reject(new Error(`\`${command} ${args.join(" ")}\` failed:\n${said}`))));
  });
}
