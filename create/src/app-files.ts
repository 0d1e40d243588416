import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Place } from "./app-name.js";
import { deploymentOf } from "./deployment.js";
import type { Manager } from "./package-manager.js";
import type { Template } from "./templates.js";
import { notWritable } from "./trouble.js";

/** What building and running a template in place has left. */
const MADE = /^(node_modules|\.next|\.twinstate|next-env\.d\.ts|package-lock\.json)(\/|$)|\.tsbuildinfo$|^data\/(?!\.gitkeep)/;

/**
 * The files of an app. They are the template's, with its name and versions, and those of its deployment.
 * @param library where `twinstate` comes from: a version or `file:…`
 */
export function appFiles({ folder }: Template, name: string, library: string, manager: Manager): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .replaceAll("\\", "/");
    if (!entry.isFile() || MADE.test(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    // npm leaves files of the name `.gitignore` out of packages.
    const target = path.replace(/(^|\/)_gitignore$/, "$1.gitignore");
    files.set(target, path === "package.json" ? manifest(text, name, library) : text.replaceAll("__NAME__", name));
  }
  for (const [path, text] of deploymentOf(name, manager)) files.set(path, text);
  return files;
}

function manifest(text: string, name: string, library: string): string {
  const { description: _, ...rest } = JSON.parse(text) as { description: string; dependencies: Record<string, string> };
  return `${JSON.stringify({ ...rest, name, dependencies: { ...rest.dependencies, twinstate: library } }, null, 2)}\n`;
}

/**
 * Writes an app. If that fails, nothing of it is left.
 * @throws Trouble that says why
 */
export function writeApp({ folder }: Place, files: ReadonlyMap<string, string>): void {
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    else for (const path of files.keys()) rmSync(join(folder, path.split("/")[0] as string), { recursive: true, force: true });
    throw notWritable(folder, (error as Error).message);
  }
}
