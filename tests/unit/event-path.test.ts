import { expect, test } from "vitest";
import { nameInStore, parseEventPath } from "../../server/definition/event-path.js";

test("a procedure's path names a store and its event; without a dot it names a store alone, no letter of it lost", () => {
  const model = undefined;
  expect(parseEventPath("todo.add")).toEqual({ store: "todo", model, event: "add" });
  expect(parseEventPath("todo.add.more.still")).toEqual({ store: "todo", model, event: "add.more.still" });
  expect(parseEventPath("todo")).toEqual({ store: "todo", model, event: "" });
  expect(parseEventPath("")).toEqual({ store: "", model, event: "" });
});

test("a path of three parts names a model's event", () => {
  const path = parseEventPath("todo.Item.toggle");
  expect(path).toEqual({ store: "todo", model: "Item", event: "toggle" });
  expect([nameInStore(path), nameInStore(parseEventPath("todo.add"))]).toEqual(["Item.toggle", "add"]);
});
