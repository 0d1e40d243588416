import { expect, test, vi } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { createStore } from "../../lib/store/store.js";

let settle: ((value: number) => void)[] = [];

class Sky {
  @state city = "Bern";
  @computed get degrees(): Promise<number> {
    return new Promise((resolve) => settle.push(resolve));
  }
  @computed get visible(): Promise<number> {
    return new Promise((resolve) => settle.push(resolve));
  }
}

test("a page that waits no longer for promises leaves nothing behind, and the others are called back once all have settled", async () => {
  settle = [];
  const store = createStore({ name: "sky", instance: new Sky() });
  const [late, waits, after] = [vi.fn(), vi.fn(), vi.fn()];
  const stop = store.onSettled(undefined, late);
  store.onSettled(undefined, waits);
  stop();
  settle[0]?.(20);
  await new Promise(setImmediate);
  expect(waits).not.toHaveBeenCalled();
  settle[1]?.(20);
  await new Promise(setImmediate);
  store.onSettled(undefined, after);
  expect([late, waits, after].map(({ mock }) => mock.calls.length)).toEqual([0, 1, 1]);
});
