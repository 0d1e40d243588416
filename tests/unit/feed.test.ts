import { expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { outsideEvent } from "../../lib/errors/errors.js";
import { createStore } from "../../lib/store/store.js";

class Room {
  @state title = "a";
  @state({ persist: false }) people = new Map<string, object>();
  @state({ persist: false }) log: string[] = [];
  @state({ persist: false }) one: { x: number; y: number } = { x: 0, y: 0 };
  @computed get count() {
    return this.people.size;
  }
}

function open(guard?: () => void) {
  const room = new Room();
  const store = createStore({ name: "room", instance: room, ...(guard && { guard }) });
  store.snapshot();
  return { room, store };
}

test("what is fed beside open changes stays when they are rolled back", () => {
  const { room, store } = open();
  room.title = "b";
  room.log.push("mine");
  store.feed(() => room.people.set("ann", { x: 1 }));
  expect([room.title, room.people.size, room.log.length]).toEqual(["b", 1, 1]);
  store.rollback();
  expect([room.title, [...room.people.keys()], room.log.length, room.count]).toEqual(["a", ["ann"], 0, 1]);
});

test("what is fed shows at once where committed state is read, and open changes do not", () => {
  const { room, store } = open();
  room.title = "b";
  store.feed(() => room.people.set("ann", { x: 1 }));
  expect(store.plain()).toMatchObject({ title: "a", people: new Map([["ann", { x: 1 }]]) });
});

test("changes of one container, open and fed, are both there, and a rollback takes the open ones back alone", () => {
  const { room, store } = open();
  room.people.set("bob", { open: true });
  room.log.push("open");
  room.one.x = 1;
  store.feed(() => {
    room.people.set("ann", { fed: true });
    room.log.unshift("fed");
    room.one.x = 7;
    room.one.y = 7;
  });
  expect([[...room.people.keys()], room.log.length, { ...room.one }]).toEqual([["ann", "bob"], 2, { x: 1, y: 7 }]);
  store.rollback();
  expect([[...room.people.keys()], [...room.log], { ...room.one }]).toEqual([["ann"], ["fed"], { x: 7, y: 7 }]);
});

test("a feed that throws changes nothing", () => {
  const { room, store } = open();
  room.title = "b";
  const feed = () =>
    store.feed(() => {
      room.people.set("ann", {});
      throw new Error("no");
    });
  expect(feed).toThrow("no");
  expect([room.title, room.people.size]).toEqual(["b", 0]);
});

test("no guard is asked", () => {
  let closed = false;
  const { room, store } = open(() => {
    if (closed) throw outsideEvent("room", "room");
  });
  closed = true;
  store.feed(() => room.people.set("ann", {}));
  expect(room.people.size).toBe(1);
  expect(() => room.people.clear()).toThrow("outside");
});
