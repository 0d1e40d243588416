import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { lasting } from "../../testing/lasting.js";
import { call, openTwin, shown } from "../kit/client.js";
import { serveNodes } from "../kit/cluster.js";

class Counter {
  @state count = 0;
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };

test("a call that nodes have asked for twice is not run anew where the storage has lost something in between", async () => {
  const shared = lasting({ nodes: true });
  const node = shared.node.bind(shared);
  let dies = false;
  let goOn = () => {};
  shared.node = (name) => {
    const storage = node(name);
    const { append, nodes } = storage;
    const claim = nodes?.claim;
    return {
      ...storage,
      // The owner stores the event, is counted as dead, and stands still before it answers.
      async append(id, commits, fence) {
        await append(id, commits, fence);
        if (name !== "a" || !dies) return;
        await nodes?.leave();
        shared.freeze("a");
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      },
      // The next owner finds that a commit is lost: not the one of the event.
      ...(nodes &&
        claim && {
          nodes: {
            ...nodes,
            async claim(id) {
              const claimed = await claim(id);
              return name === "a" || !("loaded" in claimed) || !claimed.loaded ? claimed : { ...claimed, lost: 1 };
            },
          },
        }),
    };
  };
  const { client, nodes } = await serveNodes({ stores }, shared);
  for (const n of [1, -1, 1]) await nodes[0].twin.counter("x").add(n);
  const twin = await openTwin(
    client((_, turn) => 1 + (turn % 2)),
    "counter",
    "x",
  );
  dies = true;
  await expect(Promise.resolve(call(twin, "add", 1))).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  await shown<Counter>(twin, ({ count }) => count === 2);
  expect(nodes.flatMap(({ logs }) => logs.filter(({ message }) => message.includes("has lost the last 1 commits")))).toHaveLength(1);
  shared.heal("a");
  goOn();
});
