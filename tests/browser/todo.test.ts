import { describe, expect } from "vitest";
import { count, PLACES, shows, todos } from "./kit/demo.js";
import { fill } from "./kit/hand.js";
import { test } from "./kit/visitor.js";

describe.for(PLACES)("the to-do list, on %s", ([, url, engine]) => {
  test.override({ engine });
  const begin = async (visit: (options: { url: string }) => Promise<{ open(path: string): Promise<import("playwright").Page> }>, ...titles: string[]) => {
    const page = await (await visit({ url })).open("/");
    const list = todos(page);
    await list.add(...titles);
    return { page, list };
  };

  test("a new list says that there is nothing to do, and waits for typing", async ({ visit }) => {
    const { page, list } = await begin(visit);
    await page.getByText("Nothing to do.").waitFor();
    await count(list.rows, 0);
    await count(list.count, 0);
    expect(await list.input.evaluate((input) => input === document.activeElement)).toBe(true);
  });

  test("adds to-dos on Enter, at the end, trimmed, and empties the field", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "  bread  ");
    await shows(list.rows, ["milk", "bread"]);
    expect(await list.input.inputValue()).toBe("");
  });

  test("adds nothing for an empty field or blanks", async ({ visit }) => {
    const { list } = await begin(visit);
    await list.input.press("Enter");
    await list.input.fill("   ");
    await list.input.press("Enter");
    await list.add("milk");
    await shows(list.rows, ["milk"]);
  });

  test("toggles a to-do, there and back", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread");
    await list.done("milk").click();
    await shows(list.count, ["1 item left"]);
    expect(await list.done("milk").getAttribute("aria-checked")).toBe("true");
    expect(await list.done("bread").getAttribute("aria-checked")).toBe("false");
    await list.done("milk").click();
    await shows(list.count, ["2 items left"]);
    expect(await list.done("milk").getAttribute("aria-checked")).toBe("false");
  });

  test("shows what is added and toggled before the server knows of it, in rows that stay", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk");
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/twin/todo.*", async (route) => {
      await answered;
      await route.continue();
    });
    await list.enter("bread");
    await list.done("milk").click();
    await shows(list.count, ["1 item left"]);
    const rows = await list.rows.elementHandles();
    answer();
    await page.unrouteAll({ behavior: "wait" });
    await list.add("tea");
    for (const row of rows) expect(await row.evaluate((element) => element.isConnected)).toBe(true);
    await page.reload();
    await shows(list.rows, ["milk", "bread", "tea"]);
    await shows(list.count, ["2 items left"]);
  });

  test("counts what is left, in the right number", async ({ visit }) => {
    const { list } = await begin(visit, "milk");
    await shows(list.count, ["1 item left"]);
    await list.add("bread");
    await shows(list.count, ["2 items left"]);
    await list.all.click();
    await shows(list.count, ["0 items left"]);
  });

  test("marks all as done, and all as not done again", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread", "tea");
    await list.done("milk").click();
    await shows(list.count, ["2 items left"]);
    await list.all.click();
    await shows(list.count, ["0 items left"]);
    await list.all.click();
    await shows(list.count, ["3 items left"]);
  });

  test("knows that all are done when they were ticked one by one", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread");
    expect(await list.all.getAttribute("aria-pressed")).toBe("false");
    await list.done("milk").click();
    await list.done("bread").click();
    await expect.poll(() => list.all.getAttribute("aria-pressed")).toBe("true");
    await list.done("bread").click();
    await expect.poll(() => list.all.getAttribute("aria-pressed")).toBe("false");
  });

  test("edits by double click, and saves on Enter, trimmed", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread");
    await list.edit("milk");
    expect(await list.field.inputValue()).toBe("milk");
    expect(await list.field.evaluate((field) => field === document.activeElement)).toBe(true);
    await fill(list.field, "  oat milk ");
    await list.field.press("Enter");
    await shows(list.rows, ["oat milk", "bread"]);
    await count(list.field, 0);
  });

  test("is done with an edit on Enter where the server has all of it already", async ({ visit }) => {
    const visitor = await visit({ url });
    const [page, other] = [await visitor.open("/"), todos(await visitor.open("/"))];
    const list = todos(page);
    await list.add("milk");
    await list.edit("milk");
    await fill(list.field, "oat milk");
    await shows(other.rows, ["oat milk"]);
    await page.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached" });
    await list.field.press("Enter");
    await shows(list.rows, ["oat milk"]);
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Edit oat milk");
  });

  test("saves when the field is left", async ({ visit }) => {
    const { list } = await begin(visit, "milk");
    await list.edit("milk");
    await fill(list.field, "oat milk");
    await list.input.click();
    await shows(list.rows, ["oat milk"]);
  });

  test("loses nothing of an edit when the page is loaded anew in the same moment", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk");
    await list.edit("milk");
    await list.field.evaluate((field) => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(field, "oat milk");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      location.reload();
    });
    await page.waitForLoadState();
    await shows(list.rows, ["oat milk"]);
  });

  test("forgets an edit on Escape", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk");
    await list.edit("milk");
    await fill(list.field, "oat milk");
    await list.field.press("Escape");
    await shows(list.rows, ["milk"]);
    await page.reload();
    await shows(list.rows, ["milk"]);
  });

  test("deletes a to-do whose title was emptied", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread");
    await list.edit("milk");
    await fill(list.field, " ");
    await list.field.press("Enter");
    await shows(list.rows, ["bread"]);
  });

  test("deletes a to-do", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread");
    await list.row("milk").hover();
    await list.row("milk").getByRole("button", { name: "Delete" }).click();
    await shows(list.rows, ["bread"]);
  });

  test("clears what is completed, and offers that only then", async ({ visit }) => {
    const { list } = await begin(visit, "milk", "bread", "tea");
    await count(list.clear, 0);
    await list.done("milk").click();
    await list.done("tea").click();
    await list.clear.click();
    await shows(list.rows, ["bread"]);
    await count(list.clear, 0);
  });

  test("hides list and count when the last one has gone", async ({ visit }) => {
    const { list } = await begin(visit, "milk");
    await list.all.click();
    await list.clear.click();
    await count(list.count, 0);
    await count(list.rows, 0);
  });

  test("filters, in the URL, with the browser's way back, over a reload", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk", "bread", "tea");
    await list.done("bread").click();
    await list.filter("Active").click();
    await shows(list.rows, ["milk", "tea"]);
    expect(new URL(page.url()).search).toBe("?show=active");
    await list.filter("Completed").click();
    await shows(list.rows, ["bread"]);
    await page.goBack();
    await shows(list.rows, ["milk", "tea"]);
    expect(await list.filter("Active").isChecked()).toBe(true);
    await page.reload();
    await shows(list.rows, ["milk", "tea"]);
    await list.filter("All").click();
    await shows(list.rows, ["milk", "bread", "tea"]);
    await shows(list.count, ["2 items left"]);
  });

  test("takes a to-do out of the filtered list when it no longer fits", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk", "bread");
    await list.filter("Active").click();
    await list.done("milk").click();
    await shows(list.rows, ["bread"]);
    await list.done("bread").click();
    await page.getByText("Nothing left to do.").waitFor();
  });

  test("keeps everything over a reload", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk", "bread");
    await list.done("bread").click();
    await shows(list.count, ["1 item left"]);
    await page.reload();
    await shows(list.rows, ["milk", "bread"]);
    expect(await list.done("bread").getAttribute("aria-checked")).toBe("true");
  });

  test("needs no mouse", async ({ visit }) => {
    const { page, list } = await begin(visit, "milk");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await shows(list.count, ["0 items left"]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await fill(list.field, "oat milk");
    await page.keyboard.press("Enter");
    await shows(list.rows, ["oat milk"]);
    const focus = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    await expect.poll(focus).toBe("Edit oat milk");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await count(list.rows, 0);
  });
});
