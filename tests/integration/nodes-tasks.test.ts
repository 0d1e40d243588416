import { current, event, schedule, sleep, state, step, update } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// Work that outlives calls, and calls that are stopped, where nodes come and go.

/** What has been done, by whichever node. */
let did: string[] = [];

class Room {
  @state lines: string[] = [];
  @event say(line: string) {
    this.lines.push(line);
  }
  @event({ background: true, durable: true }) async publish(title: string) {
    const url = await step("upload", () => {
      did.push("upload");
      return `/${title}`;
    });
    await sleep("10s");
    await step("announce", () => void did.push("announce"));
    await update(() => {
      this.lines.push(url);
    });
    return url;
  }
  @event ring(line: string) {
    did.push(line);
    this.lines.push(line);
  }
  @event later() {
    schedule.after(5000, this.ring, ["rung"], { id: "ring" });
  }
  @event({ background: true }) async wait() {
    did.push("waits");
    await new Promise((resolve) => current().signal.addEventListener("abort", resolve));
    did.push("stopped");
  }
  @event stop() {
    current().cancel(this.wait);
  }
}
const stores = { room: scope.room(Room, { allow: () => true }) };
function open() {
  did = [];
  return pair({ stores, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {} });
}
function at(net: ReturnType<typeof open>, node: string) {
  const client = net.client();
  net.stick(client, node);
  return client.room("x");
}

test("a durable task goes on at another node when its own is killed: no step that was kept is done again, and its caller has its answer", async () => {
  await using net = open();
  await net.node("a").room("x").say("begin");
  const room = await at(net, "b");
  const task = room.publish("one");
  await net.wait(1000);
  expect(did).toEqual(["upload"]);
  net.kill("a");
  expect(await task).toBe("/one");
  expect(did).toEqual(["upload", "announce"]);
  await net.quiet();
  expect(room.lines).toEqual(["begin", "/one"]);
});

test("a schedule runs once, at whichever node lives when it is due", async () => {
  await using net = open();
  for (const node of ["a", "b", "c"]) net.node(node).$start();
  const rooms = await Promise.all(["a", "b", "c"].map((node) => at(net, node)));
  await rooms[0]?.later();
  net.kill("a");
  await net.wait(30_000);
  await net.quiet();
  expect(did).toEqual(["rung"]);
  for (const { lines } of rooms) expect(lines).toEqual(["rung"]);
});

test("a running event is cancelled from another node: by its own call, by another page, and by an event", async () => {
  await using net = open();
  await net.node("a").room("x").say("begin");
  const [one, two] = [await at(net, "b"), await at(net, "c")];
  const call = one.wait();
  await net.wait(500);
  call.cancel();
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  await net.wait(500);
  expect(did).toEqual(["waits", "stopped"]);
  const other = one.wait();
  other.catch(() => {});
  await net.wait(500);
  await two.stop();
  await expect(other).rejects.toMatchObject({ code: "CANCELLED" });
  expect(did).toEqual(["waits", "stopped", "waits", "stopped"]);
});
