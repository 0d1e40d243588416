import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished } from "vitest";
import { buildApp, compiled, nextOf, ROOT, run } from "./kit/build.js";
import { createFreshApp } from "./kit/fresh-app.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

const PACKAGES = ["twinstate", "mobx", "@trpc/server", "@trpc/client"];
const PROXY = `import { type NextRequest, NextResponse } from "next/server";

export function proxy(request: NextRequest) {
  if (request.nextUrl.pathname === "/old") return NextResponse.redirect(new URL("/", request.url));
  const headers = new Headers(request.headers);
  headers.set("x-seen", "yes");
  return NextResponse.next({ request: { headers }, headers: { "x-own": "1" } });
}
`;

describe.runIf(process.env.TEST_FULL && compiled)("`init` in apps of create-next-app", () => {
  const remove: (() => void)[] = [];
  afterEach(() => {
    for (const one of remove.splice(0)) one();
  });

  test.for<[string, string[], Record<string, string>]>([
    ["without `src/`", [], {}],
    ["with `src/` and Tailwind", ["--src-dir", "--tailwind"], {}],
    ["with a proxy.ts of its own", [], { "proxy.ts": PROXY }],
  ])("%s: it builds, a page counts in two windows, and a second `init` changes nothing", { timeout: 600_000 }, async ([, flags, files], { visit }) => {
    const app = await createFreshApp(PACKAGES, ["--empty", ...flags]);
    remove.push(app.remove);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(app.folder, path), text);
    const init = () => run(process.execPath, [join(ROOT, "dist/cli.js"), "init", "--yes", "--no-install"], app.folder);
    const said = await init();
    // The page that `init` shows. Apps with `--empty` fetch no fonts.
    const [component = "", page = ""] = said
      .split(/To show it, write .*:\n|^and in a page:\n/m)
      .slice(1)
      .map((text) => text.replace(/^ {4}/gm, ""));
    const root = flags.includes("--src-dir") ? "src/" : "";
    writeFileSync(join(app.folder, root, "app/count.tsx"), component.slice(component.indexOf('"use client"')));
    const [imports = "", jsx = "", rest = ""] = page.slice(0, page.indexOf("In two windows")).split(/\n(?=<Suspense>)|\n(?=async function)/);
    writeFileSync(join(app.folder, root, "app/page.tsx"), `${imports}\nexport default function Page() {\n  return (${jsx});\n}\n${rest}`);
    mkdirSync(join(app.folder, "public"), { recursive: true });
    writeFileSync(join(app.folder, "public/ok.txt"), "ok");
    await run("git", ["add", "-A"], app.folder);
    expect(await init()).toBe("Nothing to do: twinstate is in this app.\n");
    expect(await run("git", ["diff", "--stat"], app.folder)).toBe("");
    expect(await run(process.execPath, [join(ROOT, "dist/cli.js"), "doctor"], app.folder)).toBe("All is well: 19 checks.\n");
    await buildApp(app.folder);
    const server = await startServer({ cwd: app.folder, env: { TWINSTATE_SECRET: "" }, probe: "/ok.txt" });
    onTestFinished(() => server.kill());
    const [one, two] = [await visit({ url: server.url }), await visit({ url: server.url })];
    const [first, second] = [await one.context.newPage(), await two.context.newPage()];
    const response = await first.goto("/");
    expect((await response?.allHeaders())?.["set-cookie"]).toMatch(/^twin_session=/);
    if (files["proxy.ts"]) {
      expect((await response?.allHeaders())?.["x-own"]).toBe("1");
      expect((await second.goto("/old"))?.url()).toBe(new URL("/", server.url).href);
    } else await second.goto("/");
    await first.getByRole("button", { name: "0" }).click();
    await second.getByRole("button", { name: "1" }).click();
    await first.getByRole("button", { name: "2" }).waitFor();
    expect(readFileSync(join(app.folder, ".gitignore"), "utf8")).toContain("twin.db*");
    rmSync(join(app.folder, ".next"), { recursive: true });
  });

  test("the types are right for TypeScript 5.9, 6 and 7", { timeout: 600_000 }, async () => {
    const app = await createFreshApp(PACKAGES, ["--empty"]);
    remove.push(app.remove);
    await run(process.execPath, [join(ROOT, "dist/cli.js"), "init", "--yes", "--no-install"], app.folder);
    // The layout of create-next-app has types that Next makes.
    await run(process.execPath, [nextOf(app.folder), "typegen"], app.folder);
    const compilers = mkdtempSync(join(tmpdir(), "twinstate-compilers-"));
    remove.push(() => rmSync(compilers, { recursive: true }));
    for (const version of ["5.9", "6", "7"]) {
      const place = join(compilers, version);
      mkdirSync(place);
      await run("npm", ["install", "--prefix", place, "--no-audit", `typescript@${version}`], place);
      expect(await run(process.execPath, [join(place, "node_modules/typescript/bin/tsc"), "-p", app.folder, "--noEmit"], app.folder), version).toBe("");
    }
  });
});
