import { join } from "node:path";
import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { current, event, type Internal, state, update } from "twinstate";
import { createTwin, memory, scope, type TwinOptions } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { sqlite } from "../../server/storage/sqlite.js";
import { type Answer, type Numbered, plainValue, serveTwin, type Visitor } from "../kit/app.js";
import { temporaryFolder } from "../kit/files.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { soon } from "../kit/soon.js";
import { storages } from "../kit/storages.js";
import { openSocket } from "../kit/stream.js";

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
    return current().key ?? (current() as { user?: { id: string } }).user?.id ?? null;
  }
  @event({ background: true }) async work() {
    await update(() => void (this.done = true));
    await wait();
    await update(() => void (this.title = "worked"));
  }
  @event({ queue: "drop" }) async slow() {
    await wait();
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
  @event find(title: string) {
    return this.items[this.#at(title)];
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

type Options = Partial<TwinOptions<typeof stores, typeof models>>;

/** A visitor who watches a list of rows. */
async function openList(titles: readonly string[], options: Options = {}) {
  const app = await serveTwin({ stores, models, ...options });
  const visitor = app.visitor();
  await visitor.call("todo.fill", ...titles);
  const live = await visitor.connect(1, { store: "todo" });
  await live.state("todo");
  const row = (title: string) => live.on("todo", ({ items }) => items.find((item: Item) => item.title === title));
  const done = () => live.state("todo").then(({ items }) => titlesDone(items as Item[]));
  return { ...app, visitor, live, row, done };
}

test("a plain client calls the event of an instance, and names it by its number", async () => {
  const { visitor, live, row } = await openList(["a", "b", "c"]);
  expect(await visitor.ask("todo.Item.toggle", { on: row("b"), args: ["!"] })).toMatchObject({ status: 200, value: "b!" });
  const { items } = await live.state("todo", ({ items }) => items[1].done);
  expect(titlesDone(items as Item[])).toEqual(["b"]);
  // An instance in an instance has events too.
  const note = live.on("todo", ({ items }) => items[2].note);
  expect(await visitor.ask("todo.Note.write", { on: note, args: ["hello"] })).toMatchObject({ value: 5 });
  await live.state("todo", ({ items }) => items[2].note.text === "hello");
});

test("a numbered call of an instance's event runs once, however often it is sent", async () => {
  const { visitor, live, row, done } = await openList(["a", "b"]);
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
  const { visitor, row } = await openList(["a", "b", "c"]);
  const on = row("a");
  await visitor.call("todo.reverse");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
  await visitor.call("todo.setAside", "a");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
});

test("a row that has left the store is gone, also where its call was on its way, and no other row is touched", async () => {
  const { visitor, row, live } = await openList(["a", "b", "c"]);
  const on = row("b");
  const [, answer] = await Promise.all([visitor.number("todo.take", 1, ["b"]), visitor.number("todo.Item.toggle", 2, [], { on })]);
  expect(answer).toMatchObject({ status: 410, error: { code: "GONE", message: expect.stringContaining("`todo.Item.toggle`") } });
  await visitor.call("todo.fill", "d", "e");
  expect(refusalOf(await visitor.ask("todo.Item.toggle", { on, args: [] }))).toBe("GONE");
  expect(titlesDone((await live.state("todo", ({ items }) => items.length === 4)).items as Item[])).toEqual([]);
});

test("a row that is taken out and put back in one commit stays itself; in two, it is another one", async () => {
  const { visitor, row, live } = await openList(["a", "b", "c"]);
  const on = row("a");
  await visitor.call("todo.lift", "a");
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "a" });
  await visitor.call("todo.liftSlowly", "a");
  expect(refusalOf(await visitor.ask("todo.Item.toggle", { on, args: [] }))).toBe("GONE");
  await live.state("todo", ({ items }) => items.length === 3 && live.on("todo", (now) => now.items[2])[2] !== on[2]);
  expect(await visitor.ask("todo.Item.toggle", { on: row("a"), args: [] })).toMatchObject({ value: "a" });
});

test("a number of another model, of no instance, or of another incarnation, is gone", async () => {
  const { visitor, row, live, done } = await openList(["a"]);
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
  const { visitor, row } = await openList(["a"]);
  const on = row("a");
  for (const wrong of [undefined, null, 3, [on[0], on[1]], [...on, "a", 5], [1, 2, 3]]) {
    const answer = await visitor.ask("todo.Item.toggle", { on: wrong, args: [] });
    expect(answer).toMatchObject({ status: 400, error: { code: "INVALID", message: expect.stringMatching(/`on`/) } });
  }
  for (const [at, wrong] of [
    [2, [on[0], on[1], -1]],
    [1, [on[0], 1.5, 1]],
    [2, [on[0], on[1], "3"]],
    [2, [on[0], on[1], 2 ** 53]],
  ] as const) {
    const { error } = await visitor.ask("todo.Item.toggle", { on: wrong, args: [] });
    expect(error).toMatchObject({ code: "INVALID", message: `Expected \`on[${at}]\` to be a whole number.` });
  }
  const message = async (path: string) => (await visitor.ask(path, { on, args: [] })).error?.message;
  expect(await message("todo.Item.nope")).toMatch(/`todo` has no event `Item.nope`/);
  expect(await message("todo.Row.toggle")).toMatch(/`todo` has no event `Row.toggle`/);
  expect(await message("todo.Item.lock")).toMatch(/`todo` has no event `Item.lock`/);
  expect(await message("nope.Item.toggle")).toMatch(/no store `nope`/);
});

test("schemas, types and guards of a model's events hold, and are told under its name", async () => {
  const { visitor, row, live } = await openList(["a", "locked"]);
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
  const { visitor, live, row } = await openList(["a"]);
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

test("by a stock tRPC client, typed, and in its batches", async () => {
  const { visitor, site, row, twin } = await openList(["a", "b"]);
  const client = createTRPCClient<typeof twin.router>({ links: [httpBatchStreamLink({ url: site.url, fetch: visitor.jar.fetch })] });
  const [title, gone, count] = await Promise.allSettled([
    client.todo.Item.toggle.mutate({ on: row("b"), args: ["?"] }),
    client.todo.Item.toggle.mutate({ on: ["x", 1, 1], args: [] }),
    client.todo.toggleAll.mutate({ args: [] }),
  ]);
  expect([title, count]).toMatchObject([{ value: "b?" }, { value: ["a", "b"] }]);
  expect(gone).toMatchObject({ reason: { data: { code: "GONE", httpStatus: 410 } } });
});

test("by a socket that takes events", async () => {
  const { visitor, row, site, twin } = await openList(["a", "b"]);
  onTestFinished(await twin.attach(site.server, { events: true }));
  const { value } = await visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch: 2, watch: [{ store: "todo" }] });
  const socket = openSocket(visitor.url, visitor.jar, { input: value, wire: "json" });
  await socket.until(([head]) => head === "events");
  const input = (n: number, number: number) => ({
    on: [...row("b").slice(0, 2), number],
    args: encodeValue([]),
    call: { client: visitor.client, epoch: 2, n, at: null, seen: 0 },
  });
  socket.send(JSON.stringify([1, "todo.Item.toggle", input(1, row("b")[2])]));
  expect(await socket.until(([head, id]) => head === "answer" && id === 1)).toMatchObject(["answer", 1, { v: ["b"] }]);
  socket.send(JSON.stringify([2, "todo.Item.toggle", input(2, 1000)]));
  expect(await socket.until(([head, id]) => head === "answer" && id === 2)).toMatchObject(["answer", 2, null, { data: { code: "GONE" } }]);
});

test("by a form without JavaScript", async () => {
  const { visitor, row, live } = await openList(["a", "b"]);
  const { origin } = new URL(visitor.url);
  const post = (name: string, fields: Record<string, string>) =>
    visitor.jar.fetch(`${visitor.url}/$form`, {
      method: "POST",
      headers: { origin, "content-type": "application/x-www-form-urlencoded" },
      body: String(new URLSearchParams({ [name]: "", ...fields })),
      redirect: "manual",
    });
  const on = (title: string) => new URLSearchParams({ on: JSON.stringify(row(title)) });
  expect((await post(`$todo.Item.rename?${on("b")}`, { title: "bread" })).status).toBe(303);
  await live.state("todo", ({ items }) => items[1].title === "bread");
  expect((await post("$todo.Item.rename", { title: "x" })).status).toBe(400);
  expect((await post("$todo.Item.rename?on=no", { title: "x" })).status).toBe(400);
  await visitor.call("todo.take", "bread");
  const late = await post(`$todo.Item.rename?${on("bread")}`, { title: "x" });
  expect([late.status, await late.text()]).toEqual([410, expect.stringContaining("is not there any more")]);
});

test("from server code, on the instances that a snapshot shows: wherever they are by then, as whoever asked for it", async () => {
  const { twin, visitor } = await openList(["a", "b", "locked"]);
  const { items } = await twin.todo(visitor.session).$snapshot();
  await twin.todo(visitor.session).reverse();
  expect(await items[0]?.toggle("!")).toBe("a!");
  // Server code is trusted: no guard is asked, and internal events are there.
  await items[2]?.rename("open");
  await (items[1] as unknown as { lock(): Promise<void> }).lock();
  const now = await twin.todo(visitor.session).$snapshot();
  expect(now.items.map(({ title, done }) => [title, done])).toEqual([
    ["open", false],
    ["locked", false],
    ["a", true],
  ]);
  expect(await now.items[0]?.note?.write("x")).toBe(1);
  await expect(items[1]?.note?.write("far too long for it")).rejects.toMatchObject({ code: "INVALID" });
  await twin.todo(visitor.session).take("a");
  await expect(items[0]?.toggle()).rejects.toMatchObject({ code: "GONE" });
  // Events are no part of the state that JSON, a comparison or a copy sees, nor React, which hands it from a server component to the browser.
  const data = { title: "open", done: false, note: { text: "" } };
  expect(JSON.parse(JSON.stringify(now.items[0]))).toEqual(data);
  expect({ ...now.items[0] }).toEqual(data);
  expect([Object.getPrototypeOf(now.items[0]), Object.getOwnPropertyNames(now.items[0])]).toEqual([Object.prototype, Object.keys(data)]);
  // As somebody else.
  const as = await twin
    .as({ user: { id: "ann" } } as never)
    .todo(visitor.session)
    .$snapshot();
  expect([await as.items[0]?.who(), await now.items[0]?.who()]).toEqual(["ann", null]);
});

test("from server code also where the scope instance has left memory since", async () => {
  const { twin, runtime } = await serveTwin({ stores, models, idle: 0 });
  await twin.board("a").fill("a", "b");
  const { items } = await twin.board("a").$snapshot();
  await soon(() => expect(runtime.hosts.size).toBe(0));
  expect(await items[1]?.toggle()).toBe("b");
  const now = await twin.board("a").$snapshot();
  expect(titlesDone(now.items as unknown as Item[])).toEqual(["b"]);
});

test("an event beside the queue changes its instance as long as that is in the store, and ends with `GONE` then", async () => {
  for (const leaves of [false, true]) {
    renew();
    const { visitor, row, live, logs } = await openList(["a", "b"]);
    const working = visitor.ask("todo.Item.work", { on: row("a"), args: [] });
    await reached();
    await live.state("todo", ({ items }) => items[0].done);
    await visitor.call(leaves ? "todo.take" : "todo.setAside", "a");
    gate().open();
    expect(refusalOf(await working)).toBe(leaves ? "GONE" : undefined);
    const { items, aside } = await live.state("todo", ({ items }) => items.length === 1);
    expect([(items as Item[])[0]?.title, (aside as Item[])[0]?.title]).toEqual(["b", leaves ? undefined : "worked"]);
    expect(logs).toEqual([]);
  }
});

test("a queue policy counts the calls of one instance", async () => {
  renew();
  const { visitor, row, runtime } = await openList(["a", "b"]);
  const ask = (title: string) => visitor.ask("todo.Item.slow", { on: row(title), args: [] });
  const first = ask("a");
  await reached();
  expect(refusalOf(await ask("a"))).toBe("DROPPED");
  const other = ask("b");
  await soon(() => expect(runtime.hosts.live[0]?.waiting).toBe(2));
  gate().open();
  expect((await Promise.all([first, other])).map(({ status }) => status)).toEqual([200, 200]);
});

test("what goes wrong in a model's event is logged under its name, with its arguments", async () => {
  class Bad {
    @event fail(why: string) {
      throw new Error(why);
    }
  }
  class Holder {
    @state bad = [new Bad()];
  }
  const { visitor: arrive, logs } = await serveTwin({ stores: { holder: Holder }, models: { Bad }, logArguments: true });
  const visitor = arrive();
  const live = await visitor.connect(1, { store: "holder" });
  await live.state("holder");
  const answer = await visitor.ask("holder.Bad.fail", { on: live.on("holder", ({ bad }) => bad[0]), args: ["so"] });
  expect(answer).toMatchObject({ status: 500, error: { code: "INTERNAL" } });
  expect(logs).toMatchObject([{ event: "holder.Bad.fail", args: ["so"] }]);
  logs.length = 0;
});

// --- the lives of a scope instance ---

/** A visitor of a server that has gone on from the storage of another one. */
function moved(visitor: Visitor, url: string): Visitor {
  return Object.assign(visitor, { url });
}

test.each(storages)("on %s, a call that names an instance of an earlier life reaches that one or none", async (kind, place) => {
  const { open } = place();
  const kept = kind === "memory" ? memory() : undefined;
  const first = await openList(["a", "b"], { storage: kept ?? open() });
  const on = first.row("a");
  const { i } = (await first.visitor.number("todo.Item.toggle", 1, [], { on })).value as Numbered;
  expect(i).toBe(on[0]);
  await first.twin.close();

  const second = await serveTwin({ stores, models, storage: kept ?? open() });
  const visitor = moved(first.visitor, second.site.url);
  // The numbers of this life begin before anybody watches, with another row in front.
  await second.twin.todo(visitor.session).fill("c");
  await second.twin.todo(visitor.session).reverse();
  const late = await visitor.number("todo.Item.toggle", 2, [], { on, seen: 1 });
  const { items } = await second.twin.todo(visitor.session).$snapshot();
  if (kind === "memory") {
    // The record was saved whole, with the numbers of clients.
    expect([plainValue(late), titlesDone(items as unknown as Item[])]).toEqual(["a", []]);
  } else {
    expect([refusalOf(late), titlesDone(items as unknown as Item[])]).toEqual(["GONE", ["a"]]);
    const live = await visitor.connect(2, { store: "todo" });
    const snapshot = await live.until(([head]) => head === "snapshot");
    const since = snapshot[8] as number;
    expect(since).toBeGreaterThan(on[1]);
    await live.state("todo");
    const now = live.on("todo", (todo) => todo.items[1]);
    expect(refusalOf(await visitor.ask("todo.Item.toggle", { on: [now[0], since - 1, now[2]], args: [] }))).toBe("GONE");
    expect(await visitor.ask("todo.Item.toggle", { on: now, args: [] })).toMatchObject({ status: 200 });
  }
});

test.each(storages)("on %s, server code calls the events of what it has just read, though no client knows numbers in this life", async (_, place) => {
  const { open } = place();
  const storage = open();
  const first = await serveTwin({ stores, models, storage });
  await first.twin.board("a").fill("a", "b");
  await first.twin.close();
  const { twin } = await serveTwin({ stores, models, storage: storage.durable ? open() : storage });
  const { items } = await twin.board("a").$snapshot();
  expect(await items[1]?.toggle()).toBe("b");
  expect(await items[1]?.toggle()).toBe("b");
});

test("a call of a life before a crash reaches no other instance at the same revision, whoever comes first", async () => {
  for (const first of ["the call", "a watcher"]) {
    const file = join(temporaryFolder(), "twin.db");
    const before = await openList(["a", "b"], { storage: sqlite(file) });
    const [incarnation, revision, number] = before.row("b");
    await before.twin.close();
    const after = await serveTwin({ stores, models, storage: sqlite(file) });
    const visitor = moved(before.visitor, after.site.url);
    if (first === "a watcher") await (await visitor.connect(2, { store: "todo" })).state("todo");
    for (let any = 0; any <= number + 5; any++) {
      const answer = await visitor.ask("todo.Item.toggle", { on: [incarnation, revision, any], args: [] });
      expect(refusalOf(answer)).toBe("GONE");
    }
    expect(titlesDone((await after.twin.todo(visitor.session).$snapshot()).items as unknown as Item[])).toEqual([]);
    await after.twin.close();
  }
});

test("the numbers in an answer are never read by those of an earlier life, also where the event has changed nothing", async () => {
  const file = join(temporaryFolder(), "twin.db");
  const before = await openList(["a", "b"], { storage: sqlite(file) });
  const [i, at] = before.live.have("todo");
  await before.twin.close();
  const after = await serveTwin({ stores, models, storage: sqlite(file) });
  const visitor = moved(before.visitor, after.site.url);
  // The client shows the loaded revision, with the numbers of then.
  const { r, v, f } = (await visitor.number("todo.find", 1, ["b"], { at, i })).value as Numbered;
  expect(r).toBe(at + 1);
  expect(f).toEqual([["snapshot", 0, "todo", null, i, r, expect.anything(), 1, r]]);
  const live = await visitor.connect(2, { store: "todo" });
  await live.state("todo");
  expect(v).toEqual([[live.on("todo", ({ items }) => items[1])[2]]]);
});

test("a store with volatile fields keeps the numbers of its instances over its lives", async () => {
  class Draft {
    @state kept = [new Item("kept")];
    @state({ persist: false }) typing = [new Item("typing")];
    @event keep(title: string) {
      this.kept.push(new Item(title));
    }
    @event type(...titles: string[]) {
      this.typing = titles.map((title) => new Item(title));
    }
  }
  const options = { stores: { draft: scope.room(Draft, { allow: () => true }) }, models, idle: 0 };
  const { visitor: arrive, runtime } = await serveTwin(options);
  const visitor = arrive();
  const live = await visitor.connect(1, { store: "draft", key: "a" });
  await live.state("draft");
  await visitor.callIn("a", "draft.keep", "more");
  await visitor.callIn("a", "draft.type", "x", "y");
  await live.state("draft", ({ typing }) => typing.length === 2);
  const on = live.on("draft", ({ kept }) => kept[1]);
  live.stream.close();
  await soon(() => expect(runtime.hosts.size).toBe(0));
  expect(await visitor.ask("draft.Item.toggle", { key: "a", on, args: [] })).toMatchObject({ value: "more" });
});

test("hot reload keeps the numbers of instances", async () => {
  const name = "instances-hot-reload";
  const { visitor: arrive } = await serveTwin({ name, stores: { todo: Todo }, models });
  const visitor = arrive();
  await visitor.call("todo.fill", "a", "b");
  const live = await visitor.connect(1, { store: "todo" });
  await live.state("todo");
  const on = live.on("todo", ({ items }) => items[1]);
  class NewItem extends Item {
    @event override toggle() {
      this.done = true;
      return `new ${this.title}`;
    }
  }
  class NewTodo extends Todo {}
  createTwin({ name, stores: { todo: NewTodo }, models: { Item: NewItem, Note }, log: () => {} });
  expect(await visitor.ask("todo.Item.toggle", { on, args: [] })).toMatchObject({ value: "new b" });
  const { items } = await live.state("todo", ({ items }) => items[1].done);
  expect(titlesDone(items as Item[])).toEqual(["b"]);
});

test("a store that nobody has changed may begin again: a call on what a page showed of it reaches the same instance, or none where it has begun otherwise", async () => {
  let titles = ["a", "b"];
  class Loaded {
    @state items: Item[] = [];
    protected onLoad() {
      this.items = titles.map((title) => new Item(title));
    }
  }
  const { visitor: arrive, runtime } = await serveTwin({ stores: { loaded: scope.room(Loaded, { allow: () => true }) }, models });
  const visitor = arrive();
  const shown = async (epoch: number, title: string) => {
    const live = await visitor.connect(epoch, { store: "loaded", key: "x" });
    await live.state("loaded");
    const on = live.on("loaded", ({ items }) => items.find((item: Item) => item.title === title));
    live.stream.close();
    await soon(() => expect(runtime.hosts.size).toBe(0));
    return on;
  };
  const ask = (on: unknown) => visitor.ask("loaded.Item.toggle", { key: "x", on, args: ["!"] });
  const first = await shown(1, "b");
  expect(await shown(2, "b")).toEqual(first);
  titles = ["b", "c"];
  const second = await shown(3, "c");
  expect(second[1]).toBe(0);
  expect(refusalOf(await ask(first))).toBe("GONE");
  titles = ["c", "b"];
  expect(refusalOf(await ask(second))).toBe("GONE");
  expect(refusalOf(await ask(first))).toBe("GONE");
  titles = ["b", "c"];
  const third = await shown(4, "c");
  expect(await ask(third)).toMatchObject({ value: "c!" });
});

// --- misuse, at start ---

test("misuse is named at start: a store's event with a model's name, a model's event that nobody could call, a class that is registered twice", () => {
  class Clash {
    @event Item() {}
  }
  class Odd {
    // biome-ignore lint/suspicious/noThenProperty: that is the mistake
    @event then() {}
  }
  expect(() => createTwin({ stores: { clash: Clash }, models })).toThrow(/`clash` has an event `Item`, which is the name of a model too/);
  expect(() => createTwin({ stores: { todo: Todo }, models: { Odd } })).toThrow(/`Odd` has an event `then`/);
  expect(() => createTwin({ stores: { todo: Todo }, models: { Item, Row: Item } })).toThrow(/The model `Row` is the class of the model `Item` too/);
});

test("`requireSchemas`, and the warning in its place, look at the events of models too, and name them once", async () => {
  class Bare {
    declare bare: string;
  }
  // As a compiler without metadata leaves it.
  Object.defineProperty(Bare.prototype, "set", { value(_: string) {}, configurable: true, writable: true });
  event(Bare.prototype, "set" as never, Object.getOwnPropertyDescriptor(Bare.prototype, "set") as never);
  class Holder {
    @state bare: Bare[] = [];
  }
  const options = { stores: { one: Holder, two: Holder }, models: { Bare } };
  expect(() => createTwin({ ...options, requireSchemas: true })).toThrow(/Nothing checks the arguments of `Bare.set`\./);
  const { logs } = await serveTwin(options);
  expect(logs.map(({ message }) => message)).toEqual([expect.stringMatching(/Nothing checks the arguments of `Bare.set`\./)]);
  logs.length = 0;
});
