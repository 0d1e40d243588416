import { expect, inject } from "vitest";
import { board } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

const HTML = { accept: "text/html" };
const page = async () => (await fetch(`${inject("demo").url}/boards`, { headers: HTML })).text();

/** What the list of boards says of one. */
const listed = async (key: string) => {
  const text = (await page()).replace(/<!--.*?-->/gs, "");
  return new RegExp(`href="/board/${key}">${key}</a> <span[^>]*>(\\d+ cards?)</span>`).exec(text)?.[1];
};

const add = (key: string, title: string) =>
  fetch(`${inject("demo").url}/api/twin/board.add`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key, args: ["todo", title] }),
  });

test("the list of boards is cached, and the page shows a card as soon as its event is answered", async () => {
  const key = `list-${Date.now().toString(36)}`;
  expect(await listed(key)).toBe(undefined);
  for (let n = 1; n <= 3; n++) {
    expect((await add(key, `card ${n}`)).status).toBe(200);
    expect(await listed(key)).toBe(n === 1 ? "1 card" : `${n} cards`);
  }
});

test("a visitor adds a card and finds the board in the list", async ({ visit }) => {
  const key = `list-${Date.now().toString(36)}-seen`;
  const visitor = await visit();
  const one = await visitor.open(`/board/${key}`);
  await board(one).add("To do", "paint");
  await one.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached" });
  await one.getByRole("link", { name: "All boards" }).click();
  const row = one.getByRole("list", { name: "Boards" }).getByRole("listitem").filter({ hasText: key });
  await row.getByText("1 card", { exact: true }).waitFor();
  await row.getByRole("link").click();
  await board(one).card("paint").waitFor();
});
