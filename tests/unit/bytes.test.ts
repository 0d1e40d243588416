import { transaction } from "mobx";
import { describe, expect, test } from "vitest";
import { edit, keeps, kinds, makeOps, makeRow, makeRows, type Op, plainRow, type Row, type State } from "../../bench/table/workload.js";
import { state } from "../../lib/class/decorators.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { encode } from "../../lib/wire/binary.js";

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
