import { computed, EventError, event, state, update, type View } from "twinstate";
import { memory, scope } from "twinstate/server";
import { type Fault, type KillPoint, lasting, type PairOptions, pair } from "twinstate/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isPending } from "../../client/prediction.js";
import { Random } from "../../testing/random.js";
import { gate, renew, wait } from "../kit/gate.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

/** A row that notes for which row each call on it was meant. */
class Item {
  @state name: string;
  @state done = false;
  @state meant: string[] = [];
  @state parts: Item[] = [];
  constructor(name = "") {
    this.name = name;
  }
  @computed get calls() {
    return this.meant.length;
  }
  @computed get open() {
    return this.parts.filter(({ done }) => !done).length;
  }
  @event({ optimistic: true }) toggle(meant = this.name) {
    this.done = !this.done;
    this.meant.push(meant);
    return this.name;
  }
  @event plainly(meant: string) {
    this.meant.push(meant);
    return this;
  }
  @event({ optimistic: true, debounce: 50 }) rename(name: string) {
    this.name = name;
  }
  @event({ optimistic: true }) split(name: string) {
    this.parts.push(new Item(name));
  }
  @event({ volatile: true }) point() {
    return this.name;
  }
}

class List {
  @state items: Item[] = [];
  @state order: string[] = [];
  @computed get left() {
    return this.items.filter(({ done }) => !done).length;
  }
  @event({ optimistic: true }) add(name: string) {
    const item = new Item(name);
    this.items.push(item);
    return item;
  }
  /** Makes the second first. */
  @event({ optimistic: true }) addBoth(first: string, second: string) {
    const b = new Item(second);
    this.items.push(b);
    this.items.unshift(new Item(first));
  }
  @event({ optimistic: true }) remove(name: string) {
    this.items = this.items.filter((item) => item.name !== name);
  }
  @event({ optimistic: true }) note(text: string) {
    this.order.push(text);
  }
  @event turn() {
    this.items.reverse();
  }
}

/** What the server does where the browser expects something else. */
let surprise: ((list: List, name: string) => void) | undefined;
class ServerList extends List {
  override add(name: string) {
    surprise?.(this, name);
    return super.add(name);
  }
}

const stores = { list: scope.room(ServerList, { allow: () => true }) };
const models = { Item };
const browser = { stores: { list: List }, models };
type Options = Partial<PairOptions<typeof stores, typeof models>>;

async function opened(options: Options = {}) {
  surprise = undefined;
  const net = pair({
    stores,
    models,
    browser,
    storage: lasting(),
    latency: [200, 200],
    log: () => {},
    transport: TRANSPORT,
    socketEvents: SOCKET_EVENTS,
    ...options,
  });
  const tab = net.client();
  const list = await tab.list("room");
  return {
    net,
    tab,
    list,
    /** The state of the server, once all is quiet. Each call has been at the row that it was meant for. */
    async server() {
      await net.quiet();
      const store = await net.server.list("room").$snapshot();
      for (const { name, meant } of store.items) expect(meant.filter((call) => call.split("#")[0] !== name)).toEqual([]);
      expect(plain(list.$snapshot())).toEqual(plain(store));
      return store;
    },
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}

const plain = (state: unknown): unknown => JSON.parse(JSON.stringify(state));
const row = (list: { readonly items: readonly View<Item>[] }, name: string) => list.items.find((item) => item.name === name) as View<Item>;
const shown = (list: { readonly items: readonly View<Item>[] }) => list.items.map(({ name, done }) => (done ? name.toUpperCase() : name)).join(" ");
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: EventError) => error.code,
  );

describe.each([
  ["knows", browser],
  ["does not know", {}],
])("where the browser %s the classes, an event of a row", (_, browser) => {
  test("runs on that row, and gives what it returns", async () => {
    await using page = await opened({ browser });
    await page.list.add("milk");
    await page.list.add("tea");
    expect(await row(page.list, "tea").toggle()).toBe("tea");
    expect(shown(page.list)).toBe("milk TEA");
    const tea = await row(page.list, "tea").plainly("tea");
    expect(tea).toBe(row(page.list.$snapshot(), "tea"));
    expect(row(await page.server(), "tea").meant).toEqual(["tea", "tea"]);
  });

  test("runs on that row though rows have moved meanwhile", async () => {
    await using page = await opened({ browser });
    await page.list.add("milk");
    await page.list.add("tea");
    await page.net.quiet();
    void page.net.server.list("room").turn();
    const calls = [row(page.list, "milk").toggle("milk"), row(page.list.$snapshot(), "tea").plainly("tea")];
    await Promise.all(calls);
    expect(shown(await page.server())).toBe("tea MILK");
  });

  test("is refused with `GONE` where the row is no more, whether the page knows that or not", async () => {
    await using page = await opened({ browser });
    await page.list.add("milk");
    await page.list.add("tea");
    await page.net.quiet();
    const milk = row(page.list, "milk");
    const before = row(page.list.$snapshot(), "milk");
    void page.net.server.list("room").remove("milk");
    await page.net.server.list("room").add("rice");
    expect(shown(page.list)).toBe("milk tea");
    await expect(milk.toggle("milk")).rejects.toMatchObject({ code: "GONE", message: expect.stringContaining("`list.Item.toggle`") });
    await page.net.quiet();
    expect(await codeOf(milk.toggle("milk"))).toBe("GONE");
    expect(await codeOf(before.toggle("milk"))).toBe("GONE");
    expect(shown(await page.server())).toBe("tea rice");
  });

  test("runs once through lost answers, doubled and late requests", async () => {
    await using page = await opened({ browser });
    await page.list.add("milk");
    for (const fault of ["lose", "lose answer", "twice", "late", "late answer", "cut answer", "gateway"] satisfies Fault[]) {
      page.net.next(page.tab, fault);
      expect(await row(page.list, "milk").toggle("milk")).toBe("milk");
    }
    expect(row(await page.server(), "milk").meant).toHaveLength(7);
  });

  test("runs once through kills of a server whose storage lasts", async () => {
    await using page = await opened({ browser });
    await page.list.add("milk");
    for (const point of ["append", "appended", "frame", "answer"] satisfies KillPoint[]) {
      page.net.kill(point);
      expect(["done", "GONE"]).toContain(await codeOf(row(page.list, "milk").toggle("milk")));
      await page.net.quiet();
    }
    await page.server();
  });

  test("is on no other row where a killed server has given new numbers to the rows", async () => {
    await using page = await opened({ browser });
    for (const name of ["milk", "tea", "rice"]) await page.list.add(name);
    await page.net.server.list("room").turn();
    await page.net.quiet();
    const before = page.list.$snapshot();
    const milk = row(page.list, "milk");
    page.net.kill();
    await page.net.quiet();
    expect(["done", "GONE"]).toContain(await codeOf(milk.toggle("milk")));
    for (const { name, plainly } of before.items) expect(["done", "GONE"]).toContain(await codeOf(plainly(name)));
    expect(await row(page.list, "milk").toggle("milk")).toBe("milk");
    await page.server();
  });

  test("is never sent to a row of another incarnation", async () => {
    // A socket that breaks has the call sent twice, so nobody knows whether it ran.
    await using page = await opened({ browser, storage: memory(), socketEvents: false });
    await page.list.add("milk");
    await page.list.add("tea");
    const tea = row(page.list, "tea");
    page.net.kill();
    const call = codeOf(tea.toggle("tea"));
    const other = await page.net.client().list("room");
    await other.add("rice");
    await other.add("salt");
    expect(await call).toBe("GONE");
    expect(await codeOf(tea.toggle("tea"))).toBe("GONE");
    // It was sent once, before the page knew, and not again.
    expect(page.net.trace.filter((line) => line.includes("→ list.Item"))).toHaveLength(1);
    expect(shown(await page.server())).toBe("rice salt");
  });
});

test("a view of before acts on the same row, as long as there is one", async () => {
  await using page = await opened();
  await page.list.add("milk");
  const before = row(page.list.$snapshot(), "milk");
  await before.toggle("milk");
  const now = row(page.list.$snapshot(), "milk");
  expect([now === before, before.done, now.done]).toEqual([false, false, true]);
  await before.toggle("milk");
  expect(row(await page.server(), "milk")).toMatchObject({ done: false, meant: ["milk", "milk"] });
});

test("an optimistic event of a row is shown at once, with all that is computed from it, and can be refused", async () => {
  await using page = await opened();
  await page.list.add("milk");
  const milk = row(page.list, "milk");
  expect(page.list.left).toBe(1);
  const call = milk.toggle("milk");
  await call.local;
  expect([shown(page.list), page.list.left, milk.calls, isPending(row(page.list.$snapshot(), "milk")), page.list.$pending]).toEqual(["MILK", 0, 1, true, 1]);
  await call;
  expect(isPending(row(page.list.$snapshot(), "milk"))).toBe(false);
  // Somebody else takes the row away.
  void page.net.server.list("room").remove("milk");
  const late = milk.toggle("milk");
  expect(shown(page.list)).toBe("milk");
  expect(await codeOf(late)).toBe("GONE");
  expect(shown(await page.server())).toBe("");
});

test("what the object around a row computes changes with its optimistic event too", async () => {
  await using page = await opened();
  await page.list.add("milk");
  await row(page.list, "milk").split("half");
  const milk = () => row(page.list.$snapshot(), "milk");
  expect(milk().open).toBe(1);
  const call = milk().parts[0]?.toggle("half");
  expect(milk().open).toBe(0);
  await call;
  expect(milk().open).toBe(0);
});

test("a prediction ends where its row is gone in the new state", async () => {
  await using page = await opened();
  await page.list.add("milk");
  await page.list.add("tea");
  page.net.stall(page.tab);
  await page.net.wait(1000);
  await page.net.server.list("room").remove("milk");
  const call = codeOf(row(page.list, "milk").toggle("milk"));
  expect([shown(page.list), page.list.left]).toEqual(["MILK tea", 1]);
  page.net.heal(page.tab);
  expect(await call).toBe("GONE");
  expect([shown(page.list), page.list.left]).toEqual(["tea", 1]);
});

test("models without their store are enough to show their events at once", async () => {
  await using page = await opened({ browser: { models } });
  await page.list.add("milk");
  void row(page.list, "milk").toggle("milk");
  expect(shown(page.list)).toBe("MILK");
  await page.server();
});

describe("on a row that only a prediction has made, an event", () => {
  test("waits until the row is there, is shown meanwhile, and the row stays the same", async () => {
    await using page = await opened();
    const { list, net } = page;
    const add = list.add("milk");
    const milk = row(list, "milk");
    const calls = [milk.toggle("milk"), milk.plainly("milk"), row(list.$snapshot(), "milk").toggle("milk")];
    expect([shown(list), list.left]).toEqual(["milk", 1]);
    await Promise.all([add, ...calls]);
    expect(list.items[0]).toBe(milk);
    expect(row(await page.server(), "milk").meant).toEqual(["milk", "milk", "milk"]);
    expect(net.trace.filter((line) => /→ list\.Item/.test(line)).length).toBeGreaterThan(0);
  });

  test("keeps its place among the calls of the page", async () => {
    await using page = await opened();
    const { list, net } = page;
    net.next(page.tab, "late");
    const done: string[] = [];
    const calls: Promise<unknown>[] = [list.note("1"), list.add("milk")];
    calls.push(list.note("2"), row(list, "milk").split("half"), row(list, "milk").toggle("milk"), list.note("3"));
    for (const [i, call] of calls.entries()) void call.then(() => done.push(`${i}`));
    expect([list.order.join(""), shown(list)]).toEqual(["123", "MILK"]);
    await page.server();
    expect([list.order.join(""), done.join("")]).toEqual(["123", "012345"]);
    expect(row(list, "milk")).toMatchObject({ done: true, meant: ["milk"], parts: [{ name: "half" }] });
  });

  test("is on the row that is meant where rows are made in another order than they stand in", async () => {
    await using page = await opened();
    const { list } = page;
    void list.addBoth("milk", "tea");
    const [milk, tea] = [row(list, "milk"), row(list, "tea")];
    const views = [row(list.$snapshot(), "milk"), row(list.$snapshot(), "tea")];
    await Promise.all([tea.toggle("tea"), views[0]?.plainly("milk"), milk.plainly("milk"), views[1]?.plainly("tea")]);
    expect([shown(list), row(list, "milk") === milk, row(list, "tea") === tea]).toEqual(["milk TEA", true, true]);
    await page.server();
  });

  test("is refused with `GONE` where the call that makes the row is refused, and nothing that follows suffers", async () => {
    await using page = await opened();
    const { list } = page;
    surprise = () => {
      throw new EventError("FORBIDDEN", "No.");
    };
    const add = codeOf(list.add("milk"));
    const calls = [codeOf(row(list, "milk").toggle("milk")), codeOf(row(list, "milk").plainly("milk")), codeOf(list.note("1"))];
    expect(await add).toBe("FORBIDDEN");
    expect(await Promise.all(calls)).toEqual(["GONE", "GONE", "done"]);
    expect(shown(await page.server())).toBe("");
  });

  test("is refused with `GONE` where the server has made other rows, as nobody can tell which is which", async () => {
    await using page = await opened();
    const { list } = page;
    surprise = (list) => list.items.push(new Item("salt"));
    const add = list.add("milk");
    const milk = row(list, "milk");
    const before = row(list.$snapshot(), "milk");
    expect(await codeOf(milk.toggle("milk"))).toBe("GONE");
    await add;
    expect([shown(list), row(list, "milk") === milk, await codeOf(before.toggle("milk"))]).toEqual(["salt milk", false, "GONE"]);
    expect(await row(list, "milk").toggle("milk")).toBe("milk");
    await page.server();
  });

  test("goes by the answer that is given again, where the first one got lost and no frame comes", async () => {
    await using page = await opened();
    const { list, net, tab } = page;
    await list.note("1");
    net.stall(tab);
    await net.wait(1000);
    net.next(tab, "lose answer");
    void list.add("milk");
    const call = row(list, "milk").toggle("milk");
    await net.wait(5000);
    expect(net.trace.some((line) => line.includes("200 list.Item.toggle"))).toBe(true);
    expect(shown(await page.server())).toBe("MILK");
    await call;
  });

  test("lets the calls after it pass where the page ends, and comes after them if the page stays", async () => {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    onTestFinished(() => void vi.unstubAllGlobals());
    await using joined = await opened();
    const { list, net } = joined;
    const calls: Promise<unknown>[] = [list.note("1"), list.add("milk")];
    calls.push(row(list, "milk").toggle("milk"), list.note("2"), row(list, "milk").plainly("milk"), list.note("3"));
    page.dispatchEvent(new Event("pagehide"));
    expect(net.trace.at(-1)).toContain("→ list.note,list.add,list.note,list.note");
    await Promise.all(calls);
    expect([list.order, row(await joined.server(), "milk").meant]).toEqual([
      ["1", "2", "3"],
      ["milk", "milk"],
    ]);
  });

  test("can be cancelled while it waits", async () => {
    await using page = await opened();
    const { list } = page;
    void list.add("milk");
    const call = row(list, "milk").toggle("milk");
    const after = list.note("1");
    call.cancel();
    expect([await codeOf(call), await codeOf(after)]).toEqual(["CANCELLED", "done"]);
    expect(shown(await page.server())).toBe("milk");
  });

  test("can make further rows, whose events are called at once too", async () => {
    await using page = await opened();
    const { list } = page;
    void list.add("milk");
    void row(list, "milk").split("half");
    const [half] = row(list, "milk").parts;
    await half?.toggle("half");
    await page.server();
    expect(row(list, "milk").parts).toMatchObject([{ name: "half", done: true, meant: ["half"] }]);
  });

  test("that is volatile is refused, as it is not kept until the row is there", async () => {
    await using page = await opened();
    const { list } = page;
    const add = list.add("milk");
    expect(await codeOf(row(list, "milk").point())).toBe("GONE");
    await add;
    expect(await row(list, "milk").point()).toBe("milk");
  });

  test("that is debounced is sent once, for the row", async () => {
    await using page = await opened();
    const { list, net } = page;
    void list.add("milk");
    const milk = row(list, "milk");
    const calls = ["m", "mi", "milk!"].map((name) => codeOf(milk.rename(name)));
    expect(shown(list)).toBe("milk!");
    await net.wait(100);
    expect(await Promise.all(calls)).toEqual(["SUPERSEDED", "SUPERSEDED", "done"]);
    expect(shown(await page.server())).toBe("milk!");
  });

  test("waits for the answer where a snapshot brings the row", async () => {
    await using page = await opened({ maxLog: 100 });
    const { list, net, tab } = page;
    await list.add("salt");
    net.cut(tab);
    void list.add("milk");
    const call = codeOf(row(list, "milk").toggle("milk"));
    for (let n = 0; n < 5; n++) await net.server.list("room").note(`${n}`);
    expect(shown(await page.server())).toBe("salt MILK");
    expect(await call).toBe("done");
  });

  test("follows the call that makes the row, where that runs in another incarnation", async () => {
    await using page = await opened({ storage: memory(), transport: "sse", socketEvents: false });
    const { list, net, tab } = page;
    await list.add("salt");
    net.cut(tab);
    net.kill();
    const add = codeOf(list.add("milk"));
    const calls = [codeOf(row(list, "milk").toggle("milk")), codeOf(row(list, "salt").toggle("salt"))];
    await net.quiet();
    expect([await add, ...(await Promise.all(calls))]).toEqual(["done", "done", "GONE"]);
    expect(shown(await page.server())).toBe("MILK");
  });
});

test("over a WebSocket that takes events it is the same", async () => {
  await using page = await opened({ transport: "websocket", socketEvents: true });
  const { list } = page;
  void list.addBoth("milk", "tea");
  await Promise.all([row(list, "tea").toggle("tea"), row(list, "milk").plainly("milk")]);
  expect(shown(await page.server())).toBe("milk TEA");
});

type StoreView = View<ServerList> & { $snapshot(): View<ServerList> };

/** Visitors who do this and that with rows. */
class Visitors {
  readonly random: Random;
  /** What came of each call, and the mark that it leaves on its row, where it is one of a row. */
  readonly outcomes: { readonly token: string | undefined; readonly code: Promise<string> }[] = [];
  #named = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  act(list: StoreView): void {
    const { items } = this.random.chance(0.5) ? list : list.$snapshot();
    const what = this.random.int(12);
    if (items.length === 0 || what < 5) return this.#note(undefined, this.#change(list, items[0]?.name, what));
    const item = this.random.pick(items);
    const token = `${item.name}#${this.outcomes.length}`;
    this.#note(token, what < 10 ? item.toggle(token) : item.plainly(token));
  }

  #change(list: StoreView, first = "", what: number): Promise<unknown> {
    if (what === 2) return list.addBoth(this.#name(), this.#name());
    if (what === 3) return list.turn();
    return what === 4 ? list.remove(first) : list.add(this.#name());
  }

  #note(token: string | undefined, call: Promise<unknown>): void {
    this.outcomes.push({ token, code: codeOf(call) });
  }

  #name = () => `row ${this.#named++}`;
}

describe.each([
  ["a storage that lasts", lasting],
  ["one that loses all", memory],
])("through faults, kills and rows that come, move and go, with %s", (_, storage) => {
  test.each([1, 2, 3])("no call is at a wrong row, none is lost, and none is there twice (seed %i)", async (seed) => {
    await using page = await opened({ seed, storage: storage(), latency: [1, 300] });
    const { net } = page;
    const visitors = new Visitors(seed);
    const { random, outcomes } = visitors;
    const lists = [page.list, await net.tab(page.tab).list("room"), await net.client().list("room")] as StoreView[];
    net.storm({ lose: 0.05, "lose answer": 0.05, twice: 0.1, late: 0.1, "late answer": 0.05 });
    for (let n = 0; n < 150; n++) {
      visitors.act(random.pick(lists));
      if (random.chance(0.3)) await net.wait(random.int(400));
      if (random.chance(0.02)) net.kill();
    }
    const store = await page.server();
    for (const list of lists) expect(plain(list.$snapshot())).toEqual(plain(store));
    const calls = store.items.flatMap(({ meant }) => meant);
    expect(new Set(calls).size).toBe(calls.length);
    for (const { token, code } of outcomes) {
      expect(["done", "GONE", "UNKNOWN_OUTCOME"]).toContain(await code);
      if (!token) continue;
      if (calls.includes(token)) expect(await code).not.toBe("GONE");
      else if (store.items.some(({ name }) => token.startsWith(`${name}#`))) expect(await code).not.toBe("done");
    }
    if (storage === lasting) expect(calls.length).toBeGreaterThan(5);
  });
});

test("an event beside the queue goes on on its row as long as that is in the store, though nobody sees the hidden members of rows meanwhile", async () => {
  class Row {
    @state title = "";
    @state({ visibleTo: () => true }) cost: number | undefined = 1;
    @event({ background: true }) async work() {
      await update(() => void (this.title += "1"));
      await wait();
      await update(() => void (this.title += "2"));
    }
  }
  class Rows {
    @state rows = [new Row(), new Row()];
    @event take() {
      this.rows.shift();
    }
    @event touch() {}
  }
  renew();
  await using net = pair({ stores: { list: scope.room(Rows, { allow: () => true }) }, models: { Row } });
  const client = net.client();
  const list = await client.list("a");
  const calls = [list.rows[0]?.work(), list.rows[1]?.work()];
  for (const call of calls) call?.catch(() => {});
  while (list.rows.some(({ title }) => title !== "1")) await net.wait(10);
  net.cut(client);
  await net.wait(100_000);
  await net.server.list("a").take();
  await net.wait(100_000);
  await net.server.list("a").touch();
  gate().open();
  net.heal(client);
  expect(await Promise.allSettled(calls)).toMatchObject([
    { reason: { code: "GONE", message: expect.stringContaining("has left its store meanwhile. What the event had committed stays.") } },
    { status: "fulfilled" },
  ]);
  expect(await net.server.list("a").$snapshot()).toMatchObject({ rows: [{ title: "12" }] });
});

test("a call on a predicted row reaches the row that the answer names, also for those who see hidden members of rows", async () => {
  class Row {
    @state title = "";
    @state({ visibleTo: () => true }) cost: number | undefined = 1;
    @event({ optimistic: true }) write(text: string) {
      this.title += text;
    }
  }
  class Rows {
    @state rows: Row[] = [];
    @event({ optimistic: true }) add() {
      this.rows.push(new Row());
    }
  }
  await using net = pair({ stores: { list: Rows }, models: { Row }, browser: { stores: { list: Rows }, models: { Row } } });
  const client = net.client();
  const list = await client.list();
  // The answers come, the frames do not.
  net.mute(client);
  const added = list.add();
  await added.local;
  const written = list.rows[0]?.write("a");
  await net.wait(300);
  await net.quiet();
  await Promise.all([added, written]);
  expect(list.rows.map(({ title }) => title)).toEqual(["a"]);
});
