#!/usr/bin/env node
// The command `twinstate`.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { nobodyToAsk } from "../lib/errors/deploy-errors.js";
import { noTwin, noTypescript } from "../lib/errors/errors.js";
import { changesOf, type DeployOptions, deployFiles, deployOptions, refuseChanged, writeFiles } from "./deploy/deploy-files.js";
import type { TwinServer } from "./twin.js";

const USAGE = `twinstate migrate [--dry-run] <module>

Brings all that is kept to the versions of the stores' classes. <module> exports the app's twin: state/server.ts.
With --dry-run it only looks whether that can be done. The server must not be running: try it on a copy of the file.

twinstate deploy-files [compose | systemd] [--websocket | --no-websocket] [--proxy caddy | nginx] [--nodes <n>] [--yes] [--force]

Writes the files that bring the app of this folder onto a machine: containers (compose, the default) or services, and the proxy in front of them.
With --websocket the app runs by a server of its own, so that streams can be WebSockets; by default it does if it has such a server.
It shows what it is about to write, and asks; --yes answers. Files that have other text are left alone, unless --force is given.`;

/** Runs the command, and gives the exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      "dry-run": { type: "boolean", default: false },
      websocket: { type: "boolean" },
      proxy: { type: "string", default: "caddy" },
      nodes: { type: "string", default: "1" },
      yes: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
    },
  });
  const [command, argument, ...others] = positionals;
  if (command === "migrate" && argument !== undefined) return migrate(argument, values["dry-run"]);
  if (command === "deploy-files" && others.length === 0) {
    const { websocket, proxy, nodes, yes, force } = values;
    return deploy(deployOptions({ target: argument ?? "compose", proxy, nodes, websocket }), yes, force);
  }
  console.error(USAGE);
  return 2;
}

/** Writes the files of a deployment into the folder in which the command runs. */
async function deploy(options: DeployOptions, yes: boolean, force: boolean): Promise<number> {
  const folder = process.cwd();
  const { files, lacks } = deployFiles(folder, options);
  const changes = changesOf(folder, files);
  for (const [path, change] of changes) console.log(`${MARKS[change]} ${path}${change === "same" ? " (as it is)" : ""}`);
  if (!force) refuseChanged(changes);
  if ([...changes.values()].some((change) => change !== "same")) {
    if (!yes && !(await agreed())) return 1;
    writeFiles(folder, files);
  }
  console.log(["", "Still to do:", ...lacks.map((line) => `- ${line}`)].join("\n"));
  return 0;
}

const MARKS = { new: "+", same: "=", changed: "!" } as const;

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw nobodyToAsk();
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Write these files? [y/N] ");
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function migrate(file: string, dryRun: boolean): Promise<number> {
  const twin = await load(resolve(file));
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
