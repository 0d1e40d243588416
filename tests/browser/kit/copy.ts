import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { DEMO, ROOT } from "./build.js";

/** A copy of the demo whose files a test may change. It stands beside the demo, where it finds the same packages. */
export function copyDemo(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(ROOT, "demo-next-"));
  const left = new Set(["node_modules", ".next", ".twinstate"]);
  cpSync(DEMO, folder, { recursive: true, filter: (path) => !left.has(basename(path)) });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
