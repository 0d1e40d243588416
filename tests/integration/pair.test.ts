import { event, state } from "twinstate";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    return this.items.push(title);
  }
}

test("a call made off the net waits, and runs once when the client is back", async () => {
  await using net = pair({ stores: { todo: Todo }, storage: lasting() });
  const a = net.client();
  const todo = await a.todo();
  expect(await todo.add("milk")).toBe(1);
  net.cut(a);
  const call = todo.add("bread");
  net.kill("appended");
  await net.quiet();
  expect(await call).toBe(2);
  expect(todo.items).toEqual(["milk", "bread"]);
  expect(await net.server.todo(net.session(a)).$snapshot()).toEqual({ items: ["milk", "bread"] });
});
