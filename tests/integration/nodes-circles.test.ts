import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// Events that wait for each other in a circle, in rooms that several nodes have.

/** A room, by its key: the letter of the node that has it, and a number. */
type Room = `${"a" | "b" | "c"}${number}`;
let net: ReturnType<typeof open>;

/** The room as the node of the running event calls it. */
const room = (to: Room) => net.node((current().key ?? "")[0] as string).board(to);

class Board {
  @state lines: string[] = [];
  @event note(line: string) {
    this.lines.push(line);
  }
  /** Calls the rooms one after the other, each by the one before it. */
  @event async along(rooms: Room[]): Promise<string> {
    const [next, ...rest] = rooms;
    return next ? `${current().key} ${await room(next).along(rest)}` : "end";
  }
  /** Leaves a note there that comes back, and does not wait for it. */
  @event start(there: Room) {
    void room(there).along([current().key as Room]);
    return "started";
  }
  /** Waits for a call only some time after it was sent. */
  @event async waitLater(rooms: Room[]): Promise<string> {
    const [next, ...rest] = rooms as [Room, ...Room[]];
    const call = room(next).along(rest);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return call;
  }
  @event async slowlyAlong(rooms: Room[]) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return this.along(rooms);
  }
}
const stores = { board: scope.room(Board, { allow: () => true }) };
const open = () => pair({ stores, storage: lasting({ nodes: true }), nodes: 3, log: () => {} });
/** An event's own time is over long after that. */
const SOON = 2000;

/** Makes rooms, each at its node. */
async function rooms(...all: Room[]) {
  for (const key of all)
    await net
      .node(key[0] as string)
      .board(key)
      .note("begin");
}

/** All rooms go on. */
async function goOn(...all: Room[]) {
  for (const key of all) await net.node("a").board(key).note("goes on");
  for (const key of all) expect((await net.node("b").board(key).$snapshot()).lines).toEqual(["begin", "goes on"]);
}

test.each<[string, Room[]]>([
  ["two nodes", ["b1", "a1"]],
  ["three nodes", ["b1", "c1", "a1"]],
  ["two nodes, closed at the node where it began", ["b1", "a2", "a1"]],
  ["two nodes, closed at the other one", ["b1", "b2", "a1"]],
  ["three nodes, over several rooms of each", ["a2", "b1", "b2", "c1", "c2", "a1"]],
  ["two nodes, behind the room where it began", ["b1", "a2", "b1"]],
])("a circle over %s is refused at once with the error of one process, and the rooms go on", async (_, circle) => {
  await using pairOfNodes = open();
  net = pairOfNodes;
  const all = [...new Set<Room>(["a1", ...circle])];
  await rooms(...all);
  const since = net.now;
  await expect(net.node("a").board("a1").along(circle)).rejects.toMatchObject({
    name: "StateError",
    code: "CIRCLE",
    message: expect.stringContaining("waits for"),
  });
  expect(net.now - since).toBeLessThan(SOON);
  await goOn(...all);
});

test("calls that come back to a room which does not wait are no circle", async () => {
  await using pairOfNodes = open();
  net = pairOfNodes;
  await rooms("a1", "b1");
  expect(await net.node("a").board("a1").start("b1")).toBe("started");
  await net.wait(1000);
  expect(await net.node("c").board("a1").along(["b1", "c1"])).toBe("a1 b1 end");
  await net.quiet();
  await goOn("a1", "b1");
});

test("a circle that is closed by waiting later for a call, which is there already, is refused", async () => {
  await using pairOfNodes = open();
  net = pairOfNodes;
  await rooms("a1", "b1");
  const since = net.now;
  await expect(net.node("a").board("a1").waitLater(["b1", "a1"])).rejects.toMatchObject({ code: "CIRCLE" });
  expect(net.now - since).toBeLessThan(SOON);
  await goOn("a1", "b1");
});

test("two events that were called apart, and then call each other's rooms, do not wait for each other", async () => {
  await using pairOfNodes = open();
  net = pairOfNodes;
  await rooms("a1", "b1", "c1");
  const since = net.now;
  const calls = [net.node("a").board("a1").slowlyAlong(["b1"]), net.node("b").board("b1").slowlyAlong(["c1"]), net.node("c").board("c1").slowlyAlong(["a1"])];
  const ended = await Promise.allSettled(calls);
  expect(net.now - since).toBeLessThan(SOON);
  const refused = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as { code: string }] : []));
  expect(refused.length).toBeGreaterThan(0);
  for (const { code } of refused) expect(code).toBe("CIRCLE");
  await goOn("a1", "b1", "c1");
});
