import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { noModule, noTwin, noTwinModule, noTypescript, notLoaded } from "../../lib/errors/command-errors.js";
import type { TwinServer } from "../../server/twin.js";
import { NextApp } from "./next-app.js";
import { withNextCompiler } from "./next-compiler.js";
import { twinFiles } from "./twin-files.js";

/**
 * The module of an app that exports its twin: the named one, or the one that calls `createTwin`.
 * @throws StateError if there is none
 */
export function twinModule(folder: string, named: string | undefined): string {
  if (named !== undefined) {
    if (!existsSync(named)) throw noModule(resolve(named));
    return resolve(named);
  }
  const found = twinFiles(new NextApp(folder)).server;
  if (found === undefined) throw noTwinModule(folder);
  return join(folder, found);
}

/**
 * Loads the app's twin from the module that exports it. Its stores run nothing, and its storage is not opened.
 * @throws StateError if it exports none, or cannot be read
 */
export async function loadTwin(file: string): Promise<TwinServer<unknown>> {
  if (/\.[cm]?tsx?$/.test(file)) await withTypescript(file);
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw error instanceof Error && error.name === "StateError" ? error : notLoaded(file, error);
  }
  const twin = Object.values(module).find((value) => typeof (value as Partial<TwinServer<unknown>> | null)?.$migrate === "function");
  if (!twin) throw noTwin(file);
  return twin as TwinServer<unknown>;
}

/** Node alone does not understand decorators: Next's own compiler does, or else that of `tsx`. */
async function withTypescript(file: string): Promise<void> {
  const folder = appFolder(file);
  if (folder !== undefined && (await withNextCompiler(folder))) return;
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
