import { event, state } from "twinstate";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    return this.items.push(title);
  }
}

test("two clicks off the net run once, in order, though the server dies under them", async () => {
  await using net = pair({ stores: { todo: Todo }, storage: lasting() });
  const a = net.client();
  const todo = await a.todo();
  expect(await todo.add("milk")).toBe(1);

  net.cut(a);
  const calls = [todo.add("bread"), todo.add("eggs")];
  await net.wait(60_000);
  expect(a.$status.current).toEqual({ status: "reconnecting", pending: 2 });

  net.kill("appended");
  await net.quiet();
  expect(await Promise.all(calls)).toEqual([2, 3]);
  expect(todo.items).toEqual(["milk", "bread", "eggs"]);
  expect(todo.$snapshot()).toEqual(await net.server.todo(net.session(a)).$snapshot());
});
