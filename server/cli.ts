#!/usr/bin/env node
// The command `twinstate`.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { noTwin, noTypescript } from "../lib/errors/errors.js";
import type { TwinServer } from "./twin.js";

const USAGE = `twinstate migrate [--dry-run] <module>

Brings all that is kept to the versions of the stores' classes. <module> exports the app's twin: state/server.ts.
With --dry-run it only looks whether that can be done. The server must not be running: try it on a copy of the file.`;

/** Runs the command, and gives the exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { "dry-run": { type: "boolean", default: false } } });
  const [command, file] = positionals;
  if (command !== "migrate" || file === undefined) {
    console.error(USAGE);
    return 2;
  }
  const twin = await load(resolve(file));
  const dryRun = values["dry-run"];
  const { records, migrated, failed } = await twin.$migrate({ dryRun });
  await twin.close();
  for (const { id, store, error } of failed)
    console.error(`${id}${store === undefined ? "" : ` ${store}`}: ${error instanceof Error ? error.message : String(error)}`);
  console.log(`${records} records, ${migrated} ${dryRun ? "to migrate" : "migrated"}, ${failed.length} that cannot be migrated`);
  return failed.length > 0 ? 1 : 0;
}

async function load(file: string): Promise<TwinServer<unknown>> {
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

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
