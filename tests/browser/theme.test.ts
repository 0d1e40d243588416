import type { Page } from "playwright";
import { expect } from "vitest";
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

test("is toggled, and remembers that from the first frame of the next load", async ({ visit }) => {
  const visitor = await visit({ colorScheme: "light" });
  const page = await visitor.open("/");
  await page.getByRole("button", { name: "Light or dark" }).click();
  await expect.poll(() => lightness(page)).toBeLessThan(60);
  await visitor.context.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    const look = () => {
      if (document.body) seen.add(document.documentElement.classList.contains("dark") ? "dark" : "light");
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.reload();
  await hydrated(page);
  expect(await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen])).toEqual(["dark"]);
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
