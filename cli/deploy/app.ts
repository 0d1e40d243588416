import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { badPackage, manyLockFiles, noLockFile, noNextApp } from "../../lib/errors/deploy-errors.js";
import { LOCKS, type Manager, managerNamed } from "./package-manager.js";

/** What a Next app has that the files of its deployment depend on. */
export interface App {
  /** The name of its image, services and units. */
  readonly name: string;
  readonly manager: Manager;
  /** The files that an installation reads. */
  readonly manifests: readonly string[];
  readonly hasPublic: boolean;
  /** The path of the twin's route, with the base path. */
  readonly route: string;
  /** The app has no such route yet: the usual one is assumed. */
  readonly assumedRoute: boolean;
  /** Next's own configuration: its file, and whether it makes the standalone output. */
  readonly config: { readonly file: string; readonly standalone: boolean } | undefined;
  /** The app's own server, which attaches the twin. */
  readonly server: string | undefined;
  readonly hasWs: boolean;
}

/** What package managers read besides. */
const SETTINGS = [".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"];
const CONFIGS = ["next.config.ts", "next.config.mts", "next.config.mjs", "next.config.js"];
const SERVERS = ["server.mjs", "server.js", "server.cjs"];

interface Manifest {
  readonly name?: unknown;
  readonly packageManager?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** @throws StateError if the folder is of no Next app, or not installed */
export function readApp(folder: string): App {
  const { name, packageManager, dependencies = {} } = manifestOf(folder);
  if (!("next" in dependencies)) throw noNextApp(folder);
  const [lock, manager] = lockOf(folder, packageManager);
  const config = CONFIGS.find((file) => existsSync(join(folder, file)));
  const settings = config === undefined ? "" : readFileSync(join(folder, config), "utf8");
  const route = routeIn(folder);
  return {
    name: nameOf(name),
    manager,
    manifests: ["package.json", lock, ...SETTINGS.filter((file) => existsSync(join(folder, file)))],
    hasPublic: existsSync(join(folder, "public")),
    route: (/\bbasePath:\s*["'](\/[^"']*)["']/.exec(settings)?.[1] ?? "") + (route ?? "/api/twin"),
    assumedRoute: route === undefined,
    config: config === undefined ? undefined : { file: config, standalone: /\boutput:[^,\n]*["']standalone["']/.test(settings) },
    server: SERVERS.find((file) => existsSync(join(folder, file)) && /\battach\(/.test(readFileSync(join(folder, file), "utf8"))),
    hasWs: "ws" in dependencies,
  };
}

function manifestOf(folder: string): Manifest {
  const file = join(folder, "package.json");
  if (!existsSync(file)) throw noNextApp(folder);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Manifest;
  } catch (error) {
    throw badPackage(file, (error as Error).message);
  }
}

/** The lock file, and whose it is. */
function lockOf(folder: string, packageManager: unknown): readonly [file: string, manager: Manager] {
  const found = LOCKS.filter(([file]) => existsSync(join(folder, file)));
  const named = managerNamed(packageManager);
  const wanted = named === undefined ? found : found.filter(([, manager]) => manager === named);
  const [first] = wanted;
  if (!first) throw noLockFile(folder);
  if (wanted.some(([, manager]) => manager !== first[1])) throw manyLockFiles(wanted.map(([file]) => file));
  return first;
}

/** A name that Docker and systemd take: of `@acme/web shop`, `web-shop`. */
function nameOf(name: unknown): string {
  const last = typeof name === "string" ? (name.split("/").at(-1) as string) : "";
  return (
    last
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "app"
  );
}

/** The path under which the app mounts a twin's handlers. */
function routeIn(folder: string): string | undefined {
  for (const root of ["app", "src/app"]) {
    if (!existsSync(join(folder, root))) continue;
    for (const file of readdirSync(join(folder, root), { recursive: true, encoding: "utf8" })) {
      const path = /^(.*)[\\/]\[\.\.\.\w+\][\\/]route\.[mc]?[tj]s$/.exec(file)?.[1];
      if (path === undefined || !/\.handlers\b/.test(readFileSync(join(folder, root, file), "utf8"))) continue;
      // Groups of routes, `(group)`, are no part of the address.
      return ["", ...path.split(/[\\/]/).filter((part) => !/^\(.*\)$/.test(part))].join("/");
    }
  }
  return undefined;
}
