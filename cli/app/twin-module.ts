import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { manyTwinModules, manyTwins, noModule, noSource, noTwin, noTwinModule, noTypescript, notLoaded } from "../../lib/errors/command-errors.js";
import type { TwinServer } from "../../server/twin.js";
import { NextApp } from "./next-app.js";
import { withNextCompiler } from "./next-compiler.js";
import { callers } from "./twin-files.js";

/**
 * The module of an app that exports its twin: the named one, or the one that calls `createTwin`.
 * @throws StateError if there is none, or which one is meant cannot be known
 */
export function twinModule(folder: string, named: string | undefined): string {
  if (named !== undefined) {
    const file = resolve(named);
    if (!existsSync(file)) throw noModule(file);
    if (!SOURCE.test(file)) throw noSource(file);
    return file;
  }
  const [found, other] = callers(new NextApp(folder), "createTwin", "twinstate/server");
  if (found === undefined) throw noTwinModule(folder);
  if (other !== undefined) throw manyTwinModules(found, other);
  return join(folder, found);
}

const SOURCE = /\.[cm]?[jt]sx?$/;

/**
 * Loads the app's twin from the module that exports it. Its stores run nothing, and its storage is not opened.
 * @throws StateError if it exports none, or several, or cannot be read
 */
export async function loadTwin(file: string): Promise<TwinServer<unknown>> {
  await withCompiler(file);
  const module = await loaded(file);
  const values = [...Object.values(module), ...Object.values(Object(module.default) as object)];
  const twins = new Set(values.filter((value) => typeof (value as Partial<TwinServer<unknown>> | null)?.$migrate === "function"));
  const [twin, other] = twins as Set<TwinServer<unknown>>;
  if (!twin) throw noTwin(file);
  if (other) throw manyTwins(file);
  return twin;
}

/** Loads a module. What it prints goes to the other output: the command's is for programs. */
async function loaded(file: string): Promise<Record<string, unknown>> {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw error instanceof Error && error.name === "StateError" ? error : notLoaded(file, error);
  } finally {
    process.stdout.write = write;
  }
}

/** Node alone does not understand decorators: Next's own compiler does, or else, for TypeScript, that of `tsx`. */
async function withCompiler(file: string): Promise<void> {
  const folder = appFolder(file);
  if (folder !== undefined && (await withNextCompiler(folder))) return;
  if (!/\.[cm]?tsx?$/.test(file)) return;
  let path: string;
  try {
    path = createRequire(file).resolve("tsx/esm/api");
  } catch {
    throw noTypescript(file);
  }
  const { register } = (await import(pathToFileURL(path).href)) as { register(): unknown };
  register();
}

/** The nearest folder above a file that has a `package.json`. */
function appFolder(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
