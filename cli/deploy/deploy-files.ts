import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { badNodes, changedFiles, unknownProxy, unknownTarget } from "../../lib/errors/deploy-errors.js";
import { type App, readApp } from "./app.js";
import { compose, containersOf, type ProxyName } from "./compose.js";
import { customServer } from "./custom-server.js";
import { dockerfile, dockerignore } from "./dockerfile.js";
import { caddyfile, nginxConf, type ProxyOptions } from "./proxies.js";
import { systemdUnit } from "./systemd-unit.js";

export interface DeployOptions {
  /** What the files are for: containers, or services of a machine. */
  readonly target: "compose" | "systemd";
  readonly proxy: ProxyName;
  readonly nodes: number;
  /** A server of the app's own, for WebSockets. `undefined`: if the app has one. */
  readonly websocket: boolean | undefined;
}

/** The files of an app's deployment, and what the app still lacks. */
export interface DeployFiles {
  readonly files: ReadonlyMap<string, string>;
  readonly lacks: readonly string[];
}

/**
 * Reads what the command was given.
 * @throws StateError that names what is wrong
 */
export function deployOptions({
  target,
  proxy,
  nodes,
  websocket,
}: {
  target: string;
  proxy: string;
  nodes: string;
  websocket: boolean | undefined;
}): DeployOptions {
  if (target !== "compose" && target !== "systemd") throw unknownTarget(target);
  if (proxy !== "caddy" && proxy !== "nginx") throw unknownProxy(proxy);
  if (!/^([1-9]|1[0-6])$/.test(nodes)) throw badNodes(nodes);
  return { target, proxy, nodes: Number(nodes), websocket };
}

/**
 * The files that bring the app of a folder onto a machine.
 * @throws StateError if the folder is of no Next app
 */
export function deployFiles(folder: string, options: DeployOptions): DeployFiles {
  const app = readApp(folder);
  const { target, proxy, nodes, websocket = app.server !== undefined } = options;
  const server = websocket ? (app.server ?? "server.mjs") : undefined;
  const files = new Map<string, string>();
  if (websocket && app.server === undefined) files.set("server.mjs", customServer());
  const moving = target === "compose";
  const places = moving ? containersOf(nodes).map((name) => `${name}:3000`) : Array.from({ length: nodes }, (_, i) => `127.0.0.1:${3000 + i}`);
  if (moving) {
    files.set("Dockerfile", dockerfile(app, server));
    files.set(".dockerignore", dockerignore());
    files.set("compose.yaml", compose(app, { nodes, proxy }));
  } else files.set(`deploy/${app.name}@.service`, systemdUnit(app, server));
  const [name, text] = proxyFile(proxy, { nodes: places, route: app.route, moving });
  files.set(`deploy/${name}`, text);
  return { files, lacks: lacking(app, server, nodes) };
}

const proxyFile = (proxy: ProxyName, options: ProxyOptions): readonly [name: string, text: string] =>
  proxy === "caddy" ? ["Caddyfile", caddyfile(options)] : ["nginx.conf", nginxConf(options)];

/** What is left to do by hand. */
function lacking(app: App, server: string | undefined, nodes: number): string[] {
  const { config } = app;
  const told: string[] = [];
  if (server === undefined && !config?.standalone) told.push(`Set \`output: "standalone"\` in ${config?.file ?? "next.config.ts"}.`);
  if (server !== undefined && config?.standalone) told.push(`Remove \`output: "standalone"\` from ${config.file}: ${server} does not run from it.`);
  if (server !== undefined && !app.hasWs) told.push("Install the package `ws`, which WebSockets need.");
  if (app.assumedRoute) told.push(`No route with a twin's handlers was found: ${app.route} is assumed.`);
  told.push("Give `createTwin` the options `proxies: 1` and `build: process.env.GIT_SHA`.");
  told.push(
    nodes === 1
      ? 'Keep the state in the file that the environment names: `storage: sqlite(process.env.TWIN_FILE ?? "twin.db")`.'
      : "Several nodes need a storage that they share: `memory()` and `sqlite()` are of one process each. The nodes get the address of a Redis as `REDIS_URL`.",
  );
  return told;
}

/** What becomes of each file. */
export type FileChange = "new" | "same" | "changed";

export function changesOf(folder: string, files: ReadonlyMap<string, string>): ReadonlyMap<string, FileChange> {
  const changeOf = (path: string, text: string): FileChange => {
    const file = join(folder, path);
    if (!existsSync(file)) return "new";
    return readFileSync(file, "utf8") === text ? "same" : "changed";
  };
  return new Map([...files].map(([path, text]) => [path, changeOf(path, text)]));
}

/** @throws StateError if files have other text */
export function refuseChanged(changes: ReadonlyMap<string, FileChange>): void {
  const changed = [...changes].filter(([, change]) => change === "changed").map(([path]) => path);
  if (changed.length > 0) throw changedFiles(changed);
}
