import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT, pageOf, pages, ROOT, write } from "./guide.js";

/** Where an import of the package leads: to its declarations, or to the sources where it is not built. */
function paths(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { exports: Record<string, { types?: string }> };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, { types }]) => {
      if (!types) return [];
      const declared = types.replace("./", ROOT);
      return [[`twinstate${name.slice(1)}`, [BUILT ? declared : declared.replace("dist/", "").replace(".d.ts", ".ts")]]];
    }),
  );
}

const compilerOptions = () => ({
  target: "es2023",
  lib: ["es2023", "es2024.string", "esnext.collection", "esnext.disposable", "dom", "dom.iterable"],
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  jsx: "react-jsx",
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowJs: true,
  checkJs: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ["node", "react"],
  typeRoots: [`${ROOT}node_modules/@types`],
  paths: { "@/*": ["./*"], ...paths() },
});

/**
 * What is wrong with the code of pages: each app of each page is a project, and one process of the compiler checks them all.
 * Each complaint names the page and its line.
 *
 * @param change makes a page's files other than they are, for a test that a mistake is found
 */
export async function complaints(which = pages(), change = (_path: string, text: string) => text): Promise<string[]> {
  const folder = mkdtempSync(`${tmpdir()}/twinstate-pages-`);
  try {
    symlinkSync(`${ROOT}node_modules`, `${folder}/node_modules`);
    const places = new Map<string, { page: string; lines: readonly number[] }>();
    const projects: string[] = [];
    const options = JSON.stringify({ compilerOptions: compilerOptions(), include: ["**/*.ts", "**/*.tsx", "**/*.mjs"] });
    for (const page of which) {
      for (const [app, files] of pageOf(page).apps) {
        if (files.size === 0) continue;
        const project = `${page.replaceAll(/\W/g, "-")}${app && `-${app.replaceAll(/\W/g, "-")}`}`;
        projects.push(project);
        for (const [path, file] of files) places.set(`${project}/${path}`, file);
        write(join(folder, project), { ...Object.fromEntries([...files].map(([path, { text }]) => [path, change(path, text)])), "tsconfig.json": options });
      }
    }
    const output = await new Promise<string>((resolve) => {
      const args = [`${ROOT}node_modules/typescript/bin/tsc`, "-b", ...projects, "--pretty", "false"];
      execFile(process.execPath, args, { cwd: folder, maxBuffer: 1e8 }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    const told = output.split("\n").flatMap((line) => {
      const [, file, at, what] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      const place = file && places.get(file);
      if (place) return [`${place.page}:${place.lines[Number(at) - 1] ?? place.lines.at(-1)}: ${what}`];
      return /error TS\d+/.test(line) ? [line] : [];
    });
    return [...new Set([...which.flatMap((page) => pageOf(page).problems), ...told])];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
