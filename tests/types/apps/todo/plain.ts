import { defineContext, isState, newId, onDelta, type StateError, toPlain } from "twinstate";
import { type Equal, is } from "../equal";
import { type Item, Todo } from "./todo";

const todo = new Todo();
const copy = toPlain(todo.items);
is<Equal<typeof copy, Item[]>>();
export const known: boolean = isState(todo.items);
export const stop: () => void = onDelta(todo.items, (delta) => {
  if (delta.type === "splice") is<Equal<typeof delta.index, number>>();
  // @ts-expect-error only a splice has an index
  else delta.index;
});
export const id: string = newId();
export const other = defineContext(({ headers }) => ({ agent: headers.get("user-agent") }));
// @ts-expect-error a context is an object
defineContext(() => "x");
export const code = (error: StateError): string => error.code;
