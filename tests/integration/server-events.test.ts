import { autorun } from "mobx";
import { computed, current, defineContext, EventError, effect, event, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { plainValue, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";

interface Item {
  id: number;
  title: string;
  done: boolean;
}

class Log {
  @state lines: string[] = [];
  @event note(line: string) {
    this.lines.push(line);
  }
}

class Todo {
  @state items: Item[] = [];
  @state filter = "all";
  @state({ private: true }) protected secret = "hush-1";
  @computed get left(): number {
    return this.items.filter((item) => !item.done).length;
  }

  @event add(title: string) {
    const item = { id: this.items.length + 1, title, done: false };
    this.items.push(item);
    this.secret = `hush-${title}`;
    return item;
  }
  @event count() {
    return this.items.length;
  }
  @event async addLater(title: string) {
    await wait();
    this.add(title);
    return this.items.length;
  }
  @event *addAll(...titles: string[]) {
    for (const title of titles) {
      this.add(title);
      yield title.length;
    }
    return titles.length;
  }
  @event async *importAll(titles: string[]) {
    for (const title of titles) {
      await Promise.resolve();
      this.add(title);
      yield this.items.length;
    }
  }
  @event fail(how: string) {
    this.items.push({ id: 99, title: "half", done: false });
    this.filter = "half";
    if (how === "typed") throw new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
    throw new Error(`the database at 10.0.0.7 said ${how}`);
  }
  @event async failLater() {
    (await current().get(Log)).lines.push("half");
    this.add("half");
    await wait();
    this.filter = "half";
    throw new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
  }
  @event *failAfterYield() {
    this.add("kept");
    yield 1;
    this.add("half");
    throw new Error("no");
  }
  @event async both(line: string) {
    this.add(line);
    (await current().get(Log)).note(line);
  }
  @event who() {
    const { session, key, connection, eventId, signal } = current();
    const { user } = current() as { user?: string };
    return { user, session: session?.id.length, key, connection, eventId: eventId.length > 0, aborted: signal.aborted };
  }
  @event cheer() {
    this.filter = "done";
    effect.toast("Well done", { kind: "info" });
  }
  @event({ background: true }) async scan(upTo: number) {
    for (let n = 1; n <= upTo; n++) {
      await update(() => {
        this.filter = `scan ${n}`;
      });
    }
    await wait();
    await update(() => {
      this.filter = "scanned";
    });
    return upTo;
  }
  @event({ background: true }) async scanWildly() {
    await Promise.resolve();
    this.filter = "wild";
  }
  @event({ queue: "latest" }) async search(text: string) {
    const { signal } = current();
    const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await Promise.race([wait(), aborted]);
    this.filter = text;
    return text;
  }
  @event({ queue: "drop" }) async save() {
    await wait();
    return "saved";
  }
  @event async hang() {
    this.add("half");
    await wait();
    this.add("late");
  }
  @event async *takeSteps(): AsyncGenerator<string> {
    this.filter = "busy";
    try {
      yield "begun";
      await wait();
      this.filter = "half";
      yield "still here";
      this.filter = "never";
    } finally {
      this.filter = "free";
    }
  }
  @event async tolerant() {
    this.filter = "before";
    await current()
      .get(Refusing)
      .catch(() => {});
    this.items.push({ id: 1, title: "after", done: false });
  }
  @event({ guard: async ({ get }) => (await get(Greeter)).loaded }) guarded() {
    return "in";
  }
  @event leak() {
    void wait().then(() => {
      this.filter = "leaked";
    });
  }
  plain() {
    return "not an event";
  }
}

/** Its hook throws. */
class Refusing {
  @state value = 0;
  protected onLoad() {
    this.value = 1;
    throw new Error("cannot be loaded");
  }
}

class Greeter {
  @state loaded = false;
  protected async onLoad() {
    await Promise.resolve();
    this.loaded = true;
  }
}

class Slow {
  @state value = "before";
  @event async waits() {
    await wait();
  }
  @event async halfAndThrow() {
    this.value = "half";
    await wait();
    throw new EventError("NO", "no");
  }
  @event set(value: string) {
    this.value = value;
  }
}

const context = defineContext(async ({ headers }) => ({ user: headers.get("x-user") ?? "nobody" }));

async function start(options: { eventTimeout?: number } = {}) {
  renew();
  const app = await serveTwin({
    stores: { todo: Todo, log: Log, slow: Slow, refusing: Refusing, greeter: Greeter, wall: scope.shared(Log) },
    context,
    ...options,
  });
  const visitor = app.visitor();
  await visitor.call("todo.count");
  return { ...app, visitor };
}

const titles = (todo: { items: readonly Item[] }) => todo.items.map((item) => item.title);
const todoOf = (state: object) => state as { items: Item[]; filter: string; left: number };

test("an event returns its value, and what it changed streams to those who watch", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "todo" });
  expect(await live.state("todo")).toEqual({ items: [], filter: "all", left: 0 });
  expect(await visitor.call("todo.add", "milk")).toEqual({ id: 1, title: "milk", done: false });
  expect(await live.state("todo", (todo) => todo.items.length === 1)).toEqual({ items: [{ id: 1, title: "milk", done: false }], filter: "all", left: 1 });
});

test("an async event commits when it ends", async () => {
  const { visitor } = await start();
  const call = visitor.call("todo.addLater", "milk");
  await reached();
  gate().open();
  expect(await call).toBe(1);
});

test("a generator event commits at each yield, and its yields reach the caller's stream before its answer", async () => {
  const { visitor } = await start();
  const live = await visitor.connect(1, { store: "todo" });
  await live.state("todo");
  const answer = await visitor.number("todo.addAll", 1, ["a", "bb", "ccc"]);
  expect(plainValue(answer)).toBe(3);
  await live.state("todo", (todo) => todo.items.length === 3);
  await live.until(([kind, , , , value]) => kind === "yield" && String(value) === "3");
  // Each yield comes after its commit. What is done in one turn of the event loop comes as one frame.
  let commits = 0;
  for (const message of live.messages) {
    if (typeof message[0] === "number") commits += commitsOf(message as never).length;
    else if (message[0] === "yield") expect(commits).toBeGreaterThanOrEqual(message[3] as number);
  }
  expect(commits).toBe(3);
  expect(live.all("yield").map((message) => message.slice(3))).toEqual([
    [1, [1]],
    [2, [2]],
    [3, [3]],
  ]);
  expect(live.all("yield")[0]?.slice(0, 3)).toEqual(["yield", (answer.value as { i: string }).i, 1]);
});

test("an async generator event works alike, and a plain tRPC caller gets its last value", async () => {
  const { visitor } = await start();
  expect(await visitor.call("todo.addAll", "a", "b")).toBe(2);
  expect(await visitor.call("todo.importAll", ["c", "d"])).toBeUndefined();
  expect(await visitor.call("todo.count")).toBe(4);
});

test("an EventError arrives with its code and data, any other error without detail", async () => {
  const { visitor, logs } = await start();
  const typed = await visitor.ask("todo.fail", { args: ["typed"] });
  expect(typed.error).toEqual({ code: "SOLD_OUT", httpStatus: 422, message: "Nothing is left.", data: { left: 0 } });
  const other = await visitor.ask("todo.fail", { args: ["ECONNREFUSED"] });
  expect(other.error).toMatchObject({ code: "INTERNAL", httpStatus: 500, data: { id: expect.any(String) } });
  expect(other.text).not.toMatch(/10\.0\.0\.7|ECONNREFUSED|stack|\.ts/);
  const data = other.error?.data as { id: string };
  const told = logs.filter(({ message }) => message.includes("ECONNREFUSED"));
  expect(told.map(({ level, id }) => [level, id])).toEqual([["error", data.id]]);
});

test.for([
  ["at once", "todo.fail", ["typed"]],
  ["after an await", "todo.failLater", []],
] as const)("what an event changed before it threw %s is undone in all stores, and nobody ever saw it", async ([, path, args]) => {
  const { visitor } = await start();
  const live = visitor.live({ store: "todo" }, { store: "log" });
  await live.state("log");
  await visitor.call("todo.both", "milk");
  const call = visitor.ask(path, { args });
  if (path === "todo.failLater") await reached();
  gate().open();
  expect((await call).error?.code).toBe("SOLD_OUT");
  await visitor.call("todo.both", "bread");
  expect(titles(todoOf(await live.state("todo", (todo) => todo.items.length > 1)))).toEqual(["milk", "bread"]);
  expect(await live.state("log", (log) => log.lines.length === 2)).toEqual({ lines: ["milk", "bread"] });
  expect(JSON.stringify(live.messages)).not.toContain(`"half"`);
});

test("a generator that throws loses what it changed since its last yield, and no more", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  expect((await visitor.ask("todo.failAfterYield", { args: [] })).error?.code).toBe("INTERNAL");
  await visitor.call("todo.add", "next");
  expect(titles(todoOf(await live.state("todo", (todo) => todo.items.length === 2)))).toEqual(["kept", "next"]);
});

test("MobX reactions on the server see the state before once an event has thrown, and nothing of a synchronous one", async () => {
  const seen: number[] = [];
  class Watched {
    @state list: number[] = [];
    #stop = () => {};
    protected onLoad() {
      this.#stop = autorun(() => void seen.push(this.list.length));
    }
    protected onDispose() {
      this.#stop();
    }
    @event push(n: number) {
      this.list.push(n);
    }
    @event pushAndThrow() {
      this.list.push(1, 2, 3);
      throw new EventError("NO", "no");
    }
    @event async pushAndThrowLater() {
      this.list.push(1, 2, 3);
      await Promise.resolve();
      throw new EventError("NO", "no");
    }
  }
  const visitor = (await serveTwin({ stores: { watched: Watched } })).visitor();
  await visitor.call("watched.push", 1);
  expect(seen).toEqual([0, 1]);
  await expect(visitor.call("watched.pushAndThrow")).rejects.toMatchObject({ code: "NO" });
  expect(seen.every((length) => length < 4)).toBe(true);
  await expect(visitor.call("watched.pushAndThrowLater")).rejects.toMatchObject({ code: "NO" });
  expect(seen.at(-1)).toBe(1);
});

test("in the middle of an event a new watcher and $snapshot see the last committed state, without waiting", async () => {
  const { visitor, twin } = await start();
  await visitor.call("todo.both", "milk");
  const call = visitor.ask("todo.failLater", { args: [] });
  await reached();
  const late = visitor.live({ store: "todo" });
  expect(titles(todoOf(await late.state("todo")))).toEqual(["milk"]);
  expect(JSON.stringify(late.messages)).not.toContain(`"half"`);
  expect(titles(await twin.todo(visitor.session).$snapshot())).toEqual(["milk"]);
  expect((await twin.log(visitor.session).$snapshot()).lines).toEqual(["milk"]);
  gate().open();
  expect((await call).error?.code).toBe("SOLD_OUT");
});

test("an event that changes several stores tells of them in one frame", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "todo" }, { store: "log" });
  await live.state("log");
  await visitor.call("todo.both", "milk");
  const frame = await live.until(([kind]) => typeof kind === "number");
  expect([frame[2], frame[4]].toSorted()).toEqual(["log", "todo"]);
});

test("private state never leaves the server", async () => {
  const { visitor, twin } = await start();
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  await visitor.call("todo.add", "milk");
  await live.state("todo", (todo) => todo.items.length === 1);
  const { value } = await visitor.number("todo.add", 1, ["bread"], { at: 0 });
  const everything = JSON.stringify([live.messages, value, await twin.todo(visitor.session).$snapshot()]);
  expect(everything).toContain("bread");
  expect(everything).not.toMatch(/secret|hush/);
});

test("current() tells who calls", async () => {
  const { visitor, twin } = await start();
  const plain = await visitor.post("todo.who", JSON.stringify({ args: [] }), { "x-user": "ada" });
  expect(plain.value).toEqual({ user: "ada", session: 22, eventId: true, aborted: false });
  const numbered = plainValue(await visitor.number("todo.who", 1, []));
  expect(numbered).toMatchObject({ user: "nobody", connection: { id: expect.stringMatching(/^[\w-]{22}$/), since: expect.any(Date) } });
  expect(
    await twin
      .as({ user: "cron" } as never)
      .todo("s")
      .who(),
  ).toMatchObject({ user: "cron", session: 1 });
});

test("an effect reaches the caller's stream after the frame of its commit, and nobody else's", async () => {
  const { visitor } = await start();
  const mine = await visitor.connect(1, { store: "todo" });
  const other = visitor.live({ store: "todo" });
  await mine.state("todo");
  await other.state("todo");
  await visitor.number("todo.cheer", 1, []);
  const [, name, args] = await mine.until(([kind]) => kind === "effect");
  expect([name, args]).toEqual([
    "toast",
    [
      [],
      [
        ["a", 1, [2], ["Well done", []]],
        ["o", 1, ["kind"], ["info"]],
      ],
    ],
  ]);
  expect(mine.messages.findIndex(([kind]) => kind === "effect")).toBeGreaterThan(mine.messages.findIndex(([kind]) => typeof kind === "number"));
  await other.state("todo", (todo) => todo.filter === "done");
  expect(other.all("effect")).toEqual([]);
});

test("a background event lets others run, and changes state inside update() alone", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  const scan = visitor.call("todo.scan", 2);
  await reached();
  expect(await live.state("todo", (todo) => todo.filter === "scan 2")).toMatchObject({ items: [] });
  await visitor.call("todo.add", "meanwhile");
  gate().open();
  expect(await scan).toBe(2);
  expect(titles(todoOf(await live.state("todo", (todo) => todo.filter === "scanned")))).toEqual(["meanwhile"]);
  expect((await visitor.ask("todo.scanWildly", { args: [] })).error?.code).toBe("INTERNAL");
  await visitor.call("todo.add", "last");
  expect(await live.state("todo", (todo) => todo.items.length === 2)).toMatchObject({ filter: "scanned" });
});

test("with queue: latest a later call takes the place of the one that runs", async () => {
  const { visitor } = await start();
  const first = visitor.ask("todo.search", { args: ["a"] });
  await reached();
  const second = visitor.ask("todo.search", { args: ["ab"] });
  expect((await first).error?.code).toBe("SUPERSEDED");
  gate().open();
  expect((await second).value).toBe("ab");
});

test("with queue: drop a second call is refused while the first runs", async () => {
  const { visitor } = await start();
  const first = visitor.ask("todo.save", { args: [] });
  await reached();
  expect((await visitor.ask("todo.save", { args: [] })).error?.code).toBe("DROPPED");
  gate().open();
  expect((await first).value).toBe("saved");
  expect((await visitor.ask("todo.save", { args: [] })).value).toBe("saved");
});

test("a call that is cancelled is told so, and what it changed is undone", async () => {
  const { visitor } = await start();
  const call = visitor.number("todo.hang", 1, []);
  await reached();
  expect((await visitor.ask("$cancel", { store: "todo", client: visitor.client, n: 1 })).value).toEqual({});
  gate().open();
  expect((await call).error?.code).toBe("CANCELLED");
  expect(await visitor.call("todo.count")).toBe(0);
});

test("a generator that is cancelled stops at its next yield, and what its finally does stays", async () => {
  const { visitor } = await start();
  const live = await visitor.connect(1, { store: "todo" });
  await live.state("todo");
  const call = visitor.number("todo.takeSteps", 1, []);
  await reached();
  expect(await live.state("todo", (todo) => todo.filter === "busy")).toBeDefined();
  await visitor.ask("$cancel", { store: "todo", client: visitor.client, n: 1 });
  gate().open();
  expect((await call).error?.code).toBe("CANCELLED");
  expect(await live.state("todo", (todo) => todo.filter === "free")).toBeDefined();
  expect(JSON.stringify(live.messages)).not.toContain("never");
});

test("an event may go on when a store that it asked for could not be loaded, and loses nothing by it", async () => {
  const { visitor } = await start();
  await visitor.call("todo.tolerant");
  expect(await visitor.live({ store: "todo" }).state("todo")).toMatchObject({ filter: "before", items: [{ title: "after" }] });
});

test("a guard may ask for another store, which is loaded for it", async () => {
  const { visitor } = await start();
  expect(await visitor.call("todo.guarded")).toBe("in");
});

test("an event that never ends is cut off, its changes are undone, and the next one runs", async () => {
  const { visitor } = await start({ eventTimeout: 500 });
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  const hung = await visitor.ask("todo.hang", { args: [] });
  expect(hung.error).toMatchObject({ code: "INTERRUPTED", httpStatus: 504 });
  expect(await visitor.call("todo.count")).toBe(0);
  await visitor.call("todo.add", "next");
  expect(titles(todoOf(await live.state("todo", (todo) => todo.items.length === 1)))).toEqual(["next"]);
});

test("an event that was cut off commits nothing when it ends at last, also not what another one is changing", async () => {
  const { visitor } = await start({ eventTimeout: 500 });
  const live = visitor.live({ store: "slow" });
  await live.state("slow");
  expect((await visitor.ask("slow.waits", { args: [] })).error?.code).toBe("INTERRUPTED");
  const late = gate();
  renew();
  const call = visitor.ask("slow.halfAndThrow", { args: [] });
  await reached();
  late.open();
  await new Promise(setImmediate);
  gate().open();
  expect((await call).error?.code).toBe("NO");
  await visitor.call("slow.set", "after");
  await live.state("slow", (slow) => slow.value === "after");
  expect(live.all("frame")).toHaveLength(1);
});

test("what an event starts and does not await cannot change state after its end", async () => {
  const { visitor } = await start();
  await visitor.call("todo.leak");
  const refused = new Promise((resolve) => process.once("unhandledRejection", resolve));
  gate().open();
  expect(await refused).toMatchObject({ code: "EVENT_ENDED" });
  expect(await visitor.live({ store: "todo" }).state("todo")).toMatchObject({ filter: "all" });
});
