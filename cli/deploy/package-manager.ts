import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type Manager = "npm" | "pnpm" | "yarn" | "bun";

/** The files in which package managers keep what is installed. */
export const LOCKS: readonly (readonly [file: string, manager: Manager])[] = [
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/** The manager that a `package.json` names as its own: `"packageManager": "pnpm@10.0.0"`. */
export const managerNamed = (packageManager: unknown): Manager | undefined =>
  LOCKS.map(([, manager]) => manager).find((manager) => typeof packageManager === "string" && packageManager.startsWith(`${manager}@`));

/** The package manager of an app. In a workspace, the lock file stands in a folder above, up to that of the repository. */
export function managerOf(folder: string): Manager {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, "package.json");
    const named = existsSync(manifest) ? /"packageManager"\s*:\s*"([^"]*)"/.exec(readFileSync(manifest, "utf8"))?.[1] : undefined;
    const found = managerNamed(named) ?? LOCKS.findLast(([file]) => existsSync(join(at, file)))?.[1];
    if (found !== undefined) return found;
    if (existsSync(join(at, ".git")) || at === dirname(at)) return "npm";
  }
}
