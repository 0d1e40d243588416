import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished } from "vitest";
import { shows, todos } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { test } from "./kit/visitor.js";

const dev = inject("dev");

/** Changes a file of the development server's app, until the test ends. */
function edit(path: string, ...changes: readonly (readonly [from: string, to: string])[]): void {
  const file = join(dev!.folder, path);
  const before = readFileSync(file, "utf8");
  const after = changes.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, before);
  replace(file, after);
  onTestFinished(() => replace(file, before));
}

/** As editors do: nobody reads the half of it. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** A class that the browser has too, for its optimistic events, is no component: Next loads the page anew, and says so. */
const ANEW = /\[Fast Refresh\] performing full reload/;

describe.runIf(dev)("hot reload, on next dev", () => {
  test("a changed store class keeps its state, and does at once what it says now, in the page that was open", async ({ visit }) => {
    const visitor = await visit({ url: dev!.url });
    visitor.expects(ANEW);
    const list = todos(await visitor.open("/"));
    await list.add("milk");
    await list.done("milk").click();
    await shows(list.count, ["0 items left"]);
    edit("state/todo.ts", ["new Item(id, title)", 'new Item(id, title + "!")']);
    let n = 0;
    // Next sees the change when it sees it: until then, the class is the old one.
    await expect
      .poll(
        async () => {
          const added = `bread ${++n}`;
          await list.input.fill(added);
          await list.input.press("Enter");
          await expect.poll(() => list.rows.last().textContent()).toContain(added);
          return list.rows.last().textContent();
        },
        { interval: 200 },
      )
      .toMatch(/^bread \d+!$/);
    await expect.poll(() => list.rows.first().textContent()).toBe("milk");
    expect(await list.done("milk").getAttribute("aria-checked")).toBe("true");
  });

  test("a new field of a store class has its first value, beside the state that was there", async ({ visit }) => {
    const visitor = await visit({ url: dev!.url });
    visitor.expects(ANEW);
    const page = await visitor.open("/");
    await todos(page).add("milk");
    edit("state/todo.ts", ["@computed get left", '@state motto = "one by one";\n\n  @computed get left']);
    edit(
      "components/todo/todo-footer.tsx",
      ["const [filter, setFilter] = useFilter();", "const [filter, setFilter] = useFilter();\n  const motto = useTodo((todo) => todo.motto);"],
      ['{left === 1 ? "item" : "items"} left', '{left === 1 ? "item" : "items"} left {typeof motto === "string" && motto}'],
    );
    await page.getByText("1 item left one by one").waitFor();
    await shows(todos(page).rows, ["milk"]);
    await page.reload();
    await hydrated(page);
    await page.getByText("1 item left one by one").waitFor();
    await shows(todos(page).rows, ["milk"]);
  });
});
