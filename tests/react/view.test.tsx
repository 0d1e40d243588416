import { act, memo, StrictMode, useEffect, useState } from "react";
import type { View } from "twinstate";
import { createHooks } from "twinstate/react";
import { describe, expect, test } from "vitest";
import type { Scoped } from "../../server/scope.js";
import { join, Source } from "./kit/joined.js";
import { renders, show, useCount } from "./kit/page.js";
import { type Board, type Item, Todo } from "./kit/stores.js";

declare const COMPILED: boolean;

interface Twin {
  readonly "~stores": { todo: typeof Todo; board: Scoped<"room", Board> };
  readonly "~models": {};
}
const { useTodo, useBoard } = createHooks<Twin>();

function Left() {
  useCount("Left");
  const todo = useTodo();
  return <b>{todo.left}</b>;
}

test("the compiler has compiled the tests' components, where it is on", () => {
  expect(String(Left).includes("_c(")).toBe(COMPILED);
});

describe("useTodo()", () => {
  test("a component renders again when a field that it read has changed, and not otherwise", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Left />);
    expect(page.text).toBe("1");
    expect(renders("Left")).toBe(1);
    await act(async () => todo.run((store) => (store.draft = "x")));
    expect(renders("Left")).toBe(0);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(page.text).toBe("2");
    expect(renders("Left")).toBe(1);
  });
});
