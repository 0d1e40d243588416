import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT, type Files, pageOf, pages, ROOT, write } from "./guide.js";

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
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  allowJs: true,
  checkJs: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ["node", "react"],
  typeRoots: [`${ROOT}node_modules/@types`],
  // The items of the registry stand where `npx shadcn add` puts them.
  paths: { "@/components/twin/*": [`${ROOT}registry/twin/*`], "@/*": ["./*"], ...paths() },
});

/** What the compiler says of a line of a file. */
interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** Compiles projects by one process: each has the files of a map, by their paths. Files of a complaint begin with the project's name. */
export async function compile(projects: ReadonlyMap<string, Files>): Promise<Complaint[]> {
  const folder = mkdtempSync(`${tmpdir()}/twinstate-compiled-`);
  try {
    symlinkSync(`${ROOT}node_modules`, `${folder}/node_modules`);
    const options = JSON.stringify({ compilerOptions: compilerOptions(), include: ["**/*.ts", "**/*.tsx", "**/*.mjs"] });
    for (const [name, files] of projects) write(join(folder, name), { ...files, "tsconfig.json": options });
    const output = await new Promise<string>((resolve) => {
      const args = [`${ROOT}node_modules/typescript/bin/tsc`, "-b", ...projects.keys(), "--pretty", "false"];
      execFile(process.execPath, args, { cwd: folder, maxBuffer: 1e8 }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    return output.split("\n").flatMap((said) => {
      const [, file = "", line, what] = /^(?:(.+?)\((\d+),\d+\): )?error (TS\d+.*)$/.exec(said) ?? [];
      return what ? [{ file, line: Number(line), what }] : [];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What is wrong with the code of pages: each app of each page is a project. Each complaint names the page and its line.
 *
 * @param change makes a page's files other than they are, for a test that a mistake is found
 */
export async function complaints(which = pages(), change = (_path: string, text: string) => text): Promise<string[]> {
  const places = new Map<string, { page: string; lines: readonly number[] }>();
  const projects = new Map<string, Files>();
  for (const page of which) {
    for (const [app, files] of pageOf(page).apps) {
      if (files.size === 0) continue;
      const project = `${page.replaceAll(/\W/g, "-")}${app && `-${app.replaceAll(/\W/g, "-")}`}`;
      projects.set(project, Object.fromEntries([...files].map(([path, { text }]) => [path, change(path, text)])));
      for (const [path, file] of files) places.set(`${project}/${path}`, file);
    }
  }
  const told = (await compile(projects)).map(({ file, line, what }) => {
    const place = places.get(file);
    return place ? `${place.page}:${place.lines[line - 1] ?? place.lines.at(-1)}: ${what}` : `${file}: ${what}`;
  });
  return [...new Set([...which.flatMap((page) => pageOf(page).problems), ...told])];
}
