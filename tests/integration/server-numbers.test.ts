import { current, EventError, event, state } from "twinstate";
import { expect, test } from "vitest";
import { type Numbered, plainValue, serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";

class List {
  @state items: string[] = [];
  @event add(item: string) {
    this.items.push(item);
    return this.items.length;
  }
  @event async addSlowly(item: string) {
    await wait();
    return this.add(item);
  }
  @event refuse() {
    throw new EventError("NO", "no", { why: "asked to" });
  }
  @event id() {
    return current().eventId;
  }
  @event all() {
    return this.items;
  }
}

async function start() {
  renew();
  const app = await serveTwin({ stores: { list: List } });
  const visitor = app.visitor();
  await visitor.call("list.all");
  return { ...app, visitor, items: () => app.twin.list(visitor.session).$snapshot() };
}

test("a call that is repeated gets the first answer, and runs once", async () => {
  const { visitor, items } = await start();
  const first = await visitor.number("list.add", 1, ["a"]);
  const second = await visitor.number("list.add", 1, ["a"]);
  expect(second.value).toEqual(first.value);
  expect((await items()).items).toEqual(["a"]);
});

test("a call that is repeated while it still runs gets the same answer", async () => {
  const { visitor, items } = await start();
  const first = visitor.number("list.addSlowly", 1, ["a"]);
  await reached();
  const second = visitor.number("list.addSlowly", 1, ["a"]);
  gate().open();
  expect((await second).value).toEqual((await first).value);
  expect((await items()).items).toEqual(["a"]);
});

test("a refusal takes its number, and is repeated as it was", async () => {
  const { visitor, items } = await start();
  const first = await visitor.number("list.refuse", 1, []);
  expect(first.error).toMatchObject({ code: "NO", data: { why: "asked to" } });
  expect((await visitor.number("list.refuse", 1, [])).error).toEqual(first.error);
  const invalid = await visitor.number("list.add", 2, [5]);
  expect(invalid.error?.code).toBe("INVALID");
  expect(plainValue(await visitor.number("list.add", 3, ["a"]))).toBe(1);
  expect((await visitor.number("list.add", 2, [5])).error).toEqual(invalid.error);
  expect((await items()).items).toEqual(["a"]);
});

test("calls that arrive in any order run in the order of their numbers", async () => {
  const { visitor, items } = await start();
  const sent = [5, 3, 1, 4, 2].map((n) => visitor.number("list.add", n, [`item ${n}`]));
  const answers = await Promise.all(sent);
  expect(answers.map(plainValue)).toEqual([5, 3, 1, 4, 2]);
  expect((await items()).items).toEqual(["item 1", "item 2", "item 3", "item 4", "item 5"]);
});

test("a call after a gap is refused with the number to repeat from, and runs when those before it have come", async () => {
  const { visitor, items } = await start();
  await visitor.number("list.add", 1, ["a"]);
  const early = await visitor.number("list.add", 3, ["c"]);
  expect(early.error).toMatchObject({ code: "OUT_OF_ORDER", httpStatus: 409, data: { expected: 2 } });
  await visitor.number("list.add", 2, ["b"]);
  await visitor.number("list.add", 3, ["c"]);
  expect((await items()).items).toEqual(["a", "b", "c"]);
});

test("a call for another incarnation is told so, and does not run", async () => {
  const { visitor, items } = await start();
  const { i } = (await visitor.number("list.add", 1, ["a"])).value as Numbered;
  const wrong = await visitor.number("list.add", 2, ["b"], { i: "another" });
  expect(wrong.error).toMatchObject({ code: "UNKNOWN_OUTCOME", data: { incarnation: i } });
  expect(plainValue(await visitor.number("list.add", 2, ["b"], { i }))).toBe(2);
  expect((await items()).items).toEqual(["a", "b"]);
});

test("answers that the client has confirmed are forgotten, and their calls never run again", async () => {
  const { visitor, items } = await start();
  await visitor.number("list.add", 1, ["a"]);
  await visitor.number("list.add", 2, ["b"], { seen: 1 });
  expect((await visitor.number("list.add", 1, ["a"])).error?.code).toBe("UNKNOWN_OUTCOME");
  expect((await items()).items).toEqual(["a", "b"]);
});

test("two tabs of one session count for themselves", async () => {
  const { visitor, items } = await start();
  const tab = "another-tab-of-this-session";
  await visitor.number("list.add", 1, ["a"]);
  const other = await visitor.ask("list.add", { args: [[], [["a", 1, [1], ["b"]]]], call: { client: tab, epoch: 1, n: 1, at: null, seen: 0 } });
  expect(plainValue(other)).toBe(2);
  expect((await items()).items).toEqual(["a", "b"]);
});

test("the event id is the same for a repeated number, and another one for each event", async () => {
  const { visitor } = await start();
  const [one, two] = [await visitor.number("list.id", 1, []), await visitor.number("list.id", 2, [])];
  expect(plainValue(one)).not.toBe(plainValue(two));
  expect(plainValue(await visitor.number("list.id", 1, []))).toBe(plainValue(one));
});

test("an answer names the containers of the store as the stream does", async () => {
  const { visitor } = await start();
  const live = await visitor.connect(1, { store: "list" });
  await live.state("list");
  const answer = (await visitor.number("list.all", 1, [])).value as Numbered;
  expect(answer).toMatchObject({ h: expect.any(Number), r: 0, v: [[1]] });
});

test("without a stream the answer carries what the twin has missed", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "list" });
  await live.state("list");
  await visitor.call("list.add", "a");
  const first = (await visitor.number("list.add", 1, ["b"], { at: 1 })).value as Numbered;
  expect(first).toMatchObject({ h: null, r: 2, f: [[0, 2, "list", [2, 1, 1, 0, ["b"]]]] });
  // Of revision 0 nothing is known for sure: a snapshot.
  const second = (await visitor.number("list.add", 2, ["c"], { at: 0 })).value as Numbered;
  expect(second.f?.[0]?.slice(0, 6)).toEqual(["snapshot", 0, "list", null, second.i, 3]);
  expect(((await visitor.number("list.all", 3, [], { at: 3 })).value as Numbered).f).toEqual([]);
});
