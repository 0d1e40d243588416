import { connect } from "twinstate/client";
import { createHooks, isPending } from "twinstate/react";
import { type Equal, is } from "../equal";
import type { Twin } from "./server";
import { Todo } from "./todo";

class Base {
  items: Todo["items"] = [];
  add(title: string) {
    return title;
  }
}
class Wrong {
  items: number = 1;
}
export const a = createHooks<Twin>({ stores: { todo: Todo } });
export const b = createHooks<Twin>({ stores: { todo: Base } });
// @ts-expect-error a class that the server's does not extend
export const c = createHooks<Twin>({ stores: { todo: Wrong } });
// @ts-expect-error unknown store
export const d = createHooks<Twin>({ stores: { tood: Todo } });
export function usePending() {
  const todo = a.useTodo();
  is<Equal<typeof todo.$pending, number>>();
  const selected = a.useTodo(({ $pending, items }) => [$pending, items.some(isPending)] as const);
  is<Equal<typeof selected, readonly [number, boolean]>>();
  // @ts-expect-error a store counts, its values do not
  return todo.items[0]?.$pending;
}
// @ts-expect-error what is no object is never pending
isPending("milk");
export const e = connect<Twin>({ stores: { todo: Base } });
// @ts-expect-error a class that the server's does not extend
export const f = connect<Twin>({ stores: { todo: Wrong } });
// @ts-expect-error unknown store
export const g = connect<Twin>({ stores: { tood: Todo } });
