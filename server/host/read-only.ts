import { outsideEvent } from "../../lib/errors/errors.js";
import type { Store } from "../../lib/store/store.js";
import { viewOf } from "../../lib/view/view.js";

/** Gives a store as code sees it that may change nothing: its members as of the last commit, without methods. */
export function readOnly(name: string, store: Store): object {
  return new Proxy(Object.create(null), {
    get(_, key) {
      const value: unknown = store.committed(() => viewOf(Reflect.get(store.instance, key)));
      return typeof value === "function" ? undefined : value;
    },
    has: (_, key) => key in store.instance,
    set() {
      throw outsideEvent(name, name);
    },
  });
}
