import type { Page } from "playwright";
import { describe, expect } from "vitest";
import { count, PLACES, shows, todos } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

/** Adds and toggles, where each step is a page of its own. */
async function addAndToggle(page: Page, path: string) {
  const list = todos(page);
  await list.enter("milk");
  await shows(list.rows, ["milk"]);
  await list.enter("  bread ");
  await shows(list.rows, ["milk", "bread"]);
  expect(await page.evaluate(() => location.pathname + location.search)).toBe(path);
  await list.done("milk").click();
  await shows(list.count, ["1 item left"]);
  expect(await list.done("milk").getAttribute("aria-checked")).toBe("true");
  await list.done("milk").click();
  await shows(list.count, ["2 items left"]);
  await list.enter("   ");
  await count(list.rows, 2);
}

describe.for(PLACES)("the to-do list, on %s", ([, url, engine]) => {
  test.override({ engine });
  test("without JavaScript adds and toggles, and comes back to the same page", async ({ visit }) => {
    const { context } = await visit({ url, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto("/?show=all");
    await addAndToggle(page, "/?show=all");
  });

  test("before its scripts have come, it does so too", async ({ visit }) => {
    const { context } = await visit({ url });
    const page = await context.newPage();
    await page.route(/\.js(\?|$)/, () => {});
    await page.goto("/", { waitUntil: "domcontentloaded" });
    await addAndToggle(page, "/");
  });
});
