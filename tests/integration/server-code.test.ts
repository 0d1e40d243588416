import { current, defineContext, EventError, event, state, update } from "twinstate";
import { createTwin, type PreloadData, scope, type TwinApp } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { SECRET, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { inRequest } from "../kit/next.js";

class Todo {
  @state items: { title: string; by?: string }[] = [];
  @event add(title: string) {
    const { user } = current() as { user?: { id: string } };
    this.items.push(user ? { title, by: user.id } : { title });
    return this.items[this.items.length - 1];
  }
  @event *count(upTo: number) {
    for (let n = 1; n <= upTo; n++) yield n;
    return "done";
  }
  @event async keep(list: string[]) {
    const before = [...list];
    await wait();
    return list.length === before.length;
  }
  @event fail() {
    throw new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
  }
  @event crash() {
    throw new TypeError("a bug");
  }
  helper() {
    return 1;
  }
}

class Board {
  @state members = new Set<string>(["ada"]);
  @state log: string[] = [];
  @event async note(line: string) {
    this.log.push(line);
  }
  @event async tell(key: string, line: string) {
    this.log.push(`before ${line}`);
    await twin().board(key).note(line);
    this.log.push(`after ${line}`);
  }
  @event async tellAndThrow(key: string) {
    this.log.push("half");
    await twin().board(key).note("told");
    throw new EventError("NO", "no");
  }
  /** Asks another room, which asks back. */
  @event async around(key: string, back: string): Promise<void> {
    this.log.push("around");
    await twin().board(key).ask(back);
  }
  @event async ask(key: string): Promise<void> {
    await twin().board(key).note("asked");
  }
  @event async self() {
    await twin()
      .board(current().key ?? "")
      .note("to myself");
  }
  @event selfLater() {
    void twin()
      .board(current().key ?? "")
      .note("to myself, later");
    return "first";
  }
  @event({ background: true }) async longSelf(): Promise<string> {
    await update(() => void this.log.push("start"));
    await twin()
      .board(current().key ?? "")
      .note("from beside");
    return "done";
  }
  @event({ guard: async (_, store: Board) => store.members.has("nobody") }) guarded() {
    return "in";
  }
}

class Settings {
  @state theme = "light";
  @event setTheme(theme: string) {
    this.theme = theme;
  }
}

let app: TwinApp<typeof stores> | undefined;
const twin = (): TwinApp<typeof stores> => app as TwinApp<typeof stores>;
const stores = {
  todo: Todo,
  settings: scope.user(Settings),
  board: scope.room(Board, { allow: (context, _, board): boolean => board.members.has((context as { user?: { id: string } }).user?.id ?? "") }),
  stats: scope.shared(Todo),
};
const context = defineContext(({ headers }) => {
  const id = headers.get("x-user");
  return { user: id === null ? null : { id } };
});

async function start() {
  renew();
  const served = await serveTwin({ stores, context, eventTimeout: 10_000 });
  app = served.twin as never;
  return served;
}

test("server code calls events by address, and reads snapshots", async () => {
  const { twin } = await start();
  expect(await twin.todo("s1").add("milk")).toEqual({ title: "milk" });
  expect(await twin.todo("s1").$snapshot()).toEqual({ items: [{ title: "milk" }] });
  expect(await twin.todo("s2").$snapshot()).toEqual({ items: [] });
  await twin.settings("ada").setTheme("dark");
  expect(await twin.settings("ada").$snapshot()).toEqual({ theme: "dark" });
  await twin.stats().add("all");
  expect((await twin.stats().$snapshot()).items).toEqual([{ title: "all" }]);
  await twin.board("b").note("hello");
  const keys: string[] = [];
  for await (const key of twin.board.keys()) keys.push(key);
  expect(keys).toEqual(["b"]);
});

test("what server code changes is shown to those who watch", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  const live = visitor.live({ store: "stats" });
  await live.state("stats");
  await twin.stats().add("news");
  expect(await live.state("stats", (stats) => stats.items.length === 1)).toEqual({ items: [{ title: "news" }] });
});

test("server code gets errors as they are, and yields one by one", async () => {
  const { twin } = await start();
  await expect(twin.todo("s").fail()).rejects.toMatchObject({ code: "SOLD_OUT", data: { left: 0 } });
  await expect(twin.todo("s").crash()).rejects.toThrow(TypeError);
  await expect((twin.todo("s") as unknown as { helper(): Promise<unknown> }).helper()).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect((twin.todo("s") as unknown as { add(...args: unknown[]): Promise<unknown> }).add(1)).rejects.toMatchObject({ code: "INVALID" });
  const yields: number[] = [];
  const call = twin.todo("s").count(3);
  for await (const n of call) yields.push(n);
  expect(yields).toEqual([1, 2, 3]);
  expect(await call).toBe("done");
});

test("a message is what it was when it was sent", async () => {
  const { twin } = await start();
  const list = ["a"];
  const call = twin.todo("s").keep(list);
  list.push("b");
  await reached();
  list.push("c");
  gate().open();
  expect(await call).toBe(true);
});

test("a call from server code that is cancelled is told so", async () => {
  const { twin } = await start();
  const call = twin.todo("s").keep([]);
  await reached();
  call.cancel();
  gate().open();
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
});

test("a failure that no server code awaits goes to the log, never to unhandledRejection", async () => {
  const { twin, logs } = await start();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  void twin.todo("s").crash();
  await twin.todo("s").add("next");
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
  expect(logs.map(({ message }) => message)).toContain("a bug");
});

test("twin.as() says who calls", async () => {
  const { twin } = await start();
  expect(
    await twin
      .as({ user: { id: "cron" } } as never)
      .todo("s")
      .add("nightly"),
  ).toEqual({ title: "nightly", by: "cron" });
});

test("in a request, current() and preload() are the visitor's own", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  await visitor.call("todo.add", "milk");
  const request = { cookie: visitor.jar.cookie as string, "x-user": "ada" };
  const added = await inRequest(request, async () => (await twin.todo.current()).add("bread"));
  expect(added).toEqual({ title: "bread", by: "ada" });
  await inRequest(request, async () => (await twin.settings.current()).setTheme("dark"));
  expect(await twin.settings("ada").$snapshot()).toEqual({ theme: "dark" });

  const preload = (await inRequest(request, () => twin.preload({ todo: true, board: ["b", "c"], settings: true }))) as unknown as PreloadData;
  expect(JSON.parse(JSON.stringify(preload))).toEqual(preload);
  const [todo, b, c, settings] = preload.stores as Extract<PreloadData["stores"][number], { snapshot: unknown }>[];
  const mirror = createMirror({ faces: openFace, name: "todo" });
  mirror.applySnapshot(todo?.snapshot as never);
  expect(mirror.view()).toEqual({ items: [{ title: "milk" }, { title: "bread", by: "ada" }] });
  expect([b?.key, c?.key, settings?.store]).toEqual(["b", "c", "settings"]);
  const live = visitor.live({ store: "todo", have: [todo?.incarnation as string, todo?.revision as number] });
  const [, hello] = await live.until(([kind]) => kind === "hello");
  expect(hello).toMatchObject({ session: preload.session, schema: preload.schema });
});

test("a page of a visitor without a session, without a user, or who may not see a room is rendered all the same", async () => {
  const { twin, storage } = await start();
  const preload = (await inRequest({}, () => twin.preload({ todo: true, board: "b", settings: true }))) as unknown as PreloadData;
  expect(preload.stores).toMatchObject([
    { store: "todo", key: null, revision: 0, snapshot: expect.anything() },
    { store: "board", key: "b", refused: ["FORBIDDEN", expect.any(String)] },
    { store: "settings", key: null, refused: ["FORBIDDEN", expect.any(String)] },
  ]);
  await expect(inRequest({}, () => twin.todo.current())).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(inRequest({}, () => twin.settings.current())).rejects.toMatchObject({ code: "FORBIDDEN" });
  for await (const entry of storage.list("")) expect(entry).toBeUndefined();
});

test("outside a request, what needs one says so", async () => {
  const { twin } = await start();
  await expect(twin.preload({ todo: true })).rejects.toThrow(/`twin\.preload\(\)` needs a request/);
  await expect(twin.todo.current()).rejects.toThrow(/`twin\.todo\.current\(\)` needs a request/);
});

test("inside `use cache`, what needs a request says so", async () => {
  const { twin } = await start();
  await expect(inRequest({}, () => twin.preload({ todo: true }), "cache")).rejects.toThrow(/`twin\.preload\(\)` reads the request, which `use cache` cannot/);
});

test("an event calls other rooms by message: what they did stays when it throws", async () => {
  const { twin } = await start();
  await twin.board("a").tell("b", "hi");
  expect((await twin.board("a").$snapshot()).log).toEqual(["before hi", "after hi"]);
  await expect(twin.board("a").tellAndThrow("b")).rejects.toMatchObject({ code: "NO" });
  expect((await twin.board("a").$snapshot()).log).toEqual(["before hi", "after hi"]);
  expect((await twin.board("b").$snapshot()).log).toEqual(["hi", "told"]);
});

test("events that wait for each other in a circle fail at once, and both rooms go on", async () => {
  const { twin } = await start();
  await expect(twin.board("a").around("b", "a")).rejects.toMatchObject({ code: "CIRCLE" });
  await expect(twin.board("a").self()).rejects.toMatchObject({ code: "CIRCLE" });
  await twin.board("a").note("a goes on");
  await twin.board("b").note("b goes on");
  expect((await twin.board("a").$snapshot()).log).toEqual(["a goes on"]);
  expect((await twin.board("b").$snapshot()).log).toEqual(["b goes on"]);
});

test("a message to oneself that is not awaited runs next, and one from beside the queue may be awaited", async () => {
  const { twin } = await start();
  expect(await twin.board("a").selfLater()).toBe("first");
  await twin.board("a").note("last");
  expect(new Set((await twin.board("a").$snapshot()).log)).toEqual(new Set(["to myself, later", "last"]));
  expect(await twin.board("b").longSelf()).toBe("done");
  expect((await twin.board("b").$snapshot()).log).toEqual(["start", "from beside"]);
});

test("server code is trusted: neither allow nor guards are asked; clients are asked", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  expect(await twin.board("a").guarded()).toBe("in");
  const ask = (user: string, event: string) => visitor.post(`board.${event}`, JSON.stringify({ key: "a", args: [] }), { "x-user": user });
  expect((await ask("eve", "guarded")).error).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("into `a`") });
  expect((await ask("ada", "guarded")).error).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("call `board.guarded`") });
});

test("a router's caller works without a request, for rooms and users", async () => {
  const { twin } = await start();
  const caller = (
    twin.router as unknown as { createCaller(context: object): Record<string, Record<string, (input: unknown) => Promise<unknown>>> }
  ).createCaller({
    user: { id: "ada" },
  });
  await caller.board?.note?.({ key: "a", args: ["by a caller"] });
  expect((await twin.board("a").$snapshot()).log).toEqual(["by a caller"]);
  await expect(caller.todo?.add?.({ args: ["x"] })).rejects.toThrow(/belongs to a session/);
});

test("two twins in one process are told apart by name", async () => {
  const one = createTwin({ name: "one of two", stores: { todo: Todo }, session: { secret: SECRET } });
  const two = createTwin({ name: "two of two", stores: { todo: Todo }, session: { secret: SECRET } });
  onTestFinished(async () => void (await Promise.all([one.close(), two.close()])));
  await one.todo("s").add("milk");
  expect(await two.todo("s").$snapshot()).toEqual({ items: [] });
});
