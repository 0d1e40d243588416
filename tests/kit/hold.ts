import { state } from "../../lib/class/decorators.js";
import { createStore, type Store, type StoreOptions } from "../../lib/store/store.js";

class Holder {
  @state it: unknown = undefined;
}

/** A store `store` whose field `it` holds a value: `it` is the container that became of it. */
export function hold<T>(value: T, options: Partial<StoreOptions> = {}): { it: T; holder: { it: T }; store: Store } {
  const holder = new Holder() as { it: T };
  holder.it = value;
  const store = createStore({ name: "store", instance: holder, ...options });
  return { it: holder.it, holder, store };
}

/** What a call gives: its value, or the kind of what it throws. */
export function outcome(call: () => unknown): unknown {
  try {
    return { value: call() };
  } catch (error) {
    return { thrown: (error as Error).name };
  }
}
