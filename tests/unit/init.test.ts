import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { managerOf } from "../../cli/deploy/package-manager.js";
import { planInit } from "../../cli/init/init.js";
import { twinstate } from "../kit/command.js";
import { temporaryFolder } from "../kit/files.js";
import { filesOf, nextApp, writeFiles } from "../kit/next-app.js";

/** Runs `init` on an app, and gives what has changed, and what is left to do by hand. */
function init(folder: string) {
  const before = filesOf(folder);
  const { byHand } = applied(folder);
  const after = filesOf(folder);
  const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
  expect(applied(folder).changes, "a second run changes nothing").toEqual([]);
  expect(filesOf(folder)).toEqual(after);
  return { changed, byHand: byHand.map(({ where, why }) => `${where}: ${why}`), text: (path: string) => readFileSync(join(folder, path), "utf8") };
}

function applied(folder: string) {
  const plan = planInit(folder);
  const { changes, byHand } = plan;
  plan.apply();
  return { changes, byHand };
}

const NEW = ["app/api/twin/[...path]/route.ts", "proxy.ts", "state/client.ts", "state/counter.ts", "state/server.ts"];
const CHANGED = [".gitignore", "app/layout.tsx", "package.json", "tsconfig.json"];
const inSource = (paths: readonly string[]) => paths.map((path) => (/^(app|proxy|state)/.test(path) ? `src/${path}` : path));

describe("fresh apps of create-next-app", () => {
  test("without `src/`", () => {
    const { changed, byHand, text } = init(nextApp());
    expect(byHand).toEqual([]);
    expect(changed.sort()).toEqual([...CHANGED, ...NEW].sort());
    expect(text("app/layout.tsx")).toContain(`      <body>
        <TwinProvider>{children}</TwinProvider>
      </body>
`);
    expect(text("app/layout.tsx")).toContain('import "./globals.css";\nimport { TwinProvider } from "@/state/client";\n');
    expect(text("app/api/twin/[...path]/route.ts")).toContain('from "@/state/server";');
    expect(JSON.parse(text("tsconfig.json")).compilerOptions).toMatchObject({ experimentalDecorators: true, emitDecoratorMetadata: true, jsx: "react-jsx" });
    const { dependencies } = JSON.parse(text("package.json"));
    expect(Object.keys(dependencies)).toEqual(["@trpc/client", "@trpc/server", "mobx", "next", "react", "react-dom", "twinstate"]);
    expect(text(".gitignore")).toMatch(/\n\n# twinstate\n\.twinstate\/\ntwin\.db\*\n$/);
  });

  test("with `src/`, Tailwind and an alias of their own", () => {
    const { changed, byHand, text } = init(nextApp({}, ["--src-dir", "--tailwind", "--import-alias", "~/*"]));
    expect(byHand).toEqual([]);
    expect(changed.sort()).toEqual(inSource([...CHANGED, ...NEW]).sort());
    expect(text("src/app/layout.tsx")).toContain(`      <body className="min-h-full flex flex-col">
        <TwinProvider>{children}</TwinProvider>
      </body>
`);
    expect(text("src/app/layout.tsx")).toContain('from "~/state/client";');
  });

  test("without an alias, with blanks of four, CRLF, and comments in tsconfig.json", () => {
    const folder = nextApp();
    const config = readFileSync(join(folder, "tsconfig.json"), "utf8").replace(
      /,\s*"paths": \{[^}]*\}/,
      ',\n    // the app\'s own\n    "noEmit": true, /* kept */',
    );
    const own = config.replaceAll("  ", "    ").replaceAll("\n", "\r\n");
    writeFiles(folder, { "tsconfig.json": own });
    const { byHand, text } = init(folder);
    expect(byHand).toEqual([]);
    const after = text("tsconfig.json");
    const lines = after.split("\r\n");
    expect(lines.slice(0, 5)).toEqual([
      "{",
      '    "compilerOptions": {',
      '        "experimentalDecorators": true,',
      '        "emitDecoratorMetadata": true,',
      '        "target": "ES2017",',
    ]);
    expect([...lines.slice(0, 2), ...lines.slice(4)].join("\r\n"), "the rest is as it was").toBe(own);
    expect(after).toContain("// the app's own\r\n");
    expect(after.replaceAll("\r\n", "")).not.toContain("\n");
    expect(text("app/layout.tsx")).toContain('from "../state/client";');
    expect(text("app/api/twin/[...path]/route.ts")).toContain('from "../../../../state/server";');
  });

  test("options that a file which tsconfig.json extends sets are not set again, and a wrong one is set right", () => {
    const folder = nextApp({ "base.json": '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": false } }' });
    const text = readFileSync(join(folder, "tsconfig.json"), "utf8");
    writeFiles(folder, { "tsconfig.json": text.replace("{", '{\n  "extends": "./base",') });
    const after = JSON.parse(init(folder).text("tsconfig.json")).compilerOptions;
    expect([after.experimentalDecorators, after.emitDecoratorMetadata]).toEqual([undefined, true]);
  });

  test("a byte order mark, which some editors begin files with, stays", () => {
    const folder = nextApp();
    const marked = ["package.json", "tsconfig.json", "app/layout.tsx"];
    for (const path of marked) writeFiles(folder, { [path]: `\uFEFF${readFileSync(join(folder, path), "utf8")}` });
    const { changed, byHand, text } = init(folder);
    expect(byHand).toEqual([]);
    expect(changed).toEqual(expect.arrayContaining(marked));
    for (const path of marked) expect(text(path)).toMatch(/^\uFEFF[^\uFEFF]*$/);
  });

  test("options go into the file that next.config.ts names, and files that extend each other are read once", () => {
    const config = 'export default {\n  // tsconfigPath: "old.json"\n  typescript: { tsconfigPath: "tsconfig.app.json" },\n};\n';
    const files = { "next.config.ts": config, "tsconfig.app.json": '{ "extends": "./tsconfig.json", "compilerOptions": {} }' };
    const folder = nextApp(files);
    writeFiles(folder, { "tsconfig.json": '{ "extends": ["./tsconfig.app.json", "./tsconfig.json"], "files": [] }' });
    const { changed, text } = init(folder);
    expect(changed).not.toContain("tsconfig.json");
    expect(JSON.parse(text("tsconfig.app.json")).compilerOptions).toEqual({ experimentalDecorators: true, emitDecoratorMetadata: true });
  });

  test("packages of an earlier major version are named, and stay", () => {
    const folder = nextApp();
    const text = readFileSync(join(folder, "package.json"), "utf8");
    writeFiles(folder, { "package.json": text.replace('"dependencies": {', '"dependencies": {\n    "mobx": "^6.13.0",') });
    const { byHand, text: after } = init(folder);
    expect(byHand).toEqual([expect.stringContaining("package.json: it has `mobx` ^6.13.0, and twinstate needs ^7")]);
    expect(JSON.parse(after("package.json")).dependencies.mobx).toBe("^6.13.0");
  });

  test("a file `state` of the app's own is left alone, and modules by links are found", () => {
    const folder = nextApp({ state: "", "other/atoms.ts": "" });
    symlinkSync("../..", join(folder, "other/circle"));
    expect(init(folder).changed).toContain("twin/server.ts");
    mkdirSync(join(folder, "../shared"));
    writeFiles(join(folder, "../shared"), { "server.ts": readFileSync(join(folder, "twin/server.ts"), "utf8") });
    rmSync(join(folder, "twin/server.ts"));
    symlinkSync("../../shared", join(folder, "twin/linked"));
    expect(init(folder).changed).toEqual([]);
  });

  test("a folder `state/` of the app's own is left alone", () => {
    const { changed, text } = init(nextApp({ "state/atoms.ts": "export const a = 1;\n" }));
    expect(changed).toContain("twin/server.ts");
    expect(text("app/layout.tsx")).toContain('from "@/twin/client";');
  });
});

describe("the root layout", () => {
  const layout = (body: string) => `import './globals.css'\nimport { Header } from './header'\n\nexport default function Layout({ children }) {\n${body}\n}\n`;

  test("with several lines in the body, quotes of one stroke and no semicolons", () => {
    const body =
      "  return (\n    <html>\n      <body\n        className={`a\n  b`}\n      >\n        <Header />\n        <p title={`x\n y`}>{children}</p>\n      </body>\n    </html>\n  )";
    const { text, byHand } = init(nextApp({ "app/layout.tsx": layout(body) }));
    expect(byHand).toEqual([]);
    expect(text("app/layout.tsx")).toBe(
      layout(
        body.replace(
          "      >\n        <Header />\n        <p title={`x\n y`}>{children}</p>\n",
          "      >\n        <TwinProvider>\n          <Header />\n          <p title={`x\n y`}>{children}</p>\n        </TwinProvider>\n",
        ),
      ).replace("'./header'\n", "'./header'\nimport { TwinProvider } from '@/state/client'\n"),
    );
  });

  test("each of several root layouts gets the provider, also where the outermost one has no body", () => {
    const page = (name: string) => `export default function ${name}({ children }) {\n  return <html><body>{children}</body></html>;\n}\n`;
    const outermost = layout("  return children;");
    const { text, byHand, changed } = init(
      nextApp({ "app/layout.tsx": outermost, "app/(shop)/layout.tsx": page("Shop"), "app/[locale]/layout.tsx": page("Words") }),
    );
    expect(byHand).toEqual([]);
    expect(changed).not.toContain("app/layout.tsx");
    for (const path of ["app/(shop)/layout.tsx", "app/[locale]/layout.tsx"]) expect(text(path)).toContain("<TwinProvider>{children}</TwinProvider>");
  });

  test("texts of several lines, and a comment behind the last import, stay as they are", () => {
    const text = `import "./globals.css"; // looks\n\nexport default function Layout({ children }) {\n  return (\n    <body>\n      <p title="a\n b">{children}</p>\n    </body>\n  );\n}\n`;
    const after = init(nextApp({ "app/layout.tsx": text })).text("app/layout.tsx");
    expect(after).toContain('import "./globals.css"; // looks\nimport { TwinProvider } from "@/state/client";\n');
    expect(after).toContain('        <p title="a\n b">{children}</p>\n');
  });

  test.each([
    ["no body", layout("  return children;"), "app/layout.tsx: there is no `<body>` in it"],
    ["two bodies", layout("  return children ? <body>{children}</body> : <body />;"), "app/layout.tsx:5: there is more than one `<body>` in it"],
    ["a syntax that nobody knows", "export default function (", "app/layout.tsx: its syntax is not understood"],
  ])("%s: it is left alone, and the lines are named", (_, text, why) => {
    const folder = nextApp({ "app/layout.tsx": text });
    const { byHand, changed } = init(folder);
    expect(byHand).toEqual([`${why}. Put the provider around all pages:`]);
    expect(changed).not.toContain("app/layout.tsx");
    expect(changed).toContain("state/server.ts");
  });

  test("a provider that stands elsewhere is enough", () => {
    const { changed } = init(nextApp({ "app/providers.tsx": '"use client";\nexport const Providers = (p) => <TwinProvider>{p.children}</TwinProvider>;\n' }));
    expect(changed).not.toContain("app/layout.tsx");
  });
});

describe("a proxy.ts of the app's own", () => {
  const IMPORT = 'import { NextResponse } from "next/server";\n';
  const ADDED = `${IMPORT.trimEnd()}\nimport { withSession } from "twinstate/next";\n`;
  const MATCHER = '\nexport const config = { matcher: "/((?!api/twin).*)" };\n';

  test.each([
    [
      "a function",
      "export function proxy(request) {\n  return NextResponse.next();\n}\n",
      "export const proxy = withSession(function proxy(request) {\n  return NextResponse.next();\n});\n",
    ],
    ["an async one", "export async function proxy(r) {}\n", "export const proxy = withSession(async function proxy(r) {});\n"],
    ["a default one", "export default function (r) {}\n", "export default withSession(function (r) {});\n"],
    ["an arrow", "export const proxy = (r) => NextResponse.next();\n", "export const proxy = withSession((r) => NextResponse.next());\n"],
    ["what another function gives", "export default auth((r) => {});\n", "export default withSession(auth((r) => {}));\n"],
  ])("%s starts sessions too, and does not match the twin's route", (_, before, after) => {
    const { text, byHand } = init(nextApp({ "proxy.ts": IMPORT + before }));
    expect(byHand).toEqual([]);
    expect(text("proxy.ts")).toBe(ADDED + after + MATCHER);
  });

  test.each([
    ["one that does not match it", '["/", "/dashboard/:path*"]', '["/", "/dashboard/:path*"]'],
    ["one that leaves paths out", '"/((?!_next/static|favicon.ico).*)"', '"/((?!api/twin|_next/static|favicon.ico).*)"'],
    ["one of several", '[{ source: "/((?!_next).*)" }, "/about"]', '[{ source: "/((?!api/twin|_next).*)" }, "/about"]'],
  ])("its matcher: %s", (_, before, after) => {
    const proxy = (matcher: string) => `${IMPORT}export function proxy() {}\nexport const config = { matcher: ${matcher} };\n`;
    const { text, byHand } = init(nextApp({ "proxy.ts": proxy(before) }));
    expect(byHand).toEqual([]);
    expect(text("proxy.ts")).toContain(`matcher: ${after} };`);
  });

  test("its configuration without a matcher gets one", () => {
    const { text, byHand } = init(nextApp({ "proxy.ts": `${IMPORT}export function proxy() {}\nexport const config = { regions: ["fra1"] };\n` }));
    expect(byHand).toEqual([]);
    expect(text("proxy.ts")).toContain('\nexport const config = { matcher: "/((?!api/twin).*)", regions: ["fra1"] };\n');
    expect(text("proxy.ts").match(/const config/g)).toHaveLength(1);
  });

  test("one whose sessions another module of the app begins stays as it is", () => {
    const proxy = 'export { proxy } from "./lib/proxy";\nexport const config = { matcher: "/" };\n';
    const { byHand, changed } = init(
      nextApp({ "proxy.ts": proxy, "lib/proxy.ts": 'import { withSession } from "twinstate/next";\nexport const proxy = withSession(() => {});\n' }),
    );
    expect(byHand).toEqual([]);
    expect(changed).not.toContain("proxy.ts");
  });

  test.each([
    [
      "a matcher with groups in a group",
      "proxy.ts",
      'export function proxy() {}\nexport const config = { matcher: "/:path((?!_next|(x|y)).*)" };\n',
      "proxy.ts:2: the proxy must not match the twin's route `/api/twin`",
    ],
    [
      "one of several matchers",
      "proxy.ts",
      'export function proxy() {}\nexport const config = {\n  matcher: ["/((?!_next).*)",\n    "/(api|trpc)(.*)"],\n};\n',
      "proxy.ts:4: the proxy must not match the twin's route `/api/twin`",
    ],
    [
      "a matcher that is no pattern",
      "proxy.ts",
      'export function proxy() {}\nexport const config = { matcher: "/(?" };\n',
      "proxy.ts:1: the proxy must not match the twin's route `/api/twin`",
    ],
    [
      "a matcher that cannot be edited",
      "proxy.ts",
      'export function proxy() {}\nexport const config = { matcher: "/:path*" };\n',
      "proxy.ts:2: the proxy must not match the twin's route `/api/twin`",
    ],
    ["a re-export", "proxy.ts", 'export { auth as proxy } from "@/auth";\n', "proxy.ts: what it exports is no function that could be wrapped"],
    [
      "a function that is used in the file",
      "proxy.ts",
      "export function proxy() {}\nproxy.x = 1;\n",
      "proxy.ts: what it exports is no function that could be wrapped",
    ],
    ["a middleware.ts", "middleware.ts", "export function middleware() {}\n", "middleware.ts: Next calls it `proxy.ts` since version 16"],
  ])("%s is named, with the lines to write", (_, file, text, why) => {
    const { byHand, changed } = init(nextApp({ [file]: text }));
    expect(byHand).toEqual([expect.stringContaining(why)]);
    expect(changed).toContain("state/server.ts");
  });
});

test("a route with handlers of a package for sign-in is none of the twin's", () => {
  const route = 'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n';
  const { changed, byHand } = init(nextApp({ "app/api/auth/[...nextauth]/route.ts": route }));
  expect(byHand).toEqual([]);
  expect(changed).toEqual(expect.arrayContaining(NEW));
});

test("what ends the process at a signal is named", () => {
  const handler = 'export function register() {\n  process.on("SIGTERM", () => process.exit(0));\n}\n';
  expect(init(nextApp({ "instrumentation.ts": handler })).byHand).toEqual([expect.stringContaining("instrumentation.ts:2: it ends the process at SIGTERM")]);
});

test.each([
  ["a folder without Next", { "package.json": "{}" }, "has no `package.json` with `next`"],
  ["Next 15", { "package.json": '{ "dependencies": { "next": "^15.3.0" } }' }, "This app has Next ^15.3.0, and twinstate needs 16 or newer"],
  ["a package.json that is no JSON", { "package.json": '{\n  "dependencies": {{\n}' }, "package.json:2 is no JSON. Mend it first."],
  ["a package.json that is no object", { "package.json": "[]" }, "package.json:1 is no object of JSON. Mend it first."],
  [
    "compiler options that are no object",
    { "tsconfig.json": '{\n  "compilerOptions": []\n}' },
    "tsconfig.json:2: `compilerOptions` is no object of JSON. Mend it first.",
  ],
  [
    "a twin of another package",
    { "app/api/twin/[...path]/route.ts": 'import { twin } from "@acme/state";\nexport const { GET, POST } = twin.handlers;\n' },
    "app/api/twin/[...path]/route.ts has the handlers of a twin that no module of this app makes.",
  ],
  ["a file in the place of a folder", { "app/api": "" }, "`app/api/twin/[...path]/route.ts` cannot be written: "],
  ["a tsconfig.json that is no JSON", { "tsconfig.json": "{\n  compilerOptions\n" }, "tsconfig.json:2 is no JSON. Mend it first."],
])("%s is refused, and nothing is written", (_, files, message) => {
  const folder = nextApp(files);
  const before = filesOf(folder);
  expect(() => applied(folder)).toThrow(message);
  expect(filesOf(folder)).toEqual(before);
});

test("what has changed since the diff was shown, and bytes that are no text, are refused, and nothing is written", () => {
  const folder = nextApp();
  const plan = planInit(folder);
  writeFiles(folder, { "app/layout.tsx": "// mine\n" });
  const before = filesOf(folder);
  expect(() => plan.apply()).toThrow("app/layout.tsx has changed since the changes were shown. Nothing was written: run it again.");
  expect(filesOf(folder)).toEqual(before);
  writeFileSync(join(folder, ".gitignore"), Buffer.from("/stra\xdfe\n", "latin1"));
  expect(() => planInit(folder)).toThrow(".gitignore is not encoded as UTF-8");
});

test("what an `init` that was killed has left is taken by the next one", () => {
  const whole = nextApp();
  applied(whole);
  const done = filesOf(whole);
  const order = planInit(nextApp()).changes.map(({ path }) => path);
  for (const [i, path] of order.entries()) {
    const folder = nextApp();
    for (const written of order.slice(0, i)) writeFiles(folder, { [written]: done[written] as string });
    for (const left of order.slice(i)) writeFiles(folder, { [`${left}.twinstate-new`]: "half" });
    expect(applied(folder).byHand, path).toEqual([]);
    expect(filesOf(folder), path).toEqual(done);
  }
});

test("rights of files stay, and links stay links", () => {
  const folder = nextApp();
  writeFiles(folder, { "shared/layout.tsx": readFileSync(join(folder, "app/layout.tsx"), "utf8") });
  rmSync(join(folder, "app/layout.tsx"));
  symlinkSync("../shared/layout.tsx", join(folder, "app/layout.tsx"));
  chmodSync(join(folder, "package.json"), 0o600);
  applied(folder);
  expect(statSync(join(folder, "package.json")).mode & 0o777).toBe(0o600);
  expect(lstatSync(join(folder, "app/layout.tsx")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "shared/layout.tsx"), "utf8")).toContain("<TwinProvider>");
});

test("the packages of an app in a workspace are installed by the workspace's package manager", () => {
  const folder = temporaryFolder();
  const app = join(folder, "apps/web");
  mkdirSync(app, { recursive: true });
  mkdirSync(join(folder, ".git"));
  expect(managerOf(app)).toBe("npm");
  writeFiles(folder, { "pnpm-lock.yaml": "" });
  expect(managerOf(app)).toBe("pnpm");
  writeFiles(folder, { "package.json": '{ "packageManager": "yarn@4.1.0" }' });
  expect(managerOf(app)).toBe("yarn");
  writeFiles(app, { "package-lock.json": "" });
  expect(managerOf(app)).toBe("npm");
});

test("the Pages Router alone, and an app of JavaScript, are refused with the way out", () => {
  expect(() => planInit(nextApp({}, ["--no-app"]))).toThrow("This app has the Pages Router alone: twinstate needs the App Router of Next.");
  const folder = nextApp();
  rmSync(join(folder, "tsconfig.json"));
  expect(() => planInit(folder)).toThrow("This app has no `tsconfig.json`");
  expect(() => planInit(temporaryFolder())).toThrow("Run `twinstate` in the folder of a Next app");
});

test("the command shows a diff, asks, and writes nothing with `--dry-run`", () => {
  const folder = nextApp();
  const before = filesOf(folder);
  const dry = twinstate(folder, ["init", "--dry-run"]);
  expect(dry.status).toBe(0);
  expect(dry.stdout).toContain("changes in app/layout.tsx\n");
  expect(dry.stdout).toContain("-       <body>{children}</body>\n+       <body>\n+         <TwinProvider>{children}</TwinProvider>\n+       </body>\n");
  expect(twinstate(folder, ["init"])).toMatchObject({ status: 1, stderr: 'Nobody can be asked here: "Change these files?" With `--yes` the answer is yes.' });
  expect(filesOf(folder)).toEqual(before);
  expect(twinstate(folder, ["init", "--yes", "--no-install"]).stdout).toContain("Done. The first store is state/counter.ts.");
  const after = filesOf(folder);
  expect(twinstate(folder, ["init"])).toEqual({ status: 0, stdout: "Nothing to do: twinstate is in this app.\n", stderr: "" });
  expect(filesOf(folder)).toEqual(after);
});
