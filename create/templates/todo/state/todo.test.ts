import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Item, Todo } from "./todo";

const app = { stores: { todo: Todo }, models: { Item } };

test("what is left is counted", () => {
  const todo = new Todo();
  todo.items.push(new Item("1", "milk"), new Item("2", "bread"));
  todo.items[0]?.toggle();
  expect(todo.left).toBe(1);
  todo.clearDone();
  expect(todo.items.map((item) => item.title)).toEqual(["bread"]);
});

test("a visitor sees one list in all tabs, and nobody else's", async () => {
  await using net = pair(app);
  const ann = net.client();
  const todo = await ann.todo();
  await todo.add("milk");
  const tab = await net.tab(ann).todo();
  const bob = await net.client().todo();
  expect(tab.items.map((item) => item.title)).toEqual(["milk"]);
  expect(bob.items).toEqual([]);
});

test("titles are trimmed, and empty ones refused", async () => {
  await using net = pair(app);
  const todo = await net.client().todo();
  await todo.add("  milk ");
  await expect(todo.add("   ")).rejects.toThrow();
  expect(todo.items.map((item) => item.title)).toEqual(["milk"]);
});

test("what is done off the net shows at once, and is kept though the server dies", async () => {
  await using net = pair({ ...app, storage: lasting(), browser: app });
  const ann = net.client();
  const todo = await ann.todo();
  await todo.add("milk");
  net.cut(ann);
  const calls = [todo.add("bread"), todo.items[0]?.toggle()];
  await net.wait(1_000);
  expect(todo.items.map(({ title, done }) => [title, done])).toEqual([
    ["milk", true],
    ["bread", false],
  ]);
  net.kill();
  await net.quiet();
  await Promise.all(calls);
  expect((await net.server.todo(net.session(ann)).$snapshot()).left).toBe(1);
});
