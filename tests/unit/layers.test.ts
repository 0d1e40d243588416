import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What each folder may import as it runs; types may cross any border. */
const LAYERS: Record<string, readonly (string | RegExp)[]> = {
  lib: ["lib", "mobx"],
  client: ["client", "lib", "@trpc/client"],
  react: ["react", "client", "lib", /^react(\/jsx-runtime|-dom\/client)?$/],
  server: ["server", "lib", "mobx", "reflect-metadata", /^node:/, /^@trpc\/server(\/|$)/, /^next\//],
  testing: ["testing", "server", "client", "react", "lib", "mobx", "reflect-metadata", "react", /^node:/, /^@trpc\//, /^next\//, "vitest"],
};

/** The files of our own that a page loads must not reach these. */
const SERVER_ONLY = [/^server\//, /^node:/, "reflect-metadata", /^@trpc\/server/, /^next\//];

const matches = (rules: readonly (string | RegExp)[], what: string) => rules.some((rule) => (typeof rule === "string" ? what === rule : rule.test(what)));
const sources = (folder: string) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .map((file) => `${folder}/${file}`);

/** For each file, what it imports when it runs: a file of ours, or the name of a package. */
async function imports(folders: readonly string[]): Promise<Record<string, string[]>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: folders.flatMap(sources),
    outdir: "never-written",
    bundle: true,
    write: false,
    metafile: true,
    packages: "external",
    format: "esm",
    platform: "node",
    logLevel: "silent",
    jsx: "automatic",
  });
  return Object.fromEntries(
    Object.entries(metafile.inputs).map(([file, { imports }]) => [file, imports.map(({ path }) => path).filter((path) => path !== "<runtime>")]),
  );
}

test("each folder imports only what stands before it", async () => {
  const folders = Object.keys(LAYERS).filter((folder) => readdirSync(root).includes(folder));
  const found = await imports(folders);
  expect(Object.keys(found).length).toBeGreaterThan(50);
  const wrong: string[] = [];
  for (const [file, targets] of Object.entries(found)) {
    const layer = file.split("/")[0] as string;
    for (const target of targets) {
      const what = target in found ? (target.split("/")[0] as string) : target;
      if (!matches(LAYERS[layer] ?? [], what)) wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("nothing that a browser loads reaches the server's code", async () => {
  const found = await imports(["lib", "client", "react"]);
  const reached = [...new Set(Object.values(found).flat())];
  expect(reached).toContain("mobx");
  expect(reached.filter((target) => matches(SERVER_ONLY, target))).toEqual([]);
});

test("a page of views loads neither MobX nor what it reacts to, before it asks for a live twin", async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["react/index.ts"],
    outdir: "never-written",
    bundle: true,
    write: false,
    metafile: true,
    packages: "external",
    format: "esm",
    logLevel: "silent",
    jsx: "automatic",
  });
  const loaded = new Set(["react/index.ts"]);
  for (const file of loaded) for (const { path, kind } of metafile.inputs[file]?.imports ?? []) if (kind !== "dynamic-import") loaded.add(path);
  expect(loaded).toContain("lib/mirror/mirror.ts");
  expect([...loaded].filter((file) => /^mobx$|face|source|channel/.test(file))).toEqual(["react/faces.ts"]);
});
