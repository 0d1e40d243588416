import type { App } from "../../cli/deploy/app.js";
import { compose } from "../../cli/deploy/compose.js";
import { dockerfile, dockerignore } from "../../cli/deploy/dockerfile.js";
import { caddyfile } from "../../cli/deploy/proxies.js";
import { LOCKS, type Manager } from "./package-manager.js";

/** The files that bring a new app onto a machine: what `npx twinstate deploy-files` would write once it is installed. */
export function deploymentOf(name: string, manager: Manager): ReadonlyMap<string, string> {
  const app: App = {
    name: name.split("/").at(-1) as string,
    manager,
    manifests: ["package.json", LOCKS[manager]],
    hasPublic: false,
    route: "/api/twin",
    assumedRoute: false,
    config: { file: "next.config.ts", standalone: true },
    server: undefined,
    hasWs: false,
  };
  return new Map([
    ["Dockerfile", dockerfile(app, undefined)],
    [".dockerignore", dockerignore()],
    ["compose.yaml", compose(app, { nodes: 1, proxy: "caddy" })],
    ["deploy/Caddyfile", caddyfile({ nodes: ["app-1:3000"], route: app.route, moving: true })],
  ]);
}
