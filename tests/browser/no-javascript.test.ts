import type { Page } from "playwright";
import { describe, expect } from "vitest";
import { count, SERVERS, shows, todos } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

/** Adds and toggles, where each step is a page of its own. */
async function addAndToggle(page: Page, path: string) {
  const list = todos(page);
  const next = (act: () => Promise<unknown>) => Promise.all([page.waitForEvent("domcontentloaded"), act()]);
  const add = async (title: string) => {
    await list.input.fill(title);
    await next(() => list.input.press("Enter"));
  };
  await add("milk");
  await add("  bread ");
  await shows(list.rows, ["milk", "bread"]);
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(path);
  await next(() => list.done("milk").click());
  await shows(list.count, ["1 item left"]);
  expect(await list.done("milk").getAttribute("aria-checked")).toBe("true");
  await next(() => list.done("milk").click());
  await shows(list.count, ["2 items left"]);
  await list.input.fill("   ");
  await list.input.press("Enter");
  await count(list.rows, 2);
}

describe.for(SERVERS)("the to-do list, on %s", ([, url]) => {
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
