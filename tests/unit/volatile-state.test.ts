import { autorun } from "mobx";
import { describe, expect, test, vi } from "vitest";
import { state } from "../../lib/class/decorators.js";
import type { InstanceNode } from "../../lib/graph/instance.js";
import { onDelta } from "../../lib/graph/listeners.js";
import { nodeOf } from "../../lib/graph/node.js";
import { ObjectNode } from "../../lib/graph/object.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import type { Snapshot } from "../../lib/wire/codec.js";

/** A room with two guests: 0 is the room, 1 the list, 2 and 3 the guests. */
const ROOM: Snapshot = [
  ["", "title", "guests", "Guest", "name"],
  4,
  [0, 4],
  [
    ["c", 1, 0, [1, 2], ["hall"], [[]]],
    ["a", 1, [2], 0],
    ["c", 2, 3, [4], ["ann", "bob"]],
  ],
];

/** The room's `typing` is a list of names, each guest's `cursor` a number. */
const VOLATILE: Snapshot = [
  ["typing", "cursor"],
  5,
  [0, 5],
  [
    ["m", 1, [3], [0, 2, 3], 0],
    ["o", 1, [0], [[]]],
    ["o", 2, [1], [10, 20]],
    ["a", 1, [1], ["ann"]],
  ],
];

interface Room {
  title: string;
  guests: { name: string; cursor?: number; asleep?: boolean }[];
  typing?: string[];
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function room(): Mirror {
  const mirror = createMirror({ name: "room", faces: openFace });
  mirror.applySnapshot(copy(ROOM));
  mirror.applyVolatile(copy(VOLATILE));
  return mirror;
}

const viewOf = (mirror: Mirror) => mirror.view() as Room;
const liveOf = (mirror: Mirror) => mirror.live as Room;

describe("the volatile state of a store", () => {
  test("shows as fields of its instances", () => {
    const mirror = room();
    const shown = {
      title: "hall",
      guests: [
        { name: "ann", cursor: 10 },
        { name: "bob", cursor: 20 },
      ],
      typing: ["ann"],
    };
    expect(mirror.view()).toEqual(shown);
    expect(mirror.read("typing")).toEqual(["ann"]);
    expect([...(liveOf(mirror).typing ?? []), liveOf(mirror).guests[1]?.cursor]).toEqual(["ann", 20]);
  });

  test("changes by ticks: reactions, listeners and views notice what has changed, and nothing else", () => {
    const mirror = room();
    const [seen, told]: [unknown[], unknown[]] = [[], []];
    const stop = autorun(() => void seen.push([liveOf(mirror).guests[0]?.cursor, liveOf(mirror).typing?.join()]));
    onDelta(liveOf(mirror).guests[0] as object, (delta) => void told.push(delta));
    const before = viewOf(mirror);
    mirror.applyTick([2, 4, 1, 0, ["bob"], 0, 2, 1, 11]);
    expect(seen).toEqual([
      [10, "ann"],
      [11, "ann,bob"],
    ]);
    expect(told).toEqual([{ type: "update", name: "cursor", value: 11, old: 10 }]);
    stop();
    const after = viewOf(mirror);
    expect(after).toEqual({
      title: "hall",
      guests: [
        { name: "ann", cursor: 11 },
        { name: "bob", cursor: 20 },
      ],
      typing: ["ann", "bob"],
    });
    expect(after.guests[1]).toBe(before.guests[1]);
    expect(before.guests[0]).toEqual({ name: "ann", cursor: 10 });
  });

  test("comes and goes with instances: an entry that comes first waits for its instance", () => {
    const mirror = room();
    // Guest 4 has its cursor before it is there itself.
    mirror.applyTick([[["o", 1, [1], [30]]], 5, 0, 4, []]);
    expect(viewOf(mirror).guests).toHaveLength(2);
    mirror.applyDelta([[["c", 1, 3, [4], ["cid"]]], 2, 1, 2, 0, [[]]]);
    expect(viewOf(mirror).guests[2]).toEqual({ name: "cid", cursor: 30 });
    // Guest 5 comes first, and its cursor after it.
    mirror.applyDelta([[["c", 1, 3, [4], ["dan"]]], 2, 1, 3, 0, [[]]]);
    expect(viewOf(mirror).guests[3]).toEqual({ name: "dan" });
    mirror.applyTick([[["o", 1, [1], [40]]], 5, 0, 5, []]);
    expect(viewOf(mirror).guests[3]).toEqual({ name: "dan", cursor: 40 });
    // Guest 2 leaves. Who holds it sees it as it was.
    const ann = liveOf(mirror).guests[0];
    mirror.applyDelta([3, 1, 0, 1]);
    mirror.applyTick([6, 0, 2]);
    expect(viewOf(mirror).guests.map(({ cursor }) => cursor)).toEqual([20, 30, 40]);
    expect(ann?.cursor).toBe(10);
  });

  test("loses and gets fields in ticks, and keeps what the store has of its own", () => {
    const mirror = room();
    mirror.applyTick([1, 2, 1, 0, 3, "asleep", true]);
    expect(viewOf(mirror).guests).toEqual([{ name: "ann" }, { name: "bob", cursor: 20, asleep: true }]);
    // A delta of the store takes a field that it had, and that is volatile now.
    mirror.applyDelta([1, 3, "cursor"]);
    expect(viewOf(mirror).guests[1]).toEqual({ name: "bob", cursor: 20, asleep: true });
    mirror.applyTick([10, 1, [3], [21]]);
    expect(viewOf(mirror).guests[1]?.cursor).toBe(21);
  });

  test("stays through a snapshot of the store: nobody notices", () => {
    const mirror = room();
    let runs = 0;
    const told: unknown[] = [];
    const stop = autorun(() => {
      runs++;
      return [liveOf(mirror).typing?.length, Object.keys(liveOf(mirror)), liveOf(mirror).guests[0]?.cursor];
    });
    onDelta(liveOf(mirror), (delta) => void told.push(delta));
    const view = mirror.view();
    mirror.applySnapshot(copy(ROOM), false, copy(VOLATILE));
    mirror.applyVolatile(copy(VOLATILE));
    expect([runs, told, mirror.view() === view]).toEqual([1, [], true]);
    stop();
  });

  test("follows the numbers of a snapshot, also to instances that are other ones now", () => {
    const mirror = room();
    const [names, , , bodies] = copy(ROOM);
    // Guest 3 is there no more, and guest 7 is new.
    mirror.applySnapshot([names, 8, [0, 3, 7, 1], bodies], false, copy(VOLATILE));
    expect(viewOf(mirror).guests).toEqual([{ name: "ann", cursor: 10 }, { name: "bob" }]);
    mirror.applyTick([[["o", 1, [1], [70]]], 5, 0, 7, []]);
    expect(viewOf(mirror).guests[1]).toEqual({ name: "bob", cursor: 70 });
  });

  test("ends where there is none any more, and where the store has the field itself", () => {
    const mirror = room();
    const [names, next, ids, [root, ...others]] = copy(ROOM) as [string[], number, number[], unknown[][]];
    const stored = [[...names, "typing"], next, ids, [["c", 1, 0, [1, 2, 5], ["hall"], [[]], ["nobody"]], ...others]] as unknown as Snapshot;
    expect(root).toBeDefined();
    mirror.applySnapshot(stored);
    expect(mirror.view()).toEqual({ title: "hall", guests: [{ name: "ann" }, { name: "bob" }], typing: "nobody" });
    expect(() => mirror.applyTick([0, 2, 1, 5])).toThrow("number of a container");
  });

  test("begins anew with another incarnation, whose numbers mean other instances", () => {
    const mirror = room();
    mirror.applySnapshot(copy(ROOM), true);
    expect(mirror.view()).toEqual({ title: "hall", guests: [{ name: "ann" }, { name: "bob" }] });
    mirror.applyVolatile([
      ["typing"],
      2,
      [0, 2],
      [
        ["m", 1, [1], [0], [[]]],
        ["o", 1, [0], ["cid"]],
      ],
    ]);
    expect(mirror.view()).toEqual({ title: "hall", guests: [{ name: "ann" }, { name: "bob" }], typing: "cid" });
  });

  test("has numbers of its own: neither numbers nor sweeps of the store concern it", () => {
    const mirror = room();
    const numberOf = (value: unknown) => mirror.numberOf(nodeOf(value) as InstanceNode);
    expect([numberOf(liveOf(mirror)), numberOf(liveOf(mirror).guests[0]), numberOf(liveOf(mirror).typing)]).toEqual([0, 2, undefined]);
    const { size } = mirror;
    mirror.applyDelta([11]);
    mirror.applyTick([11]);
    expect(mirror.size).toBe(size);
    mirror.applyDelta([0, 2, 4, "eve"]);
    mirror.applyTick([2, 4, 0, 1, ["eve"], 0, 2, 1, 12]);
    expect(viewOf(mirror)).toMatchObject({ guests: [{ name: "eve", cursor: 12 }, {}], typing: ["eve"] });
  });

  test("costs what a tick changes, however many instances have some", () => {
    const many = 5000;
    const mirror = createMirror({ name: "room", faces: openFace });
    const numbers = Array.from({ length: many }, (_, i) => i + 2);
    mirror.applySnapshot([
      ["", "guests", "Guest", "name"],
      many + 2,
      [0, many + 2],
      [
        ["c", 1, 0, [1], [[]]],
        ["a", 1, [many], 0],
        ["c", many, 2, [3], numbers],
      ],
    ]);
    mirror.applyVolatile([
      ["cursor"],
      many + 1,
      [0, many + 1],
      [
        ["m", 1, [many], numbers, 0],
        ["o", many, [0], numbers],
      ],
    ]);
    const puts = vi.spyOn(ObjectNode.prototype, "put");
    const keys = vi.spyOn(Map.prototype, "keys");
    mirror.applyTick([0, 7, 0, -1]);
    expect([puts.mock.calls.length, keys.mock.calls.length]).toEqual([2, 0]);
    vi.restoreAllMocks();
    expect(viewOf(mirror).guests[6]).toEqual({ name: 8, cursor: -1 });
  });

  test.each<[what: string, snapshot: unknown]>([
    ["whose fields are no object", [[], 1, [0, 1], [["m", 1, [1], [0], [5]]]]],
    ["that is none", 5],
  ])("is refused %s, and may come anew", (_, snapshot) => {
    const mirror = room();
    expect(() => mirror.applyVolatile(snapshot as Snapshot)).toThrow();
    mirror.applyVolatile(copy(VOLATILE));
    expect(viewOf(mirror)).toMatchObject({ typing: ["ann"], guests: [{ cursor: 10 }, { cursor: 20 }] });
    expect(() => createMirror({ name: "room" }).applyTick([0, 0, 0, 1])).toThrow("volatile state before its delta");
  });
});

test("the volatile state of a store is that of the last commit, also while an event has changed it in depth", () => {
  class Hall {
    @state({ persist: false }) guests = [{ name: "ann" }];
  }
  const hall = new Hall();
  const store = createStore({ name: "hall", instance: hall });
  const shown = () => {
    const mirror = createMirror({ name: "hall" });
    mirror.applySnapshot(copy(store.snapshot()), false, copy(store.volatile()));
    return mirror.view();
  };
  expect(shown()).toEqual({ guests: [{ name: "ann" }] });
  const change = (name: string) => {
    (hall.guests[0] as { name: string }).name = name;
  };
  change("bob");
  store.commit();
  store.tick();
  change("cid");
  expect(shown()).toEqual({ guests: [{ name: "bob" }] });
  store.rollback();
});
