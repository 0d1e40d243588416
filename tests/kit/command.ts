import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./rooms.js";

/** What Node runs `npx twinstate` from our sources with. */
export const SOURCES = ["--no-warnings", "--import", join(ROOT, "tests/kit/sources.mjs"), join(ROOT, "cli/index.ts")];

/** Runs `npx twinstate` from our sources, in a folder, where nobody can be asked. */
export function twinstate(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCES, ...args], {
    cwd: folder,
    encoding: "utf8",
    input: "",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr: stderr.trim() };
}
