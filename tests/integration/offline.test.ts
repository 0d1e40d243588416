import { autorun } from "mobx";
import { computed, EventError, event, newId, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { openBrowser } from "../kit/offline-pages.js";

class Item {
  @state title = "";
  @state done = false;
  @event({ optimistic: true }) tick() {
    this.done = true;
  }
}
class List {
  @state items: { id: string; title: string }[] = [];
  @state rows: Item[] = [];
  @state({ persist: false }) typing = "";
  @event type(who: string) {
    this.typing = who;
  }
  @computed get soon(): Promise<number> {
    return Promise.resolve(this.items.length);
  }
  @event({ optimistic: true }) add(title: string) {
    const id = newId();
    this.items.push({ id, title });
    return id;
  }
  @event({ optimistic: true }) addRow(title: string) {
    this.rows.push(Object.assign(new Item(), { title }));
  }
  @event tell(title: string) {
    this.items.push({ id: title, title });
    return this.items.length;
  }
  @event refuse() {
    throw new EventError("NO", "no");
  }
}
class Draft {
  @state text = "";
  @event write(text: string) {
    this.text += text;
  }
}
class Notes {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}
const stores = { list: List, board: scope.room(List, { allow: () => true }), draft: scope.tab(Draft), notes: scope.user(Notes) };
/** Who is signed in. */
let user: { id: string } | null = null;
const START = {
  stores,
  models: { Item },
  context: async () => ({ user }),
  browser: { stores: { list: List, board: List }, models: { Item } },
};

function browse(storage = lasting()) {
  user = null;
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  return Object.assign(openBrowser({ ...START, storage }), { warn, error });
}
type Browser = ReturnType<typeof browse>;
type Page = ReturnType<Browser["open"]>;

/** A page whose list has bread, which is kept. */
async function begin(browser: Browser) {
  const page = browser.open();
  const list = await page.list();
  await list.add("bread");
  await browser.net.wait(3000);
  return { page, list };
}
const titles = ({ items }: { readonly items: readonly { readonly title: string }[] }) => items.map(({ title }) => title);
const quietly = (call: Promise<unknown>) => void call.catch(() => {});
const served = async ({ net }: Browser, page: Page) => net.server.list(net.session(page)).$snapshot();

test("a page that is loaded without a network shows the last state, and then receives only what it missed", async () => {
  await using browser = browse();
  const { net, tab, reload } = browser;
  const { page: first, list } = await begin(browser);
  for (let i = 0; i < 50; i++) await list.add(`item ${i}`);
  await list.type("ann");
  await list.addRow("row");
  await net.wait(3000);
  const other = tab(first);
  net.cut(first);
  await (await other.list()).add("later");
  const page = reload(first, true);
  const again = await page.list();
  expect(titles(again)).toHaveLength(51);
  expect(again.typing).toBe("ann");
  expect(again.soon).toMatchObject({ value: 51, pending: false });
  expect(page.$status.current.status).toBe("reconnecting");
  const before = net.received(page);
  net.heal(page);
  await net.quiet();
  expect(titles(again).at(-1)).toBe("later");
  expect(again.$snapshot()).toEqual(await served(browser, page));
  // A snapshot has more.
  expect(net.received(page) - before).toBeLessThan(2500);
});

test("what was called without a network is sent once after a reload, in order, and is shown meanwhile", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  const { page: first, list } = await begin(browser);
  net.cut(first);
  await net.wait(30_000);
  for (const title of ["b", "c"]) quietly(list.add(title));
  quietly(list.tell("d"));
  quietly(list.addRow("row"));
  quietly(list.rows[0]!.tick());
  await net.wait(1000);
  const page = reload(first, true);
  const again = await page.list();
  await net.wait(100);
  expect(titles(again)).toEqual(["bread", "b", "c"]);
  expect(again.rows.map(({ title, done }) => [title, done])).toEqual([["row", true]]);
  expect(page.$status.current.pending).toBe(5);
  quietly(again.add("e"));
  const seen: string[] = [];
  onTestFinished(autorun(() => void seen.push(titles(again).join(" "))));
  net.heal(page);
  await net.quiet();
  const server = await served(browser, page);
  expect(titles(server)).toEqual(["bread", "b", "c", "d", "e"]);
  expect(server.rows.map(({ title, done }) => [title, done])).toEqual([["row", true]]);
  expect(again.$snapshot()).toEqual(server);
  expect(page.$status.current.pending).toBe(0);
  // Nobody sees a to-do twice, or go away.
  for (const text of seen) expect(text.split(" ").filter((title) => title !== "d")).toEqual(["bread", "b", "c", "e"]);
});

test("a call whose answer was lost with its page is repeated, and has run once; its prediction goes over into it", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  const { page: first, list } = await begin(browser);
  net.next(first, "lose answer");
  quietly(list.add("milk"));
  await net.wait(15);
  net.cut(first);
  const page = reload(first, true);
  const again = await page.list();
  await net.wait(100);
  expect(titles(again)).toEqual(["bread", "milk"]);
  expect(titles(await served(browser, page))).toEqual(["bread", "milk"]);
  const seen: string[] = [];
  onTestFinished(autorun(() => void seen.push(titles(again).join(" "))));
  quietly(again.add("eggs"));
  net.heal(page);
  await net.quiet();
  expect(titles(await served(browser, page))).toEqual(["bread", "milk", "eggs"]);
  expect(seen.filter((text, i) => text !== seen[i - 1])).toEqual(["bread milk", "bread milk eggs"]);
});

test("a tab takes over the calls of one that was closed, and leaves those of one that lives", async () => {
  await using browser = browse();
  const { net, tab, kill } = browser;
  const { page: first, list } = await begin(browser);
  const second = tab(first);
  const other = await second.list();
  net.cut(first);
  net.cut(second);
  await net.wait(30_000);
  quietly(list.add("from the first"));
  quietly(other.add("from the second"));
  await net.wait(1000);
  kill(first);
  const third = tab(second);
  await third.list();
  await net.wait(3000);
  expect(titles(await served(browser, third))).toEqual(["bread", "from the first"]);
  await net.quiet();
  expect(titles(await served(browser, third))).toEqual(["bread", "from the first", "from the second"]);
});

test("a call that was made without a network is sent only once its record says so", async () => {
  await using browser = browse();
  const { net, places, reload } = browser;
  const { page: first, list } = await begin(browser);
  net.cut(first);
  await net.wait(30_000);
  quietly(list.add("milk"));
  await net.wait(1000);
  places.pages.at(-1)!.stall();
  net.heal(first);
  await net.wait(30_000);
  expect(titles(await served(browser, first))).toEqual(["bread"]);
  const page = reload(first);
  await page.list();
  await net.quiet();
  expect(titles(await served(browser, page))).toEqual(["bread", "milk"]);
});

test("another session sees nothing of what was left, and sends nothing of it", async () => {
  await using browser = browse();
  const { net, open, kill } = browser;
  const { page: first, list } = await begin(browser);
  net.cut(first);
  await net.wait(30_000);
  quietly(list.add("milk"));
  await net.wait(1000);
  kill(first);
  // Another cookie.
  const page = open();
  expect(titles(await page.list())).toEqual([]);
  await net.quiet();
  expect(titles(await served(browser, page))).toEqual([]);
  expect(titles(await served(browser, page))).toEqual([]);
  await net.wait(3000);
  const left = JSON.stringify(await everything(browser));
  expect(left).not.toContain("milk");
  expect(left).not.toContain("bread");
});

test("a user who signs out leaves nothing, and what they called without a network is not sent as the next one", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  user = { id: "ann" };
  const first = browser.open();
  const notes = await first.notes();
  await notes.add("a secret");
  await net.wait(3000);
  net.cut(first);
  await net.wait(30_000);
  quietly(notes.add("another secret"));
  await net.wait(1000);
  const offline = reload(first, true);
  expect((await offline.notes()).lines).toEqual(["a secret"]);
  user = { id: "bob" };
  const page = reload(offline);
  const own = await page.notes();
  expect(own.lines).toEqual([]);
  await net.quiet();
  expect((await net.server.notes("bob").$snapshot()).lines).toEqual([]);
  expect((await net.server.notes("ann").$snapshot()).lines).toEqual(["a secret"]);
  await net.wait(3000);
  expect(JSON.stringify(await everything(browser))).not.toContain("secret");
});

test("who signs in on an open page keeps what they see from then on, and nothing of who was there before", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  user = { id: "ann" };
  const first = browser.open();
  await (await first.list()).add("bread");
  await (await first.notes()).add("a secret");
  await net.wait(3000);
  user = { id: "bob" };
  quietly((await first.draft()).write("so the server notices"));
  await net.wait(3000);
  expect((await first.notes()).lines).toEqual([]);
  await (await first.notes()).add("of bob");
  await net.wait(3000);
  expect(JSON.stringify(await everything(browser))).not.toContain("a secret");
  const page = reload(first, true);
  const [list, notes] = await Promise.all([page.list(), page.notes()]);
  expect([titles(list), notes.lines]).toEqual([["bread"], ["of bob"]]);
});

test("what a page shows of somebody is not sent as somebody else, who has signed in meanwhile", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  user = { id: "ann" };
  const first = browser.open();
  await (await first.notes()).add("a secret");
  await net.wait(3000);
  const page = reload(first, true);
  const notes = await page.notes();
  const call = notes.add("as ann");
  await net.wait(1000);
  user = { id: "bob" };
  net.heal(page);
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  await net.quiet();
  expect((await net.server.notes("bob").$snapshot()).lines).toEqual([]);
  expect(notes.lines).toEqual([]);
});

test("a call that may have been sent more than 23 hours ago is told as one of unknown outcome; one that was not is sent", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  const { page: first, list } = await begin(browser);
  net.next(first, "lose answer");
  quietly(list.add("perhaps"));
  await net.wait(15);
  net.cut(first);
  const day = reload(first, true);
  const later = await day.list();
  await net.wait(30_000);
  quietly(later.add("surely"));
  await net.wait(23.5 * 3600 * 1000);
  const told: string[] = [];
  const page = reload(day);
  page.$onError(({ code }) => told.push(code));
  await page.list();
  await net.quiet();
  expect(titles(await served(browser, page))).toEqual(["bread", "perhaps", "surely"]);
  expect(told).toEqual(["UNKNOWN_OUTCOME"]);
});

test("the store of a tab is kept for that tab alone", async () => {
  await using browser = browse();
  const { net, tab, reload } = browser;
  const { page: first } = await begin(browser);
  const second = tab(first);
  await (await first.draft()).write("one");
  await (await second.draft()).write("two");
  await net.wait(3000);
  const [one, two] = [reload(first, true), reload(second, true)];
  expect([(await one.draft()).text, (await two.draft()).text]).toEqual(["one", "two"]);
});

test("a failure of a call whose page is gone goes to `onError`", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  const { page: first, list } = await begin(browser);
  net.cut(first);
  await net.wait(30_000);
  quietly(list.refuse());
  await net.wait(1000);
  const page = reload(first);
  const told: string[] = [];
  page.$onError(({ code }) => told.push(code));
  await page.list();
  await net.quiet();
  expect(told).toEqual(["NO"]);
});

test("calls to a host that nobody had changed are sent, though the server has forgotten it meanwhile", async () => {
  await using browser = browse();
  const { net, reload } = browser;
  const first = browser.open();
  const list = await first.list();
  await net.wait(3000);
  net.cut(first);
  await net.wait(30_000);
  quietly(list.add("milk"));
  await net.wait(1000);
  net.kill();
  const page = reload(first);
  await page.list();
  await net.quiet();
  expect(titles(await served(browser, page))).toEqual(["milk"]);
});

test("a full disk, and a browser that has no databases, change nothing for the page, and are told once", async () => {
  await using browser = browse();
  const { net, places, warn } = browser;
  const { page, list } = await begin(browser);
  places.pages.at(-1)!.fill();
  for (const title of ["b", "c", "d"]) await list.add(title);
  await net.wait(5000);
  expect(titles(await served(browser, page))).toEqual(["bread", "b", "c", "d"]);
  expect(warn.mock.calls.map(([text]) => String(text)).join()).toContain("could not write");
  expect(warn.mock.calls.length).toBeLessThanOrEqual(2);
});

test("without databases a page works as without the option, with a warning in development", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  await using net = pair({ ...START, browser: { ...START.browser, offline: true } as never });
  const page = net.client();
  const list = await page.list();
  await list.add("bread");
  await net.quiet();
  expect(titles(list)).toEqual(["bread"]);
  expect(String(warn.mock.calls[0])).toContain("`offline` has no effect here");
});

test("a database that is broken is made anew, and one of a later version is left alone", async () => {
  await using browser = browse();
  const { net, places, warn } = browser;
  const upgraded = places.factory.open("twinstate http://twin.test/api/twin", 7);
  await new Promise((resolve) => upgraded.addEventListener("success", resolve));
  upgraded.result.close();
  const { page } = await begin(browser);
  expect(titles(await served(browser, page))).toEqual(["bread"]);
  expect(String(warn.mock.calls[0])).toContain("`offline` has no effect here");
  await net.quiet();
});

/** All records of the browser's database. */
async function everything({ places }: Browser): Promise<unknown> {
  const opened = places.factory.open("twinstate http://twin.test/api/twin");
  await new Promise((resolve) => opened.addEventListener("success", resolve));
  const all = await Promise.all(
    ["facts", "states", "calls"].map((name) => {
      const request = opened.result.transaction(name).objectStore(name).getAll();
      return new Promise((resolve) => request.addEventListener("success", () => resolve(request.result)));
    }),
  );
  opened.result.close();
  return all;
}
