import type { Locator, Page } from "playwright";
import { expect, inject } from "vitest";
import { compiled } from "./build.js";
import { ENGINES, type Engine } from "./engine.js";
import { doubleClick } from "./hand.js";

/** Where the main tests run: in production, and in a full run in development too. */
export const SERVERS: readonly (readonly [name: string, url: string])[] = [
  [compiled ? "next start" : "next start, without the React Compiler", inject("demo").url],
  ...(inject("dev") ? [["next dev", inject("dev")!.url] as const] : []),
];

/** The same, and in a full run production in the other browsers too. */
export const PLACES: readonly (readonly [name: string, url: string, engine: Engine])[] = [
  ...SERVERS.map(([name, url]) => [name, url, "chromium"] as const),
  ...ENGINES.slice(1).map((engine) => [`next start, in ${engine}`, inject("demo").url, engine] as const),
];

/** What a user finds on the to-do page. */
export const todos = (page: Page) => {
  const rows = page.getByRole("list", { name: "To-dos" }).getByRole("listitem");
  const row = (title: string) => rows.filter({ has: page.getByRole("checkbox", { name: title, exact: true }) });
  const enter = async (title: string) => {
    await page.getByLabel("New to-do").fill(title);
    await page.getByLabel("New to-do").press("Enter");
  };
  return {
    rows,
    row,
    input: page.getByLabel("New to-do"),
    count: page.getByText(/\d+ items? left/),
    all: page.getByRole("button", { name: "Mark all as done" }),
    clear: page.getByRole("button", { name: "Clear completed" }),
    filter: (name: "All" | "Active" | "Completed") => page.getByRole("radio", { name }),
    field: page.getByLabel("Title"),
    done: (title: string) => page.getByRole("checkbox", { name: title, exact: true }),
    enter,
    /** Until the server has them too: they are shown before that. */
    async add(...titles: string[]) {
      for (const title of titles) {
        await enter(title);
        await row(title.trim()).waitFor();
        await page.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached" });
      }
    },
    async edit(title: string) {
      await doubleClick(row(title).getByText(title, { exact: true }));
      await page.getByLabel("Title").waitFor();
    },
  };
};

/** What a user finds on a board. */
export const board = (page: Page) => {
  const cards = (column: string) => page.getByRole("list", { name: `Cards of ${column}` }).getByRole("listitem");
  const card = (title: string) => page.getByRole("button", { name: title, exact: true });
  const choose = async (of: string, item: string) => {
    await page.getByRole("button", { name: of, exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  return {
    cards,
    card,
    choose,
    people: page.getByRole("list", { name: "Who is here" }).getByRole("listitem"),
    /** The pointers of others: each shows a name. */
    cursors: page.locator("[data-cursor]"),
    column: (title: string) => page.getByRole("region", { name: title, exact: true }),
    async add(column: string, title: string) {
      const field = page.getByRole("region", { name: column, exact: true }).getByLabel("Add a card");
      await field.fill(title);
      await field.press("Enter");
    },
  };
};

/** What a page says of its connection. */
export const connection = (page: Page) => {
  const said = (text: string | RegExp) => page.getByRole("status").getByText(text);
  return {
    live: page.getByRole("status").getByText("Live", { exact: true }),
    broken: said(/Reconnecting|Offline/),
    offline: said("Offline"),
    outdated: page.getByRole("button", { name: "New version: reload" }),
    /** How many calls wait for the line. */
    waiting: (calls?: number) => said(calls === undefined ? "waiting" : `${calls} waiting`),
  };
};

/** Waits until elements show just these texts, in this order. */
export const shows = (elements: Locator, texts: readonly string[]) => expect.poll(() => elements.allTextContents(), { interval: 20 }).toEqual(texts);

export const count = (elements: Locator, n: number) => expect.poll(() => elements.count(), { interval: 20 }).toBe(n);
