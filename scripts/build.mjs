// Builds all that is published: `npm run build`. With --if-changed, only if the sources, or what was built, are not those of the last build.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const STEPS = ["tsup --silent", "tsc -p tsconfig.build.json", "node scripts/registry.mjs", "npm run build -w create"];
const SOURCES = [
  ...["lib", "client", "react", "server", "cli", "testing", "registry/registry.json", "registry/twin", "create/src"],
  ...["create/package.json", "create/tsup.config.ts", "tsup.config.ts", "tsconfig.json", "tsconfig.build.json"],
  ...["package.json", "package-lock.json", "scripts/build.mjs", "scripts/registry.mjs"],
];
const BUILT = ["dist", "registry/r", "create/dist"];
const STAMP = join(ROOT, "node_modules/.cache/twinstate-build");

/** All files of these, in a folder's order. */
function* filesOf(paths) {
  for (const path of paths) {
    if (statSync(path).isDirectory()) yield* filesOf(readdirSync(path).map((name) => join(path, name)));
    else yield path;
  }
}

/** What the build is made of, and when it was made. */
function state() {
  const hash = createHash("sha256").update(process.version);
  for (const file of filesOf(SOURCES.map((path) => join(ROOT, path)))) hash.update(`\n${file}\n`).update(readFileSync(file));
  const built = BUILT.map((path) => join(ROOT, path));
  if (!built.every(existsSync)) return undefined;
  hash.update([...filesOf(built)].map((file) => `${file} ${statSync(file).mtimeMs}`).join("\n"));
  return hash.digest("hex");
}

const isFresh = () => existsSync(STAMP) && readFileSync(STAMP, "utf8") === state();

if (!process.argv.includes("--if-changed") || !isFresh()) {
  rmSync(STAMP, { force: true });
  const env = { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
  for (const step of STEPS) {
    const { status } = spawnSync(step, { cwd: ROOT, env, stdio: "inherit", shell: true });
    if (status !== 0) process.exit(status ?? 1);
  }
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, state());
}
