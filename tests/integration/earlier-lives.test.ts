import { join } from "node:path";
import { computed, event, state } from "twinstate";
import { type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { lasting, pair } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import type { StorageDelta } from "../../lib/channel/channel.js";
import { createStore } from "../../lib/store/store.js";
import { writeEarlierFile } from "../kit/earlier-file.js";
import { temporaryFolder } from "../kit/files.js";
import { hearing } from "../kit/resumes.js";

class Row {
  @state title = "";
  @state tags: string[] = [];
  @state({ persist: false }) looks = 0;
  @event toggle() {
    this.title += "!";
    return this.title;
  }
  @event look() {
    this.looks++;
  }
}
/** How the process says it. */
let suffix = "";
class List {
  @state rows: Row[] = [];
  @state notes = new Map<string, { text: string }>();
  @state({ persist: false }) now = 0;
  @computed get label(): string {
    return `${this.rows.length} rows${suffix}`;
  }
  @event add(title: string) {
    const row = new Row();
    row.title = title;
    row.tags = [title];
    this.rows.push(row);
  }
  @event note(text: string) {
    this.notes.set(text, { text });
  }
  @event turn() {
    this.rows.reverse();
  }
  @event tick() {
    this.now++;
  }
}
const stores = { list: scope.room(List, { allow: () => true }) };

const places: [string, () => Storage][] = [
  ["memory that lasts", lasting],
  ["sqlite", () => sqlite(join(temporaryFolder(), "twin.db"))],
];

const ROWS = ["milk", "tea", "rice"];

/** A page with three rows, and what its streams say of its store. */
async function opened(storage: Storage, { rows = ROWS, ...options }: { readonly maxLog?: number; readonly rows?: readonly string[] } = {}) {
  const told: string[] = [];
  const net = pair({
    stores,
    models: { Row },
    storage,
    log: () => {},
    ...options,
    wrapFetch: (fetch) => hearing(fetch, (how) => told.push(how)),
  });
  const tab = net.client();
  const list = await tab.list("a");
  for (const title of rows) await list.add(title);
  await net.quiet();
  told.length = 0;
  const equal = async () => expect(list.$snapshot()).toEqual(await net.server.list("a").$snapshot());
  return { net, tab, list, told, equal, [Symbol.asyncDispose]: () => net[Symbol.asyncDispose]() };
}
type Opened = Awaited<ReturnType<typeof opened>>;

async function kill({ net, told, equal }: Opened): Promise<string[]> {
  net.kill();
  await net.quiet();
  await equal();
  return told.splice(0);
}

describe.each(places)("a page that comes back to a server after a kill, on %s,", (_, open) => {
  test("goes on from what it has: all views stay the same objects", async () => {
    suffix = "";
    await using page = await opened(open());
    const before = page.list.$snapshot();
    expect(await kill(page)).toEqual(["delta"]);
    const after = page.list.$snapshot();
    expect(after.rows).toBe(before.rows);
    expect(after.notes).toBe(before.notes);
    await page.list.note("one");
    expect(page.list.$snapshot().rows).toBe(before.rows);
    await page.equal();
    expect(await kill(page)).toEqual(["delta"]);
    expect(page.list.$snapshot().rows).toBe(before.rows);
  });

  test("is sent the commits that it lacks, and rows that these have not touched stay the same", async () => {
    suffix = "";
    await using page = await opened(open());
    const before = page.list.$snapshot();
    page.net.cut(page.tab);
    for (const title of ["salt", "oil"]) await page.net.server.list("a").add(title);
    await page.net.server.list("a").note("two");
    await page.net.server.list("a").turn();
    page.net.kill();
    page.net.heal(page.tab);
    await page.net.quiet();
    await page.equal();
    expect(page.told).toEqual(["delta"]);
    expect(page.list.rows.map(({ title }) => title)).toEqual(["oil", "salt", "rice", "tea", "milk"]);
    expect(page.list.$snapshot().rows[4]).toBe(before.rows[0]);
  });

  test("has its calls of rows done that it could not make before", async () => {
    suffix = "";
    await using page = await opened(open());
    await page.list.turn();
    page.net.cut(page.tab);
    const call = page.list.rows[0]?.toggle();
    page.net.kill();
    page.net.heal(page.tab);
    expect(await call).toBe("rice!");
    // The stream may be back later than the answer.
    await page.net.quiet();
    page.told.length = 0;
    const view = page.list.$snapshot().rows[1];
    expect(await kill(page)).toEqual(["delta"]);
    // A view from before the kill acts on its row.
    expect(await view?.toggle()).toBe("tea!");
    await page.net.quiet();
    await page.equal();
  });

  test("shows what is volatile as it is now, and what computeds say now", async () => {
    suffix = "";
    await using page = await opened(open());
    await page.list.tick();
    await page.list.rows[0]?.look();
    expect([page.list.now, page.list.rows[0]?.looks, page.list.label]).toEqual([1, 1, "3 rows"]);
    suffix = " in all";
    expect(await kill(page)).toEqual(["delta"]);
    expect([page.list.now, page.list.rows[0]?.looks, page.list.label]).toEqual([0, 0, "3 rows in all"]);
    await page.list.tick();
    expect(page.list.now).toBe(1);
  });

  test("gets all anew where another page has come first, and the frames of the new life are not kept for so long", async () => {
    suffix = "";
    await using page = await opened(open(), { maxLog: 10 });
    page.net.cut(page.tab);
    page.net.kill();
    const other = await page.net.client().list("a");
    for (const title of ["salt", "oil", "corn"]) await other.add(title);
    page.net.heal(page.tab);
    page.told.length = 0;
    await page.net.quiet();
    await page.equal();
    expect(page.told).toEqual(["snapshot"]);
  });
});

test("a file of a release that did not store numbers is read: pages get all anew once, and go on by what they have from then on", async () => {
  suffix = "";
  const file = join(temporaryFolder(), "twin.db");
  writeEarlierFile(file);
  await using page = await opened(sqlite(file), { rows: [] });
  await page.equal();
  expect(page.list.rows.map(({ title, tags }) => [title, ...tags])).toEqual([
    ["rice", "rice"],
    ["tea", "tea"],
    ["milk", "milk"],
  ]);
  expect([...page.list.notes.keys()]).toEqual(["one"]);
  // Nobody knows which numbers a page has that is older: so the last revision is another one.
  expect(await page.list.rows[2]?.toggle()).toBe("milk!");
  expect(await kill(page)).toEqual(["delta"]);
  await page.list.add("salt");
  expect(await kill(page)).toEqual(["delta"]);
});

test("numbers count for the classes alone for which they were given, and where each commit says what has changed of them", () => {
  const made = () => {
    const list = new Plain();
    const store = createStore({ name: "list", instance: list, keep: true });
    store.snapshot();
    const saved = store.save();
    store.noteSaved();
    list.open.push([1]);
    store.commit();
    return { saved, tail: [store.takeStored() as StorageDelta] };
  };
  const { saved, tail } = made();
  const open = (Class: new () => object, of = saved, commits: readonly StorageDelta[] = tail) => {
    const store = createStore({ name: "list", instance: new Class(), keep: true, restore: of, tail: commits });
    store.watch();
    return store.resumable;
  };
  expect(open(Plain)).toBe(true);
  expect(open(Shown)).toBe(false);
  expect(open(Wider)).toBe(false);
  const [delta, next] = tail[0] as StorageDelta;
  expect(open(Plain, saved, [[delta, next]])).toBe(false);
  const [snapshot, names, first, ids] = saved;
  expect(open(Plain, [snapshot, names, first, ids])).toBe(false);
});

const mayAudit = (context: object) => (context as { audits: boolean }).audits;
class Part {
  @state title = "";
  @computed get label(): string {
    return `the ${this.title}`;
  }
}
class Hiding {
  @state items: Part[] = [];
  @state({ visibleTo: mayAudit }) hidden: Part | undefined = undefined;
  @event add(title: string) {
    const part = new Part();
    part.title = title;
    this.items.push(part);
    this.hidden = new Part();
  }
}

test("what is sent of computeds to a page of an earlier life is for its audience alone", async () => {
  await using net = pair({
    stores: { hiding: scope.room(Hiding, { allow: () => true }) },
    models: { Part },
    storage: lasting(),
    log: () => {},
    context: ({ headers }) => ({ audits: headers.get("x-audits") === "yes" }),
    wrapFetch: (fetch) => (input, init) => {
      const headers = new Headers(init?.headers);
      if (clients.length > 0) headers.set("x-audits", "yes");
      return fetch(input, { ...init, headers });
    },
  });
  const clients: object[] = [];
  const tab = net.client();
  const one = await tab.hiding("a");
  await one.add("milk");
  net.cut(tab);
  net.kill();
  clients.push(tab);
  // Who sees what is hidden is here first, and has all from this process.
  const other = await net.client().hiding("a");
  expect(other.hidden?.label).toBe("the ");
  clients.length = 0;
  net.heal(tab);
  await net.quiet();
  const state = await net.server.hiding("a").$snapshot();
  expect(other.$snapshot()).toEqual(state);
  expect(one.$snapshot()).toEqual({ items: [{ title: "milk", label: "the milk" }] });
  await one.add("tea");
  await net.quiet();
  expect(other.$snapshot()).toEqual(await net.server.hiding("a").$snapshot());
});

class Plain {
  @state open: unknown[] = [];
  @state({ private: true }) protected hidden: unknown[] = [[2]];
}
class Shown {
  @state open: unknown[] = [];
  @state hidden: unknown[] = [[2]];
}
class Wider extends Plain {
  @computed get size(): number {
    return this.open.length;
  }
}
