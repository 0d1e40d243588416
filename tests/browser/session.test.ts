import { describe, expect } from "vitest";
import { PLACES, shows, todos } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { frames, recordFrames } from "./kit/recorder.js";
import { test } from "./kit/visitor.js";

describe.for(PLACES)("a session, on %s", ([, url, engine]) => {
  test.override({ engine });
  test("two visitors do not see each other's to-dos", async ({ visit }) => {
    const [one, two] = [await visit({ url }), await visit({ url })];
    const [mine, yours] = [todos(await one.open("/")), todos(await two.open("/"))];
    await mine.add("mine");
    await yours.add("yours");
    await shows(mine.rows, ["mine"]);
    await shows(yours.rows, ["yours"]);
  });

  test("two tabs of one visitor show the same, at once", async ({ visit }) => {
    const visitor = await visit({ url });
    const [one, two] = [todos(await visitor.open("/")), todos(await visitor.open("/"))];
    await one.add("milk");
    await shows(two.rows, ["milk"]);
    await two.done("milk").click();
    await expect.poll(() => one.done("milk").getAttribute("aria-checked")).toBe("true");
    await two.add("bread");
    await shows(one.rows, ["milk", "bread"]);
  });

  test("a reload shows the state from the first frame to the last", async ({ visit }) => {
    const visitor = await visit({ url });
    const page = await visitor.open("/");
    await todos(page).add("milk", "bread");
    await recordFrames(visitor.context, "main li, main h1");
    await page.reload();
    await hydrated(page);
    // The stream is open: what it brought is shown.
    await todos(page).add("tea");
    expect(await frames(page)).toEqual(["To-do|milk|bread", "To-do|milk|bread|tea"]);
  });

  test("another page of the app and back keeps the state", async ({ visit }) => {
    const page = await (await visit({ url })).open("/");
    await todos(page).add("milk");
    await page.getByRole("link", { name: "About" }).click();
    await page.getByRole("heading", { name: "How it works" }).waitFor();
    await page.getByRole("link", { name: "To-do", exact: true }).click();
    await shows(todos(page).rows, ["milk"]);
    await todos(page).add("bread");
    await shows(todos(page).rows, ["milk", "bread"]);
  });

  test("what was done while another page of the app was shown is there on the way back", async ({ visit }) => {
    const visitor = await visit({ url });
    const [page, other] = [await visitor.open("/"), await visitor.open("/")];
    await todos(page).add("milk");
    await page.getByRole("link", { name: "About" }).click();
    await page.getByRole("heading", { name: "How it works" }).waitFor();
    await todos(other).add("bread");
    await page.getByRole("link", { name: "To-do", exact: true }).click();
    await shows(todos(page).rows, ["milk", "bread"]);
  });
});
