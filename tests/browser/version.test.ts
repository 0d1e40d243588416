import { event, state } from "twinstate";
import { createTwin } from "twinstate/server";
import { expect, inject, onTestFinished } from "vitest";
import { serve } from "../kit/http.js";
import { connection, shows, todos } from "./kit/demo.js";
import { openFarSite } from "./kit/far-site.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** The to-do list of a later version, which calls things otherwise. */
class Todo {
  @state tasks: string[] = [];
}

/** The later version of the app, at the address of the one before. */
async function deploy(url: string): Promise<void> {
  const twin = createTwin({
    name: "a later version",
    stores: { todo: Todo },
    build: "2",
    session: { secret: "a secret for tests of the demo" },
    log: () => {},
  });
  const { GET, POST } = twin.handlers;
  const page = () => new Response("<title>2</title><h1>The new version</h1>", { headers: { "content-type": "text/html" } });
  const look = async (request: Request) => (new URL(request.url).pathname.startsWith("/api/twin/") ? GET(request) : page());
  const site = await serve({ GET: look, POST }, "/api/twin", Number(new URL(url).port));
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
}

test("a page that is too old for the server keeps what it shows, says so, and is loaded anew with its next navigation", async ({ visit }) => {
  const server = await startServer({ cwd: inject("demo").folder });
  onTestFinished(server.kill);
  const visitor = await visit({ url: server.url });
  visitor.expects(/Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_REFUSED/);
  const page = await visitor.open("/");
  const list = todos(page);
  await list.add("milk");
  const about = page.getByRole("link", { name: "About" });
  // From now on Next knows that page, and needs nobody to show it.
  await about.click();
  await page.getByRole("heading", { name: "How it works" }).waitFor();
  await page.getByRole("link", { name: "To-do", exact: true }).click();
  await shows(list.rows, ["milk"]);

  await server.kill();
  await deploy(server.url);
  await connection(page).outdated.waitFor();
  await shows(list.rows, ["milk"]);
  expect(await page.title()).not.toBe("2");
  await about.click();
  await page.getByRole("heading", { name: "The new version" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/about");
});

test("a page of version 1 of the protocol shows what it has, says that it is outdated, and is loaded anew with its next navigation", async ({ visit }) => {
  class Draft {
    @state tab = "a tab";
    @state lines: string[] = [];
    @event add(line: string) {
      this.lines.push(line);
    }
  }
  const twin = createTwin({ name: "tests/version 1", stores: { draft: Draft }, session: { secret: "a secret for tests alone" }, log: () => {} });
  const site = await serve(twin.handlers);
  const { url, close } = await openFarSite("tab.tsx", site.origin, { delay: 0, loss: 0 });
  onTestFinished(async () => {
    await close();
    await site.close();
    await twin.close();
  });
  const visitor = await visit({ url });
  visitor.expects(/Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  const page = await visitor.context.newPage();
  let protocol = 2;
  await page.route(/connect/, (route) => route.continue({ postData: (route.request().postData() ?? "").replace('"protocol":2', `"protocol":${protocol}`) }));
  await page.goto("/");
  const add = page.getByRole("button", { name: "Add" });
  const lines = page.getByRole("listitem");
  await add.click();
  await shows(lines, ["line 1"]);
  await page.evaluate(() => Object.assign(window, { old: true }));
  const isOld = () => page.evaluate(() => "old" in window);

  protocol = 1;
  twin.$recheck();
  await page.locator("[data-status=outdated]").waitFor();
  await add.click();
  await shows(lines, ["line 1"]);
  expect(await isOld()).toBe(true);
  // As a router of the app's does.
  protocol = 2;
  await page.evaluate(() => history.pushState(null, "", "/next"));
  await expect.poll(isOld).toBe(false);
  await add.click();
  await shows(lines, ["line 1", "line 2"]);
  expect([new URL(page.url()).pathname, await page.locator("[data-status]").count()]).toEqual(["/next", 0]);
});
