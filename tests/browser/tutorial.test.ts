import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { guide, ROOT, write } from "../kit/guide.js";
import { buildApp } from "./kit/build.js";
import { createFreshApp } from "./kit/fresh-app.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

const PAGE = readFileSync(join(ROOT, "docs/TUTORIAL.md"), "utf8");
const PACKAGES = /^npm install (.+)$/m.exec(PAGE)?.[1]?.split(" ") ?? [];
const OPTIONS = JSON.parse(`{${/```json\n\/\/ tsconfig\.json[^\n]*\n([\s\S]*?),?\n```/.exec(PAGE)?.[1]}}`) as Record<string, unknown>;

/** What browsers remark on while a server is killed, or builds its pages anew. */
const BROKEN = /Fast Refresh|ERR_|Failed to load|Failed to fetch|WebSocket/;

async function add(page: Page, title: string) {
  await page.getByLabel("New to-do").fill(title);
  await page.getByLabel("New to-do").press("Enter");
  await page.getByRole("listitem").filter({ hasText: title }).waitFor();
}

describe.runIf(process.env.TEST_FULL)("the tutorial, step by step, in a fresh app with the packed library", () => {
  let app: Awaited<ReturnType<typeof createFreshApp>>;
  let server: DemoServer;
  /** The reader writes the files of the next step. */
  const step = (name: string) => write(app.folder, guide("TUTORIAL", name));

  beforeAll(async () => {
    app = await createFreshApp(PACKAGES);
    const file = join(app.folder, "tsconfig.json");
    const config = JSON.parse(readFileSync(file, "utf8")) as { compilerOptions: object };
    writeFileSync(file, JSON.stringify({ ...config, compilerOptions: { ...config.compilerOptions, ...OPTIONS } }, null, 2));
    step("todo");
    server = await startServer({ mode: "dev", cwd: app.folder, env: { TWINSTATE_SECRET: "" }, probe: "/next.svg" });
  });
  afterAll(async () => {
    await server?.kill();
    app?.remove();
  });

  test("each step works, while the app runs, and the built app has it all", { timeout: 600_000 }, async ({ visit }) => {
    const [ann, bob] = [await visit({ url: server.url }), await visit({ url: server.url })];
    for (const one of [ann, bob]) one.expects(BROKEN);
    const tabs = [await ann.context.newPage(), await ann.context.newPage()] as const;
    for (const tab of tabs) await tab.goto("/");
    await add(tabs[0], "milk");
    await tabs[1].getByText("milk").waitFor();
    await tabs[1].getByRole("checkbox").click();
    await tabs[0].getByText("0 left").waitFor();

    step("shared");
    const [hers, his] = [await ann.context.newPage(), await bob.context.newPage()];
    await shows(hers, "/lists/party", () => hers.getByLabel("New to-do").waitFor());
    await his.goto("/lists/party");
    await add(hers, "balloons");
    await his.getByText("balloons").waitFor();

    step("signed-in");
    await shows(hers, "/lists/party", () => hers.getByLabel("Your name").waitFor());
    await hers.getByLabel("Your name").fill("Ann");
    await hers.getByRole("button", { name: "Sign in" }).click();
    await add(hers, "cake");
    await hers.getByText("by Ann").waitFor();

    step("kept");
    await shows(hers, "/lists/party", () => add(hers, "candles"));

    step("streaming");
    await shows(hers, "/lists/party", () => hers.getByRole("button", { name: "Suggest" }).click());
    await hers.getByText("Plan the party and invite friends").waitFor();

    await server.stop();
    await buildApp(app.folder);
    const built = await startServer({ cwd: app.folder, env: { TWINSTATE_SECRET: "", TWIN_FILE: join(app.folder, "twin.db") }, probe: "/next.svg" });
    try {
      const cem = await visit({ url: built.url });
      cem.expects(BROKEN);
      const page = await cem.context.newPage();
      await page.goto("/lists/party");
      await page.getByLabel("Your name").fill("Cem");
      await page.getByRole("button", { name: "Sign in" }).click();
      await add(page, "music");
      await built.kill();
      await built.start();
      await page.goto("/lists/party");
      await page.getByText("music").waitFor();
      await page.getByText("by Cem").waitFor();
    } finally {
      await built.kill();
    }
  });
});

/** Opens a page until the server has seen what changed in its files. */
async function shows(page: Page, path: string, seen: () => Promise<void>) {
  page.setDefaultTimeout(3_000);
  await expect
    .poll(async () => {
      await page.goto(path, { timeout: 30_000 });
      return seen().then(
        () => true,
        () => false,
      );
    })
    .toBe(true);
  page.setDefaultTimeout(30_000);
}
