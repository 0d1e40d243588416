import { chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { startApp } from "./kit/app.js";
import { launchOptions } from "./kit/chromium.js";
import { count, shows } from "./kit/demo.js";
import { frames, recordFrames } from "./kit/recorder.js";
import type { DemoServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

const rows = (page: Page, name: string) => page.getByRole("region", { name }).getByRole("listitem");
const add = async (page: Page, name: string, text: string) => {
  await page.getByLabel(`New in ${name}`).fill(text);
  await page.getByLabel(`New in ${name}`).press("Enter");
};

const here = (page: Page, n: number) => page.getByRole("heading", { name: `${n} here` });

/** Marks a document: another one has no mark. */
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));
const marked = (page: Page) => page.evaluate(() => (window as { marked?: boolean }).marked === true);

// Building the app takes Next a minute.
describe.runIf(process.env.TEST_FULL).each([true, false])("an app with cacheComponents: %s", (cached) => {
  let server: DemoServer;
  beforeAll(async () => {
    server = await startApp({ cached });
  });
  afterAll(() => server?.kill());

  test("shows from the first frame what the server rendered: instances with their getters, Maps, dates", async ({ visit }) => {
    const visitor = await visit({ url: server.url });
    const page = await visitor.open("/");
    await add(page, "home", "one two");
    await add(page, "home", "one two three");
    await shows(rows(page, "home"), ["one-two of its class 0", "one-two-three of its class 0"]);
    await recordFrames(visitor.context, "h1, li");
    await page.reload();
    await page.waitForFunction(() => Object.keys(document.querySelector("form") ?? {}).some((key) => key.startsWith("__reactProps")));
    await add(page, "home", "four");
    await count(rows(page, "home"), 3);
    const before = ["2 notes, 3 words, 3 in the longest", "one-two of its class 0", "one-two-three of its class 0"];
    const after = ["3 notes, 4 words, 3 in the longest", ...before.slice(1), "four of its class 0"];
    // The list is deferred: it may come a moment later. With cacheComponents the page begins with its fallback.
    const between = [after[0], ...before.slice(1)];
    const seen = (await frames(page)).filter((frame) => frame !== between.join("|") && !(cached && frame === ""));
    expect(seen).toEqual([before.join("|"), after.join("|")]);
  });

  test("streams a slow part: what is there is used meanwhile, and what comes shows the state of now", async ({ visit }) => {
    const { context } = await visit({ url: server.url });
    const page = await context.newPage();
    const gate = crypto.randomUUID();
    await page.goto(`/slow/${gate}`, { waitUntil: "commit" });
    await page.getByRole("region", { name: "first" }).waitFor();
    await page.getByText("Loading the second").waitFor();
    // React takes over the first part while the second is still to come.
    await page.waitForFunction(() => Object.keys(document.querySelector("form") ?? {}).some((key) => key.startsWith("__reactProps")));
    await add(page, "first", "early");
    await shows(rows(page, "first"), ["early of its class 0"]);
    expect(await page.getByText("Loading the second").isVisible()).toBe(true);
    await fetch(`${server.url}/api/gate/${gate}`, { method: "POST" });
    await shows(rows(page, "second"), ["early of its class 0"]);
    await add(page, "second", "late");
    await shows(rows(page, "first"), ["early of its class 0", "late of its class 0"]);
  });

  test("hands a page's search to onLoad, when it is opened and when a link leads to it", async ({ visit }) => {
    const page = await (await visit({ url: server.url })).open("/search?q=t");
    await page.getByText("tea, water").waitFor();
    await mark(page);
    await page.getByRole("link", { name: "search" }).click();
    await page.getByRole("heading", { name: "Results for tea", exact: true }).waitFor();
    await page.getByText("tea", { exact: true }).waitFor();
    expect(await marked(page)).toBe(true);
  });

  test("follows an event's redirect without loading another document", async ({ visit }) => {
    const page = await (await visit({ url: server.url })).open("/");
    await add(page, "home", "one");
    await count(rows(page, "home"), 1);
    await mark(page);
    await page.getByRole("button", { name: "go" }).click();
    await page.getByText("tea, water").waitFor();
    expect([new URL(page.url()).pathname + new URL(page.url()).search, await marked(page)]).toEqual(["/search?q=t", true]);
    await page.getByRole("link", { name: "home" }).click();
    await shows(rows(page, "home"), ["one of its class 0", "gone-to-/search?q=t of its class 0"]);
    expect(await marked(page)).toBe(true);
  });

  test("keeps a store alive while another page is shown, and lets go of it a while later", async ({ visit }) => {
    const [one, two] = [await visit({ url: server.url }), await visit({ url: server.url })];
    await recordFrames(one.context, "h1");
    const [stays, goes] = [await one.open("/room/hall"), await two.open("/room/hall")];
    await here(stays, 2).waitFor();
    await mark(goes);
    await goes.getByRole("link", { name: "home" }).click();
    await goes.getByRole("region", { name: "home" }).waitFor();
    await stays.getByLabel("Say").fill("while you were away");
    await stays.getByLabel("Say").press("Enter");
    await goes.getByRole("link", { name: "hall" }).click();
    await goes.getByText("while you were away").waitFor();
    await here(goes, 2).waitFor();
    expect((await frames(stays)).slice(-1)).toEqual(["2 here"]);
    expect(await frames(stays)).not.toContain("3 here");
    await goes.getByRole("link", { name: "home" }).click();
    await here(stays, 1).waitFor();
    expect((await frames(stays)).filter((text) => text === "1 here").length).toBeLessThanOrEqual(2);
    expect(await marked(goes)).toBe(true);
  });

  test("shows that a room is not there, where its preload is refused and the page says so", async ({ visit }) => {
    const html = await (await fetch(`${server.url}/room/closed`, { headers: { accept: "text/html" } })).text();
    expect(html).toContain('content="noindex"');
    const { context } = await visit({ url: server.url });
    const page = await context.newPage();
    await page.goto("/room/closed");
    await page.getByText("This page could not be found.").waitFor();
    await page.goto("/room/hall");
    await here(page, 1).waitFor();
  });

  test("leads a visitor from a page whose preload a guard has refused with a redirect", async ({ visit }) => {
    const { context } = await visit({ url: server.url });
    const page = await context.newPage();
    await page.goto("/members");
    await page.waitForURL("**/alone");
    await page.getByLabel("New in alone").waitFor();
  });

  test("shows a page that is the same for everybody, and then the visitor's state in it", async ({ visit }) => {
    const visitor = await visit({ url: server.url });
    const html = await (await fetch(`${server.url}/alone`, { headers: { accept: "text/html" } })).text();
    expect([html.includes("Loading"), html.includes("notes,")]).toEqual([true, false]);
    const page = await visitor.open("/");
    await add(page, "home", "mine");
    await count(rows(page, "home"), 1);
    const other = await visitor.open("/alone");
    await shows(rows(other, "alone"), ["mine of its class 0"]);
  });

  test("a page that comes back from the back/forward cache shows the state of now, and goes on", async () => {
    // Playwright's own default is to do without that cache.
    const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    onTestFinished(() => browser.close());
    const context = await browser.newContext({ baseURL: server.url });
    const complaints: string[] = [];
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    const page = await context.newPage();
    // The first page of a visitor sets the cookie, and is kept by no cache: the second may be.
    await page.goto("/alone");
    await page.goto("/alone");
    await add(page, "alone", "before");
    await shows(rows(page, "alone"), ["before of its class 0"]);
    await page.evaluate(() => {
      const here = window as { marked?: boolean; persisted?: boolean };
      here.marked = true;
      addEventListener("pageshow", ({ persisted }) => {
        here.persisted = persisted;
      });
    });
    await page.evaluate(() => location.assign("/search?q=t"));
    await page.getByText("tea, water").waitFor();
    const other = await context.newPage();
    await other.goto("/");
    await shows(rows(other, "home"), ["before of its class 0"]);
    await add(other, "home", "meanwhile");
    await count(rows(other, "home"), 2);
    await page.evaluate(() => history.back());
    await shows(rows(page, "alone"), ["before of its class 0", "meanwhile of its class 0"]);
    expect(await page.evaluate(() => [(window as { marked?: boolean }).marked, (window as { persisted?: boolean }).persisted])).toEqual([true, true]);
    await add(other, "home", "later");
    await count(rows(page, "alone"), 3);
    await add(page, "alone", "after");
    await count(rows(other, "home"), 4);
    expect(complaints).toEqual([]);
  });

  test.runIf(cached)("says what is wrong with a preload inside `use cache`", async () => {
    await (await fetch(`${server.url}/cached`, { headers: { accept: "text/html" } })).text();
    await expect
      .poll(() => server.said)
      .toContain("`twin.preload()` reads the request, which `use cache` cannot: call it in the page, outside what is cached.");
  });

  // Pages that cache what server code reads: by real requests, as what they show is in their HTML.
  const said = async (path: string) =>
    /Posts: (.*?)\.<\/p>/.exec((await (await fetch(server.url + path, { headers: { accept: "text/html" } })).text()).replace(/<!--.*?-->/g, ""))?.[1];
  const post = (event: string, key: string, ...args: string[]) =>
    fetch(`${server.url}/api/posts/post.${event}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key, args }),
    });
  const pages = cached ? ["/posts", "/posts-cached"] : ["/posts"];

  test("a build has listed the posts that are stored, and holds their file no more", async () => {
    expect(
      (await fetch(`${server.url}/posts-list/one`)).headers.get("x-nextjs-prerender") ??
        (await fetch(`${server.url}/posts-list/one`)).headers.get("x-nextjs-cache"),
    ).toBeTruthy();
    expect(await said("/posts-list")).toContain("one: first one");
    expect(await (await fetch(`${server.url}/sitemap.xml`)).text()).toContain("/posts-list/one");
  });

  test("a cached page shows what an event has changed: by a request, in the background, by a schedule, and not without a tag", async () => {
    for (const path of pages) expect(await said(path), path).toContain("one: first one");
    expect((await post("write", "one", "by a request")).status).toBe(200);
    for (const path of pages) expect(await said(path), path).toContain("one: by a request");

    const name = crypto.randomUUID();
    const behind = post("writeBehind", "one", "in the background", name);
    await fetch(`${server.url}/api/gate/${name}`, { method: "POST" });
    expect((await behind).status).toBe(200);
    for (const path of pages) expect(await said(path), path).toContain("one: in the background");

    await post("writeLater", "one", "by a schedule");
    for (const path of pages) await expect.poll(() => said(path)).toContain("one: by a schedule");

    await post("writeQuietly", "one", "quietly");
    for (const path of pages) expect(await said(path), path).toContain("one: by a schedule");
    expect(await said("/posts-list")).toContain("one: quietly");
  });

  test("a server action that calls an event answers with the new page", async () => {
    const html = await (await fetch(`${server.url}/posts`)).text();
    const form = new FormData();
    for (const [, name, value = ""] of html.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g)) form.set(name as string, value);
    form.set("title", "by an action");
    const answer = await fetch(`${server.url}/posts`, { method: "POST", body: form, headers: { accept: "text/html" } });
    expect((await answer.text()).replace(/<!--.*?-->/g, "")).toContain("action: by an action");
    for (const path of pages) expect(await said(path), path).toContain("action: by an action");
  });
});
