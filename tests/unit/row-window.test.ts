import { expect, test } from "vitest";
import { type Rows, RowWindow, type WindowOptions } from "../../react/parts/row-window.js";
import { soon } from "../kit/soon.js";

interface Row {
  id: number;
  name: string;
}
type Query = string;

/** A list of a server, whose answers come when the test says so. */
class List {
  rows: Row[] = Array.from({ length: 1000 }, (_, id) => ({ id, name: `row ${id}` }));
  revision = 0;
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  readonly #open: { range: string; answer(): void; fail(error: Error): void }[] = [];

  readonly ask = (from: number, to: number, query: Query) => {
    const range = `${query}${from}-${to}`;
    this.asked.push(range);
    const found = this.rows.filter(({ name }) => name.includes(query));
    // Read now, and sent later.
    const rows: Rows<Row> = { rows: structuredClone(found.slice(from, to)), count: found.length, revision: this.revision };
    const promise = new Promise<Rows<Row>>((resolve, reject) => this.#open.push({ range, answer: () => resolve(rows), fail: reject }));
    return Object.assign(promise, { cancel: () => void this.cancelled.push(range) });
  };

  /** Answers what is asked, or what is asked for a range. */
  async answer(range?: string) {
    for (const call of this.#open.splice(0)) {
      if (range === undefined || call.range === range) call.answer();
      else this.#open.push(call);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }

  async fail() {
    for (const call of this.#open.splice(0)) call.fail(new Error("The server is gone."));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function open(list: List, options: Partial<WindowOptions<Row, Query>> = {}) {
  let now: WindowOptions<Row, Query> = { query: "", revision: 0, size: 10, keep: 3, pause: 0, ...options };
  const window = new RowWindow(now);
  const set = (change: Partial<WindowOptions<Row, Query>>) => {
    now = { ...now, ...change };
    window.use(list.ask, now);
  };
  set({});
  const unmount = window.mount();
  const { get } = window.state;
  return {
    get,
    set,
    unmount,
    show: (first: number, last: number) => get().show(first, last),
    names: (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => get().rowAt(first + i)?.name),
  };
}

test("asks for the pages in view alone, and holds no more than it may", async () => {
  const list = new List();
  const view = open(list);
  expect(list.asked).toEqual(["0-10"]);
  expect([view.get().count, view.get().pending]).toEqual([undefined, true]);
  await list.answer();
  expect([view.get().count, view.get().pending, view.get().held]).toEqual([1000, false, 10]);
  view.show(5, 14);
  expect(list.asked).toEqual(["0-10", "10-20"]);
  await list.answer();
  expect(view.names(8, 11)).toEqual(["row 8", "row 9", "row 10", "row 11"]);
  for (const first of [500, 900, 300, 700]) {
    view.show(first, first + 5);
    await list.answer();
    expect(view.get().rowAt(first)?.name).toBe(`row ${first}`);
    expect(view.get().held).toBeLessThanOrEqual(30);
  }
  // What is in view is held, whatever that takes.
  view.show(100, 159);
  await list.answer();
  expect(view.names(100, 159)).not.toContain(undefined);
});

test("what has scrolled past is cancelled, and its answer changes nothing", async () => {
  const list = new List();
  const view = open(list);
  view.show(500, 505);
  expect(list.cancelled).toEqual(["0-10"]);
  await list.answer();
  expect([view.get().rowAt(0), view.get().rowAt(500)?.name]).toEqual([undefined, "row 500"]);
  view.show(700, 705);
  view.unmount();
  expect(list.cancelled).toEqual(["0-10", "700-710"]);
});

test("while somebody scrolls, it asks at most once in the pause, for what is in view then", async () => {
  const list = new List();
  const view = open(list, { pause: 40 });
  for (let first = 0; first < 500; first += 20) view.show(first, first + 5);
  expect(list.asked).toEqual(["0-10"]);
  await soon(() => expect(list.asked).toEqual(["0-10", "480-490"]));
});

test("a new revision asks for the rows in view again, and rows whose content is as before stay the same objects", async () => {
  const list = new List();
  const view = open(list);
  await list.answer();
  const [before, other] = [view.get().rowAt(3), view.get().rowAt(4)];
  list.rows[3] = { id: 3, name: "another" };
  list.revision++;
  view.set({ revision: 1 });
  expect(view.names(2, 3)).toEqual(["row 2", "row 3"]);
  await list.answer();
  expect(view.names(2, 3)).toEqual(["row 2", "another"]);
  expect(view.get().rowAt(3)).not.toBe(before);
  expect(view.get().rowAt(4)).toBe(other);
  expect(list.asked).toEqual(["0-10", "0-10"]);
});

test("a change that overtakes an answer is not missed, and one that the answer knows already is not asked for twice", async () => {
  const list = new List();
  const view = open(list);
  // The answer is read before the change, and comes after the page knows of it.
  list.rows[0] = { id: 0, name: "changed" };
  list.revision = 1;
  view.set({ revision: 1 });
  await list.answer();
  expect(view.names(0, 0)).toEqual(["row 0"]);
  await list.answer();
  expect(view.names(0, 0)).toEqual(["changed"]);
  expect(list.asked).toHaveLength(2);
  // The answer is read after the change, and comes before the page knows of it.
  list.revision = 2;
  view.set({ revision: 2 });
  list.revision = 3;
  await list.answer();
  await list.answer();
  expect(list.asked).toHaveLength(3);
  view.show(10, 15);
  list.revision = 4;
  await list.answer();
});

test("an answer that is ahead of the page is not asked for again when the page follows", async () => {
  const list = new List();
  list.revision = 5;
  const view = open(list, { revision: 4 });
  await list.answer();
  view.set({ revision: 5 });
  expect(list.asked).toHaveLength(1);
});

test("changes that never end do not keep the rows from showing", async () => {
  const list = new List();
  const view = open(list);
  await list.answer();
  for (let i = 1; i <= 20; i++) {
    list.rows[0] = { id: 0, name: `name ${i}` };
    list.revision = i;
    view.set({ revision: i });
    if (i % 3 === 0) {
      const shown = view.names(0, 0)[0];
      await list.answer();
      expect(view.names(0, 0)[0]).not.toBe(shown);
    }
  }
  expect(list.cancelled).toEqual([]);
});

test("another query shows the rows of the one before until its first answer, and begins at the first row", async () => {
  const list = new List();
  const view = open(list);
  await list.answer();
  view.show(500, 505);
  await list.answer();
  view.set({ query: "99" });
  expect([view.get().outdated, view.get().rowAt(500)?.name, view.get().count]).toEqual([true, "row 500", 1000]);
  await soon(() => expect(list.asked.at(-1)).toBe("990-10"));
  await list.answer();
  expect([view.get().outdated, view.get().rowAt(0)?.name, view.get().count]).toEqual([false, "row 99", 19]);
  expect(view.get().rowAt(500)).toBeUndefined();
});

test("a query that is typed is asked for once it stands, and those before it never show", async () => {
  const list = new List();
  const view = open(list, { pause: 20 });
  await list.answer();
  for (const query of ["9", "99", "999"]) view.set({ query });
  await soon(() => expect(list.asked.length).toBe(2));
  expect(list.asked[1]).toBe("9990-10");
  view.set({ query: "99" });
  await list.answer();
  expect(view.get().outdated).toBe(true);
  // Back to what is shown: nothing is outdated, and nothing is asked for.
  view.set({ query: "" });
  expect([view.get().outdated, view.get().rowAt(0)?.name]).toEqual([false, "row 0"]);
});

test("the rows that a page came with show at once, and are not asked for, unless they have changed since", async () => {
  const list = new List();
  const rows = list.rows.slice(0, 25);
  const fresh = open(list, { initial: { rows, count: 1000, revision: 0 } });
  expect([fresh.names(0, 1), fresh.get().count, fresh.get().held]).toEqual([["row 0", "row 1"], 1000, 25]);
  expect(list.asked).toEqual([]);
  open(list, { initial: { rows, count: 1000, revision: 0 }, revision: 1 });
  expect(list.asked).toEqual(["0-10"]);
  const short = open(list, { initial: { rows: rows.slice(0, 3), count: 3 } });
  expect([short.get().held, list.asked.length]).toEqual([3, 1]);
  const none = open(list, { initial: { rows: [], count: 0 } });
  expect([none.get().count, none.get().pending]).toEqual([0, true]);
});

test("fewer rows than a page has show at once too, and the page is asked for", async () => {
  const list = new List();
  const view = open(list, { initial: { rows: list.rows.slice(0, 4), count: 1000, revision: 0 } });
  expect([view.names(0, 4), list.asked]).toEqual([["row 0", "row 1", "row 2", "row 3", undefined], ["0-10"]]);
  await list.answer();
  expect([view.names(3, 4), list.asked.length]).toEqual([["row 3", "row 4"], 1]);
});

test("a row has its key wherever it is, and no two rows have the same, though one page is older than the other", async () => {
  const list = new List();
  const view = open(list);
  const keys = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => view.get().keyAt(first + i));
  expect(keys(0, 1)).toEqual(["at 0", "at 1"]);
  view.show(5, 14);
  await list.answer();
  expect(keys(8, 11)).toEqual(["row 8", "row 9", "row 10", "row 11"]);
  list.rows.shift();
  list.revision++;
  view.set({ revision: 1 });
  await list.answer("0-10");
  expect([view.names(8, 11), keys(8, 11)]).toEqual([
    ["row 9", "row 10", "row 10", "row 11"],
    ["row 9", "row 10", "at 10", "row 11"],
  ]);
  await list.answer();
  expect(keys(8, 11)).toEqual(["row 9", "row 10", "row 11", "row 12"]);
});

test("a refusal is told, and the rows are asked for again by `retry`, or as the view changes", async () => {
  const list = new List();
  const view = open(list);
  await list.fail();
  expect([String(view.get().error), view.get().pending, list.asked.length]).toEqual(["Error: The server is gone.", false, 1]);
  view.get().retry();
  expect([view.get().error, view.get().pending]).toEqual([undefined, true]);
  await list.answer();
  expect(view.get().rowAt(0)?.name).toBe("row 0");
});

test("a list that has become shorter than the view asks for its end", async () => {
  const list = new List();
  const view = open(list);
  await list.answer();
  view.show(990, 999);
  await list.answer();
  list.rows.length = 25;
  list.revision = 1;
  view.set({ revision: 1 });
  await list.answer();
  expect(view.get().count).toBe(25);
  expect(list.asked.at(-1)).toBe("20-30");
  await list.answer();
  expect(view.names(20, 24)).not.toContain(undefined);
});
