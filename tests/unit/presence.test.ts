import { expect, test } from "vitest";
import { z } from "zod";
import { computed, state } from "../../lib/class/decorators.js";
import { presence } from "../../lib/class/presence.js";
import { reset } from "../../lib/class/reset.js";
import type { Presence } from "../../lib/class/view-types.js";
import { createStore } from "../../lib/store/store.js";

const Own = z.object({ cursor: z.object({ x: z.number(), y: z.number() }).optional() });

class Board {
  @state title = "a";
  @state seen: unknown[] = [];
  @presence({ of: () => ({ name: "" }), input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;
  @computed get names() {
    return this.people.map(({ name }) => name);
  }
}

function open() {
  const board = new Board();
  const store = createStore({ name: "board", instance: board });
  store.snapshot();
  return { board, store, names: () => board.people.map(({ name }) => name) };
}

test("people come in their order, change in place, and go", () => {
  const { board, store } = open();
  store.show("people", "1", { id: "1", name: "ann", cursor: { x: 1, y: 2 } });
  store.show("people", "2", { id: "2", name: "bob" });
  const [ann] = board.people;
  expect(board.names).toEqual(["ann", "bob"]);
  store.show("people", "1", { id: "1", name: "ann!" });
  expect(board.people[0]).toBe(ann);
  expect({ ...ann }).toEqual({ id: "1", name: "ann!" });
  store.show("people", "1", undefined);
  store.show("people", "1", undefined);
  expect(board.names).toEqual(["bob"]);
});

test("a write to the list, or anywhere inside, throws and says where such a write belongs", () => {
  const { board, store } = open();
  store.show("people", "1", { id: "1", name: "ann", cursor: { x: 1, y: 2 } });
  const people = board.people as unknown as Record<string, any>[];
  const [ann] = people as [Record<string, any>];
  const writes = [
    () => people.push({}),
    () => people.splice(0, 1),
    () => Object.assign(ann, { name: "eve" }),
    () => Object.assign(ann.cursor, { x: 9 }),
    () => delete ann.cursor,
    () => Object.assign(board, { people: [] }),
    () => reset(board, "people"),
  ];
  for (const write of writes) expect(write).toThrow(/is a list that the server alone changes.*usePresence/);
  expect(() => Object.assign(ann, { name: "eve" })).toThrow("`board.people[0].name`");
  expect(store.plain()).toMatchObject({ people: [{ id: "1", name: "ann", cursor: { x: 1, y: 2 } }] });
  board.title = "b";
  expect(board.title).toBe("b");
});

test("what is put elsewhere is a copy", () => {
  const { board, store } = open();
  store.show("people", "1", { id: "1", name: "ann", cursor: { x: 1, y: 2 } });
  board.seen.push(board.people[0], board.people);
  store.commit();
  store.show("people", "1", undefined);
  expect(store.plain()).toMatchObject({ people: [], seen: [{ name: "ann" }, [{ name: "ann", cursor: { x: 1 } }]] });
  (board.seen[0] as { name: string }).name = "eve";
  expect(board.seen[0]).toMatchObject({ name: "eve" });
});

test("a rolled back event and `reset` leave people here", () => {
  const { board, store } = open();
  board.title = "b";
  store.show("people", "1", { id: "1", name: "ann" });
  store.rollback();
  reset(board);
  expect([board.title, board.names]).toEqual(["a", ["ann"]]);
});

test("a person who cannot be state is refused whole", () => {
  const { board, store } = open();
  store.show("people", "1", { id: "1", name: "ann" });
  expect(() => store.show("people", "1", { id: "1", name: "eve", cursor: () => {} })).toThrow("cannot hold");
  expect({ ...board.people[0] }).toEqual({ id: "1", name: "ann" });
});
