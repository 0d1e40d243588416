import { readFile } from "node:fs/promises";
import { computed, current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, pair as pairOver } from "twinstate/testing";
import { expect, test, vi } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const pair: typeof pairOver = (options) => pairOver({ transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...options });

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    return this.items.push(title);
  }
  @event({ volatile: true }) point() {
    return "there";
  }
  @event async wait(ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return Date.now();
  }
}
class Table {
  @state rows = Array.from({ length: 5000 }, (_, id) => ({ id, title: `the title of row ${id}`, done: false }));
  @event toggle(id: number) {
    const row = this.rows[id] as { done: boolean };
    row.done = !row.done;
  }
}

const stores = { todo: Todo, wall: scope.shared(Todo), table: scope.shared(Table) };
/** What the network has done for a client. */
const lines = (net: { trace: readonly string[] }, what: RegExp) => net.trace.filter((line) => what.test(line)).length;

// --- the net ---

test("hours pass in no time, and alike for server, client and test", async () => {
  await using net = pair({ stores, eventTimeout: 1e9, log: () => {} });
  const todo = await net.client().todo();
  const before = Date.now();
  const [since, real] = [performance.now(), process.hrtime.bigint()];
  const then = (await todo.wait(3 * 3600_000)) as number;
  expect(then - before).toBeGreaterThanOrEqual(3 * 3600_000);
  expect(Date.now() - before).toBe(performance.now() - since);
  expect(new Date()).toEqual(new Date(Date.now()));
  expect(Number(process.hrtime.bigint() - real) / 1e6).toBeLessThan(60_000);
});

test("all that a twin has on the server can be called in a test", async () => {
  await using net = pair({ stores: { room: scope.room(Todo, { allow: () => true }) } });
  await net.server.room("a").add("milk");
  const keys: string[] = [];
  for await (const key of net.server.room.keys()) keys.push(key);
  expect(keys).toEqual(["a"]);
  expect(net.server.$recheck()).toBe(undefined);
  expect(await net.server.$export({ user: "ann" })).toEqual([]);
});

test("gives the process its own time back", async () => {
  const real = { setTimeout, setInterval, setImmediate, clearTimeout, Date, now: performance.now, random: Math.random, timeout: AbortSignal.timeout };
  {
    await using _net = pair({ stores });
    expect(setTimeout).not.toBe(real.setTimeout);
  }
  expect({ setTimeout, setInterval, setImmediate, clearTimeout, Date, now: performance.now, random: Math.random, timeout: AbortSignal.timeout }).toEqual(real);
  await new Promise((resolve) => setTimeout(resolve, 1));
});

test("gives the process its own time back where no server begins with these options", async () => {
  const real = { setTimeout, Date, now: performance.now, random: Math.random };
  expect(() => pair({ stores: { todo: 1 as never } })).toThrow();
  expect({ setTimeout, Date, now: performance.now, random: Math.random }).toEqual(real);
  await using net = pair({ stores });
  expect(await (await net.client().wall()).add("milk")).toBe(1);
});

test("a storage that does not close fails the test's end, and nothing else", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const net = pair({ stores, storage: { ...lasting(), close: () => Promise.reject(new Error("no close")) } });
  await expect(net[Symbol.asyncDispose]()).rejects.toThrow("no close");
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test("a net that was left open does not keep the next one from opening", async () => {
  const told = vi.spyOn(console, "warn").mockImplementation(() => {});
  const left = pair({ stores });
  await using net = pair({ stores });
  expect(String(told.mock.lastCall)).toContain("await using");
  told.mockRestore();
  await expect(left.quiet()).rejects.toThrow("closed");
  await expect(left.wait(1)).rejects.toThrow("closed");
  expect(await (await net.client().wall()).add("milk")).toBe(1);
});

test("closes its server in no time of its own, whatever timers are left", async () => {
  const net = pair({ stores });
  await (await net.client().todo()).add("milk");
  let rang = 0;
  for (const days of [1, 2, 3]) setTimeout(() => rang++, days * 86_400_000);
  await net[Symbol.asyncDispose]();
  expect(rang).toBe(0);
});

test("tells what keeps it from being quiet", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  class Slow {
    @state n = 0;
    @event hold() {
      return gate;
    }
  }
  await using net = pair({ stores: { slow: Slow }, eventTimeout: 1e9, log: () => {} });
  const slow = await net.client().slow();
  const call = slow.hold();
  await expect(net.quiet()).rejects.toMatchObject({ code: "NOT_QUIET", message: expect.stringContaining("a has 1 event") });
  open();
  await call;
  await net.quiet();
});

test("tabs of a browser have one session, and other browsers another", async () => {
  await using net = pair({ stores });
  const a = net.client();
  const todo = await a.todo();
  const same = await net.tab(a).todo();
  const other = await net.client().todo();
  await todo.add("milk");
  await net.quiet();
  expect([todo.items, same.items, other.items]).toEqual([["milk"], ["milk"], []]);
});

test.for([1, 2, 3, 4, 5, 6])("tabs of a browser have one cookie: a tab goes on with the one that another tab has got by `rotate()`: seed %i", async (seed) => {
  class Login {
    @state user = "";
    @event async signIn(user: string) {
      await current().session?.rotate();
      this.user = user;
    }
  }
  await using net = pair({ stores: { login: Login }, seed });
  const a = net.client();
  const mine = await a.login();
  const session = net.session(a);
  const other = net.tab(a);
  const theirs = await other.login();
  // The first tab may ask for its stream before the answer with the new cookie has come, and asks again: nobody needs to know.
  const errors: unknown[] = [];
  a.$onError((error) => errors.push(error));
  await theirs.signIn("ann");
  const before = net.now;
  await net.quiet();
  expect([mine.user, net.session(a), net.session(other)]).toEqual(["ann", session, session]);
  expect(errors).toEqual([]);
  expect(net.now - before).toBeLessThan(10_000);
});

test("a storage of real files outlives the server", async () => {
  const { sqlite } = await import("twinstate/server/sqlite");
  const { temporaryFolder } = await import("../kit/files.js");
  await using net = pair({ stores, storage: sqlite(`${temporaryFolder()}/twin.db`) });
  const a = net.client();
  const todo = await a.todo();
  await todo.add("milk");
  net.kill();
  expect(await todo.add("bread")).toBe(2);
  expect(await net.server.todo(net.session(a)).$snapshot()).toEqual({ items: ["milk", "bread"] });
});

test("what happens on the net is random, and half of all may go wrong", async () => {
  await using net = pair({ stores, storage: lasting(), seed: 7 });
  const [a, b] = [net.client(), net.client()];
  const [wall, other] = [await a.wall(), await b.wall()];
  net.storm({ lose: 0.1, "lose answer": 0.1, silence: 0.05, "cut answer": 0.05, twice: 0.1, late: 0.05, "late answer": 0.05, gateway: 0.05 });
  for (let n = 0; n < 50; n += 2) await Promise.all([wall.add(String(n)), other.add(String(n + 1))]);
  await net.quiet();
  expect(wall.items.toSorted()).toEqual(Array.from({ length: 50 }, (_, n) => String(n)).toSorted());
  expect(other.$snapshot()).toEqual(wall.$snapshot());
  expect(lines(net, /\((lose|twice|gateway)/)).toBeGreaterThan(5);
});

test("the example of the page about testing is one that runs", async () => {
  const [page, example] = await Promise.all([
    readFile(new URL("../../docs/TESTING.md", import.meta.url), "utf8"),
    readFile(new URL("testing-page.test.ts", import.meta.url), "utf8"),
  ]);
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``);
});

// --- the outbox ---

test("calls made off the net show as pending, and run once and in order when the client is back", async () => {
  await using net = pair({ stores, storage: lasting() });
  const a = net.client();
  const todo = await a.todo();
  net.cut(a);
  const calls = ["milk", "bread", "eggs"].map((title) => todo.add(title));
  await net.wait(60_000);
  expect(a.$status.current).toEqual({ status: "reconnecting", pending: 3 });
  await net.quiet();
  expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  expect(a.$status.current).toEqual({ status: "online", pending: 0 });
  expect(todo.items).toEqual(["milk", "bread", "eggs"]);
});

test("the outbox takes a thousand calls, and refuses those beyond with what the limit is", async () => {
  await using net = pair({ stores, eventRate: 1e6, maxPending: 1e6 });
  const a = net.client();
  const wall = await a.wall();
  net.cut(a);
  const calls = Array.from({ length: 1000 }, (_, n) => wall.add(String(n)));
  await expect(wall.add("too much")).rejects.toMatchObject({ code: "OFFLINE", message: expect.stringContaining("1000 calls wait") });
  expect(a.$status.current.pending).toBe(1000);
  await net.quiet();
  expect((await Promise.all(calls)).at(-1)).toBe(1000);
  expect(wall.items.length).toBe(1000);
  await wall.add("again");
  expect(wall.items.at(-1)).toBe("again");
});

test("a volatile event fails at once while there is no line, and is not kept for later", async () => {
  await using net = pair({ stores });
  const a = net.client();
  const wall = await a.wall();
  expect(await wall.point()).toBe("there");
  net.cut(a);
  await net.wait(10);
  const before = net.now;
  await expect(wall.point()).rejects.toMatchObject({ code: "OFFLINE" });
  expect(net.now).toBe(before);
  await net.quiet();
  expect(lines(net, /→ wall\.point/)).toBe(1);
});

test.each<KillPoint>(["append", "appended", "frame", "answer"])("a click is done once when the server dies before it is told of: %s", async (point) => {
  await using net = pair({ stores, storage: lasting() });
  const a = net.client();
  const todo = await a.todo();
  net.kill(point);
  expect(await todo.add("milk")).toBe(1);
  expect(await todo.add("bread")).toBe(2);
  await net.quiet();
  expect(lines(net, /is killed/)).toBe(1);
  expect(todo.items).toEqual(["milk", "bread"]);
});

test("where the server keeps nothing, a call whose fate nobody knows says so", async () => {
  await using net = pair({ stores });
  const todo = await net.client().todo();
  await todo.add("milk");
  net.kill("answer");
  await expect(todo.add("bread")).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  await net.quiet();
  expect(todo.items).toEqual([]);
});

// --- coming back ---

test("a client that was away for a thousand small changes comes back with those alone", async () => {
  await using net = pair({ stores, storage: lasting() });
  const a = net.client();
  const table = await a.table();
  await net.quiet();
  const whole = net.received(a);
  const row = table.rows[1];
  await net.server.table().toggle(0);
  await net.quiet();
  const before = net.received(a);
  const one = before - whole;
  net.cut(a);
  for (let n = 0; n < 1000; n++) await net.server.table().toggle(n);
  await net.quiet();
  const back = net.received(a) - before;
  expect(table.$snapshot()).toEqual(await net.server.table().$snapshot());
  // No longer than they would have been, and what a line costs that begins.
  expect(one).toBeLessThan(50);
  expect(back).toBeLessThan(1000 * (one + 8) + 2000);
  expect(back).toBeLessThan(whole / 3);
  expect(lines(net, /snapshot/)).toBe(1);
  expect(table.rows[1]).toBe(row);
});

test("a line that is dead without a word is found by its silence", async () => {
  await using net = pair({ stores });
  const [a, b] = [net.client(), net.client()];
  const wall = await a.wall();
  const other = await b.wall();
  net.mute(a);
  await net.wait(46_000);
  expect(a.$status.current.status).toBe("reconnecting");
  await other.add("milk");
  net.heal(a);
  await net.wait(60_000);
  expect(a.$status.current.status).toBe("online");
  expect(wall.items).toEqual(["milk"]);
});

test("a stream stays open as long as nobody closes it, and is never silent for long", async () => {
  await using net = pair({ stores });
  const a = net.client();
  await a.wall();
  await net.wait(24 * 3600_000);
  expect(lines(net, /→ \$live/)).toBe(1);
  const signs = net.trace.filter((line) => / ping/.test(line)).map((line) => Number.parseInt(line, 10));
  expect(Math.max(...signs.map((at, n) => at - (signs[n - 1] ?? 0)))).toBeLessThan(16_000);
});

const CLIENTS = process.env.TEST_FULL === undefined ? 200 : 500;
test(`${CLIENTS} clients that are cut at once do not come back at once; all are back within 10 s, and no call is lost`, async () => {
  await using net = pair({ stores, storage: lasting() });
  const clients = Array.from({ length: CLIENTS }, () => net.client());
  const todos = await Promise.all(clients.map((client) => client.todo()));
  await Promise.all(todos.map((todo) => todo.add("milk")));
  const since = net.now;
  net.kill();
  expect(await Promise.all(todos.map((todo) => todo.add("bread")))).toEqual(todos.map(() => 2));
  while (clients.some(({ $status }) => $status.current.status !== "online")) await net.wait(50);
  expect(net.now - since).toBeLessThan(10_000);
  const moments = new Map<number, number>();
  for (const line of net.trace) {
    const at = Number.parseInt(line, 10);
    if (at > since && line.includes("→ $connect")) moments.set(Math.floor(at / 20), (moments.get(Math.floor(at / 20)) ?? 0) + 1);
  }
  // At no moment, of 20 ms, come more than an eighth of them.
  expect(moments.size).toBeGreaterThan(10);
  expect(Math.max(...moments.values())).toBeLessThan(CLIENTS / 8);
  for (const todo of todos) expect(todo.items).toEqual(["milk", "bread"]);
});

/** A room that notes who comes and goes. */
function presence() {
  const seen: string[] = [];
  class Here {
    @state n = 0;
    @event up() {
      return ++this.n;
    }
    protected onConnect() {
      seen.push("came");
    }
    protected onDisconnect() {
      seen.push("left");
    }
  }
  return { seen, Here };
}

test("a reload is no departure, and the tab keeps its store until it has been closed for longer than its life", async () => {
  const { seen, Here } = presence();
  const ids: unknown[] = [];
  class Draft {
    @state text = "";
    @event write(text: string) {
      ids.push(current().connection?.id, current().eventId);
      this.text = text;
    }
  }
  await using net = pair({
    stores: { here: scope.room(Here, { allow: () => true }), draft: scope.tab(Draft) },
    storage: lasting(),
    life: { tab: 3600 },
    idle: 10,
  });
  let a = net.client();
  const other = net.tab(a);
  await a.here("room");
  await (await a.draft()).write("a letter");
  for (let times = 0; times < 3; times++) {
    a = net.reload(a);
    await a.here("room");
    // Longer than the grace time.
    await net.wait(60_000);
    const draft = await a.draft();
    expect([draft.text, seen]).toEqual(["a letter", ["came"]]);
    await draft.write("a letter");
  }
  // One tab, and each page numbers its own events.
  expect(new Set(ids).size).toBe(1 + 4);
  expect((await other.draft()).text).toBe("");
  const [id] = ids as [string];
  a.$close();
  await net.wait(60_000);
  expect(seen).toEqual(["came", "left"]);
  expect((await net.server.draft(id).$snapshot()).text).toBe("a letter");
  await net.wait(2 * 24 * 3_600_000);
  expect((await net.server.draft(id).$snapshot()).text).toBe("");
});

test("a line that breaks is no departure, and who stays away has left once", async () => {
  const { seen, Here } = presence();
  await using net = pair({ stores: { here: scope.room(Here, { allow: () => true }) } });
  const a = net.client();
  await a.here("room");
  net.break(a);
  await net.quiet();
  await net.wait(60_000);
  expect(seen).toEqual(["came"]);
  // Longer than the grace time: it has left, and comes again.
  net.cut(a);
  await net.wait(60_000);
  expect(seen).toEqual(["came", "left"]);
  await net.quiet();
  expect(seen).toEqual(["came", "left", "came"]);
  // The server hears of the old line's end when the new one is there.
  net.cut(a);
  net.heal(a);
  await net.wait(60_000);
  expect(seen).toEqual(["came", "left", "came"]);
  a.$close();
  await net.wait(60_000);
  expect(seen).toEqual(["came", "left", "came", "left"]);
});

// --- what went wrong before ---

test("a client whose first request is never answered asks again", async () => {
  await using net = pair({ stores });
  const a = net.client();
  net.next(a, "silence");
  const wall = await a.wall();
  expect(await wall.add("milk")).toBe(1);
});

test("a stream whose answer never begins is given up, and asked for again", async () => {
  await using net = pair({ stores });
  const a = net.client();
  const wall = await a.wall();
  net.break(a);
  net.next(a, "late answer", "silence");
  await net.quiet();
  expect(await wall.add("milk")).toBe(1);
});

test("a call whose answer never comes is asked again, while the stream lives", async () => {
  // One that goes by socket has no answer only where the stream is dead, too.
  await using net = pair({ stores, socketEvents: false });
  const a = net.client();
  const wall = await a.wall();
  net.next(a, "silence");
  expect(await wall.add("milk")).toBe(1);
  await net.quiet();
  expect(wall.items).toEqual(["milk"]);
  expect(lines(net, /→ \$live/)).toBe(1);
});

test("a twin whose stream is slow from the start shows its state when that comes", async () => {
  await using net = pair({ stores });
  const a = net.client();
  net.stall(a);
  const opening = a.wall();
  await net.wait(2000);
  net.heal(a);
  expect((await opening).items).toEqual([]);
});

test("a visitor's first click is not lost when the server is killed under it, where state is kept", async () => {
  await using net = pair({ stores, storage: lasting() });
  const todo = await net.client().todo();
  net.kill("append");
  expect(await todo.add("milk")).toBe(1);
});

test("clicks keep their order when the first ones are told of a new server late", async () => {
  await using net = pair({ stores, storage: lasting() });
  const a = net.client();
  const todo = await a.todo();
  net.mute(a);
  net.kill();
  const first = todo.add("milk");
  await net.wait(150_000);
  const second = todo.add("bread");
  await net.quiet();
  expect(await Promise.all([first, second])).toEqual([1, 2]);
  expect(todo.items).toEqual(["milk", "bread"]);
});

test("a change of two stores is never seen half, where its answer comes before the stream is back", async () => {
  class Left {
    @state n = 0;
    @event async both() {
      (await current().get(Right)).n++;
      return ++this.n;
    }
  }
  class Right {
    @state n = 0;
  }
  await using net = pair({ stores: { left: Left, right: Right }, storage: lasting() });
  const a = net.client();
  const [left, right] = [await a.left(), await a.right()];
  const seen: number[] = [];
  const look = () => seen.push(left.n - right.n);
  left.$subscribe(look);
  right.$subscribe(look);
  net.kill("answer");
  expect(await left.both()).toBe(1);
  net.break(a);
  expect(await left.both()).toBe(2);
  await net.quiet();
  expect([left.n, right.n]).toEqual([2, 2]);
  expect(seen.filter((difference) => difference !== 0)).toEqual([]);
});

test("a visitor's very first request that arrives again at another server, without the cookie, gives their tab to nobody else", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await using net = pair({ stores, storage: lasting(), seed });
    const a = net.client();
    net.next(a, "twice");
    const todo = await a.todo();
    net.next(a, "silence");
    const call = todo.add("milk");
    await net.wait(30);
    net.cut(a);
    net.kill();
    // By now the second one has arrived, at the new server.
    await net.wait(5000);
    await net.quiet();
    expect(await call).toBe(1);
    expect(todo.items).toEqual(["milk"]);
  }
});

class Counted {
  @state entries: { title: string }[] = [];
  @computed get count() {
    return this.entries.length;
  }
  @event add(title: string) {
    this.entries.push({ title });
  }
}

test("a state that was saved before anybody watched it is not gone on from after a restart, as its names are not kept", async () => {
  await using net = pair({ stores: { list: scope.room(Counted, { allow: () => true }) }, storage: lasting() });
  await net.server.list("room").add("by the server");
  const list = await net.client().list("room");
  net.kill();
  await net.wait(1000);
  await list.add("milk");
  await net.quiet();
  expect(list.$snapshot()).toEqual(await net.server.list("room").$snapshot());
  expect(list.count).toBe(2);
});

test("a call sends what was held back before it first: Enter loses nothing of what was typed last", async () => {
  class Chat {
    @state draft = "";
    @state sent: string[] = [];
    @event({ debounce: 300 }) type(text: string) {
      this.draft = text;
    }
    @event({ throttle: 300 }) scroll(to: string) {
      this.draft = to;
    }
    @event submit() {
      this.sent.push(this.draft);
      this.draft = "";
    }
  }
  await using net = pair({ stores: { chat: scope.shared(Chat) } });
  const chat = await net.client().chat();
  void chat.type("hello");
  await chat.submit();
  void chat.scroll("a");
  void chat.scroll("b");
  await chat.submit();
  await net.wait(1000);
  expect(chat.$snapshot()).toEqual({ draft: "", sent: ["hello", "b"] });
});

test("a form that is sent is under way: `quiet` waits for it", async () => {
  class Guests {
    @state list: string[] = [];
    @event add(name: string) {
      this.list.push(name);
    }
  }
  await using net = pair({ stores: { guests: scope.shared(Guests) } });
  const guests = await net.client().guests();
  const form = new FormData();
  form.set("name", "Ann");
  void (guests.add as unknown as { form(data: FormData): Promise<unknown> }).form(form);
  await net.quiet();
  expect([...guests.list]).toEqual(["Ann"]);
});
