import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type DeployOptions, deployFiles, deployOptions } from "../../cli/deploy/deploy-files.js";
import { HEARTBEAT } from "../../lib/wire/protocol.js";
import { twinstate } from "../kit/command.js";
import { temporaryFolder } from "../kit/files.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = JSON.stringify({ name: "@acme/Web Shop", dependencies: { next: "16.4.5" } });
const ROUTE = 'import { twin } from "../../../../state/server";\nexport const { GET, POST } = twin.handlers;\n';

/** An app of npm's, with these files too; `undefined` leaves one out. */
function appOf(files: Readonly<Record<string, string | undefined>> = {}): string {
  const folder = temporaryFolder();
  const all = { "package.json": MANIFEST, "package-lock.json": "{}", "app/api/twin/[...path]/route.ts": ROUTE, ...files };
  for (const [path, text] of Object.entries(all)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const written = (folder: string, options: Partial<DeployOptions> = {}) =>
  deployFiles(folder, { target: "compose", proxy: "caddy", nodes: 1, websocket: undefined, ...options });
const textOf = (folder: string, file: string, options?: Partial<DeployOptions>) => written(folder, options).files.get(file) as string;

const run = (folder: string, ...args: readonly string[]) => twinstate(folder, ["deploy-files", ...args]);

test("`--yes` asks nothing, shows what is written, and says what is left to do", () => {
  const folder = appOf({ "next.config.ts": "export default {};" });
  const { status, stdout } = run(folder, "--yes");
  expect([status, stdout]).toEqual([
    0,
    `+ Dockerfile
+ .dockerignore
+ compose.yaml
+ deploy/Caddyfile

Still to do:
- Set \`output: "standalone"\` in next.config.ts.
- Give \`createTwin\` the options \`proxies: 1\` and \`build: process.env.GIT_SHA\`.
- Keep the state in the file that the environment names: \`storage: sqlite(process.env.TWIN_FILE ?? "twin.db")\`.
`,
  ]);
  expect(readFileSync(join(folder, "Dockerfile"), "utf8")).toBe(textOf(folder, "Dockerfile"));
  expect(run(folder, "--yes").stdout).toContain("= Dockerfile (as it is)\n");
});

test("files with other text are left alone, all of them, unless `--force` is given", () => {
  const folder = appOf({ Dockerfile: "FROM mine\n" });
  expect(run(folder, "--yes")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("Nothing was written: `Dockerfile` has other text than would be written."),
  });
  expect(existsSync(join(folder, "compose.yaml"))).toBe(false);
  expect(run(folder, "--yes", "--force").stdout).toContain("! Dockerfile\n");
  expect(readFileSync(join(folder, "Dockerfile"), "utf8")).toContain('CMD ["node", "server.js"]');
});

test("without `--yes`, and with nobody to ask, nothing is written", () => {
  const folder = appOf();
  expect(run(folder)).toMatchObject({ status: 1, stderr: 'Nobody can be asked here: "Write these files?" With `--yes` the answer is yes.' });
  expect(existsSync(join(folder, "Dockerfile"))).toBe(false);
});

test.each<[string, Record<string, string | undefined>, string]>([
  ["a folder without a package", { "package.json": undefined }, "has no `package.json` with `next`. Run `twinstate deploy-files` in the folder of the app."],
  ["a package without Next", { "package.json": "{}" }, "has no `package.json` with `next`"],
  ["a package that is no JSON", { "package.json": "{" }, "package.json cannot be read: "],
  ["no lock file", { "package-lock.json": undefined }, "has no lock file, by which an image installs what you have: run `npm install`"],
  ["two lock files", { "yarn.lock": "" }, "`package-lock.json` and `yarn.lock` are of different package managers"],
])("%s is refused, with the way out", (_, files, message) => {
  expect(() => written(appOf(files))).toThrow(message);
});

test("options that cannot be are refused", () => {
  const options = { target: "compose", proxy: "caddy", nodes: "1", websocket: undefined };
  expect(() => deployOptions({ ...options, target: "heroku" })).toThrow("`heroku` is no place that files are written for: say `compose` or `systemd`.");
  expect(() => deployOptions({ ...options, proxy: "apache" })).toThrow("`--proxy apache` is not known: say `caddy` or `nginx`.");
  for (const nodes of ["0", "1.5", "many", "17"]) expect(() => deployOptions({ ...options, nodes })).toThrow(`\`--nodes ${nodes}\` is no number from 1 to 16.`);
  expect(run(appOf(), "--yes", "--colour")).toMatchObject({ status: 2, stderr: expect.stringContaining("--colour") });
});

test.each<[string, Record<string, string>, string, string]>([
  ["npm", { "package-lock.json": "{}" }, "COPY package.json package-lock.json ./", "RUN npm ci\n"],
  ["pnpm", { "pnpm-lock.yaml": "", ".npmrc": "" }, "COPY package.json pnpm-lock.yaml .npmrc ./", "RUN pnpm install --frozen-lockfile\n"],
  ["yarn", { "yarn.lock": "" }, "COPY package.json yarn.lock ./", "RUN yarn install --frozen-lockfile && "],
  ["a newer yarn", { "yarn.lock": "", ".yarnrc.yml": "" }, "COPY package.json yarn.lock .yarnrc.yml ./", "RUN yarn install --immutable && "],
  ["bun", { "bun.lock": "" }, "COPY package.json bun.lock ./", "RUN bun install --frozen-lockfile\n"],
])("an image installs by %s where its lock file says so", (_, files, copied, installed) => {
  const text = textOf(appOf({ "package-lock.json": undefined, ...files }), "Dockerfile");
  expect(text).toContain(copied);
  expect(text).toContain(installed);
});

test("`packageManager` decides between lock files", () => {
  const folder = appOf({ "package.json": JSON.stringify({ dependencies: { next: "16" }, packageManager: "pnpm@10.1.0" }), "pnpm-lock.yaml": "" });
  expect(textOf(folder, "Dockerfile")).toContain("pnpm install");
});

test("the twin's route is found below `src`, past groups, under a base path, and asked for its health", () => {
  const files = { "app/api/twin/[...path]/route.ts": undefined, "src/app/(site)/live/state/[...rest]/route.ts": ROUTE };
  const folder = appOf({ ...files, "next.config.mjs": 'export default { basePath: "/shop", output: "standalone" };' });
  expect(textOf(folder, "Dockerfile")).toContain("fetch('http://127.0.0.1:3000/shop/live/state/health')");
  expect(textOf(folder, "deploy/nginx.conf", { proxy: "nginx" })).toContain("location /shop/live/state/ {");
  expect(textOf(folder, "deploy/Caddyfile")).toContain("health_uri /shop/live/state/ready");
  expect(written(folder).lacks.join()).not.toMatch(/output|No route/);
  expect(written(appOf({ "app/api/twin/[...path]/route.ts": undefined })).lacks).toContain("No route with a twin's handlers was found: /api/twin is assumed.");
});

test("an app with a server of its own that attaches the twin gets the image for WebSockets, and any other one by `--websocket`", () => {
  const own = appOf({
    "server.js": 'const { attach } = require("twinstate/server");\nattach(server);',
    "next.config.ts": 'export default { output: "standalone" };',
  });
  expect(written(own).files.has("server.mjs")).toBe(false);
  expect(textOf(own, "Dockerfile")).toContain('CMD ["node", "server.js"]');
  expect(textOf(own, "Dockerfile")).toContain("RUN npm ci --omit=dev\n");
  expect(written(own).lacks).toEqual(expect.arrayContaining(['Remove `output: "standalone"` from next.config.ts: server.js does not run from it.']));
  expect(textOf(own, "Dockerfile", { websocket: false })).toContain("/app/.next/standalone");
  const other = appOf({ "public/icon.svg": "<svg/>" });
  expect(textOf(other, "server.mjs", { websocket: true })).toContain("await attach(server);");
  expect(textOf(other, "Dockerfile", { websocket: true })).toContain("COPY --from=build --chown=node:node /app/public ./public\n");
  expect(written(other, { websocket: true }).lacks).toEqual(expect.arrayContaining(["Install the package `ws`, which WebSockets need."]));
});

interface Compose {
  readonly services: Record<
    string,
    { readonly environment?: Record<string, string>; readonly volumes?: readonly string[]; readonly ports?: readonly string[] }
  >;
  readonly volumes: Record<string, null>;
}

test.each(["caddy", "nginx"] as const)("containers: one node with its file, or several with a Redis, behind %s", (proxy) => {
  const one = parse(textOf(appOf(), "compose.yaml", { proxy }), { merge: true }) as Compose;
  expect(Object.keys(one.services)).toEqual(["app-1", "proxy"]);
  expect(one.services["app-1"]).toMatchObject({ environment: { TWIN_FILE: "/data/twin.db" }, volumes: ["data:/data"], stop_grace_period: "20s" });
  const three = parse(textOf(appOf(), "compose.yaml", { proxy, nodes: 3 })) as Compose;
  expect(Object.keys(three.services)).toEqual(["app-1", "app-2", "app-3", "proxy", "redis"]);
  expect(three.services["app-3"]?.environment).toMatchObject({ REDIS_URL: "redis://redis:6379" });
  for (const { services, volumes } of [one, three]) {
    const named = Object.values(services)
      .flatMap((service) => service.volumes ?? [])
      .map((volume) => volume.split(":")[0] as string);
    expect(Object.keys(volumes).sort()).toEqual([...new Set(named.filter((name) => !name.startsWith(".")))].sort());
    // Only the proxy can be reached from outside.
    expect(Object.keys(services).filter((name) => services[name]?.ports)).toEqual(["proxy"]);
  }
  const file = textOf(appOf(), proxy === "caddy" ? "deploy/Caddyfile" : "deploy/nginx.conf", { proxy, nodes: 2 });
  for (const node of ["app-1:3000", "app-2:3000"]) expect(file).toContain(node);
});

test("services of a machine: a unit for each port, and a proxy to these", () => {
  const { files } = written(appOf(), { target: "systemd", proxy: "nginx", nodes: 2 });
  expect([...files.keys()]).toEqual(["deploy/web-shop@.service", "deploy/nginx.conf"]);
  for (const node of ["127.0.0.1:3000", "127.0.0.1:3001"]) expect(files.get("deploy/nginx.conf")).toContain(`server ${node} max_fails=0;`);
});

test("proxies wait longer for a stream than it is silent", () => {
  const wait = /proxy_read_timeout (\d+)s/.exec(textOf(appOf(), "deploy/nginx.conf", { proxy: "nginx" }))?.[1];
  expect(Number(wait)).toBeGreaterThanOrEqual(3 * HEARTBEAT);
});

test("the commands of docs/DEPLOY.md can be read by a shell, and name options that there are", () => {
  const page = readFileSync(join(ROOT, "docs/DEPLOY.md"), "utf8");
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text as string);
  expect(blocks.length).toBeGreaterThan(3);
  for (const text of blocks) expect(spawnSync("bash", ["-n"], { input: text, encoding: "utf8" }).stderr).toBe("");
  const usage = run(appOf(), "--help").stdout;
  for (const [, option] of page.matchAll(/`(--(?:proxy|websocket|nodes|yes|force))\b/g)) expect(usage).toContain(option);
});

/** Where a program is, if it is on this machine. */
const programs = (process.env.PATH ?? "").split(delimiter);
const has = (name: string) => programs.some((folder) => existsSync(join(folder, name)));

describe("what is written passes linters", () => {
  test.skipIf(!has("hadolint"))("Dockerfiles: hadolint", () => {
    const folder = temporaryFolder();
    const texts = new Map([["mistakes", "FROM node\nRUN cd /app\n"]]);
    for (const lock of ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"]) {
      const app = appOf({ "package-lock.json": undefined, [lock]: "", "public/icon.svg": "<svg/>" });
      for (const websocket of [false, true]) texts.set(`${lock}-${websocket}`, textOf(app, "Dockerfile", { websocket }));
    }
    for (const [name, text] of texts) writeFileSync(join(folder, name), text);
    const found = spawnSync("hadolint", ["--no-color", ...texts.keys()], { cwd: folder, encoding: "utf8" })
      .stdout.trim()
      .split("\n");
    expect(found.some((line) => line.startsWith("mistakes:1 DL3006"))).toBe(true);
    expect(found.filter((line) => !line.startsWith("mistakes:"))).toEqual([]);
  });

  test.skipIf(!has("systemd-analyze"))("units: systemd-analyze", () => {
    const folder = temporaryFolder();
    const lint = (text: string) => {
      writeFileSync(join(folder, "web-shop@3000.service"), text);
      return spawnSync("systemd-analyze", ["verify", join(folder, "web-shop@3000.service")], { encoding: "utf8" }).stderr;
    };
    const unit = textOf(appOf(), "deploy/web-shop@.service", { target: "systemd" });
    expect(lint(unit.replace("Restart=always", "Restart=sometimes")), "mistakes are found").toContain("sometimes");
    expect(lint(unit)).not.toContain("web-shop@3000.service");
  });
});
