import { current, effect, event, state, toPlain } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import type { App } from "../kit/app.js";
import { call, liveOf, openTwin } from "../kit/client.js";
import { serveNodes } from "../kit/cluster.js";
import { soon } from "../kit/soon.js";

/** How many events wait to be cancelled. */
const waiting = { count: 0 };

class Counter {
  @state count = 0;
  @state names: string[] = [];
  @event add(n: number) {
    this.count += n;
    return this.count;
  }
  @event who() {
    return (current() as { name?: string }).name;
  }
  @event async *steps(n: number) {
    for (let k = 1; k <= n; k++) {
      this.count++;
      yield k;
    }
    return "done";
  }
  @event refuse() {
    throw new Error("not today");
  }
  @event({ background: true }) async wait() {
    waiting.count++;
    await new Promise((resolve) => current().signal.addEventListener("abort", resolve));
    waiting.count--;
  }
  @event say(text: string) {
    effect.toast(text);
  }
}

const stores = { counter: scope.room(Counter, { allow: () => true }) };
const options = { stores, context: ({ headers }: { headers: Headers }) => ({ name: headers.get("user-agent") ?? "" }) };
/** Which node has the room. */
async function own({ twin }: App<typeof stores, {}>) {
  // A host that has never changed leaves memory at once.
  for (const n of [1, -1]) await twin.counter("x").add(n);
}

test("behaviour 82: a call that reaches another node runs at the owner, with the context of its headers, and its error is the caller's", async () => {
  const { nodes } = await serveNodes(options);
  const [a, b] = nodes;
  await own(a);
  const visitor = b.visitor();
  expect(await visitor.callIn("x", "counter.add", 1)).toBe(1);
  expect(await visitor.callIn("x", "counter.add", 1)).toBe(2);
  expect(await visitor.callIn("x", "counter.who")).toMatch(/node|undici/);
  expect((await visitor.ask("counter.add", { key: "x", args: "no" })).error?.code).toBe("INVALID");
  expect((await visitor.ask("counter.refuse", { key: "x", args: [] })).error?.code).toBe("INTERNAL");
  expect(b.runtime.hosts.find("room/x")).toBeUndefined();
});

test("clients call and watch by any node: all see each change once, wherever the owner is", async () => {
  const { client, nodes } = await serveNodes(options);
  await own(nodes[0]);
  const twins = await Promise.all(
    [0, 1, 2].map((first) =>
      openTwin(
        client((_, turn) => (turn + first) % 3),
        "counter",
        "x",
      ),
    ),
  );
  for (const twin of twins) for (let n = 0; n < 5; n++) await call(twin, "add", 1);
  for (const twin of twins) await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 15 }));
});

test("what an awaited call has changed its caller sees, wherever its stream is", async () => {
  const { client, nodes } = await serveNodes(options);
  await own(nodes[0]);
  const twin = await openTwin(client(), "counter", "x");
  for (let n = 1; n <= 12; n++) {
    await call(twin, "add", 1);
    expect(toPlain(liveOf(twin))).toMatchObject({ count: n });
  }
});

test("items of a call come while it runs, wherever the stream is, once each", async () => {
  const { client, nodes } = await serveNodes(options);
  await own(nodes[0]);
  const twin = await openTwin(client(), "counter", "x");
  for (let n = 0; n < 3; n++) {
    const got: unknown[] = [];
    for await (const k of call(twin, "steps", 4) as AsyncIterable<unknown>) got.push(k);
    expect(got).toEqual([1, 2, 3, 4]);
  }
});

test("a call is cancelled by any node", async () => {
  const { client, nodes } = await serveNodes(options);
  await own(nodes[0]);
  const twin = await openTwin(client(), "counter", "x");
  for (let n = 0; n < 3; n++) {
    const running = call(twin, "wait") as Promise<unknown> & { cancel(): void };
    await soon(() => expect(waiting.count).toBe(1));
    running.cancel();
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    await soon(() => expect(waiting.count).toBe(0));
  }
});

test("a node that closes hands over what it has: who watches and calls goes on at another", async () => {
  const { client, nodes } = await serveNodes(options);
  await own(nodes[0]);
  // Its client knows two nodes alone, as a proxy sends nothing to one that drains.
  const twin = await openTwin(
    client((_, turn) => 1 + (turn % 2)),
    "counter",
    "x",
  );
  await call(twin, "add", 1);
  const closed = nodes[0].twin.close();
  for (let n = 2; n <= 6; n++) expect(await call(twin, "add", 1)).toBe(n);
  await closed;
  await nodes[1].twin
    .counter("x")
    .add(1)
    .catch(() => nodes[2].twin.counter("x").add(1));
  await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 7 }));
});

test("a node that is cut off loses what it had to another: numbered calls are asked again, and run once", async () => {
  const { client, nodes, shared } = await serveNodes({ ...options, leaseTime: 500 });
  await own(nodes[0]);
  const twin = await openTwin(
    client((_, turn) => 1 + (turn % 2)),
    "counter",
    "x",
  );
  expect(await call(twin, "add", 1)).toBe(1);
  shared.cut("a");
  expect(await call(twin, "add", 1)).toBe(2);
  expect(await call(twin, "add", 1)).toBe(3);
  await soon(() => expect(toPlain(liveOf(twin))).toMatchObject({ count: 3 }));
});

test("a plain call whose node does not answer any more is not run twice: its caller learns that nobody knows", async () => {
  const { nodes, shared } = await serveNodes({ ...options, leaseTime: 500 });
  await own(nodes[0]);
  shared.freeze("a");
  const answer = await nodes[1].visitor().ask("counter.add", { key: "x", args: [1] });
  expect(answer.error?.code).toBe("UNKNOWN_OUTCOME");
  shared.heal("a");
});
