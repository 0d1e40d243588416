import { current, EventError, event, type Internal, newId, schedule, state, update } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { expect, test } from "vitest";
import { fold } from "../../server/storage/records.js";
import type { Storage } from "../../server/storage/storage.js";
import { serveTwin } from "../kit/app.js";
import { gate, renew, wait } from "../kit/gate.js";
import { until } from "../kit/soon.js";
import { storages } from "../kit/storages.js";

class Card {
  @state id = newId();
  @state title = "";
  @event({ revalidate: (card: Card, title: string) => [`card-${card.title}`, `to-${title}`] }) rename(title: string) {
    this.title = title;
  }
}

class Board {
  @state lines: string[] = [];
  @state title = "";
  @state cards: Card[] = [];
  @state({ persist: false }) seen = 0;
  @event({ revalidate: ["boards", "boards"] }) add(line: string) {
    this.lines.push(line);
  }
  @event({ revalidate: (board: Board, line: string) => [`board-${current().key ?? board.lines.length}`, `lines-${board.lines.length}`, line] }) say(
    line: string,
  ) {
    this.lines.push(line);
  }
  @event({ revalidate: ["boards"] }) same() {
    this.title = this.title.trim();
  }
  @event({ revalidate: ["boards"] }) fail() {
    this.lines.push("x");
    throw new EventError("NO", "no");
  }
  @event({ revalidate: (board: Board) => [`lines-${board.lines.length}`] }) *count(upTo: number) {
    for (let n = 1; n <= upTo; n++) {
      this.lines.push(`${n}`);
      yield n;
    }
  }
  @event({ background: true, revalidate: (board: Board) => [`lines-${board.lines.length}`] }) async work(times: number) {
    for (let n = 0; n < times; n++) await update(() => void this.lines.push("work"));
  }
  @event({ background: true, durable: true, revalidate: (board: Board, times: number) => [`lines-${board.lines.length}-${times}`] }) async task(times: number) {
    for (let n = 0; n < times; n++) await update(() => void this.lines.push("task"));
    await update(() => void this.title.trim());
  }
  @event({ revalidate: () => [1] as never }) odd() {
    this.lines.push("odd");
  }
  @event({
    revalidate(board: Board) {
      board.lines.push("from revalidate");
      return ["boards"];
    },
  })
  writes() {
    this.lines.push("writes");
  }
  @event({ internal: true, revalidate: ["inside"] }) inside(this: Internal<this>) {
    this.lines.push("inside");
  }
  @event later() {
    schedule.after(1, this.add, ["later"]);
  }
  @event({ revalidate: ["seen"] }) see() {
    this.seen++;
  }
  @event({ revalidate: ["boards"] }) async slow() {
    await wait();
    this.lines.push("slow");
  }
  @event put(title: string) {
    const card = new Card();
    card.title = title;
    this.cards.push(card);
  }
}

const stores = { board: scope.room(Board, { allow: () => true }) };
const models = { Card };

async function start(more: object = {}) {
  const tags: (readonly string[])[] = [];
  const served = await serveTwin({ stores, models, revalidate: (some: readonly string[]) => tags.push(some), ...more });
  return { ...served, tags, board: served.twin.board("a") };
}

test("the tags of an event are revalidated once for each commit that has changed something, before it is answered", async () => {
  const { tags, board, visitor } = await start();
  await board.add("one");
  expect(tags).toEqual([["boards"]]);
  await visitor().callIn("a", "board.say", "two");
  expect(tags.splice(0)).toEqual([["boards"], ["board-a", "lines-2", "two"]]);
  await board.same();
  await expect(board.fail()).rejects.toMatchObject({ code: "NO" });
  expect(tags).toEqual([]);
  await board.inside();
  await board.see();
  // What is volatile is not stored.
  expect(tags.splice(0)).toEqual([["inside"]]);
});

test("each commit of a generator and of a background event counts for itself", async () => {
  const { tags, board } = await start();
  await board.count(2);
  expect(tags.splice(0)).toEqual([["lines-1"], ["lines-2"]]);
  await board.work(3);
  expect(tags).toEqual([["lines-3"], ["lines-4"], ["lines-5"]]);
});

test("each commit of a durable event counts for itself, and its answer waits for the last", async () => {
  const { tags, board } = await start();
  await board.task(2);
  expect(tags).toEqual([["lines-1-2"], ["lines-2-2"]]);
});

test("an event of an object finds its tags by the object, and a schedule's event has them revalidated too", async () => {
  const { tags, board } = await start();
  await board.put("first");
  const { cards } = await board.$snapshot();
  await cards[0]?.rename("second");
  expect(tags.splice(0)).toEqual([["card-second", "to-second"]]);
  await board.later();
  await until(() => tags.length > 0);
  expect(tags).toEqual([["boards"]]);
});

test("a `revalidate` that gives no tags, throws or writes is logged with its event, and the commit stays", async () => {
  const { tags, board, logs } = await start();
  await board.odd();
  await board.writes();
  expect((await board.$snapshot()).lines).toEqual(["odd", "writes"]);
  expect(tags).toEqual([]);
  expect(logs.map(({ message }) => message)).toEqual([expect.stringContaining("`board.odd` gave"), expect.stringContaining("`board.writes` threw")]);
});

test("a function of the app that fails is logged, and the event is answered all the same", async () => {
  const revalidate = () => Promise.reject(new Error("no cache"));
  const { board, logs } = await start({ revalidate });
  await board.add("one");
  expect((await board.$snapshot()).lines).toEqual(["one"]);
  expect(logs.map(({ message }) => message)).toEqual([expect.stringMatching(/After `board.add`, .* did not revalidate `boards`: no cache/)]);
});

test("the answer waits until the pages are revalidated, and other events do not", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { board, twin } = await start({ revalidate: () => released });
  let answered = false;
  const call = board.add("one").then(() => {
    answered = true;
  });
  await twin.board("a").put("meanwhile");
  expect((await board.$snapshot()).lines).toEqual(["one"]);
  expect(answered).toBe(false);
  release();
  await call;
});

test.each(storages)("on %s nothing is revalidated before it is stored", async (_, place) => {
  renew();
  const storage = place().open() as Storage;
  const stored: number[] = [];
  const revalidate = async () => {
    const loaded = storage.durable ? await storage.load("room/a") : undefined;
    stored.push(loaded ? fold(loaded.record, loaded.tail).revision : 0);
  };
  const { board } = await start({ storage, revalidate });
  const slow = board.slow();
  gate().open();
  await slow;
  expect(stored).toEqual([storage.durable ? 1 : 0]);
});

test("an event that names tags warns at start where nobody revalidates them; a wrong option is refused", async () => {
  const logs: string[] = [];
  const options = { stores, models, name: "warned", log: ({ message }: { message: string }) => void logs.push(message) };
  const twin = createTwin(options);
  expect(logs.join()).toContain("`board.add`");
  expect(logs.join()).toContain("`board.Card.rename`");
  await twin.board("a").add("one");
  await twin.close();
  expect(() => createTwin({ ...options, name: "refused", revalidate: ["boards"] as never })).toThrow("`revalidate` is not a function");
  expect(() => {
    class Wrong {
      @event({ revalidate: 1 as never }) add() {}
    }
    return Wrong;
  }).toThrow("`@event({ revalidate })` on `add`");
});

test("clients are told nothing of tags, and cannot have any revalidated", async () => {
  const { tags, visitor } = await start();
  const ann = visitor();
  const live = ann.live({ store: "board", key: "a" });
  await live.state("board");
  await ann.ask("board.put", { key: "a", args: ["x"], revalidate: ["boards"] });
  await live.state("board", ({ cards }) => cards.length === 1);
  expect(tags).toEqual([]);
  const told = JSON.stringify([live.messages, (await ann.ask("$connect", { protocol: 2, client: ann.client, epoch: 1, watch: [] })).text]);
  expect(told).toContain('"rename"');
  expect(told).not.toMatch(/revalidate|boards/);
});
