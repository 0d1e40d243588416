import { transaction } from "mobx";
import { describe, expect, test } from "vitest";
import { edit, keeps, kinds, makeOps, makeRow, makeRows, type Op, plainRow, type Row, type State } from "../../bench/table/workload.js";
import { state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { encode } from "../../lib/wire/binary.js";
import type { WireDelta } from "../../lib/wire/codec.js";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import type { Message } from "../../lib/wire/protocol.js";
import { Frame } from "../../server/wire/frame.js";
import { runOf } from "../../server/wire/frame-run.js";
import { EVENTS } from "../../server/wire/sse.js";
import { Tick } from "../../server/wire/tick.js";
import { BINARY, type Wire } from "../../server/wire/wire.js";

// The bench's workload T, in what is exact: what is gated on every machine.

class Table {
  @state rows: Row[] = [];
}

const N = 10_000;

function open(n: number) {
  const live: State = new Table();
  live.rows = makeRows(n);
  const store = createStore({ name: "table", instance: live });
  const snapshot = JSON.stringify(store.snapshot());
  const binary = encode(store.snapshot()).length;
  const mirror = createMirror({ faces: openFace, name: "table" });
  mirror.applySnapshot(JSON.parse(snapshot));
  /** Does an op on both ends, and gives the delta that travelled. */
  const send = (op: Op): unknown => {
    transaction(() => edit(live, op));
    const delta = JSON.stringify(store.commit());
    store.endTurn();
    mirror.applyDelta(JSON.parse(delta));
    return JSON.parse(delta);
  };
  /** The same, and gives the bytes that it took. */
  const run = (op: Op): number => Buffer.byteLength(JSON.stringify(send(op)));
  const rows = () => Array.from((mirror.live as State).rows, plainRow);
  return { live, store, mirror, send, run, rows, snapshot, binary };
}

const op = (kind: Op["kind"], length = N) => makeOps(kind, 1, length, 1)[0] as Op;

describe(`a table of ${N} rows`, () => {
  test("takes these bytes for each op", () => {
    const bytes = Object.fromEntries(kinds.map((kind) => [kind, open(N).run(op(kind))]));
    expect(bytes).toEqual({ toggle: 15, push: 151, remove: 12, insert: 150, meta: 7900, swap: 33, move: 32, filter: 2401 });
  });

  test("takes these on the binary wire", () => {
    const bytes = Object.fromEntries(kinds.map((kind) => [kind, encode(open(N).send(op(kind))).length]));
    expect(bytes).toEqual({ toggle: 6, push: 88, remove: 6, insert: 88, meta: 2993, swap: 15, move: 15, filter: 1068 });
  });

  test("takes six bytes on the binary wire where any row is toggled", () => {
    const { send } = open(N);
    for (const at of [0, 1, 50, 126, 127, N / 2, N - 1]) expect(encode(send({ kind: "toggle", at })).length).toBeLessThanOrEqual(6);
  });

  test("takes no more than 0.62 of its JSON as a snapshot, and half of it on the binary wire", () => {
    const { snapshot, binary, live } = open(N);
    const json = JSON.stringify(Array.from(live.rows, plainRow));
    expect(Buffer.byteLength(snapshot) / Buffer.byteLength(json)).toBeLessThan(0.62);
    expect(binary / Buffer.byteLength(json)).toBeLessThan(0.5);
  });

  test("is equal on both ends after all ops, and knows as many containers as there are", () => {
    const { run, rows, store, mirror } = open(N);
    const wanted: State = { rows: makeRows(N) };
    for (const kind of kinds) {
      const one = op(kind, wanted.rows.length);
      run(one);
      edit(wanted, structuredClone(one));
    }
    expect(rows()).toEqual(wanted.rows.map(plainRow));
    expect(store.size).toBe(2 + 3 * wanted.rows.length);
    expect(mirror.next).toBe(2 + 3 * (N + 2) + 1);
  });
});

class Page {
  @state text = "";
  @state lines: string[] = [];
  @state notes = new Map<string, string>();
  @state meta = { about: "" };
}

const LETTERS = Array.from({ length: 10_000 }, (_, n) => `${n} letters `.slice(0, 10)).join("");

test.each([
  ["a token at its end", (text: string) => `${text} token`, ['[13,0,1," token"]', 11], '[13,1,0," token"]', '[13,2,"a"," token"]', '[13,3,5," token"]'],
  [
    "a word in its middle",
    (text: string) => `${text.slice(0, 50)}word ${text.slice(50)}`,
    ['[12,0,1,50,0,"word "]', 12],
    '[12,1,0,50,0,"word "]',
    '[12,2,"a",50,0,"word "]',
    '[12,3,5,50,0,"word "]',
  ],
  [
    "an emoji in the place of a letter",
    (text: string) => `${text.slice(0, 70)}👍${text.slice(71)}`,
    ['[12,0,1,70,1,"👍"]', 11],
    '[12,1,0,70,1,"👍"]',
    '[12,2,"a",70,1,"👍"]',
    '[12,3,5,70,1,"👍"]',
  ],
] as const)(
  "%s takes these bytes, in a field, an item, an entry or a property, and however long the text is",
  (_, edit, [field, binary], item, entry, property) => {
    for (const length of [100, 100_000]) {
      const page = new Page();
      const text = LETTERS.slice(0, length);
      Object.assign(page, { text, lines: [text], notes: new Map([["a", text]]), meta: { about: text } });
      const store = createStore({ name: "page", instance: page, keep: true });
      store.snapshot();
      store.save();
      const sent = (change: () => void) => {
        change();
        const delta = store.commit();
        expect(JSON.stringify(store.takeStored()?.[0])).toBe(JSON.stringify(delta));
        return delta;
      };
      const changed = sent(() => void (page.text = edit(text)));
      expect(JSON.stringify(changed)).toBe(field);
      expect(encode(changed)).toHaveLength(binary);
      expect(JSON.stringify(sent(() => void (page.lines[0] = edit(text))))).toBe(item);
      expect(JSON.stringify(sent(() => void page.notes.set("a", edit(text))))).toBe(entry);
      expect(JSON.stringify(sent(() => void (page.meta.about = edit(text))))).toBe(property);
    }
  },
);

test.each([
  ["each item", (lines: string[]) => lines.forEach((_, n) => void (lines[n] += "!")), '[13,1,0,"!",13,1,1,"!",13,1,2,"!"]'],
  [
    "the first and the last one",
    (lines: string[]) => {
      lines[0] += "!";
      lines.splice(1, 2, lines[1] as string, `${lines[2]}!`);
    },
    '[13,1,0,"!",13,1,2,"!"]',
  ],
  [
    "an item behind a new one",
    (lines: string[]) => {
      lines.unshift("new");
      lines[1] += "!";
    },
    '[13,1,0,"!",2,1,0,0,["new"]]',
  ],
  [
    "an item that gets another one before it",
    (lines: string[]) => {
      lines[1] += "!";
      lines.splice(1, 0, "new");
    },
    '[13,1,1,"!",2,1,1,0,["new"]]',
  ],
  [
    "items around one that leaves",
    (lines: string[]) => {
      lines[0] += "!";
      lines.splice(1, 1);
      lines[1] += "!";
    },
    '[13,1,0,"!",13,1,2,"!",3,1,1,1]',
  ],
] as const)("texts that stand beside each other change in part too, with %s", (_, edit, wanted) => {
  const page = new Page();
  page.lines = ["a", "b", "c"].map((letter) => `${letter} ${LETTERS.slice(0, 1000)}`);
  const store = createStore({ name: "page", instance: page, keep: true });
  const mirror = createMirror({ name: "page" });
  mirror.applySnapshot(store.snapshot());
  edit(page.lines);
  const delta = store.commit() as WireDelta;
  expect(JSON.stringify(delta)).toBe(wanted);
  expect(store.takeStored()?.[0]).toEqual(delta);
  mirror.applyDelta(delta);
  expect(mirror.view()).toEqual(store.plain());
});

test("a text goes whole where its difference would be longer, and where it is new at its place", () => {
  const page = new Page();
  const store = createStore({ name: "page", instance: page });
  const sent = (change: () => void) => {
    change();
    return JSON.stringify(store.commit());
  };
  page.text = "short";
  store.snapshot();
  expect(sent(() => void (page.text += " one"))).toBe('[0,0,1,"short one"]');
  const long = LETTERS.slice(0, 40);
  expect(sent(() => void (page.text = long))).toBe(`[0,0,1,"${long}"]`);
  expect(sent(() => void page.notes.set("a", long))).toBe(`[5,2,"a","${long}"]`);
  expect(
    sent(() => {
      page.notes.delete("a");
      page.notes.set("a", `${long}.`);
    }),
  ).toBe(`[6,2,"a",5,2,"a","${long}."]`);
});

test("a change takes as many bytes in a large table as in a small one, but for the digits of its place", () => {
  const toggle: Op = { kind: "toggle", at: 50 };
  expect(open(N).run(toggle)).toBe(open(100).run(toggle));
});

test("what a filter drops is forgotten on both ends", () => {
  const { run, store, mirror } = open(N);
  run({ kind: "filter" });
  const kept = makeRows(N).filter(keeps).length;
  expect(store.size).toBe(2 + 3 * kept);
  for (let dropped = 0; mirror.size > store.size; dropped++) {
    // Twins are told to sweep when half as much is free as is in use.
    expect(dropped).toBeLessThan(kept);
    run({ kind: "remove", at: 0 });
  }
});

test("a store that nobody watches encodes nothing", () => {
  const live: State = new Table();
  const store = createStore({ name: "table", instance: live });
  live.rows.push(makeRow(0));
  expect(store.commit()).toBeUndefined();
  expect(store.size).toBe(0);
  store.snapshot();
  expect(store.size).toBe(5);
});

test("an unchanged store gives the same snapshot", () => {
  const { store, run } = open(100);
  const first = store.snapshot();
  expect(store.snapshot()).toBe(first);
  run({ kind: "toggle", at: 1 });
  expect(store.snapshot()).not.toBe(first);
});

describe("volatile state", () => {
  class Room {
    @state notes: string[] = [];
    @state({ persist: false }) typing = "";
    @state({ persist: false }) cursors = new Map<number, { x: number; y: number }>();
  }

  function openRoom() {
    const live = new Room();
    const store = createStore({ name: "room", instance: live });
    const whole = () => JSON.stringify(store.volatile());
    const first = [JSON.stringify(store.snapshot()), whole()];
    /** Does a change, and gives what a frame has of it, and the tick. */
    const tick = (change: () => void) => {
      change();
      const delta = store.commit();
      store.endTurn();
      store.tick();
      return [delta, store.tickDelta()] as const;
    };
    return { live, store, first, whole, tick };
  }

  test("has a snapshot of its own, and is not in that of the store", () => {
    const { live, first, whole, tick } = openRoom();
    expect(first).toEqual([
      '[["","notes"],2,[0,2],[["c",1,"",["notes"],0],["a",1,[0],[]]]]',
      '[["typing","cursors"],3,[0,3],[["m",1,[1],[0],0],["o",1,["typing","cursors"],[""],0],["m",1,[0],[],[]]]]',
    ]);
    tick(() => {
      live.typing = "ann";
    });
    expect(whole()).toBe('[["typing","cursors"],3,[0,3],[["m",1,[1],[0],0],["o",1,[0,1],["ann"],0],["m",1,[0],[],[]]]]');
  });

  test("takes these bytes for each change", () => {
    const { live, tick } = openRoom();
    const [frame, typed] = tick(() => {
      live.typing = "ann";
    });
    expect([frame, JSON.stringify(typed), encode(typed).length]).toEqual([undefined, '[0,1,0,"ann"]', 8]);
    for (let n = 0; n < 50; n++) tick(() => live.cursors.set(n, { x: n, y: n }));
    const [, moved] = tick(() => {
      for (const cursor of live.cursors.values()) Object.assign(cursor, { x: 100 + cursor.x, y: 100 });
    });
    // Fifty cursors that move at once.
    expect([JSON.stringify(moved).length, encode(moved).length]).toEqual([619, 235]);
  });

  const deltas: [string, WireDelta][] = [["room", [0, 1, 0, "ann"]]];
  const tick = new Tick({ host: 7, number: 3, deltas, by: [{ client: "me", n: 4 }], named: false });
  const ROOM = new Set(["room"]);
  const both = (written: (wire: Wire) => Buffer) => [written(EVENTS).toString(), written(BINARY).length];

  test("is told by these messages", () => {
    const whole: Message = [
      "volatile",
      7,
      3,
      "room",
      [
        ["typing"],
        2,
        [0, 2],
        [
          ["m", 1, [1], [0], [[]]],
          ["o", 1, [0], ["ann"]],
        ],
      ],
      "incarnation",
      5,
    ];
    expect(both((wire) => wire.write(whole))).toEqual([
      'data: ["volatile",7,3,"room",[["typing"],2,[0,2],[["m",1,[1],[0],[[]]],["o",1,[0],["ann"]]]],"incarnation",5]\n\n',
      65,
    ]);
    expect(both((wire) => tick.written(ROOM, wire))).toEqual(['data: ["tick",7,3,"room",[0,1,0,"ann"]]\n\n', 21]);
    expect(both((wire) => tick.written(new Set(), wire))).toEqual(['data: ["tick",7,3]\n\n', 8]);
    expect([tick.ran("me"), tick.ran("you")]).toEqual([[["ran", 7, 4]], []]);
  });

  test("is told in the frame of a commit, of one or several", () => {
    const frame = new Frame(7, 5, [["room", [2, 1, 0, 0, ["x"]]]], { client: "me", n: 5 }, [], undefined, tick);
    const next = new Frame(7, 6, [], undefined, [], undefined, new Tick({ host: 7, number: 4, deltas, by: [], named: false }));
    expect(both((wire) => frame.written(ROOM, wire))[0]).toBe('data: [7,5,"room",[2,1,0,0,["x"]],"$tick",[3,"room",[0,1,0,"ann"]]]\n\n');
    expect(both((wire) => frame.written(new Set(), wire))[0]).toBe('data: [7,5,"$tick",[3]]\n\n');
    expect(frame.ran("me")).toEqual([
      ["ran", 7, 4],
      ["ran", 7, 5],
    ]);
    const run = runOf(frame, [next]);
    expect(both((wire) => run.written(ROOM, wire))[0]).toBe(
      'data: [7,5,"room",[2,1,0,0,["x"]],"$tick",[3,"room",[0,1,0,"ann"]],1,"$tick",[4,"room",[0,1,0,"ann"]]]\n\n',
    );
    for (const stores of [ROOM, new Set<string>()]) {
      for (const one of [frame, next, run]) {
        const message = one.message(stores) as Message;
        expect(both((wire) => one.written(stores, wire))).toEqual([`data: ${JSON.stringify(message)}\n\n`, BINARY.write(message).length]);
      }
    }
    expect(commitsOf(run.message(ROOM)).map(({ tick }) => tick?.[0])).toEqual([3, 4]);
  });
});
