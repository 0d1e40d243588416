import { current, effect, event, state, toPlain } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import type { App } from "../kit/app.js";
import { liveOf, openTwin } from "../kit/client.js";
import { serveNodes } from "../kit/cluster.js";
import { soon } from "../kit/soon.js";

// What server code asks of scope instances that other nodes have.

class Board {
  @state lines: string[] = [];
  @state when: Date | undefined;
  @event add(line: string) {
    this.lines.push(line);
    this.when = new Date(0);
    return this.lines.length;
  }
  @event who() {
    return (current() as { user?: { id: string } }).user?.id;
  }
  @event async *steps() {
    yield 1;
    yield 2;
    return "done";
  }
  @event refuse() {
    throw new Error("secret");
  }
}

class Sender {
  @state sent = 0;
  @event async send(line: string) {
    const count = await twin.current?.board("x").add(line);
    this.sent++;
    effect.toast(String(count));
    return count;
  }
}

const stores = { board: scope.room(Board, { allow: () => true }), sender: scope.room(Sender, { allow: () => true }) };
type Node = App<typeof stores, {}>;
const twin: { current: Node["twin"] | undefined } = { current: undefined };
const options = { stores };

async function three() {
  const cluster = await serveNodes(options);
  const [a, b] = cluster.nodes;
  await a.twin.board("x").add("first");
  return { ...cluster, a, b };
}

test("server code calls events at other nodes: answers, yields, errors, and a context of plain data", async () => {
  const { b } = await three();
  expect(await b.twin.board("x").add("second")).toBe(2);
  expect(b.runtime.hosts.find("room/x")).toBeUndefined();
  const got: unknown[] = [];
  for await (const k of b.twin.board("x").steps()) got.push(k);
  expect(got).toEqual([1, 2]);
  await expect(b.twin.board("x").refuse()).rejects.toMatchObject({ code: "INTERNAL" });
  expect(
    await b.twin
      .as({ user: { id: "ada" } })
      .board("x")
      .who(),
  ).toBe("ada");
  await expect(
    b.twin
      .as({ user: { id: "ada" }, db: () => 1 })
      .board("x")
      .who(),
  ).rejects.toThrow(/no data/);
});

test("an id lets an event run once, whichever nodes are asked", async () => {
  const { a, b, nodes } = await three();
  for (const node of [b, a, nodes[2]]) expect(await node.twin.board("x").$once("delivery 1").add("second")).toBe(2);
  expect((await b.twin.board("x").$snapshot()).lines).toEqual(["first", "second"]);
});

test("a message of an event to a scope instance of another node has its answer", async () => {
  const { a, b } = await three();
  twin.current = b.twin;
  expect(await b.twin.sender("s").send("second")).toBe(2);
  expect((await a.twin.board("x").$snapshot()).lines).toEqual(["first", "second"]);
});

test("what is read of a scope instance of another node is its committed state: snapshots, schedules, exports, broadcasts", async () => {
  const { b } = await three();
  expect(await b.twin.board("x").$snapshot()).toEqual({ lines: ["first"], when: new Date(0) });
  expect(await b.twin.board("x").$schedules()).toEqual([]);
  expect(await b.twin.board("x").$unschedule("none")).toBe(false);
  expect(await b.twin.board("x").$tasks()).toEqual([]);
  const { done, failed } = await b.twin.board.broadcast((board) => board.add("to all"));
  expect([done, failed]).toEqual([1, []]);
  expect((await b.twin.board("x").$snapshot()).lines).toEqual(["first", "to all"]);
});

test("pages that one node renders have the state that another one has, and go on from there", async () => {
  const { b, client } = await three();
  const data = await b.runtime.preload({ board: "x" }, new Headers());
  expect(data.stores[0]).toMatchObject({ store: "board", key: "x", revision: expect.any(Number) });
  expect(JSON.stringify(data.stores[0])).toContain("first");
  const live = await openTwin(client(), "board", "x");
  expect(toPlain(liveOf(live))).toMatchObject({ lines: ["first"] });
});

test("an effect for all who watch reaches pages at all nodes, and a deleted room is deleted for all", async () => {
  const { a, b, client } = await three();
  const told: unknown[] = [];
  const page = client();
  page.onEffect((name, args) => void told.push([name, args[0]]));
  const live = await openTwin(page, "board", "x");
  await b.twin.board("x").$effect.toast("soon");
  await soon(() => expect(told).toEqual([["toast", "soon"]]));
  await b.twin.board.delete("x");
  await soon(() => expect(live.state).toBe("refused"));
  expect(a.runtime.hosts.find("room/x")).toBeUndefined();
});
