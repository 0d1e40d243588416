import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { serveNodes } from "../kit/cluster.js";
import { LineReader, tabOf } from "../kit/line.js";
import { soon } from "../kit/soon.js";

// Streams of tabs whose requests, and whose state, are at other nodes.

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
}
const stores = { log: scope.room(Log, { allow: () => true }) };
const open = () => pair({ stores, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {} });

test("what a tab begins to watch is never lost: where no node has its stream any more, the tab opens another one at once", async () => {
  await using net = open();
  const client = net.client();
  net.stick(client, "c");
  await client.log("x");
  // The tab does not learn that the node of its stream is gone.
  net.mute(client);
  net.kill("c");
  net.heal(client);
  net.stick(client, "a");
  // No node waits any more for the one that is gone.
  await net.wait(3000);
  await net.node("b").log("y").add("first");
  const opened: unknown[] = [];
  void client.log("y").then(({ lines }) => opened.push([...lines]));
  // No heartbeat is missed so soon.
  await net.wait(10_000);
  expect(opened).toEqual([["first"]]);
});

test("a page whose node was frozen goes on, though the owner that it followed has closed meanwhile", async () => {
  await using net = open();
  await net.node("a").log("x").add("first");
  const client = net.client();
  net.stick(client, "b");
  const twin = await client.log("x");
  const writer = net.client();
  net.stick(writer, "c");
  const other = await writer.log("x");
  net.freeze("b");
  await net.node("a").log("x").add("second");
  await net.wait(5600);
  net.drain("a");
  net.heal();
  await other.add("third");
  await net.quiet();
  expect(twin.lines).toEqual(["first", "second", "third"]);
});

test("what a tab wants of its stream reaches that by any node: it watches more, and what it leaves it gets no more", async () => {
  await using net = open();
  for (const key of ["x", "y"]) await net.node("a").log(key).add("first");
  const client = net.client();
  net.stick(client, "b");
  const x = await client.log("x");
  net.stick(client, "c");
  const y = await client.log("y");
  expect(y.lines).toEqual(["first"]);
  await net.node("a").log("y").add("second");
  await net.wait(200);
  expect([x.lines, y.lines]).toEqual([["first"], ["first", "second"]]);
  x.$leave();
  await net.wait(60_000);
  const before = net.received(client);
  await net.node("a").log("x").add("unseen");
  await net.wait(200);
  expect(net.received(client)).toBe(before);
  await net.node("a").log("y").add("third");
  await net.wait(200);
  expect(y.lines).toEqual(["first", "second", "third"]);
  expect(net.trace.filter((what) => what.endsWith("→ $connect"))).toHaveLength(1);
});

test("a tab joins a line, and leaves it, by a request to another node than the line's", async () => {
  const { nodes } = await serveNodes({ stores });
  const [a, b, c] = nodes;
  await a.twin.log("x").add("first");
  const visitor = b.visitor();
  await visitor.callIn("x", "log.add", "second");
  const elsewhere = c.visitor();
  elsewhere.jar.cookie = visitor.jar.cookie;
  const watch = [{ store: "log", key: "x" }];
  const opener = await tabOf({ ask: (path, input) => visitor.ask(path, input) }, 1, watch);
  const line = new LineReader(visitor, opener);
  await line.message(0, "snapshot");
  const joined = await tabOf({ ask: (path, input) => elsewhere.ask(path, input) }, 1, watch);
  expect((await elsewhere.ask("$join", { line: opener.line, ticket: joined.ticket, tab: 1 })).error).toBeUndefined();
  expect((await line.message(1, "snapshot"))[2]).toBe("log");
  expect([b.runtime.streams.size, c.runtime.streams.size]).toEqual([2, 0]);
  expect((await elsewhere.ask("$leave", { line: opener.line, tab: 1 })).error).toBeUndefined();
  await soon(() => expect(b.runtime.streams.size).toBe(1));
  expect((await elsewhere.ask("$join", { line: ["no-such-client-at-all-1", 1], ticket: joined.ticket, tab: 1 })).error?.code).toBe("NOT_FOUND");
});
