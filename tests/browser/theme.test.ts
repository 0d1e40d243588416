import type { BrowserContext, Page } from "playwright";
import { expect } from "vitest";
import { violations } from "./kit/axe.js";
import { board } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { test } from "./kit/visitor.js";

/** How light the page is behind everything, from 0 to 255. */
const lightness = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    canvas.fillStyle = getComputedStyle(document.querySelector(".radix-themes")!).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
  });

test("is dark where the system is, and light where it is not", async ({ visit }) => {
  expect(await lightness(await (await visit({ colorScheme: "dark" })).open("/"))).toBeLessThan(60);
  expect(await lightness(await (await visit({ colorScheme: "light" })).open("/"))).toBeGreaterThan(240);
});

/** Notes the theme of each frame that is painted from the next load on. */
const watchFrames = (context: BrowserContext) =>
  context.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    const look = () => {
      const root = document.querySelector(".radix-themes");
      if (root) seen.add(root.closest(".dark") ? "dark" : "light");
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
const framesOf = (page: Page) => page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);

test("behaviour 86: is toggled, and kept by a cookie, so that the first frame of the next load has it, without scripts too", async ({ visit }) => {
  const visitor = await visit({ colorScheme: "light" });
  const page = await visitor.open("/");
  expect((await visitor.context.cookies()).map(({ name }) => name)).toEqual(["twin_session"]);
  await page.getByRole("button", { name: "Light or dark" }).click();
  await expect.poll(() => lightness(page)).toBeLessThan(60);
  await expect
    .poll(async () => (await visitor.context.cookies()).find(({ name }) => name === "twin.look.theme"))
    .toMatchObject({
      value: "dark",
      path: "/",
      sameSite: "Lax",
      httpOnly: false,
    });
  await watchFrames(visitor.context);
  await page.reload();
  await hydrated(page);
  expect(await framesOf(page)).toEqual(["dark"]);
  // What the browser knows before any script has come.
  const state = await visitor.context.storageState();
  const { context } = await visit({ colorScheme: "light", javaScriptEnabled: false, storageState: state });
  const plain = await context.newPage();
  await plain.goto("/about");
  expect(await lightness(plain)).toBeLessThan(60);
});

test("behaviour 87: other tabs follow, and a removed cookie is the system's theme again with the next load", async ({ visit }) => {
  const visitor = await visit({ colorScheme: "light" });
  const [page, other] = [await visitor.open("/"), await visitor.open("/about")];
  await page.getByRole("button", { name: "Light or dark" }).click();
  await expect.poll(() => lightness(other)).toBeLessThan(60);
  await other.reload();
  await hydrated(other);
  expect(await lightness(other)).toBeLessThan(60);
  await visitor.context.clearCookies({ name: "twin.look.theme" });
  await other.reload();
  await expect.poll(() => lightness(other)).toBeGreaterThan(240);
});

test("follows the system again when toggled back", async ({ visit }) => {
  const visitor = await visit({ colorScheme: "light" });
  const page = await visitor.open("/");
  const toggle = page.getByRole("button", { name: "Light or dark" });
  await toggle.click();
  await expect.poll(() => lightness(page)).toBeLessThan(60);
  await toggle.click();
  await expect.poll(() => lightness(page)).toBeGreaterThan(240);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => lightness(page)).toBeLessThan(60);
});

test("fits a phone, without scrolling sideways, in company too", async ({ visit }) => {
  for (let guests = 0; guests < 3; guests++) await (await visit()).open("/board/demo");
  const visitor = await visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  for (const path of ["/", "/board/demo", "/chat/demo", "/about"]) {
    const page = await visitor.open(path);
    if (path === "/board/demo") await expect.poll(() => board(page).people.count()).toBeGreaterThan(3);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(360);
  }
});

test("on a phone, a menu has the links of the pages: it says which page this is, and ends with a choice or Escape", async ({ visit }) => {
  const visitor = await visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const page = await visitor.open("/about");
  const pages = page.getByRole("navigation", { name: "Pages" });
  await pages.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Pages: About" }).click();
  expect(await pages.getByRole("link").count()).toBe(9);
  expect(await pages.getByRole("link", { name: "About" }).getAttribute("aria-current")).toBe("page");
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await pages.waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await pages.getByRole("link", { name: "To-do" }).press("Enter");
  await page.getByRole("heading", { name: "To-do" }).waitFor();
  await pages.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Pages: To-do" }).waitFor();
});
