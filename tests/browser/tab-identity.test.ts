import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright";
import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { serve } from "../kit/http.js";
import { launchOptions, missing } from "./kit/chromium.js";
import { shows } from "./kit/demo.js";
import { openFarSite } from "./kit/far-site.js";
import { test } from "./kit/visitor.js";

/** The name under which a tab keeps its id. */
const NAME = "twin /api/twin";

/** An app with a store for each tab, and its one page, at any path. `seen`: the tabs that came and left. `asked`: the requests. */
async function start() {
  const seen: string[] = [];
  class Draft {
    @state tab = "";
    @state lines: string[] = [];
    @event add(line: string) {
      this.lines.push(line);
    }
    protected onConnect({ id }: { id: string }) {
      this.tab = id;
      seen.push(`${id} came`);
    }
    protected onDisconnect({ id }: { id: string }) {
      seen.push(`${id} left`);
    }
  }
  const twin = createTwin({
    name: `tests/tab-identity ${Math.random()}`,
    stores: { draft: scope.tab(Draft) },
    session: { secret: "a secret for tests alone" },
    // Longer than a busy machine takes to load a page.
    grace: 120_000,
    log: () => {},
  });
  const asked: string[] = [];
  const noting = (handle: (request: Request) => Promise<Response>) => (request: Request) => {
    asked.push(request.url.slice(new URL(request.url).origin.length));
    return handle(request);
  };
  const { GET, POST } = twin.handlers;
  const site = await serve({ GET: noting(GET), POST: noting(POST) });
  const { url, close } = await openFarSite("tab.tsx", site.origin, { delay: 0, loss: 0 });
  onTestFinished(async () => {
    await close();
    await site.close();
    await twin.close();
  });
  return { url, seen, asked };
}

/** The tab that the server takes a page for. */
async function tabOf(page: Page): Promise<string> {
  const output = page.getByLabel("Tab");
  await expect.poll(() => output.textContent()).toMatch(/^[\w-]{22}$/);
  return (await output.textContent()) as string;
}

const rows = (page: Page) => page.getByRole("listitem");
const add = (page: Page) => page.getByRole("button", { name: "Add" }).click();
const kept = (page: Page) => page.evaluate((name) => sessionStorage.getItem(name), NAME);

/** Opens a tab with a line in its store. */
async function open(context: BrowserContext, url: string): Promise<{ page: Page; tab: string }> {
  const page = await context.newPage();
  await page.goto(`${url}/a`);
  const tab = await tabOf(page);
  await add(page);
  await shows(rows(page), ["line 1"]);
  return { page, tab };
}

test("a tab that is loaded again is the same tab: with its store, and without having left", async ({ visit }) => {
  const { url, seen } = await start();
  const { context } = await visit({ url });
  const { page, tab } = await open(context, url);
  for (let times = 0; times < 3; times++) {
    await page.reload();
    expect(await tabOf(page)).toBe(tab);
    await shows(rows(page), ["line 1"]);
    expect(await kept(page)).toBe("");
  }
  await add(page);
  await shows(rows(page), ["line 1", "line 2"]);
  const other = await open(context, url);
  expect(other.tab).not.toBe(tab);
  expect(seen).toEqual([`${tab} came`, `${other.tab} came`]);
});

test("behaviour 81: a duplicated tab becomes its own, and does not disturb the first", async ({ visit }) => {
  const { url, seen } = await start();
  const { context } = await visit({ url });
  const { page, tab } = await open(context, url);
  await page.evaluate(() => sessionStorage.setItem("copied", "yes"));
  const [copy] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open(location.href))]);
  const [apart] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open(location.href, "_blank", "noopener"))]);
  // What a browser copies of a tab is there, and in one without an opener it is not.
  expect(await copy.evaluate(() => sessionStorage.getItem("copied"))).toBe("yes");
  expect(await apart.evaluate(() => sessionStorage.getItem("copied"))).toBe(null);
  const ids = [tab, await tabOf(copy), await tabOf(apart)];
  expect(new Set(ids).size).toBe(3);
  for (const one of [copy, apart]) await shows(rows(one), []);
  await add(copy);
  await add(page);
  await shows(rows(copy), ["line 1"]);
  await shows(rows(page), ["line 1", "line 2"]);
  // Each stays itself from then on.
  for (const [one, id] of [
    [page, ids[0]],
    [copy, ids[1]],
    [apart, ids[2]],
  ] as const) {
    await one.reload();
    expect(await tabOf(one)).toBe(id);
  }
  expect(seen).toEqual(ids.map((id) => `${id} came`));
});

test("a tab stays itself over other pages of the site, other sites, and the way back", async ({ visit }) => {
  const { url, seen } = await start();
  const { context } = await visit({ url });
  const { page, tab } = await open(context, url);
  const same = async () => {
    expect(await tabOf(page)).toBe(tab);
    await shows(rows(page), ["line 1"]);
  };
  await page.goto(`${url}/b`);
  await same();
  await page.goto("about:blank");
  await page.goto(`${url}/c`);
  await same();
  await page.goBack();
  await page.goBack();
  await same();
  await page.goBack();
  await same();
  await page.goForward();
  await same();
  expect(seen).toEqual([`${tab} came`]);
});

test("pages of the back/forward cache take the tab's id again, so that a duplicate finds none", async () => {
  const { url, seen } = await start();
  const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  onTestFinished(() => browser.close());
  const context = await browser.newContext();
  const { page, tab } = await open(context, url);
  await page.evaluate(() => Object.assign(window, { first: true }));
  await page.evaluate(() => location.assign("/b"));
  await page.waitForURL("**/b");
  expect(await tabOf(page)).toBe(tab);
  await page.evaluate(() => history.back());
  await expect.poll(() => page.evaluate(() => "first" in window)).toBe(true);
  await expect.poll(() => kept(page)).toBe("");
  await add(page);
  await shows(rows(page), ["line 1", "line 2"]);
  expect(await tabOf(page)).toBe(tab);
  const [copy] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open(location.href))]);
  const other = await tabOf(copy);
  expect(other).not.toBe(tab);
  await page.evaluate(() => history.forward());
  await expect.poll(() => page.evaluate(() => location.pathname)).toBe("/b");
  expect(await tabOf(page)).toBe(tab);
  await shows(rows(page), ["line 1", "line 2"]);
  expect(seen).toEqual([`${tab} came`, `${other} came`]);
});

test("a page whose storage throws works, as a tab of its own each time", async ({ visit }) => {
  const { url } = await start();
  const { context } = await visit({ url });
  await context.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", {
      get() {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  });
  const { page, tab } = await open(context, url);
  await page.reload();
  expect(await tabOf(page)).not.toBe(tab);
  await add(page);
  await shows(rows(page), ["line 1"]);
});

test("a tab whose session is another one becomes another tab, and stays that", async ({ visit }) => {
  const { url } = await start();
  const visitor = await visit({ url });
  visitor.expects(/Failed to load resource/);
  const { page, tab } = await open(visitor.context, url);
  await visitor.context.clearCookies();
  await page.reload();
  const next = await tabOf(page);
  expect(next).not.toBe(tab);
  await shows(rows(page), []);
  await page.reload();
  expect(await tabOf(page)).toBe(next);
});

test("a frozen page leaves the tab's id behind, as it may be discarded, and takes it again when it goes on", async ({ visit }) => {
  const { url } = await start();
  const { context } = await visit({ url });
  const { page, tab } = await open(context, url);
  // The events are the document's, and do not bubble.
  const happens = (event: string) => page.evaluate((name) => void document.dispatchEvent(new Event(name)), event);
  await happens("freeze");
  expect(await kept(page)).toMatch(/^[\w-]{22}$/);
  await happens("resume");
  expect(await kept(page)).toBe("");
  await page.reload();
  expect(await tabOf(page)).toBe(tab);
});

test("a prerendered page neither connects nor takes the tab's id before it is shown", async ({ skip }) => {
  if (missing) skip(missing);
  const { url, seen, asked } = await start();
  // Nothing may control the browser: none prerenders a page that is. So the page acts by itself, and tells the server what it sees.
  const profile = mkdtempSync(join(tmpdir(), "twinstate-profile-"));
  const { executablePath, args } = launchOptions;
  const browser = spawn(executablePath, [...args, "--remote-debugging-port=0", `--user-data-dir=${profile}`, `${url}/prerenders`], {
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(async () => {
    const ended = once(browser, "exit");
    process.kill(-(browser.pid as number), "SIGKILL");
    await ended;
    rmSync(profile, { recursive: true, force: true });
  });
  const said = () => asked.filter((path) => path.includes("health?"));
  await expect.poll(said).toContain("/api/twin/health?prerendered");
  const connected = () => asked.filter((path) => path.includes("$connect")).length;
  expect(connected()).toBe(1);
  await expect.poll(said).toHaveLength(3);
  expect([connected(), seen[0]]).toEqual([2, `${said()[0]?.split("?")[1]} came`]);
});
