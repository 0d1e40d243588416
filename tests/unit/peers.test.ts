import { expect, onTestFinished, test, vi } from "vitest";
import { EventError } from "../../lib/errors/errors.js";
import { PeerLost } from "../../server/host/peer-lost.js";
import { Peers } from "../../server/nodes/peers.js";
import { lasting } from "../../testing/lasting.js";
import type { SharedStorage } from "../../testing/shared-storage.js";
import { soon } from "../kit/soon.js";

const FACTS = { lease: 60_000, versions: {} };

/** A node that speaks with others. */
async function peersOf(shared: SharedStorage, node: string, facts = FACTS) {
  const { nodes } = shared.node(node);
  if (!nodes) throw new Error("no nodes");
  await nodes.join(facts);
  const reported: unknown[] = [];
  return { peers: new Peers({ nodes, report: (_, error) => void reported.push(error), alive: () => nodes.alive() }), nodes, reported };
}

async function two(facts = FACTS) {
  const shared = lasting({ nodes: true });
  const [a, b] = [await peersOf(shared, "a", FACTS), await peersOf(shared, "b", facts)];
  return { shared, a, b };
}

test("a request has its answer, after all that was said before, in order", async () => {
  const { a, b } = await two();
  b.peers.serve("count", async ({ data, part, from }) => {
    for (let k = 0; k < 3; k++) part(k);
    return [from, data];
  });
  const told: unknown[] = [];
  expect(await a.peers.ask("b", "count", { n: 1 }, { part: (k) => void told.push(k) })).toEqual(["a", { n: 1 }]);
  expect(told).toEqual([0, 1, 2]);
});

test("an error of the other node is the asking one's, as clients get it", async () => {
  const { a, b } = await two();
  b.peers.serve("refuse", () => Promise.reject(new EventError("TAKEN", "It is taken.", { by: 1 })));
  await expect(a.peers.ask("b", "refuse", null)).rejects.toMatchObject({ code: "TAKEN", data: { by: 1 } });
  b.peers.serve("fail", () => Promise.reject(new Error("secret")));
  await expect(a.peers.ask("b", "fail", null)).rejects.toMatchObject({ code: "INTERNAL" });
  expect(String(b.reported[0])).toContain("secret");
});

test("a request that is to stop is told so at the other node", async () => {
  const { a, b } = await two();
  b.peers.serve("wait", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped"))));
  const control = new AbortController();
  const asked = a.peers.ask("b", "wait", null, { signal: control.signal });
  control.abort();
  expect(await asked).toBe("stopped");
});

test("a lost request, a lost answer and a node that is gone are told apart from what the other node says", async () => {
  const { shared, a, b } = await two({ lease: 300, versions: {} });
  const asked = vi.fn(async () => 1);
  b.peers.serve("count", asked);
  // The request is lost.
  shared.cut("b");
  const lost = a.peers.ask("b", "count", null);
  await Promise.resolve().then(() => shared.heal("b"));
  await expect(lost).rejects.toBeInstanceOf(PeerLost);
  // The node is gone.
  shared.freeze("b");
  await expect(a.peers.ask("b", "count", null)).rejects.toBeInstanceOf(PeerLost);
});

test("what waits for a dead node is given up as soon as its lease time is over", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { shared, a } = await two({ lease: 1500, versions: {} });
  shared.freeze("b");
  await vi.advanceTimersByTimeAsync(100);
  let lost = 0;
  const over = () => void lost++;
  a.peers.ask("b", "count", null).catch(over);
  a.peers.dial("b", "follow", "x").onEnd(over);
  await vi.advanceTimersByTimeAsync(1350);
  expect(lost).toBe(0);
  await vi.advanceTimersByTimeAsync(100);
  expect(lost).toBe(2);
});

test("a node is asked once a second about all that waits for it", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { a, b } = await two();
  b.peers.accept("follow", (line) => line.onMessage(() => {}));
  const send = vi.spyOn(a.nodes, "send");
  for (let n = 0; n < 100; n++) a.peers.dial("b", "follow", n);
  send.mockClear();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(send.mock.calls.length).toBeLessThanOrEqual(10);
});

test("a node that has joined after the last look at who lives is not taken for dead", async () => {
  const { shared, a, b } = await two();
  b.peers.accept("a room", () => {});
  await b.nodes.leave();
  const lost = a.peers.dial("b", "a room", null);
  await new Promise<void>((resolve) => lost.onEnd(resolve));
  const c = await peersOf(shared, "c");
  expect([a.peers.isGone("b"), a.peers.isGone("c")]).toEqual([true, false]);
  c.peers.accept("a room", (line) => line.onMessage((text) => line.send(`heard ${text}`)));
  const line = a.peers.dial("c", "a room", null);
  line.send("you");
  expect(await new Promise((resolve) => line.onMessage(resolve))).toBe("heard you");
});

test("what is said before a line's other end is ready comes in order, and both ends learn of the end", async () => {
  const { a, b } = await two();
  const got: string[] = [];
  const over: string[] = [];
  b.peers.accept("follow", (line, data) => {
    setImmediate(() => {
      line.onMessage((text) => {
        got.push(`${data} ${text}`);
        if (text === "2") line.end();
      });
      line.onEnd(() => over.push("b"));
    });
  });
  const line = a.peers.dial("b", "follow", "x");
  line.onMessage(() => {});
  line.onEnd(() => over.push("a"));
  for (const text of ["0", "1", "2"]) line.send(text);
  await soon(() => expect(over.sort()).toEqual(["a", "b"]));
  expect(got).toEqual(["x 0", "x 1", "x 2"]);
  const nobody = a.peers.dial("b", "nothing", null);
  await new Promise<void>((resolve) => nobody.onEnd(resolve));
});

test("what is told to all comes to all others, and junk is reported, and hurts nobody", async () => {
  const { shared, a, b } = await two();
  const c = await peersOf(shared, "c");
  const heard: unknown[] = [];
  for (const { peers } of [a, b, c]) peers.hear("news", (data, from) => void heard.push([data, from]));
  await a.peers.tell("news", 1);
  await soon(() =>
    expect(heard).toEqual([
      [1, "a"],
      [1, "a"],
    ]),
  );
  for (const junk of ["{", "null", "7", '["what"]', '["ask"]', '["part","x"]', '["answer","x"]', '["say","x"]', '["dial","x"]', '["tell"]'])
    c.nodes.send("b", junk);
  b.peers.serve("count", async () => 1);
  expect(await c.peers.ask("b", "count", null)).toBe(1);
  expect(b.reported.length).toBeGreaterThanOrEqual(4);
});

test("what the other end has said before it hung up is taken, also where all of that comes before anybody takes it", async () => {
  const { a, b } = await two();
  b.peers.accept("refuse", (line) => {
    line.send("over");
    line.end();
  });
  const got: string[] = [];
  const line = a.peers.dial("b", "refuse", null);
  await new Promise<void>((resolve) => {
    line.onMessage((text) => got.push(text));
    line.onEnd(() => {
      got.push("the end");
      resolve();
    });
  });
  expect(got).toEqual(["over", "the end"]);
});

test("a node that was not living is taken for gone for a moment, and until it says something", async () => {
  vi.useFakeTimers();
  try {
    const { shared, a } = await two();
    const c = await peersOf(shared, "c");
    c.peers.accept("follow", () => {});
    // A dead node says nothing.
    c.peers.close();
    await c.nodes.leave();
    const look = async () => {
      a.peers.dial("c", "follow", null);
      await vi.advanceTimersByTimeAsync(1500);
    };
    await look();
    expect(a.peers.isGone("c")).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(a.peers.isGone("c")).toBe(false);
    await look();
    expect(a.peers.isGone("c")).toBe(true);
    (await peersOf(shared, "c")).peers.greet();
    await vi.advanceTimersByTimeAsync(0);
    expect(a.peers.isGone("c")).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test("a node that has joined is on the others' list as soon as it says so", async () => {
  vi.useFakeTimers();
  try {
    const { shared, a } = await two();
    expect(await a.peers.others()).toEqual(["b"]);
    const c = await peersOf(shared, "c");
    c.peers.greet();
    await vi.advanceTimersByTimeAsync(0);
    expect(await a.peers.others()).toEqual(["b", "c"]);
  } finally {
    vi.useRealTimers();
  }
});

test("a line whose last word is lost ends at both ends within seconds, and one that has lost nothing goes on", async () => {
  const { shared, a, b } = await two();
  const said: string[] = [];
  const ended: string[] = [];
  b.peers.accept("room", (line, data) => {
    line.onMessage(() => {});
    line.onEnd(() => ended.push(`${data} at b`));
    const word = () => line.send(`${data}: one`);
    if (data === "cut") {
      shared.cut("b");
      word();
      shared.heal("b");
    } else word();
  });
  for (const name of ["cut", "whole"]) {
    const line = a.peers.dial("b", "room", name);
    line.onMessage((word) => said.push(word));
    line.onEnd(() => ended.push(`${name} at a`));
  }
  await soon(() => expect(ended.sort()).toEqual(["cut at a", "cut at b"]));
  // The same look has told of both.
  expect(said).toEqual(["whole: one"]);
});
