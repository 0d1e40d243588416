import { current, event, type Internal, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Answer, type Numbered, plainValue, serveTwin } from "../kit/app.js";

class Note {
  @state text = "";
  @event({ input: [z.string().max(10)] }) write(text: string) {
    this.text = text;
    return text.length;
  }
}

class Item {
  @state title = "";
  @state done = false;
  @state note: Note | null = new Note();
  constructor(title = "") {
    this.title = title;
  }
  @event toggle(by: string = "") {
    this.done = !this.done;
    return `${this.title}${by}`;
  }
  @event({ guard: (_, item: Item) => item.title !== "locked" }) rename(title: string) {
    this.title = title;
  }
  @event who() {
    return current().key ?? null;
  }
  @event({ internal: true }) lock(this: Internal<this>) {
    this.title = "locked";
  }
}

class Todo {
  @state items: Item[] = [];
  @state aside: Item[] = [];
  @event fill(...titles: string[]) {
    for (const title of titles) this.items.push(new Item(title));
  }
  @event add(title: string) {
    const item = new Item(title);
    this.items.push(item);
    return item;
  }
  @event reverse() {
    this.items.reverse();
  }
  @event setAside(title: string) {
    this.aside.push(...this.items.splice(this.#at(title), 1));
  }
  @event take(title: string) {
    this.items.splice(this.#at(title), 1);
  }
  /** Takes a row out and puts it back, in one commit. */
  @event lift(title: string) {
    this.items.push(...this.items.splice(this.#at(title), 1));
  }
  /** The same in two. */
  @event *liftSlowly(title: string) {
    const [item] = this.items.splice(this.#at(title), 1);
    yield 1;
    this.items.push(item as Item);
  }
  @event toggleAll() {
    return this.items.map((item) => item.toggle());
  }
  #at(title: string) {
    return this.items.findIndex((item) => item.title === title);
  }
}

const stores = { todo: Todo, board: scope.room(Todo, { allow: () => true }) };
const models = { Item, Note };

const refusalOf = ({ error }: Answer) => error?.code;
const titlesDone = (items: readonly Item[]) => items.filter(({ done }) => done).map(({ title }) => title);

/** A visitor who watches a list of rows. */
async function openList(...titles: string[]) {
  const app = await serveTwin({ stores, models });
  const visitor = app.visitor();
  await visitor.call("todo.fill", ...titles);
  const live = await visitor.connect(1, { store: "todo" });
  await live.state("todo");
  const row = (title: string) => live.on("todo", ({ items }) => items.find((item: Item) => item.title === title));
  const done = () => live.state("todo").then(({ items }) => titlesDone(items as Item[]));
  return { ...app, visitor, live, row, done };
}

test("a plain client calls the event of an instance, and names it by its number", async () => {
  const { visitor, live, row } = await openList("a", "b", "c");
  expect(await visitor.ask("todo.Item.toggle", { on: row("b"), args: ["!"] })).toMatchObject({ status: 200, value: "b!" });
  const { items } = await live.state("todo", ({ items }) => items[1].done);
  expect(titlesDone(items as Item[])).toEqual(["b"]);
  // An instance in an instance has events too.
  const note = live.on("todo", ({ items }) => items[2].note);
  expect(await visitor.ask("todo.Note.write", { on: note, args: ["hello"] })).toMatchObject({ value: 5 });
  await live.state("todo", ({ items }) => items[2].note.text === "hello");
});

test("a numbered call of an instance's event runs once, however often it is sent", async () => {
  const { visitor, live, row, done } = await openList("a", "b");
  const on = row("b");
  const answers = [await visitor.number("todo.Item.toggle", 1, [], { on }), await visitor.number("todo.Item.toggle", 1, [], { on })];
  expect(answers.map(plainValue)).toEqual(["b", "b"]);
  const { r } = (answers[0] as Answer).value as Numbered;
  await live.until(([, revision]) => revision === r);
  expect(await done()).toEqual(["b"]);
  // Its refusal uses up a number, and is its answer.
  expect(refusalOf(await visitor.number("todo.Item.toggle", 2, [], { on: [on[0], on[1], 1000] }))).toBe("GONE");
  expect(plainValue(await visitor.number("todo.Item.toggle", 3, [], { on }))).toBe("b");
});

test("a row that has moved is still the same one", async () => {
  const { visitor, row } = await openList("a", "b", "c");
  const on = row("a");
  await visitor.call("todo.reverse");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
  await visitor.call("todo.setAside", "a");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
});

test("a row that has left the store is gone, also where its call was on its way, and no other row is touched", async () => {
  const { visitor, row, live } = await openList("a", "b", "c");
  const on = row("b");
  const [, answer] = await Promise.all([visitor.number("todo.take", 1, ["b"]), visitor.number("todo.Item.toggle", 2, [], { on })]);
  expect(answer).toMatchObject({ status: 410, error: { code: "GONE", message: expect.stringContaining("`todo.Item.toggle`") } });
  await visitor.call("todo.fill", "d", "e");
  expect(refusalOf(await visitor.ask("todo.Item.toggle", { on, args: [] }))).toBe("GONE");
  expect(titlesDone((await live.state("todo", ({ items }) => items.length === 4)).items as Item[])).toEqual([]);
});

test("a row that is taken out and put back in one commit stays itself; in two, it is another one", async () => {
  const { visitor, row, live } = await openList("a", "b", "c");
  const on = row("a");
  await visitor.call("todo.lift", "a");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
  await visitor.call("todo.liftSlowly", "a");
  expect(refusalOf(await visitor.ask("todo.Item.toggle", { on, args: [] }))).toBe("GONE");
  await live.state("todo", ({ items }) => items.length === 3 && live.on("todo", (now) => now.items[2])[2] !== on[2]);
  expect(await visitor.ask("todo.Item.toggle", { on: row("a"), args: [] })).toMatchObject({ value: "a" });
});

test("a number of another model, of no instance, or of another incarnation, is gone", async () => {
  const { visitor, row, live, done } = await openList("a");
  const [incarnation, revision, number] = row("a");
  const names: unknown[] = [
    live.on("todo", ({ items }) => items[0].note),
    live.on("todo", ({ items }) => items),
    [incarnation, revision, 0],
    // The table of numbers has pages: a number that is too large is not found under another one.
    [incarnation, revision, number + 2 ** 32],
    ["another-life", revision, number],
  ];
  for (const on of names) expect(refusalOf(await visitor.ask("todo.Item.toggle", { on, args: [] }))).toBe("GONE");
  expect(refusalOf(await visitor.ask("todo.Note.write", { on: row("a"), args: ["x"] }))).toBe("GONE");
  expect(await done()).toEqual([]);
});

test("a call that names no instance, or a model or an event that is not there, is told so", async () => {
  const { visitor, row } = await openList("a");
  const on = row("a");
  for (const wrong of [undefined, null, 3, [on[0], on[1]], [on[0], on[1], -1], [on[0], 1.5, 1], [1, 2, 3]]) {
    const answer = await visitor.ask("todo.Item.toggle", { on: wrong, args: [] });
    expect(answer).toMatchObject({ status: 400, error: { code: "INVALID", message: expect.stringMatching(/`on`/) } });
  }
  const message = async (path: string) => (await visitor.ask(path, { on, args: [] })).error?.message;
  expect(await message("todo.Item.nope")).toMatch(/`todo` has no event `Item.nope`/);
  expect(await message("todo.Row.toggle")).toMatch(/`todo` has no event `Row.toggle`/);
  expect(await message("todo.Item.lock")).toMatch(/`todo` has no event `Item.lock`/);
  expect(await message("nope.Item.toggle")).toMatch(/no store `nope`/);
});

test("schemas, types and guards of a model's events hold, and are told under its name", async () => {
  const { visitor, row, live } = await openList("a", "locked");
  const note = live.on("todo", ({ items }) => items[0].note);
  const tooLong = await visitor.ask("todo.Note.write", { on: note, args: ["far too long for it"] });
  expect(tooLong).toMatchObject({ status: 400, error: { code: "INVALID", data: { event: "todo.Note.write", issues: [{ path: [0] }] } } });
  const wrongType = await visitor.ask("todo.Item.toggle", { on: row("a"), args: [1] });
  expect(wrongType.error?.message).toBe("The arguments of `todo.Item.toggle` are not valid: Expected string, got number (at 0).");
  const guarded = await visitor.ask("todo.Item.rename", { on: row("locked"), args: ["mine"] });
  expect(guarded).toMatchObject({ status: 403, error: { message: "You may not call `todo.Item.rename`." } });
  expect(await visitor.ask("todo.Item.rename", { on: row("a"), args: ["mine"] })).toMatchObject({ status: 200 });
});

test("in a room the key says which store is meant, and an event of the store calls those of its rows as methods", async () => {
  const { visitor: arrive } = await serveTwin({ stores, models });
  const visitor = arrive();
  for (const key of ["one", "two"]) await visitor.callIn(key, "board.fill", key, "x");
  const live = await visitor.connect(1, { store: "board", key: "two" });
  await live.state("board");
  const on = live.on("board", ({ items }) => items[0]);
  expect(await visitor.ask("board.Item.who", { key: "two", on, args: [] })).toMatchObject({ value: "two" });
  expect(refusalOf(await visitor.ask("board.Item.who", { key: "one", on, args: [] }))).toBe("GONE");
  expect(await visitor.callIn("two", "board.toggleAll")).toEqual(["two", "x"]);
});

test("the answer of a predicted event, repeated too, and `ran` have the numbers of the instances that it has made", async () => {
  const { visitor, live, row } = await openList("a");
  const answer = await visitor.number("todo.add", 1, ["b"], { p: 1 });
  const { m, v } = answer.value as Numbered & { m: number[] };
  // The row, then what its constructor has made.
  expect(m).toHaveLength(2);
  expect(v).toEqual([[m[0]]]);
  const ran = await live.until(([head]) => head === "ran");
  expect(ran).toEqual(["ran", expect.any(Number), 1, m]);
  await live.state("todo", ({ items }) => items.length === 2);
  expect(row("b")[2]).toBe(m[0]);
  expect(live.on("todo", ({ items }) => items[1].note)[2]).toBe(m[1]);
  expect((await visitor.number("todo.add", 1, ["b"], { p: 1 })).value).toMatchObject({ m });
  // Without predictions, and where nothing was made, it is left out.
  expect((await visitor.number("todo.add", 2, ["c"])).value).not.toHaveProperty("m");
  expect((await visitor.number("todo.reverse", 3, [], { p: 1 })).value).not.toHaveProperty("m");
  await live.until(([head, , n]) => head === "ran" && n === 3);
  expect(live.all("ran").at(-1)).toHaveLength(3);
});
