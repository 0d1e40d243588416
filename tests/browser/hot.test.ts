import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, inject } from "vitest";
import { shows, todos } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

const dev = inject("dev");

describe.runIf(dev)("hot reload, on next dev", () => {
  test("a changed store class keeps its state, and what it does now is what it says now", async ({ visit, onTestFinished }) => {
    const file = join(dev!.folder, "state/todo.ts");
    const before = readFileSync(file, "utf8");
    onTestFinished(() => writeFileSync(file, before));
    const page = await (await visit({ url: dev!.url })).open("/");
    const list = todos(page);
    await list.add("milk");
    writeFileSync(file, before.replace("{ id, title, done: false }", '{ id, title: title + "!", done: false }'));
    // The new class comes with the next time that Next evaluates the module: a request.
    await page.reload();
    await shows(list.rows, ["milk"]);
    await list.input.fill("bread");
    await list.input.press("Enter");
    await shows(list.rows, ["milk", "bread!"]);
  });

  test("a new field of a store class has its first value, beside the state that was there", async ({ visit, onTestFinished }) => {
    const [store, list] = [join(dev!.folder, "state/todo.ts"), join(dev!.folder, "components/todo/todo-list.tsx")];
    const before = [store, list].map((file) => [file, readFileSync(file, "utf8")] as const);
    onTestFinished(() => {
      for (const [file, text] of before) writeFileSync(file, text);
    });
    const page = await (await visit({ url: dev!.url })).open("/");
    await todos(page).add("milk");
    writeFileSync(store, before[0]![1].replace("@computed get left", '@state motto = "one by one";\n\n  @computed get left'));
    writeFileSync(
      list,
      before[1]![1].replace("const { items } = useTodo();", "const { items, motto } = useTodo();").replace("Yours alone, kept on the server.", "{motto}"),
    );
    await page.reload();
    await page.getByText("one by one").waitFor();
    await shows(todos(page).rows, ["milk"]);
  });
});
