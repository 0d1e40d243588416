import { expect, test } from "vitest";
import { parseEventPath } from "../../server/call/event-path.js";

test("a procedure's path names a store and its event; without a dot it names a store alone, no letter of it lost", () => {
  expect(parseEventPath("todo.add")).toEqual({ store: "todo", event: "add" });
  expect(parseEventPath("todo.add.more")).toEqual({ store: "todo", event: "add.more" });
  expect(parseEventPath("todo")).toEqual({ store: "todo", event: "" });
  expect(parseEventPath("")).toEqual({ store: "", event: "" });
});
