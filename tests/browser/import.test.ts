import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright";
import { expect, inject, onTestFinished } from "vitest";
import { temporaryFolder } from "../kit/files.js";
import { hydrated } from "./kit/hydrated.js";
import { openLine } from "./kit/line.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** What a visitor finds on the page of imports. */
const imports = (page: Page) => {
  const section = page.getByRole("region", { name: "Import of contacts" });
  return {
    section,
    input: section.locator("input[type=file]"),
    progress: section.getByRole("progressbar"),
    cancel: section.getByRole("button", { name: "Cancel" }),
    end: section.getByRole("status"),
    refused: section.getByRole("region", { name: "Rows that were refused" }).getByRole("rowheader"),
    alert: section.getByRole("alert"),
    count: page.getByRole("region", { name: "Contacts" }).getByRole("heading"),
    /** How many rows are done, as the page says. */
    async rows() {
      const label = (await section.getByRole("progressbar").getAttribute("aria-label", { timeout: 30_000 })) ?? "";
      return Number(/^(\d+) of 500 rows$/.exec(label)?.[1] ?? 0);
    },
  };
};

/** The demo's file, or its first rows. */
const sample = async (rows = 500) => {
  const text = await (await fetch(`${inject("demo").url}/import/sample`)).text();
  const lines = text.split("\n").slice(0, rows + 1);
  return { name: "contacts.csv", mimeType: "text/csv", buffer: Buffer.from(`${lines.join("\n")}\n`) };
};

const END = "Done: 495 of 500 rows of contacts.csv added, 5 refused.";

test("an import of 500 rows goes on while its page is loaded again, which shows it from the first HTML; no row is lost or doubled", async ({ visit }) => {
  const visitor = await visit();
  const page = await visitor.open("/import");
  await imports(page).input.setInputFiles(await sample());
  await expect.poll(() => imports(page).rows()).toBeGreaterThan(30);
  const before = await imports(page).rows();
  const response = await page.reload({ waitUntil: "commit" });
  const html = (await response?.text()) ?? "";
  const [, done = "0"] = /aria-label="(\d+) of 500 rows"/.exec(html) ?? [];
  expect(Number(done)).toBeGreaterThanOrEqual(before);
  expect(Number(done)).toBeLessThan(500);
  await hydrated(page);
  await expect.poll(() => imports(page).end.textContent({ timeout: 60_000 }), { timeout: 60_000 }).toBe(END);
  expect(await imports(page).refused.allTextContents()).toEqual(["101", "201", "301", "401", "501"]);
  expect(await imports(page).count.textContent()).toBe("495 contacts");
  // Those of the file are there already.
  await imports(page).input.setInputFiles(await sample(100));
  await expect
    .poll(() => imports(page).end.textContent({ timeout: 60_000 }), { timeout: 60_000 })
    .toBe("Done: 0 of 100 rows of contacts.csv added, 100 refused.");
  expect(await imports(page).count.textContent()).toBe("495 contacts");
});

test("an import is cancelled after a reload, and from another tab: what is in stays, and nothing comes after", async ({ visit }) => {
  const visitor = await visit();
  const page = await visitor.open("/import");
  for (const canceller of [await visitor.open("/import"), page]) {
    await imports(page).input.setInputFiles(await sample());
    await expect.poll(() => imports(page).rows()).toBeGreaterThan(20);
    if (canceller === page) {
      await page.reload();
      await hydrated(page);
    }
    await imports(canceller).cancel.click();
    await imports(page)
      .end.getByText(/^Cancelled: \d+ of 500 rows of contacts.csv added/)
      .waitFor({ timeout: 30_000 });
    const count = await imports(page).count.textContent();
    // The event has ended: its file is gone, and another one can begin.
    await imports(canceller).input.waitFor({ state: "attached" });
    await page.reload();
    expect(await imports(page).count.textContent()).toBe(count);
    await hydrated(page);
    await page.getByRole("button", { name: "Remove all" }).click();
    await imports(page).count.getByText("0 contacts").waitFor();
  }
});

test("an import goes on where it was when its server was killed: no row is lost or doubled", async ({ visit }) => {
  const server = await startServer({ cwd: inject("demo").folder });
  onTestFinished(server.kill);
  const visitor = await visit({ url: server.url });
  visitor.expects(/Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_REFUSED/);
  const page = await visitor.open("/import");
  await imports(page).input.setInputFiles(await sample());
  await expect.poll(() => imports(page).rows()).toBeGreaterThan(100);
  await server.kill();
  await server.start();
  await expect.poll(() => imports(page).end.textContent({ timeout: 60_000 }), { timeout: 60_000 }).toBe(END);
  expect(await imports(page).refused.allTextContents()).toEqual(["101", "201", "301", "401", "501"]);
  expect(await imports(page).count.textContent()).toBe("495 contacts");
});

test("a file that is on its way is cancelled from another tab, or goes with its page, and leaves nothing", async ({ visit }) => {
  const line = await openLine(inject("demo").url);
  line.most = (path) => (path.includes("$upload") && !path.includes("&ask") ? 300_000 : Infinity);
  const visitor = await visit({ url: line.url });
  // The server ends the request of a call that was cancelled, which browsers log.
  visitor.expects(/ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  const [page, other] = [await visitor.open("/import"), await visitor.open("/import")];
  const file = { name: "slow.csv", mimeType: "text/csv", buffer: Buffer.from("name,email,city\n".padEnd(1_900_000, "x")) };
  const arriving = imports(other).section.getByText(/Receiving slow.csv: [1-9]/);
  await imports(page).input.setInputFiles(file);
  await arriving.waitFor({ timeout: 30_000 });
  await imports(other).cancel.click();
  await imports(page).input.waitFor({ state: "attached", timeout: 30_000 });
  await imports(other).input.waitFor({ state: "attached", timeout: 30_000 });

  await imports(page).input.setInputFiles(file);
  await arriving.waitFor({ timeout: 30_000 });
  await page.close();
  await imports(other).input.waitFor({ state: "attached", timeout: 30_000 });
  expect(await imports(other).count.textContent()).toBe("0 contacts");
  expect(await imports(other).end.allTextContents()).toEqual([]);
});

test("a file is chosen by keyboard, and imported", async ({ visit }) => {
  const visitor = await visit();
  const page = await visitor.open("/import");
  // The browser hands over its dialog from now on: what is asked of it later comes behind that.
  const chooser = page.waitForEvent("filechooser", { timeout: 60_000 });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("type"));
  for (let tabs = 0; (await focused()) !== "file"; tabs++) {
    expect(tabs, "the field is found by Tab").toBeLessThan(20);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  const text = "name,email,city\nAda,ada@example.com,Cork\n";
  await (await chooser).setFiles({ name: "one.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await imports(page).end.getByText("Done: 1 of 1 rows of one.csv added, 0 refused.").waitFor({ timeout: 30_000 });
});

test("the page of imports says what is wrong with a file, and an import is cancelled by keyboard", async ({ visit }) => {
  const visitor = await visit();
  const page = await visitor.open("/import");
  const file = (text: string) => ({ name: "wrong.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await imports(page).input.setInputFiles(file("name,mail\n"));
  await expect.poll(() => imports(page).alert.textContent()).toContain("The first row must name the columns name, email, city: email is missing.");
  await imports(page).input.setInputFiles(file('city,email,name\n"Fort-de-France, Martinique",ada@example.com,"Ada ""A"" Berg"\n'));
  await page.getByRole("cell", { name: "Fort-de-France, Martinique" }).waitFor();
  await page.getByRole("rowheader", { name: 'Ada "A" Berg' }).waitFor();
  // The focus stays where the user works, though the input gives way to the progress.
  await imports(page).input.focus();
  await imports(page).input.setInputFiles(await sample());
  await expect.poll(() => imports(page).rows()).toBeGreaterThan(20);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Cancel");
  await page.keyboard.press("Enter");
  await imports(page)
    .end.getByText(/^Cancelled/)
    .waitFor({ timeout: 30_000 });
});

test("without JavaScript a file of 40 MB arrives by a form, whole, as its event reads it", async ({ visit }) => {
  const { context } = await visit({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/import");
  const bytes = Buffer.alloc(40_000_000, "a large file; ");
  const section = page.getByRole("region", { name: "Checksum" });
  const file = join(temporaryFolder(), "large.bin");
  writeFileSync(file, bytes);
  await section.locator("input[type=file]").setInputFiles(file);
  await section.getByRole("button", { name: "Send" }).click();
  await section.getByText("large.bin, 40,000,000 bytes").waitFor({ timeout: 60_000 });
  await section.getByText(createHash("sha256").update(bytes).digest("hex")).waitFor();
});

test("without JavaScript a file is imported by a form", async ({ visit }) => {
  const { context } = await visit({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/import");
  await imports(page).input.setInputFiles({ name: "one.csv", mimeType: "text/csv", buffer: Buffer.from("name,email,city\nAda,ada@example.com,Cork\n") });
  await page.getByRole("button", { name: "Import" }).click();
  await expect
    .poll(async () => {
      await page.reload();
      return imports(page)
        .end.textContent({ timeout: 5000 })
        .catch(() => "");
    })
    .toBe("Done: 1 of 1 rows of one.csv added, 0 refused.");
});
