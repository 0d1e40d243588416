import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { examine } from "../../cli/doctor/examination.js";
import { planInit } from "../../cli/init/init.js";
import { twinstate } from "../kit/command.js";
import { temporaryFolder } from "../kit/files.js";
import { type Files, filesOf, nextApp, writeFiles } from "../kit/next-app.js";
import { ROOT } from "../kit/rooms.js";

type Plant = (folder: string) => void;

const healthy = new Map<string, Files>();

/** An app of create-next-app after `init`. */
function healthyApp(flags: readonly string[] = []): string {
  const key = flags.join(" ");
  const known = healthy.get(key);
  const folder = known ? temporaryFolder() : nextApp({}, flags);
  if (known) writeFiles(folder, known);
  else {
    planInit(folder).apply();
    healthy.set(key, Object.fromEntries(Object.entries(filesOf(folder)).filter(([path]) => /\.([jt]sx?|json)$|^\.git/.test(path))));
  }
  return folder;
}

const git: Plant = (folder) => void spawnSync("git", ["init", "-q"], { cwd: folder });

/** Takes the place of a text in a file, which must be there. */
function replace(folder: string, path: string, from: string, to: string): void {
  const text = readFileSync(join(folder, path), "utf8");
  expect(text).toContain(from);
  writeFiles(folder, { [path]: text.replace(from, () => to) });
}

const edit =
  (path: string, from: string, to: string): Plant =>
  (folder) =>
    replace(folder, path, from, to);
const add =
  (files: Files): Plant =>
  (folder) =>
    writeFiles(folder, files);
const remove =
  (path: string): Plant =>
  (folder) =>
    rmSync(join(folder, path), { recursive: true });
const all =
  (...plants: readonly Plant[]): Plant =>
  (folder) => {
    for (const plant of plants) plant(folder);
  };
const module = (name: string, version: string): Files => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name: name.split("/node_modules/").at(-1), version }),
});
const createTwin = (option: string) => edit("state/server.ts", "createTwin({", `createTwin({\n  ${option},`);
const storage = (text: string) => edit("state/server.ts", 'sqlite(process.env.TWIN_FILE ?? "twin.db")', text);
const config = (option: string) => edit("next.config.ts", "= {", `= {\n  ${option},`);
const DOCKER = { Dockerfile: "FROM node:24-alpine\n" };
const COMPOSE = `x-app: &app\n  build: .\n  environment:\n    TWINSTATE_SECRET: x\nservices:\n  app-1: *app\n  app-2: *app\n`;

describe("each planted fault is found, at its place, with its fix", () => {
  test.each<[fault: string, plant: Plant, check: string, where: string, what: string]>([
    [
      "no legacy decorators",
      edit("tsconfig.json", '"experimentalDecorators": true', '"experimentalDecorators": false'),
      "decorators",
      "tsconfig.json:3",
      "`experimentalDecorators` is not on",
    ],
    ["no metadata", edit("tsconfig.json", '    "emitDecoratorMetadata": true,\n', ""), "metadata", "tsconfig.json", "`emitDecoratorMetadata` is not on"],
    ["a target without classes", edit("tsconfig.json", '"ES2017"', '"ES5"'), "target", "tsconfig.json:5", "The target `ES5` has no classes"],
    ["mobx 6", add(module("mobx", "6.13.7")), "peers", "package.json:13", "`mobx` 6.13.7 does not fit: twinstate needs ^7.1.0."],
    ["tRPC 10", add(module("@trpc/server", "10.45.2")), "peers", "package.json:12", "`@trpc/server` 10"],
    ["a package that is missing", edit("package.json", '    "mobx": "^7.1.0",\n', ""), "peers", "package.json", "`mobx` is not among the dependencies."],
    [
      "two copies of mobx",
      add({ ...module("mobx", "7.1.3"), ...module("mobx-react-lite/node_modules/mobx", "7.1.0") }),
      "copies",
      "node_modules/mobx-react-lite/node_modules/mobx (7.1.0)",
      "There are 2 copies of `mobx`",
    ],
    [
      "two copies of twinstate",
      add({ ...module("twinstate", "0.1.0"), ...module("@acme/ui/node_modules/twinstate", "0.0.9") }),
      "copies",
      "node_modules/@acme/ui/node_modules/twinstate (0.0.9)",
      "There are 2 copies of `twinstate`",
    ],
    ["an old Node", add({ ".nvmrc": "v20.11.0\n" }), "node", ".nvmrc:1", "Node 20 runs the app"],
    ["an old Node in the image", add({ Dockerfile: "# app\nFROM node:20-alpine\nENV TWINSTATE_SECRET=$X\n" }), "node", "Dockerfile:2", "Node 20 runs the app"],
    [
      "no provider",
      edit("app/layout.tsx", "<TwinProvider>{children}</TwinProvider>", "{children}"),
      "provider",
      "app/layout.tsx",
      "`<TwinProvider>` stands nowhere",
    ],
    ["no proxy", remove("proxy.ts"), "proxy", "proxy.ts", "There is no proxy"],
    ["a proxy without sessions", add({ "proxy.ts": "export function proxy() {}\n" }), "proxy", "proxy.ts", "The proxy starts no sessions"],
    [
      "a proxy that reaches the cache of pages alone",
      add({ "proxy.ts": 'import "./lib/pages";\nexport function proxy() {}\n', "lib/pages.ts": 'export { revalidate } from "twinstate/next";\n' }),
      "proxy",
      "proxy.ts",
      "The proxy starts no sessions",
    ],
    [
      "a proxy at the wrong place",
      all(remove("proxy.ts"), add({ "src/proxy.ts": 'export { proxy } from "twinstate/next";\n' })),
      "proxy",
      "src/proxy.ts",
      "Next does not look for a proxy here.",
    ],
    [
      "a middleware",
      all(remove("proxy.ts"), add({ "middleware.ts": 'export { proxy as middleware } from "twinstate/next";\n' })),
      "proxy",
      "middleware.ts",
      "`middleware.ts` runs on the edge",
    ],
    ["a proxy that matches the route", edit("proxy.ts", '"/((?!api|', '"/((?!'), "proxy", "proxy.ts:4", "The proxy matches the twin's route `/api/twin`"],
    [
      "a proxy that matches everything",
      add({ "proxy.ts": 'export { proxy } from "twinstate/next";\n' }),
      "proxy",
      "proxy.ts",
      "The proxy matches the twin's route `/api/twin`",
    ],
    [
      "a proxy with another secret",
      createTwin("session: { secret: process.env.AUTH_SECRET }"),
      "proxy",
      "proxy.ts:1",
      "`createTwin` has a secret of its own (state/server.ts:6), and the proxy has none",
    ],
    ["no route", remove("app/api"), "route", "app", "No route has the twin's handlers"],
    [
      "a route on the edge",
      edit("app/api/twin/[...path]/route.ts", "export", 'export const runtime = "edge";\nexport'),
      "route",
      "app/api/twin/[...path]/route.ts:3",
      "The route runs on the edge",
    ],
    ["a route without POST", edit("app/api/twin/[...path]/route.ts", "GET, POST", "GET"), "route", "app/api/twin/[...path]/route.ts", "does not export `POST`"],
    [
      "a route where pages do not look",
      all(
        remove("app/api"),
        edit("proxy.ts", "?!api|", "?!api|live|"),
        add({ "app/live/[...path]/route.ts": 'import { twin } from "@/state/server";\nexport const { GET, POST } = twin.handlers;\n' }),
      ),
      "route",
      "app/live/[...path]/route.ts",
      "The route is at `/live`, and pages look for it at `/api/twin`.",
    ],
    ["a base path that pages do not know", config('basePath: "/shop"'), "route", "app/api/twin/[...path]/route.ts", "The route is at `/shop/api/twin`"],
    ["no twin", all(remove("state"), remove("app/api")), "twin", "package.json", "No module of the app calls `createTwin`."],
    [
      "server code in the browser",
      edit("state/client.ts", "import type { Twin }", "import { twin, type Twin }"),
      "bundles",
      "state/client.ts:3",
      "Server code comes into the browser's bundle: state/client.ts → state/server.ts → twinstate/server.",
    ],
    [
      "server code in the browser, by another module",
      add({
        "app/form.tsx": '"use client";\n\nimport { limits } from "@/lib/limits";\nexport const Form = () => limits;\n',
        "lib/limits.ts": 'export { twin as limits } from "../state/server";\n',
      }),
      "bundles",
      "app/form.tsx:3",
      "app/form.tsx → lib/limits.ts → state/server.ts → twinstate/server.",
    ],
    ["a cookie over HTTP", createTwin("session: { secure: false }"), "cookie", "state/server.ts:6", "`secure: false` sends the session's cookie over HTTP"],
    ["an origin without TLS", createTwin('origins: ["http://shop.example"]'), "cookie", "state/server.ts:6", "The origin `http://shop.example` is without TLS"],
    [
      "a secret in the source",
      all(
        createTwin('session: { secret: "swordfish-and-more" }'),
        edit(
          "proxy.ts",
          'export { proxy } from "twinstate/next";',
          'import { createProxy } from "twinstate/next";\nexport const proxy = createProxy({ secret: "swordfish-and-more" });',
        ),
      ),
      "secret",
      "state/server.ts:6",
      "The secret that signs sessions stands in the source",
    ],
    ["no secret in production", add(DOCKER), "secret", "Dockerfile", "`TWINSTATE_SECRET` is set nowhere"],
    [
      "several nodes on one file",
      add({ "compose.yaml": COMPOSE }),
      "storage",
      "state/server.ts:7",
      "compose.yaml runs 2 processes, and `sqlite()` is of one process alone.",
    ],
    [
      "state in memory, in production",
      all(add({ ...DOCKER, ".env": "TWINSTATE_SECRET=x\n" }), storage("memory()")),
      "storage",
      "state/server.ts:7",
      "keeps its state in memory",
    ],
    ["a database that git knows", all(git, edit(".gitignore", "twin.db*\n", "")), "ignored", "state/server.ts:7", "git does not ignore `twin.db`"],
    [
      "an exit at SIGTERM",
      add({ "instrumentation.ts": 'process.on("SIGTERM", () => {\n  process.exit(0);\n});\n' }),
      "signals",
      "instrumentation.ts:1",
      "It ends the process at SIGTERM",
    ],
    ["signals that nobody hears", createTwin("signals: false"), "signals", "state/server.ts:6", "nothing closes the twin at SIGTERM"],
    [
      "standalone output with a server",
      all(
        config('output: "standalone"'),
        add({ "server.mjs": 'import { createServer } from "node:http";\nimport next from "next";\ncreateServer(next());\n' }),
      ),
      "configuration",
      "next.config.ts:4",
      "leaves yours out",
    ],
    [
      "an installation that was cut off",
      add({ "node_modules/mobx/package.json": '{ "name": "mo', "node_modules/@acme": "" }),
      "peers",
      "node_modules/mobx/package.json",
      "The installed `mobx` is broken",
    ],
    [
      "a twin that is not understood",
      edit("state/server.ts", "createTwin({", "createTwin({{"),
      "syntax",
      "state/server.ts:5",
      "The syntax is not understood: Unexpected token.",
    ],
    [
      "a proxy that is not understood",
      edit("proxy.ts", "export const config = {", "export const config = {{"),
      "syntax",
      "proxy.ts:4",
      "What the file does was not looked at.",
    ],
    [
      "an export, by a function",
      add({ "next.config.ts": 'module.exports = () => ({ "output": "export" });\n' }),
      "configuration",
      "next.config.ts:1",
      "makes files without a server",
    ],
    ["an export without a server", config('output: "export"'), "configuration", "next.config.ts:4", "makes files without a server"],
    ["an external library", config('serverExternalPackages: ["twinstate"]'), "configuration", "next.config.ts:4", "two Reacts"],
    [
      "nginx that buffers",
      add({ "deploy/nginx.conf": "location / {\n  proxy_pass http://app;\n}\n" }),
      "buffering",
      "deploy/nginx.conf:2",
      "nginx buffers answers",
    ],
  ])("%s", (_, plant, check, where, what) => {
    const folder = healthyApp();
    plant(folder);
    const { faults } = examine(folder);
    expect(faults.map((fault) => [fault.check, fault.where])).toEqual([[check, where]]);
    expect(faults[0]?.what).toContain(what);
    expect(faults[0]?.fix).not.toBe("");
  });
});

describe("healthy apps have no fault", () => {
  test.each([
    ["fresh", []],
    ["with `src/`", ["--src-dir"]],
  ])("%s, after `init`", (_, flags) => {
    expect(examine(healthyApp(flags)).faults).toEqual([]);
  });

  test.each(["demo-next", "create/templates/blank", "create/templates/todo", "create/templates/chat", "create/templates/dashboard"])("%s", (path) => {
    if (existsSync(join(ROOT, path, "package.json"))) expect(examine(join(ROOT, path)).faults).toEqual([]);
  });

  test.each<[string, Plant]>([
    [
      "types and stores that the browser shares",
      add({
        "app/x.tsx":
          '"use client";\nimport { Twin } from "@/state/server";\nimport { Counter } from "@/state/counter";\nexport type X = Twin;\nnew Counter();\n',
      }),
    ],
    [
      "a server action that a page imports",
      add({
        "app/a.ts": '"use server";\nimport { twin } from "@/state/server";\nexport const save = async () => twin;\n',
        "app/x.tsx": '"use client";\nimport { save } from "./a";\nsave();\n',
      }),
    ],
    [
      "a proxy of its own, with the session's options",
      all(
        createTwin("session: { secret: process.env.S }"),
        add({
          "proxy.ts":
            'import { withSession } from "twinstate/next";\nexport const proxy = withSession(() => {}, { secret: process.env.S });\nexport const config = { matcher: ["/((?!api).*)", "/a/:path*"] };\n',
        }),
      ),
    ],
    [
      "a signal that closes the twin first",
      add({ "instrumentation.ts": 'process.on("SIGTERM", async () => {\n  await twin.close();\n  process.exit();\n});\n' }),
    ],
    [
      "a route elsewhere that pages are told of",
      all(
        remove("app/api"),
        add({ "app/(x)/live/[...path]/route.ts": "export const { GET, POST } = twin.handlers;\n" }),
        edit("app/layout.tsx", "<TwinProvider>", '<TwinProvider url="/live">'),
        edit("proxy.ts", "?!api|", "?!api|live|"),
      ),
    ],
    [
      "several nodes on Redis, and a deployment with a secret",
      all(add({ "compose.yaml": COMPOSE, ...DOCKER }), storage('process.env.REDIS_URL ? redis(process.env.REDIS_URL) : sqlite("twin.db")')),
    ],
    [
      "a cookie over HTTP in development alone",
      createTwin('session: { secure: process.env.NODE_ENV === "production" }, origins: ["http://localhost:4000", "https://a.example"]'),
    ],
    [
      "what stands in comments alone",
      all(
        config('/* output: "export", */ // basePath: "/shop", serverExternalPackages: ["twinstate"]'),
        add({ "instrumentation.ts": '// process.on("SIGTERM", () => process.exit());\nexport const on = process;\n' }),
      ),
    ],
    [
      "a route of a package for sign-in, which has handlers too",
      add({
        "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n',
        "auth.ts":
          'import NextAuth from "next-auth";\nimport { twin } from "@/state/server";\nexport const { handlers } = NextAuth({ events: { signOut: () => twin.$recheck() } });\n',
      }),
    ],
    [
      "handlers that the module of the twin exports by name",
      all(
        edit("app/api/twin/[...path]/route.ts", "import { twin }", "import { handlers }"),
        edit("app/api/twin/[...path]/route.ts", "twin.handlers", "handlers"),
      ),
    ],
    [
      "scripts and syntax of other kinds",
      add({
        "scripts/old.js": "if (!process.env.X) return;\nvar mode = 0644;\nmodule.exports = mode;\n",
        "lib/new.ts": "export class A {\n  @note accessor at = process.env.X;\n}\n{\n  using a = open();\n}\n",
      }),
    ],
    [
      "a database for development in a compose file",
      all(add({ "compose.yaml": "services:\n  db:\n    image: postgres\n    deploy: { replicas: 2 }\n" }), storage("memory()")),
    ],
    [
      "a provider under another name",
      all(
        edit("app/layout.tsx", "import { TwinProvider }", "import { TwinProvider as Live }"),
        edit("app/layout.tsx", "<TwinProvider>{children}</TwinProvider>", "<Live>{children}</Live>"),
      ),
    ],
    [
      "a provider that is exported under another name",
      all(
        edit("state/client.ts", "{ TwinProvider,", "{ TwinProvider: Live,"),
        edit("app/layout.tsx", "import { TwinProvider }", "import { Live }"),
        edit("app/layout.tsx", "<TwinProvider>{children}</TwinProvider>", "<Live>{children}</Live>"),
      ),
    ],
    [
      "a proxy whose sessions another module begins",
      all(
        createTwin("session: { secret: process.env.S }"),
        add({
          "lib/session.ts": 'import { withSession } from "twinstate/next";\nexport const proxy = withSession(() => {}, { secret: process.env.S });\n',
          "proxy.ts": 'export { proxy } from "@/lib/session";\nexport const config = { matcher: ["/:path((?!api|_next).*)"] };\n',
        }),
      ),
    ],
    [
      "a twin of another package",
      all(
        remove("state/server.ts"),
        edit("app/api/twin/[...path]/route.ts", "@/state/server", "@acme/state"),
        edit("state/client.ts", "./server", "@acme/state"),
      ),
    ],
    ["nginx of `deploy-files`", add({ "deploy/nginx.conf": "proxy_pass http://app;\nproxy_buffering off;\n" })],
  ])("%s", (_, plant) => {
    const folder = healthyApp();
    plant(folder);
    expect(examine(folder).faults).toEqual([]);
  });
});

test("the command names faults with code 1, also as JSON, and changes nothing", () => {
  const folder = healthyApp();
  git(folder);
  expect(twinstate(folder, ["doctor"])).toEqual({ status: 0, stdout: "All is well: 19 checks.\n", stderr: "" });
  rmSync(join(folder, "proxy.ts"));
  const before = filesOf(folder);
  const { status, stdout } = twinstate(folder, ["doctor"]);
  expect([status, stdout]).toEqual([
    1,
    "✗ proxy.ts\n  There is no proxy: the first page has no session, and what it shows is not kept.\n  Fix: `npx twinstate init` adds it.\n\n1 fault in 19 checks.\n",
  ]);
  const json = twinstate(folder, ["doctor", "--json"]);
  expect(json.status).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ checks: 19, faults: [{ check: "proxy", where: "proxy.ts" }] });
  expect(filesOf(folder)).toEqual(before);
  expect(twinstate(join(ROOT, "docs"), ["doctor"])).toMatchObject({ status: 1, stderr: expect.stringContaining("has no `package.json` with `next`") });
});
