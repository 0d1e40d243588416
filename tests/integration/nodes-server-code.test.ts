import { event, reset, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// What server code does with scope instances that other nodes have, and that other nodes watch.

class Item {
  @state title = "";
  @state done = false;
  @event toggle() {
    this.done = !this.done;
    return this.title;
  }
  @event async *steps() {
    yield `${this.title} 1`;
    yield `${this.title} 2`;
  }
}
class Board {
  @state items: Item[] = [];
  @state byTitle = new Map<string, Item>();
  @state lines: string[] = [];
  @event add(title: string) {
    const item = Object.assign(new Item(), { title });
    this.items.push(item);
    this.byTitle.set(title, item);
  }
  @event announce(line: string) {
    this.lines.push(line);
  }
  @event clear() {
    reset(this);
  }
}
const stores = { board: scope.room(Board, { allow: () => true }) };
const open = () => pair({ stores, models: { Item }, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {} });

test("instances that the snapshot of another node shows have their events, each by the way it is reached", async () => {
  await using net = open();
  for (const title of ["one", "two"]) await net.node("a").board("x").add(title);
  const { items, byTitle } = await net.node("b").board("x").$snapshot();
  expect(items[1]).toBe(byTitle.get("two"));
  expect(await items[1]?.toggle()).toBe("two");
  const got: string[] = [];
  for await (const step of byTitle.get("one")?.steps() ?? []) got.push(step);
  expect(got).toEqual(["one 1", "one 2"]);
  expect((await net.node("c").board("x").$snapshot()).items.map(({ done }) => done)).toEqual([false, true]);
});

test("an instance goes on by its snapshot where its room comes to another node, and is gone where the room does not hold it any more", async () => {
  await using net = open();
  await net.node("a").board("x").announce("begin");
  // The storage keeps numbers of instances that somebody has watched.
  await net.client().board("x");
  await net.node("a").board("x").add("one");
  const { items } = await net.node("b").board("x").$snapshot();
  net.kill("a");
  await net.wait(4000);
  expect(await items[0]?.toggle()).toBe("one");
  await net.node("c").board("x").clear();
  await expect(items[0]?.toggle()).rejects.toMatchObject({ code: "GONE" });
});

test("a broadcast to what is watched reaches rooms of all nodes, wherever their pages are, and no other", async () => {
  await using net = open();
  for (const [i, key] of ["p", "q", "r", "s"].entries())
    await net
      .node("abca"[i] as string)
      .board(key)
      .announce("begin");
  const client = net.client();
  net.stick(client, "c");
  const boards = await Promise.all(["p", "q", "r"].map((key) => client.board(key)));
  const called: string[] = [];
  const result = await net.node("b").board.broadcast(
    (board, key) => {
      called.push(key);
      return board.announce("news");
    },
    { live: true },
  );
  expect([result, called.sort()]).toEqual([{ done: 3, failed: [] }, ["p", "q", "r"]]);
  await net.quiet();
  for (const { lines } of boards) expect(lines).toEqual(["begin", "news"]);
  expect((await net.node("b").board("s").$snapshot()).lines).toEqual(["begin"]);
});

test("what server code reads and deletes right after its node has died it finds at the node that takes it over", async () => {
  await using net = open();
  await net.node("a").board("x").announce("one");
  net.kill("a");
  expect((await net.node("b").board("x").$snapshot()).lines).toEqual(["one"]);
  net.kill("b");
  await net.node("c").board.delete("x");
  expect((await net.node("c").board("x").$snapshot()).lines).toEqual([]);
});
