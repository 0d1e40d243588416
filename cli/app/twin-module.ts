import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { noTwin, noTypescript } from "../../lib/errors/command-errors.js";
import type { TwinServer } from "../../server/twin.js";

/**
 * Loads the app's twin from the module that exports it.
 * @throws StateError if it exports none, or cannot be read
 */
export async function loadTwin(file: string): Promise<TwinServer<unknown>> {
  if (/\.[cm]?tsx?$/.test(file)) await withTypescript(file);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const twin = Object.values(module).find((value) => typeof (value as Partial<TwinServer<unknown>> | null)?.$migrate === "function");
  if (!twin) throw noTwin(file);
  return twin as TwinServer<unknown>;
}

/** Node alone does not understand decorators. */
async function withTypescript(file: string): Promise<void> {
  let path: string;
  try {
    path = createRequire(file).resolve("tsx/esm/api");
  } catch {
    throw noTypescript(file);
  }
  const { register } = (await import(pathToFileURL(path).href)) as { register(): unknown };
  register();
}
