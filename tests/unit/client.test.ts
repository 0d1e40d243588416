import { event, state } from "twinstate";
import { expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../../client/client.js";
import type { BoundEvent } from "../../client/event.js";
import { describeClass } from "../../lib/class/schema.js";
import { createStore } from "../../lib/store/store.js";

test("where the containers of a store got new numbers, an object of before is none of them", () => {
  class Item {
    @state name: string;
    constructor(name = "") {
      this.name = name;
    }
    @event toggle() {}
  }
  class Todo {
    @state items: Item[] = [];
  }
  const schema = { hash: "", stores: { todo: { scope: "session", ...describeClass(Todo) } }, models: { Item: describeClass(Item) } };
  const client = createClient();
  const item = () => (client.twin("todo").mirror.view() as Todo).items[0] as Item & { toggle: BoundEvent };
  const load = (name: string, revision: number, since?: number) => {
    const instance = Object.assign(new Todo(), { items: [new Item(name)] });
    const snapshot = createStore({ name: "todo", instance, models: { Item } }).snapshot();
    client.preload({ schema, session: "s", stores: [{ store: "todo", key: null, incarnation: "life", revision, snapshot, ...(since && { since }) }] });
    return item();
  };
  const milk = load("milk", 3);
  const ref = (one: typeof milk) => one.toggle["~"].ref();
  expect([milk.name, ref(milk)]).toEqual(["milk", ["life", 3, 2]]);
  const tea = load("tea", 5, 3);
  expect([tea.name, tea.toggle === milk.toggle, ref(milk)]).toEqual(["tea", true, ["life", 5, 2]]);
  const rice = load("rice", 9, 7);
  expect([rice.name, rice.toggle === milk.toggle, ref(milk), ref(rice)]).toEqual(["rice", false, undefined, ["life", 9, 2]]);
});

// Next refuses to prerender a page that asks, as with `cacheComponents`.
test("a client whose twins are not used asks for neither chance nor time, so that pages with it can be prerendered", () => {
  const asked = [
    vi.spyOn(crypto, "getRandomValues"),
    vi.spyOn(crypto, "randomUUID"),
    vi.spyOn(Math, "random"),
    vi.spyOn(Date, "now"),
    vi.spyOn(performance, "now"),
  ];
  onTestFinished(() => void vi.restoreAllMocks());
  const client = createClient();
  client.twin("todo").subscribe(() => {})();
  client.twin("board", "a");
  for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  client.close();
});
