import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

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
