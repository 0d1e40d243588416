import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./files.js";

const CREATE = createRequire(import.meta.url).resolve("create-next-app/dist/index.js");

/** The flags of `create-next-app`, where a test names no others. */
const FLAGS = ["--yes", "--ts", "--app", "--no-linter", "--no-tailwind", "--no-src-dir", "--no-react-compiler", "--use-npm", "--skip-install", "--disable-git"];

export type Files = Readonly<Record<string, string>>;

/** The files that it writes, by its flags. */
const made = new Map<string, ReadonlyMap<string, Buffer>>();

/** An app as `create-next-app` writes it, not installed, with these files too. It is gone when the test ends. */
export function nextApp(files: Files = {}, flags: readonly string[] = []): string {
  const folder = join(temporaryFolder(), "app");
  const key = flags.join(" ");
  if (!made.has(key)) made.set(key, create(flags));
  for (const [path, bytes] of made.get(key) ?? []) write(folder, path, bytes);
  writeFiles(folder, files);
  return folder;
}

function create(flags: readonly string[]): Map<string, Buffer> {
  const folder = join(temporaryFolder(), "app");
  const replaced = new Set(flags.flatMap((flag) => [flag.replace(/^--/, "--no-"), flag.replace(/^--no-/, "--")]));
  execFileSync(process.execPath, [CREATE, folder, ...FLAGS.filter((flag) => !replaced.has(flag)), ...flags], { stdio: "ignore" });
  return new Map(pathsIn(folder).map((path) => [path, readFileSync(join(folder, path))]));
}

function write(folder: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
}

const pathsIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );

/** All files of a folder with their bytes. */
export const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(pathsIn(folder).map((path) => [path, readFileSync(join(folder, path), "latin1")]));
