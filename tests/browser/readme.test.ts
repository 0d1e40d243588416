import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { buildApp, nextOf, ROOT, run } from "./kit/build.js";
import { createFreshApp } from "./kit/fresh-app.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** The README up to where the app of its set-up is whole. */
const SET_UP = readFileSync(join(ROOT, "README.md"), "utf8").split("\n## Scopes")[0] ?? "";

/** The blocks of code that begin with the name of their file. */
const FILES = [...SET_UP.matchAll(/```tsx?\n\/\/ ([\w./[\]-]+\.tsx?)\b[^\n]*\n([\s\S]*?)```/g)].map(([, path, code]) => [path, code] as [string, string]);

/** The options of the compiler, as they stand there. */
const OPTIONS = JSON.parse(`{${/```json\n\/\/ tsconfig\.json[^\n]*\n([\s\S]*?),?\n```/.exec(SET_UP)?.[1]}}`) as Record<string, unknown>;

/** What it says to install. */
const PACKAGES = /^npm install (.+)$/m.exec(SET_UP)?.[1]?.split(" ") ?? [];

describe("the README's code, as it is written, in a fresh app of create-next-app with the packed library", () => {
  let app: Awaited<ReturnType<typeof createFreshApp>>;
  let server: DemoServer;

  beforeAll(async () => {
    app = await createFreshApp(PACKAGES);
    for (const [path, code] of FILES) {
      mkdirSync(dirname(join(app.folder, path)), { recursive: true });
      writeFileSync(join(app.folder, path), code);
    }
    const file = join(app.folder, "tsconfig.json");
    const config = JSON.parse(readFileSync(file, "utf8")) as { compilerOptions: object };
    writeFileSync(file, JSON.stringify({ ...config, compilerOptions: { ...config.compilerOptions, ...OPTIONS } }, null, 2));
    await buildApp(app.folder);
    // The secret is the app's own, as it is for who has set none.
    server = await startServer({ cwd: app.folder, env: { TWINSTATE_SECRET: "" }, probe: "/next.svg" });
  });
  afterAll(async () => {
    await server?.kill();
    app?.remove();
  });

  test("its to-do list works, and is there again after a reload", async ({ visit }) => {
    const visitor = await visit({ url: server.url });
    const page = await visitor.context.newPage();
    await page.goto("/");
    await page.getByLabel("New to-do").fill("milk");
    await page.getByLabel("New to-do").press("Enter");
    await page.getByRole("listitem").getByText("milk").waitFor();
    await page.getByText("1 left").waitFor();
    await page.reload();
    await page.getByRole("listitem").getByText("milk").waitFor();
    expect(await (await visitor.context.request.get("/")).text(), "its HTML has the state").toContain("milk");
  });

  test("git is shown no secret, and none of what was built", async () => {
    const shown = await run("git", ["status", "--porcelain", "--untracked-files=all"], app.folder);
    const changed = shown
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(3));
    expect(changed.sort()).toEqual([...FILES.map(([path]) => path), "tsconfig.json"].sort());
    expect(readFileSync(join(app.folder, ".twinstate/secret"), "utf8").length).toBeGreaterThan(16);
  });

  test.runIf(process.env.TEST_FULL)("webpack builds it too, and its list works", async ({ visit }) => {
    writeFileSync(join(app.folder, "next.config.ts"), 'export default { distDir: ".next-webpack" };\n');
    await run(process.execPath, [nextOf(app.folder), "build", "--webpack"], app.folder);
    const packed = await startServer({ cwd: app.folder, env: { TWINSTATE_SECRET: "" }, probe: "/next.svg" });
    try {
      const page = await (await visit({ url: packed.url })).context.newPage();
      await page.goto("/");
      await page.getByLabel("New to-do").fill("bread");
      await page.getByLabel("New to-do").press("Enter");
      await page.getByRole("listitem").getByText("bread").waitFor();
      await page.reload();
      await page.getByRole("listitem").getByText("bread").waitFor();
      // A page that is open misses its server.
      await page.close();
    } finally {
      await packed.kill();
    }
  });

  test.runIf(process.env.TEST_FULL)("a `state/client.ts` that lacks `use client` fails the build, which names the way out", async () => {
    await server.kill();
    const file = join(app.folder, "state/client.ts");
    const before = readFileSync(file, "utf8");
    expect(before).toMatch(/^"use client";/m);
    writeFileSync(file, before.replace(/^"use client";\n/m, ""));
    const build = run(process.execPath, [nextOf(app.folder), "build"], app.folder);
    await expect(build).rejects.toThrow('Begin the module that calls it, as `state/client.ts`, with `"use client"`');
  });
});
