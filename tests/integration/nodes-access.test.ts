import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// Access that ends, where the streams of those who lose it are at several nodes.

class Board {
  @state lines: string[] = [];
  @event say(line: string) {
    this.lines.push(line);
  }
  @event async renew() {
    await current().session?.rotate();
  }
}
const stores = { board: scope.room(Board, { allow: () => true }) };
const open = () => pair({ stores, storage: lasting({ nodes: true }), nodes: 3, log: () => {} });

/** A client at each node, all in the room, which the first node has. */
async function three(net: ReturnType<typeof open>) {
  const clients = ["a", "b", "c"].map((node) => {
    const client = net.client();
    net.stick(client, node);
    return client;
  });
  const boards = await Promise.all(clients.map((client) => client.board("x")));
  await boards[0]?.say("one");
  await net.quiet();
  return clients;
}

/** How many streams of a client have ended. */
const ended = (net: ReturnType<typeof open>, since: number) =>
  net.trace
    .slice(since)
    .filter((line) => line.includes("bye"))
    .map((line) => line.split(" ")[1]);

test("`$recheck` ends the streams of a session, or all, at every node", async () => {
  await using net = open();
  const [, , c] = await three(net);
  if (!c) throw new Error("no clients");
  let since = net.trace.length;
  net.node("a").$recheck({ session: net.session(c) });
  await net.quiet();
  expect(ended(net, since)).toEqual(["c"]);
  since = net.trace.length;
  net.node("b").$recheck();
  await net.quiet();
  expect(ended(net, since).sort()).toEqual(["a", "b", "c"]);
});

test("a session whose cookie is replaced by a call to one node keeps no stream of the old cookie at another", async () => {
  await using net = open();
  const [first] = await three(net);
  if (!first) throw new Error("no clients");
  // Another tab of the same browser, whose stream is elsewhere.
  const tab = net.tab(first);
  net.stick(tab, "c");
  const other = await tab.board("x");
  await net.quiet();
  const since = net.trace.length;
  const board = await first.board("x");
  await board.renew();
  await net.quiet();
  expect(ended(net, since)).toEqual(["d"]);
  await board.say("two");
  await net.quiet();
  expect(other.lines).toEqual(["one", "two"]);
});
