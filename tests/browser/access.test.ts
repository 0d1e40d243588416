import type { Page } from "playwright";
import { describe, expect } from "vitest";
import { COLORS } from "../../demo-next/state/person.js";
import { violations } from "./kit/axe.js";
import { board, count, shows, todos } from "./kit/demo.js";
import { doubleClick } from "./kit/hand.js";
import { hydrated } from "./kit/hydrated.js";
import { test } from "./kit/visitor.js";

/** What the focus is on, by its name. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.getAttribute("placeholder") ?? element?.textContent ?? "";
  });
const focusIs = (page: Page, name: string) => expect.poll(() => focused(page)).toBe(name);

let boards = 0;
const fresh = () => `/board/access-${Date.now().toString(36)}-${++boards}`;

/** What axe finds wrong in light colours, and in dark ones, where nothing but colours is another. */
async function wrong(page: Page, within?: string): Promise<string[]> {
  const look = within === undefined ? {} : { within };
  const light = await violations(page, look);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("html.dark").waitFor();
  const dark = await violations(page, { ...look, rule: "color-contrast" });
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("html.light").waitFor();
  return [...light, ...dark.map((found) => `in dark colours, ${found}`)];
}

describe("in light and in dark colours, axe finds nothing wrong", () => {
  test("on a to-do list with what is done and what is not, and while a title is edited", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open("/");
    expect(await wrong(page), "empty").toEqual([]);
    await todos(page).add("milk", "bread");
    await todos(page).done("milk").click();
    await shows(todos(page).count, ["1 item left"]);
    expect(await wrong(page)).toEqual([]);
    await todos(page).edit("bread");
    expect(await wrong(page), "edited").toEqual([]);
  });

  test("on a board with empty columns, cards, and people of every colour", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open(fresh());
    await board(page).add("To do", "paint");
    await board(page).card("paint").waitFor();
    await count(board(page).people, 1);
    expect(await wrong(page)).toEqual([]);
    // Of the whole page nothing else has another colour.
    for (const color of COLORS) {
      await page.evaluate((name) => {
        for (const avatar of document.querySelectorAll(".rt-AvatarRoot")) avatar.setAttribute("data-accent-color", name);
      }, color);
      expect(await wrong(page, ".rt-AvatarRoot"), color).toEqual([]);
    }
  });

  test("on a poll", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open("/poll");
    await page.getByLabel("Your name").fill("Ann");
    await page.getByLabel("Your name").press("Enter");
    await page.getByText("You are Ann").waitFor();
    await hydrated(page);
    expect(await wrong(page), "asked").toEqual([]);
    await page.getByLabel("Question").fill("Where do we eat?");
    await page.getByLabel("Answers").fill("here\nthere");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("heading", { name: "Where do we eat?" }).waitFor();
    await count(page.getByRole("list", { name: "Who is here" }).getByRole("listitem"), 1);
    expect(await wrong(page)).toEqual([]);
  });

  test("on the sign-in, also when it has refused a password, and on the account of an admin", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open("/sign-in");
    expect(await wrong(page), "empty").toEqual([]);
    const enter = async (password: string) => {
      await page.getByLabel("Name", { exact: true }).fill("ann");
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Sign in" }).click();
    };
    await enter("wrong");
    await page.getByText("The name or the password is wrong.").waitFor();
    expect(await wrong(page), "refused").toEqual([]);
    await enter("correct horse");
    await page.getByText("Ann, on a computer").first().waitFor();
    expect(await wrong(page), "signed in").toEqual([]);
  });

  test("on a chat, while an answer grows and when it is stopped", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open(`/chat/${fresh().slice("/board/".length)}`);
    expect(await wrong(page), "empty").toEqual([]);
    await page.getByLabel("Ask the model").fill("Say 5000 words");
    await page.getByLabel("Ask the model").press("Enter");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    expect(await wrong(page), "growing").toEqual([]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    await page.getByRole("button", { name: /^heart/ }).click();
    await page.getByRole("button", { name: "heart, 1" }).waitFor();
    expect(await wrong(page), "stopped").toEqual([]);
  });

  test("on an import, with rows that were refused", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open("/import");
    expect(await wrong(page), "empty").toEqual([]);
    const buffer = Buffer.from(["name,email,city", ...Array.from({ length: 249 }, (_, i) => `a,p${i}@example.com,b`), "c,nobody,d"].join("\n"));
    await page.locator("input[type=file]").first().setInputFiles({ name: "contacts.csv", mimeType: "text/csv", buffer });
    await page.getByRole("progressbar").waitFor();
    expect(await wrong(page), "running").toEqual([]);
    await page.getByText("Done: 249 of 250 rows of contacts.csv added, 1 refused.").waitFor({ timeout: 30_000 });
    expect(await wrong(page), "done").toEqual([]);
  });

  test("on the parts, with a form and a field that were refused, rows that are filtered, and a dialog", async ({ visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open("/parts");
    expect(await wrong(page), "as it comes").toEqual([]);
    await page.getByLabel("Title").fill("x".repeat(41));
    await page.getByText("The title may have 40 letters.").waitFor();
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByText("Say a name.").waitFor();
    await page.locator("input[type=file]").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
    await page.getByText("a.txt: 1 bytes").waitFor();
    await page.getByLabel("Filter products").fill("000077");
    await page.getByText("1 product", { exact: true }).waitFor();
    expect(await wrong(page), "refused").toEqual([]);
    await page.getByLabel("Name", { exact: true }).fill("Ada");
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("E-mail").press("Enter");
    await page.getByRole("button", { name: "Remove Ada" }).click();
    await page.getByRole("alertdialog").waitFor();
    expect(await wrong(page), "asked").toEqual([]);
  });

  test.for(["/ticker", "/poll", "/about"])("on %s", async (path, { visit }) => {
    const page = await (await visit({ colorScheme: "light" })).open(path);
    if (path === "/ticker") await page.locator("li:nth-child(-n + 40)[data-way]").first().waitFor();
    expect(await wrong(page)).toEqual([]);
  });
});

describe("the focus never falls to the body", () => {
  test("when to-dos are deleted, emptied, cleared, or leave what is shown", async ({ visit }) => {
    const page = await (await visit()).open("/");
    const list = todos(page);
    await list.add("a", "b", "c", "d");
    await list.row("a").getByRole("button", { name: "Delete a" }).focus();
    await page.keyboard.press("Enter");
    await shows(list.rows, ["b", "c", "d"]);
    await focusIs(page, "b");

    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await list.field.fill("");
    await page.keyboard.press("Enter");
    await shows(list.rows, ["c", "d"]);
    await focusIs(page, "c");

    await list.filter("Active").click();
    await list.done("c").focus();
    await page.keyboard.press("Space");
    await shows(list.rows, ["d"]);
    await focusIs(page, "d");

    await list.clear.focus();
    await page.keyboard.press("Enter");
    await count(list.clear, 0);
    await focusIs(page, "New to-do");

    await list.row("d").getByRole("button", { name: "Delete d" }).focus();
    await page.keyboard.press("Enter");
    await count(list.rows, 0);
    await focusIs(page, "New to-do");
  });

  test("when cards are moved and deleted by their menu: it goes with the card, else to the next, else to a new one", async ({ visit }) => {
    const page = await (await visit()).open(fresh());
    for (const title of ["a", "b"]) {
      await board(page).add("To do", title);
      await board(page).card(title).waitFor();
    }
    const choose = async (button: string, item: string) => {
      await page.getByRole("button", { name: button, exact: true }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("menuitem", { name: item }).press("Enter");
    };
    await choose("Card a", "Move to Done");
    await shows(board(page).cards("To do").getByRole("button", { name: "b", exact: true }), ["b"]);
    await focusIs(page, "a");
    await choose("Card a", "Move to To do");
    await focusIs(page, "a");
    await choose("Card b", "Delete");
    await focusIs(page, "a");
    await choose("Card a", "Delete");
    await focusIs(page, "Add a card");
  });

  test("when columns are deleted: it goes to the next, else to a new one", async ({ visit }) => {
    const page = await (await visit()).open(fresh());
    await board(page).add("Done", "a");
    await board(page).card("a").waitFor();
    await board(page).choose("Column Doing", "Delete");
    await focusIs(page, "Column Done");
    await board(page).choose("Column Done", "Delete");
    await page.getByRole("button", { name: "Keep" }).press("Enter");
    await focusIs(page, "Column Done");
    await board(page).choose("Column Done", "Delete");
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).press("Enter");
    await count(board(page).column("Done"), 0);
    await focusIs(page, "Add a column");
  });
});

test("while a title is edited its checkbox is hidden", async ({ visit }) => {
  const page = await (await visit()).open("/");
  await todos(page).add("milk");
  await doubleClick(page.getByText("milk", { exact: true }));
  await todos(page).field.waitFor();
  expect(await page.locator("li [role=checkbox]").isVisible()).toBe(false);
  await todos(page).field.press("Escape");
  expect(await todos(page).done("milk").isVisible()).toBe(true);
});

test("titles from right to left are shown and edited so", async ({ visit }) => {
  const visitor = await visit();
  const direction = (page: Page, text: string) => page.getByText(text, { exact: true }).evaluate((element) => getComputedStyle(element).direction);
  const title = "שלום עולם, קנה חלב (2%)!";
  const page = await visitor.open("/");
  await todos(page).add(title, "milk (2%)!");
  expect([await direction(page, title), await direction(page, "milk (2%)!")]).toEqual(["rtl", "ltr"]);
  await todos(page).edit(title);
  expect(await todos(page).field.evaluate((field) => getComputedStyle(field).direction)).toBe("rtl");
  const other = await visitor.open(fresh());
  await board(other).add("To do", title);
  await board(other).card(title).waitFor();
  expect(await direction(other, title)).toBe("rtl");
});

test("who moves a card by keys is told its column and its place", async ({ visit }) => {
  const page = await (await visit()).open(fresh());
  await board(page).add("Done", "x");
  await board(page).add("To do", "a");
  await board(page).card("a").focus();
  await page.keyboard.press("Space");
  await page.getByText("a is at place 1 of 1 in To do.").waitFor({ state: "attached" });
  await expect
    .poll(async () => {
      await page.keyboard.press("ArrowRight");
      return page.getByText(/^a is at place [12] of 2 in Done\.$/).count();
    })
    .toBe(1);
  await page.keyboard.press("Space");
  await page.getByText(/^Dropped a at place [12] of 2 in Done\.$/).waitFor({ state: "attached" });
});

test("a card that is added is there before the server has answered, with who added it", async ({ visit }) => {
  const page = await (await visit()).open(fresh());
  await count(board(page).people, 1);
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/twin/board.*", async (route) => {
    await answered;
    await route.continue();
  });
  await board(page).add("To do", "paint");
  await board(page).card("paint").waitFor();
  await page.getByRole("img", { name: /^Added by / }).waitFor();
  answer();
  await page.unrouteAll({ behavior: "wait" });
});
