import { expect, onTestFinished, test, vi } from "vitest";
import { NodeFeeds } from "../../server/nodes/node-feeds.js";
import { Peers } from "../../server/nodes/peers.js";
import type { NodeStorage } from "../../server/storage/nodes.js";
import { createGate } from "../../server/task/gate.js";
import { lasting } from "../../testing/lasting.js";

test("a line that has ended while its host was loaded releases the host, and the other lines to it go on", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const shared = lasting({ nodes: true });
  const [a, b] = await Promise.all(
    ["a", "b"].map(async (node) => {
      const nodes = shared.node(node).nodes as NodeStorage;
      await nodes.join({ lease: 60_000, versions: {} });
      return new Peers({ nodes, report: () => {}, alive: () => nodes.alive() });
    }),
  );
  const host = { number: 1, incarnation: "i", roomKey: "x", watchers: { leave: () => {} } };
  const { opened, open: load } = createGate();
  const uses = [Promise.resolve(host), opened.then(() => host)];
  let released = 0;
  const server = { hosts: { use: () => uses.shift(), release: () => released++ }, closing: false, limits: {}, report: () => {}, callers: {} };
  new NodeFeeds(server as never, b as Peers);
  const heard: string[] = [];
  const line = a?.dial("b", "follow", "x");
  line?.onMessage((text) => heard.push(text));
  line?.send('1 ["follow"]');
  // Its message is lost, so the other node ends it at the next look.
  const other = a?.dial("b", "follow", "x");
  await vi.advanceTimersByTimeAsync(10);
  shared.cut("b");
  other?.send('1 ["follow"]');
  shared.heal("b");
  await vi.advanceTimersByTimeAsync(2500);
  load();
  await vi.advanceTimersByTimeAsync(10);
  expect(released).toBe(1);
  line?.send('2 ["ping"]');
  await vi.advanceTimersByTimeAsync(10);
  expect(heard.map((text) => text.slice(0, 10))).toEqual(['1 ["here",', '2 ["pong"]']);
});
