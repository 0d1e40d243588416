import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The layers of the library. */
export const LAYERS = ["lib", "client", "react", "server", "testing", "cli"] as const;

/** The rooms of a layer, the ground floor first. A room may import, as it runs, only from rooms that stand before it. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  lib: ["errors", "event", "graph", "class", "wire", "record", "view", "live", "channel", "mirror", "store", "predict"],
  server: ["task", "wire", "definition", "storage", "schedule", "durable", "host", "access", "stream", "call", "nodes", "http", "mcp"],
  cli: ["terminal", "deploy", "source", "app", "init", "doctor", "storage", "events", "commands"],
};

/** What each file imports when it runs: files of ours by their path, packages by their name. */
export type Imports = Readonly<Record<string, readonly { path: string; lazy: boolean }[]>>;

/** The source files of a folder, as paths from the root. */
export const sourcesOf = (folder: string): string[] =>
  readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((file) => /\.tsx?$/.test(file) && !/\.d\.ts$|\/(node_modules|\.next[^/]*)\//.test(file));

/** Reads the imports of these folders' files. Types are not among them: they are gone when a file runs. */
export const importsOf = (folders: readonly string[]): Promise<Imports> => importsFrom(folders.flatMap(sourcesOf));

/** Reads the imports of these files, and of all files of ours that they reach. */
export async function importsFrom(entryPoints: string[]): Promise<Imports> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: "never-written",
    bundle: true,
    write: false,
    metafile: true,
    packages: "external",
    format: "esm",
    platform: "node",
    logLevel: "silent",
    jsx: "automatic",
    loader: { ".css": "empty" },
  });
  return Object.fromEntries(
    Object.entries(metafile.inputs).map(([file, { imports }]) => [
      file,
      imports.filter(({ path }) => path !== "<runtime>").map(({ path, kind }) => ({ path, lazy: kind === "dynamic-import" })),
    ]),
  );
}

/** The room of a file: its layer and its folder, or its layer alone for what stands above all rooms. */
export function roomOf(file: string): { layer: string; room: string | undefined } {
  const [layer = "", room, ...rest] = file.split("/");
  return { layer, room: rest.length > 0 ? room : undefined };
}

/** Imports from a room into one that stands above it, or into no room at all. */
export function upwardImports(imports: Imports): string[] {
  const wrong: string[] = [];
  for (const [file, targets] of Object.entries(imports)) {
    const from = roomOf(file);
    const order = ROOMS[from.layer];
    if (!order || from.room === undefined) continue;
    for (const { path } of targets) {
      const to = roomOf(path);
      if (to.layer !== from.layer || !(path in imports)) continue;
      const up = to.room === undefined || order.indexOf(to.room) > order.indexOf(from.room);
      if (up) wrong.push(`${file} imports ${path}`);
    }
  }
  return wrong;
}

/** Groups of files that import each other as they run. An `import()` that runs later closes no circle. */
export function circles(imports: Imports): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) as number);
    stack.push(file);
    for (const { path, lazy } of imports[file] ?? []) {
      if (lazy || !(path in imports)) continue;
      if (path === file) found.push([file]);
      if (!index.has(path)) visit(path);
      if (stack.includes(path)) low.set(file, Math.min(low.get(file) as number, low.get(path) as number));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of Object.keys(imports)) if (!index.has(file)) visit(file);
  return found;
}
