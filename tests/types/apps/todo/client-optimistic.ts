import { createHooks } from "twinstate/react";
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
