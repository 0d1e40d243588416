import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject } from "vitest";
import { shows, todos } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

const dev = inject("dev");

test("a page in production has no devtools, nor does any file that it could load", async ({ visit }) => {
  const page = await (await visit()).open("/");
  await todos(page).add("milk");
  expect(await page.locator("twinstate-devtools").count()).toBe(0);
  expect(await page.getByRole("button", { name: /devtools/ }).count()).toBe(0);
  const folder = join(inject("demo").folder, ".next/static");
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const having = (text: string) => scripts.filter((file) => readFileSync(join(folder, file), "utf8").includes(text));
  // The client's own code is there, under its readable names.
  expect(having("$connect")).not.toEqual([]);
  expect([having("twinstate-devtools"), having("server-sent events")]).toEqual([[], []]);
});

describe.runIf(dev)("on next dev", () => {
  test("the devtools show the page's stores and events, and a click there replays one", async ({ visit }) => {
    const page = await (await visit({ url: dev!.url })).open("/");
    const list = todos(page);
    const panel = page.getByRole("region", { name: "twinstate devtools" });
    await page.getByRole("button", { name: "Open the twinstate devtools" }).click();
    await panel.getByRole("button", { name: "todo", exact: true }).waitFor();
    await panel.getByText("items Array(0)", { exact: true }).waitFor();
    await list.add("milk");
    await panel.getByRole("button", { name: "items Array(1)" }).waitFor();
    await panel.getByRole("tab", { name: "Events" }).click();
    await panel.getByRole("row", { name: /todo\.add "milk" done 1/ }).waitFor();
    await panel.getByRole("button", { name: "Replay todo.add" }).click();
    await shows(list.rows, ["milk", "milk"]);
    await panel.getByRole("tab", { name: "Network" }).click();
    await panel.getByRole("checkbox", { name: "Offline" }).click();
    await page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
    await panel.getByRole("checkbox", { name: "Offline" }).click();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  });
});
