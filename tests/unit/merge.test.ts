import { autorun } from "mobx";
import { expect, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { canon } from "../kit/canon.js";
import { hold } from "../kit/hold.js";

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

test("a twin that was away gets the order of keys too, though nothing else has changed; reactions and views see it", () => {
  const { it, store } = hold({
    table: { a: 1, b: {} } as Record<string, unknown>,
    map: new Map<string, unknown>([
      ["a", 1],
      ["b", {}],
    ]),
    set: new Set(["a", "b"]),
  });
  const mirror = createMirror({ faces: openFace, name: "store" });
  mirror.applySnapshot(wire(store.snapshot()));
  const twin = (mirror.live as { it: typeof it }).it;
  const first = mirror.view();
  let seen = "";
  const stop = autorun(() => {
    seen = `${Object.keys(twin.table)} ${[...twin.map.keys()]} ${[...twin.set]}`;
  });
  delete it.table.a;
  it.table.a = 1;
  it.map.delete("a");
  it.map.set("a", 1);
  it.set.delete("a");
  it.set.add("a");
  store.commit();
  mirror.applySnapshot(wire(store.snapshot()));
  expect(seen).toBe("b,a b,a b,a");
  expect(mirror.view()).not.toBe(first);
  expect(canon(mirror.view())).toBe(canon(store.plain()));
  stop();
});

test("a twin that was away keeps what has not changed: objects, and views", () => {
  const { it, store } = hold({ same: { deep: [1] }, changed: { n: 1 } });
  const mirror = createMirror({ faces: openFace, name: "store" });
  mirror.applySnapshot(wire(store.snapshot()));
  const twin = (mirror.live as { it: typeof it }).it;
  const { same, changed } = twin;
  const view = mirror.read("it") as typeof it;
  let runs = 0;
  const stop = autorun(() => {
    void twin.same.deep[0];
    runs++;
  });
  it.changed.n = 2;
  store.commit();
  mirror.applySnapshot(wire(store.snapshot()));
  expect([twin.same, twin.changed]).toEqual([same, changed]);
  expect(twin.same).toBe(same);
  expect(twin.changed).toBe(changed);
  const now = mirror.read("it") as typeof it;
  expect(now.same).toBe(view.same);
  expect(now.changed).not.toBe(view.changed);
  expect(runs).toBe(1);
  stop();
});
