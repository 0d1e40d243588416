import type { Page } from "playwright";
import { expect, inject } from "vitest";
import { hydrated } from "./kit/hydrated.js";
import { test } from "./kit/visitor.js";

/** What a visitor finds on the page of parts. */
const parts = (page: Page) => {
  const stock = page.getByRole("region", { name: "Stock" });
  const scroller = stock.getByRole("region", { name: "Products" });
  return {
    title: page.getByLabel("Title"),
    stock,
    scroller,
    filter: page.getByLabel("Filter products"),
    count: stock.getByRole("status"),
    /** The rows that the page has as elements, without that of the titles. */
    rows: scroller.locator("tbody tr[aria-rowindex]"),
    first: scroller.locator('tbody tr[aria-rowindex="2"] td').first(),
    price: (name: string) => page.getByLabel(`Price of ${name}`),
    sorter: (name: string) => stock.getByRole("button", { name, exact: false }),
    scrollTo: (top: number) => scroller.evaluate((element, to) => element.scrollTo(0, to), top),
    /** How many rows are in the page's memory. */
    held: async () => Number(await scroller.getAttribute("data-held")),
  };
};

test("fields show in other tabs as they are typed, and what is refused stays, with the reason at the field", async ({ visit }) => {
  const visitor = await visit();
  const [page, other] = [await visitor.open("/parts"), await visitor.open("/parts")];
  await parts(page).title.fill("Garden party");
  await expect.poll(() => parts(other).title.inputValue()).toBe("Garden party");
  await parts(page).title.fill("x".repeat(41));
  await page.getByText("The title may have 40 letters.").waitFor();
  expect(await parts(page).title.getAttribute("aria-invalid")).toBe("true");
  const id = (await parts(page).title.getAttribute("aria-describedby")) ?? "";
  expect(await page.locator(`[id="${id}"]`).textContent()).toBe("The title may have 40 letters.");
  expect([await parts(page).title.inputValue(), await parts(other).title.inputValue()]).toEqual(["x".repeat(41), "Garden party"]);
  await parts(page).title.fill("Short again");
  await expect.poll(() => parts(other).title.inputValue()).toBe("Short again");
  expect(await page.getByText("The title may have 40 letters.").count()).toBe(0);
});

test("by keys alone: a select, a slider, a switch, a checkbox, a form, a dialog, and the order of the table", async ({ visit }) => {
  const page = await (await visit()).open("/parts");
  await page.getByRole("combobox", { name: "Room" }).focus();
  await page.keyboard.press("Enter");
  const option = (name: string) => page.getByRole("option", { name }).evaluate((one) => one === document.activeElement);
  await expect.poll(() => option("Garden")).toBe(true);
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => option("Library")).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Room" }).getByText("Library").waitFor();
  await expect.poll(() => page.getByRole("combobox", { name: "Room" }).evaluate((trigger) => trigger === document.activeElement)).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.getByTestId("seats").textContent()).toBe("13");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect.poll(() => page.getByRole("switch", { name: "Music" }).isChecked()).toBe(false);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect.poll(() => page.getByRole("checkbox", { name: "The date is confirmed" }).isChecked()).toBe(true);

  // The first wrong field has the focus, and what was typed stays.
  await page.keyboard.press("Tab");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("E-mail").evaluate((field) => field === document.activeElement)).toBe(true);
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada");
  await page.getByText("This is no e-mail address.").waitFor();
  await page.keyboard.type("ada@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Ada, ada@example.com").waitFor();
  await page.getByRole("alert").getByText("Ada is invited.").waitFor();
  await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("");

  await page.getByRole("button", { name: "Remove Ada" }).press("Enter");
  await page.getByRole("alertdialog").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("button", { name: "Remove Ada" }).evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).press("Enter");
  await expect.poll(() => page.getByText("Ada, ada@example.com").count()).toBe(0);
  await expect.poll(() => page.getByRole("alertdialog").count()).toBe(0);
  // The button has gone with its guest.
  await expect.poll(() => page.getByRole("heading", { name: "Guests" }).evaluate((heading) => heading === document.activeElement)).toBe(true);

  await parts(page).sorter("Price").press("Enter");
  await expect.poll(() => page.getByRole("columnheader", { name: "Price" }).getAttribute("aria-sort")).toBe("ascending");
  await parts(page).sorter("Price").press("Enter");
  await expect.poll(() => page.getByRole("columnheader", { name: "Price" }).getAttribute("aria-sort")).toBe("descending");
  await parts(page).scroller.focus();
  await page.keyboard.press("End");
  await expect.poll(() => parts(page).rows.last().getAttribute("aria-rowindex")).toBe("100001");
});

test("files that are chosen or dropped go to the event, each with its outcome", async ({ visit }) => {
  const page = await (await visit()).open("/parts");
  const files = page.getByRole("region", { name: "Files" });
  await files.locator("input[type=file]").setInputFiles([
    { name: "a.txt", mimeType: "text/plain", buffer: Buffer.alloc(10) },
    { name: "b.txt", mimeType: "text/plain", buffer: Buffer.alloc(2_000_000) },
  ]);
  await files.getByText("b.txt: 2000000 bytes").waitFor();
  await expect.poll(() => files.getByRole("status").allTextContents()).toEqual(["Sent", "Sent"]);
  const drop = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["abc"], "c.txt"));
    return transfer;
  });
  const zone = files.locator("label");
  await zone.dispatchEvent("dragenter", { dataTransfer: drop });
  await expect.poll(() => zone.getAttribute("data-over")).toBe("true");
  await zone.dispatchEvent("drop", { dataTransfer: drop });
  await files.getByText("c.txt: 3 bytes").waitFor();
  expect(await zone.getAttribute("data-over")).toBe(null);
  await files.getByRole("button", { name: "Clear a.txt" }).click();
  await expect.poll(() => files.getByRole("status").count()).toBe(2);
});

test("a table of 100,000 rows: the first are in the HTML, and the page never has more than a few", async ({ visit }) => {
  expect(await (await fetch(`${inject("demo").url}/parts`)).text()).toContain("Product 000001");
  const page = await (await visit()).open("/parts");
  const { first, count, rows, held, scrollTo, sorter, filter, scroller } = parts(page);
  expect(await count.textContent()).toBe("100,000 products");
  expect(await scroller.getByRole("table").getAttribute("aria-rowcount")).toBe("100001");
  for (const index of [50_000, 99_980, 12_345]) {
    await scrollTo(index * 40);
    await page.getByText(`Product ${String(index + 5).padStart(6, "0")}`).waitFor();
    expect(await rows.count()).toBeLessThan(100);
    expect(await held()).toBeLessThanOrEqual(300);
  }
  // Another order begins at the top.
  await sorter("Name").click();
  await sorter("Name").click();
  await expect.poll(() => page.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("ascending");
  await sorter("Name").click();
  await expect.poll(() => first.textContent()).toBe("Product 100000");
  await filter.fill("00012");
  await expect.poll(() => count.textContent()).toBe("11 products");
  await expect.poll(() => first.textContent()).toBe("Product 000129");
  await filter.fill("%");
  await expect.poll(() => count.textContent()).toBe("0 products");
  expect(await rows.count()).toBe(0);
});

test("a row that others change shows at once where it is in view; a value that the server refuses stays in its field", async ({ visit }) => {
  const [one, two] = [await (await visit()).open("/parts"), await (await visit()).open("/parts")];
  for (const page of [one, two]) {
    await parts(page).filter.fill("Product 054321");
    await parts(page).price("Product 054321").waitFor();
  }
  for (const price of ["12.5", "7"]) {
    await parts(one).price("Product 054321").fill(price);
    await expect.poll(() => parts(two).price("Product 054321").inputValue()).toBe(price);
  }
  await parts(one).price("Product 054321").fill("-1");
  await expect.poll(() => parts(one).price("Product 054321").getAttribute("title")).toBe("A price is not below 0.");
  expect(await parts(two).price("Product 054321").inputValue()).toBe("7");
  // A page that is loaded now has it too, and both are listed.
  await two.reload();
  await hydrated(two);
  await parts(two).filter.fill("Product 054321");
  await expect.poll(() => parts(two).price("Product 054321").inputValue()).toBe("7");
  await expect.poll(() => two.getByRole("list", { name: "Who is here" }).getByRole("listitem").count()).toBeGreaterThanOrEqual(2);
});
