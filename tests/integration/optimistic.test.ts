import { computed, current, EventError, event, newId, state } from "twinstate";
import { memory, scope } from "twinstate/server";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { describe, expect, test } from "vitest";

interface Item {
  id: string;
  title: string;
  done: boolean;
}

/** What a browser knows of it. */
class List {
  @state items: Item[] = [];
  @state note = "";
  @computed get left() {
    return this.items.filter(({ done }) => !done).length;
  }
  @event({ optimistic: true }) add(title: string) {
    const id = newId();
    this.items.push({ id, title, done: false });
    return id;
  }
  @event({ optimistic: true }) toggle(index: number) {
    const item = this.items[index];
    if (item) item.done = !item.done;
  }
  @event({ optimistic: true, debounce: 100 }) write(note: string) {
    this.note = note;
  }
  @event plainly(title: string) {
    this.items.push({ id: newId(), title, done: false });
  }
  @event({ optimistic: true }) nothing() {
    return 1;
  }
}

let refusals = 0;

/** And what the server does. */
class ServerList extends List {
  override toggle(index: number) {
    if (refusals-- > 0) throw new EventError("NO", "no");
    super.toggle(index);
  }
  @event refuse(count: number) {
    refusals = count;
  }
  @event async addSlowly(title: string) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    this.plainly(`${title} ${current().key}`);
  }
}

const stores = { list: scope.room(ServerList, { allow: () => true }) };
type Options = Partial<PairOptions<typeof stores, {}>>;
const net = (options: Options = {}) =>
  pair({ stores, browser: { stores: { list: List } }, storage: lasting(), latency: [200, 200], log: () => {}, ...options });

async function opened(options: Options = {}) {
  const joined = net(options);
  const tab = joined.client();
  const list = await tab.list("room");
  const shown: string[] = [];
  list.$subscribe(() => {
    const titles = list.items.map(({ title, done }) => (done ? title.toUpperCase() : title)).join(" ");
    if (shown.at(-1) !== titles) shown.push(titles);
  });
  return { joined, tab, list, shown, [Symbol.asyncDispose]: () => joined[Symbol.asyncDispose]() };
}

const titles = (list: { readonly items: readonly { readonly title: string; readonly done: boolean }[] }) =>
  list.items.map(({ title, done }) => (done ? title.toUpperCase() : title)).join(" ");

test("an event that asks a computed which writes is not shown, as the server refuses it", async () => {
  class Sorted {
    @state items = [3, 1, 2];
    @computed get sorted() {
      return this.items.sort().join();
    }
    @event({ optimistic: true }) add(item: number) {
      this.items.push(item);
      return this.sorted;
    }
  }
  await using joined = pair({ stores: { sorted: scope.shared(Sorted) }, browser: { stores: { sorted: Sorted } }, log: () => {} });
  const list = await joined.client().sorted();
  const shown: string[] = [];
  list.$subscribe(() => shown.push(list.items.join()));
  await expect(list.add(0)).rejects.toMatchObject({ code: "INTERNAL" });
  expect(new Set([...shown, list.items.join()])).toEqual(new Set(["3,1,2"]));
});

test("is shown before anything is sent, with its id and what is computed, and stays as it is", async () => {
  await using page = await opened();
  const { joined, list, shown } = page;
  const call = list.add("milk");
  await call.local;
  expect(titles(list)).toBe("milk");
  expect(list.left).toBe(1);
  expect(list.$pending).toBe(1);
  const [row] = list.$snapshot().items;
  const face = list.items[0];
  expect(await call).toBe(row?.id);
  expect(joined.now).toBeGreaterThanOrEqual(400);
  await joined.quiet();
  expect(list.$snapshot().items[0]).toBe(row);
  expect(list.items[0]).toBe(face);
  expect(list.$pending).toBe(0);
  expect(shown).toEqual(["milk"]);
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

test("an event that is not optimistic is shown with its frame, and has ids that nobody can tell", async () => {
  await using page = await opened();
  const call = page.list.plainly("milk");
  await call.local;
  expect(titles(page.list)).toBe("");
  await call;
  expect(titles(page.list)).toBe("milk");
});

test("ten quick toggles and a refusal in the middle end as the server says", async () => {
  await using page = await opened();
  const { joined, list, shown } = page;
  await list.add("milk");
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 10; n++) {
    if (n === 5) void list.refuse(1);
    calls.push(list.toggle(0));
    await joined.wait(30);
  }
  expect(shown.slice(1)).toEqual(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? "MILK" : "milk")));
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(5).fill("fulfilled"), "rejected", ...Array(4).fill("fulfilled")]);
  expect(EventError.is((outcomes[5] as PromiseRejectedResult).reason, "NO" as never)).toBe(true);
  // The refused one is undone, once, and nothing else is seen.
  expect(shown.slice(11)).toEqual(["MILK"]);
  await joined.quiet();
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

test("what others do is shown when it comes, under what is pending", async () => {
  await using page = await opened();
  const { joined, list, shown } = page;
  const other = await joined.client().list("room");
  await other.plainly("bread");
  await joined.quiet();
  const call = list.add("milk");
  void other.plainly("tea");
  await call;
  await joined.quiet();
  for (const state of shown) expect(["bread", "bread milk", "bread tea milk", "bread milk tea"]).toContain(state);
  expect(shown.filter((state) => state.includes("milk")).every((state) => state.split("milk").length === 2)).toBe(true);
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

describe("whatever comes first, it is shown once:", () => {
  test("the frame", async () => {
    await using page = await opened();
    page.joined.next(page.tab, "late answer");
    await page.list.add("milk");
    expect(page.shown).toEqual(["milk"]);
  });

  test("the answer", async () => {
    await using page = await opened();
    const { joined, tab, list, shown } = page;
    joined.stall(tab);
    // What is on its way already still arrives.
    await joined.server.list("room").plainly("tea");
    await joined.wait(1000);
    const call = list.add("milk");
    await joined.wait(1000);
    expect(joined.trace.at(-1)).toContain("200 list.add");
    expect(titles(list)).toBe("tea milk");
    expect(list.$pending).toBe(1);
    joined.heal(tab);
    await call;
    expect(shown).toEqual(["tea", "tea milk"]);
  });

  test("an answer that brings the frames itself, as there is no stream", async () => {
    await using page = await opened();
    const { joined, tab, list, shown } = page;
    await list.add("milk");
    joined.break(tab);
    const calls = [list.add("tea"), list.toggle(0)];
    await Promise.all(calls);
    await joined.quiet();
    expect(shown).toEqual(["milk", "milk tea", "MILK tea"]);
  });

  test("a snapshot, as the log is too short", async () => {
    await using page = await opened({ maxLog: 100 });
    const { joined, tab, list, shown } = page;
    await list.add("milk");
    joined.cut(tab);
    const calls = [list.add("tea"), list.add("rice")];
    for (let n = 0; n < 5; n++) await joined.server.list("room").plainly(`${n}`);
    expect(shown).toEqual(["milk", "milk tea", "milk tea rice"]);
    await joined.quiet();
    await Promise.all(calls);
    for (const state of shown) for (const one of ["milk", "tea", "rice"]) expect(state.split(one).length).toBeLessThanOrEqual(2);
    expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
  });

  test("an answer alone, as nothing has changed", async () => {
    await using page = await opened();
    expect(await page.list.nothing()).toBe(1);
    expect(page.list.$pending).toBe(0);
  });
});

test("a lost answer, and a request that came twice", async () => {
  await using page = await opened();
  const { joined, tab, list, shown } = page;
  joined.next(tab, "lose answer", "twice");
  await Promise.all([list.add("milk"), list.add("tea")]);
  await joined.quiet();
  expect(shown).toEqual(["milk", "milk tea"]);
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

test("is shown while the line is down, in order, and has the ids that the server gives", async () => {
  await using page = await opened();
  const { joined, tab, list, shown } = page;
  await list.add("milk");
  joined.cut(tab);
  const tea = list.add("tea");
  // Until the client waits before it tries again: what is called then has not been sent.
  while (!joined.trace.at(-1)?.endsWith("✗ list.add")) await joined.wait(1);
  const [rice, salt] = [list.add("rice"), list.add("salt")];
  rice.cancel();
  await expect(rice).rejects.toMatchObject({ code: "CANCELLED" });
  expect(titles(list)).toBe("milk tea salt");
  const ids = list.items.map(({ id }) => id);
  await joined.quiet();
  await Promise.all([tea, salt]);
  expect(list.items.map(({ id }) => id)).toEqual(ids);
  expect(shown.at(-1)).toBe("milk tea salt");
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

test("a killed server runs it later, and it stays as it is", async () => {
  await using page = await opened();
  const { joined, list, shown } = page;
  await list.add("milk");
  joined.kill("append");
  const call = list.add("tea");
  const [, row] = list.$snapshot().items;
  expect(await call).toBe(row?.id);
  await joined.quiet();
  expect(list.$snapshot().items[1]).toBe(row);
  expect(shown).toEqual(["milk", "milk tea"]);
  expect(list.$snapshot()).toEqual(await joined.server.list("room").$snapshot());
});

test("a server that has lost all runs it under another number, or tells that nobody knows", async () => {
  await using page = await opened({ storage: memory() });
  const { joined, list, shown } = page;
  await list.add("milk");
  joined.kill();
  const outcomes = await Promise.allSettled([list.add("tea"), list.toggle(0)]);
  await joined.quiet();
  const store = await joined.server.list("room").$snapshot();
  expect(list.$snapshot()).toEqual(store);
  for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason.code).toBe("UNKNOWN_OUTCOME");
  if (outcomes[0]?.status === "fulfilled") expect(store.items.map(({ id }) => id)).toEqual([(outcomes[0] as PromiseFulfilledResult<unknown>).value]);
  expect(shown.at(-1)).toBe(titles(store));
});

test("a debounced event is shown at each call, and sent once", async () => {
  await using page = await opened();
  const { joined, list } = page;
  const calls = ["a", "ab", "abc"].map((text) => {
    const call = list.write(text);
    expect(list.note).toBe(text);
    return call;
  });
  await joined.wait(100);
  const [first, second, third] = await Promise.allSettled(calls);
  expect([first, second].map((one) => (one as PromiseRejectedResult).reason.code)).toEqual(["SUPERSEDED", "SUPERSEDED"]);
  expect(third?.status).toBe("fulfilled");
  await joined.quiet();
  expect(list.note).toBe("abc");
});

test("a client without the class does not notice", async () => {
  await using joined = net({ browser: {} });
  const list = await joined.client().list("room");
  const call = list.add("milk");
  await call.local;
  expect(titles(list)).toBe("");
  await call;
  expect(titles(list)).toBe("milk");
});

test("over a WebSocket it is the same", async () => {
  await using page = await opened({ transport: "websocket" });
  const { joined, list, shown } = page;
  const calls = [list.add("milk"), list.toggle(0), list.add("tea")];
  await Promise.all(calls);
  await joined.quiet();
  expect(shown).toEqual(["milk", "MILK", "MILK tea"]);
});
