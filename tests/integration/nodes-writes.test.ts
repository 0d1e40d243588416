import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, type Net, pair, type SharedStorageBug } from "twinstate/testing";
import { expect, test } from "vitest";

// What a node may write, and what it keeps in memory: by its lease.

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
}
const stores = { log: scope.room(Log, { allow: () => true }) };
const LEASE = 2000;

interface Options {
  readonly bugs?: readonly SharedStorageBug[];
  readonly idle?: number;
}
function open({ bugs = [], idle = 60_000 }: Options = {}) {
  const claims: string[] = [];
  const storage = lasting({ nodes: true, bugs });
  const end = storage.node.bind(storage);
  storage.node = (node) => {
    const one = end(node);
    const nodes = one.nodes as NonNullable<typeof one.nodes>;
    const claim: typeof nodes.claim = (id) => {
      if (id === "room/x") claims.push(node.slice(0, 1));
      return nodes.claim(id);
    };
    return { ...one, nodes: { ...nodes, claim } };
  };
  return { net: pair({ stores, storage, nodes: 3, leaseTime: LEASE, idle, log: () => {} }), claims };
}
/** What is stored, as a node reads it that has not had it before. */
async function stored(net: Net<typeof stores>) {
  for (const node of ["a", "b"]) net.drain(node);
  await net.quiet();
  return (await net.node("c").log("x").$snapshot()).lines;
}

/** A node is frozen with a deletion under way. Another one takes over, and writes. Then the first one goes on. */
async function lateDeletion(bugs: readonly SharedStorageBug[]) {
  const { net } = open({ bugs });
  await using _ = net;
  await net.node("a").log("x").add("first");
  net.freeze("a");
  const deletion = net.node("a").log.delete("x");
  deletion.catch(() => {});
  await net.wait(2 * LEASE);
  expect(await net.node("b").log("x").add("second")).toBe(2);
  net.heal();
  await net.wait(LEASE);
  await net
    .node("b")
    .log("x")
    .add("third")
    .catch(() => {});
  return await stored(net);
}

test("what a frozen node deletes late is refused, as another one has the lease", async () => {
  expect(await lateDeletion([])).toEqual(["first", "second", "third"]);
});
test("the same script notices a storage that does not compare fences", async () => {
  expect(await lateDeletion(["fence check removed"])).not.toContain("second");
});

/** An append reaches the storage, and its answer does not reach the node: it is sent again. */
async function repeatedAppend(bugs: readonly SharedStorageBug[]) {
  const { net } = open({ bugs });
  await using _ = net;
  await net.node("a").log("x").add("first");
  net.repeat("a");
  await net.node("a").log("x").add("second");
  return await stored(net);
}

test("an append that comes to the storage twice counts once", async () => {
  expect(await repeatedAppend([])).toEqual(["first", "second"]);
});
test("the same script notices a storage that does not compare sequences", async () => {
  expect(await repeatedAppend(["sequence check removed"])).toEqual(["first", "second", "second"]);
});

test("behaviour 65: a holder whose lease has expired writes nothing: the next one's value stays, and the late call runs there, once", async () => {
  const { net } = open();
  await using _ = net;
  const [late, other] = [net.client(), net.client()];
  net.stick(late, "a");
  net.stick(other, "b");
  const [one, two] = [await late.log("x"), await other.log("x")];
  await one.add("first");
  net.freeze("a");
  const call = one.add("late");
  await net.wait(2 * LEASE);
  expect(await two.add("second")).toBe(2);
  net.heal();
  expect(await call).toBe(3);
  expect(await stored(net)).toEqual(["first", "second", "late"]);
});

test("behaviour 67: the holder of a lease serves all from memory, and gives it to another node that asks, once it is idle: nothing is lost", async () => {
  const { claims, net } = open({ idle: 1000 });
  await using _ = net;
  for (let n = 1; n <= 5; n++) expect(await net.node("a").log("x").add(`a${n}`)).toBe(n);
  expect(claims).toEqual(["a"]);
  expect(await net.node("b").log("x").add("b6")).toBe(6);
  // It was run by the holder.
  expect(claims).toEqual(["a", "b"]);
  expect(await net.node("a").log("x").add("a7")).toBe(7);
  expect(claims).toEqual(["a", "b"]);
  await net.wait(5000);
  expect(await net.node("b").log("x").add("b8")).toBe(8);
  expect(await net.node("a").log("x").add("a9")).toBe(9);
  expect(claims).toEqual(["a", "b", "b", "a"]);
  expect((await stored(net)).length).toBe(9);
});

test("behaviour 67: a lease is kept as long as it is in use", async () => {
  const { claims, net } = open({ idle: 1000 });
  await using _ = net;
  const watcher = net.client();
  net.stick(watcher, "a");
  const twin = await watcher.log("x");
  await twin.add("first");
  for (let n = 2; n <= 4; n++) {
    await net.wait(5000);
    expect(await net.node("b").log("x").add("more")).toBe(n);
  }
  expect(claims.filter((node) => node === "a")).toEqual(["a"]);
  watcher.$close();
  await net.wait(10_000);
  expect(await net.node("b").log("x").add("last")).toBe(5);
  expect(await stored(net)).toHaveLength(5);
});
