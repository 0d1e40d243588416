import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { autorun, getObserverTree, observable, runInAction } from "mobx";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { computed, effect, event, schedule, state, type View } from "twinstate";
import { useLocal } from "twinstate/react";
import { expect, test, vi } from "vitest";
import { LocalStore } from "../../client/local-store.js";
import { TrackedView } from "../../react/tracked-view.js";
import { soon } from "../kit/soon.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const page = () => ({ effect: vi.fn(), unheard: vi.fn() });
const viewOf = <T extends object>(store: LocalStore) => new TrackedView(store).view as View<T>;

/** What other code of the page has, as MobX observes it. */
const price = observable.box(2);
const observers = () => getObserverTree(price).observers?.length ?? 0;

class Row {
  @state count = 1;
  @computed get costs() {
    return this.count * price.get();
  }
}
class Cart {
  @state rows: Row[] = [new Row()];
  @state seen = 0;
  content: unknown;

  @computed get costs() {
    return this.rows.reduce((sum, row) => sum + row.costs, 0);
  }
  @event see() {
    this.seen++;
  }
  @event show(content: unknown) {
    this.content = content;
    return content;
  }
  @event async save(send: () => Promise<unknown>) {
    await send();
    effect.toast("saved");
  }
  @event async later() {
    await null;
    schedule.after(1000, this.see);
  }
}

test("a computed of a local store follows what MobX observes elsewhere", () => {
  const store = new LocalStore(new Cart(), page());
  const told = vi.fn();
  store.subscribe(told);
  const unmount = store.use();
  expect([viewOf<Cart>(store).costs, viewOf<Cart>(store).rows[0]?.costs]).toEqual([2, 2]);
  runInAction(() => price.set(3));
  return Promise.resolve().then(() => {
    expect([viewOf<Cart>(store).costs, viewOf<Cart>(store).rows[0]?.costs]).toEqual([3, 3]);
    expect(told).toHaveBeenCalledOnce();
    unmount();
  });
});

test("a local store that nobody shows observes nothing, and is up to date when somebody does again", async () => {
  const store = new LocalStore(new Cart(), page());
  store.use()();
  store.use();
  await null;
  const shown = observers();
  expect(shown).toBeGreaterThan(0);
  const other = new LocalStore(new Cart(), page());
  const unmount = other.use();
  unmount();
  await null;
  await viewOf<Cart>(other).see();
  expect([observers(), viewOf<Cart>(other).seen]).toEqual([shown, 1]);
  const told = vi.fn();
  other.subscribe(told);
  runInAction(() => price.set(5));
  other.use();
  expect(told).toHaveBeenCalledOnce();
  expect(viewOf<Cart>(other).costs).toBe(5);
});

function Shown() {
  return createElement("b", null, useLocal(Cart).costs);
}

test("a store of a render that came to nothing, as on a server, observes nothing once it is collected", async () => {
  gc();
  const before = observers();
  for (let i = 0; i < 20; i++) renderToString(createElement(Shown));
  await soon(() => {
    gc();
    expect(observers()).toBeLessThanOrEqual(before);
  });
});

test("an event of a local store that another one's event calls has its effects, also after an `await`, whichever is the first of the page", async () => {
  vi.resetModules();
  const { LocalStore: Fresh } = await import("../../client/local-store.js");
  const inner = new Fresh(new Cart(), page());
  const outer = new Fresh(new Cart(), inner.page);
  await viewOf<Cart>(outer).save(() => viewOf<Cart>(inner).save(async () => {}));
  await soon(() => expect(inner.page.effect).toHaveBeenCalledTimes(2));
  await viewOf<Cart>(inner).save(async () => {});
});

test("schedules are refused in a local store, also after an `await`, and outside of events", async () => {
  const store = new LocalStore(new Cart(), page());
  await expect(viewOf<Cart>(store).later()).rejects.toMatchObject({ message: expect.stringContaining("`schedule` in the local store `Cart`") });
  expect(() => schedule.cancel("x")).toThrow("`schedule.cancel()` was called outside an event");
});

test("a reaction that calls an event of a local store does not observe what the event reads", async () => {
  const instance = new Cart();
  const store = new LocalStore(instance, page());
  let runs = 0;
  const stop = autorun(() => {
    if (runs++ < 10) void viewOf<Cart>(store).see();
  });
  await viewOf<Cart>(store).see();
  expect([runs, instance.seen]).toEqual([1, 2]);
  stop();
});

test("elements of React come to an event as they are", async () => {
  const instance = new Cart();
  const element = createElement("b", { title: "x" }, "text");
  expect(await viewOf<Cart>(new LocalStore(instance, page())).show({ element })).toEqual({ element });
  expect((instance.content as { element: unknown }).element).toBe(element);
});
