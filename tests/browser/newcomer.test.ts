import { afterAll, beforeAll, describe, expect } from "vitest";
import { templates } from "../../create/src/templates.js";
import { violations } from "./kit/axe.js";
import { buildApp } from "./kit/build.js";
import { walk } from "./kit/newcomer.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { createTemplateApp } from "./kit/template-app.js";
import { test } from "./kit/visitor.js";
import { usable, VISITS, type Visit } from "./kit/visits.js";

const all = templates().map(({ name }) => name);

test("each template has its visit", () => {
  expect(Object.keys(VISITS).sort()).toEqual(all);
});

describe.for(process.env.TEST_FULL ? all : ["todo"])("an app of the template %s, made by the packed create-twinstate", (template) => {
  const visit_ = VISITS[template] as Visit;
  let app: Awaited<ReturnType<typeof createTemplateApp>>;
  let server: DemoServer;

  beforeAll(async () => {
    app = await createTemplateApp(template, !process.env.TEST_FULL);
  });
  afterAll(async () => {
    await server?.kill();
    app?.remove();
  });

  test.runIf(process.env.TEST_FULL)(
    "works in development, keeps its state when a store's source changes, passes its tests, builds and starts",
    { timeout: 600_000 },
    async ({ visit }) => {
      const visitor = await visit();
      visitor.expects(/\[Fast Refresh\]|Failed to load resource|ERR_/);
      await walk(app.folder, template, await visitor.context.newPage(), (_, work) => work());
    },
  );

  test("works in production: what is added is there again after a reload, by mouse and by keyboard alone, and axe finds nothing wrong", async ({ visit }) => {
    await buildApp(app.folder);
    server = await startServer({ cwd: app.folder });
    for (const colorScheme of ["light", "dark"] as const) {
      const { context } = await visit({ url: server.url, colorScheme });
      const page = await context.newPage();
      const open = async () => {
        await page.goto("/");
        await usable(page, visit_);
      };
      await open();
      expect(await violations(page), `${colorScheme}, at first`).toEqual([]);
      await visit_.add(page);
      await open();
      await visit_.there(page);
      expect(await violations(page), `${colorScheme}, with what was added`).toEqual([]);
      await page.reload();
    }
    const visitor = await visit({ url: server.url });
    const page = await visitor.context.newPage();
    await page.goto("/");
    await usable(page, visit_);
    await visit_.byKeyboard(page);
    visitor.expects(/Failed to load resource|ERR_/);
    await visit_.fits?.(page);
  });
});
