import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

// What two stores of a room show is of one moment, where the room and the streams of its pages are at several nodes.

class Log {
  @state ids: string[] = [];
  @state({ persist: false }) last = "";
  @event async add(id: string) {
    const tally = await current().get(Tally);
    this.ids.push(id);
    tally.ids.push(id);
    this.last = id;
    tally.last = id;
  }
}
class Tally {
  @state ids: string[] = [];
  @state({ persist: false }) last = "";
}
const stores = { log: scope.room(Log, { allow: () => true }), tally: scope.room(Tally, { allow: () => true }) };
const open = () => pair({ stores, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {} });

test("a page whose stream goes on shows the volatile state of both stores at once, when their room comes to another node", async () => {
  await using net = open();
  await net.node("a").log("x").add("one");
  const client = net.client();
  net.stick(client, "b");
  const [log, tally] = await Promise.all([client.log("x"), client.tally("x")]);
  const torn: string[] = [];
  const look = () => {
    if (log.last !== tally.last) torn.push(`${log.last} beside ${tally.last}`);
  };
  log.$subscribe(look);
  tally.$subscribe(look);
  await log.add("two");
  net.kill("a");
  await net.wait(8000);
  expect(log.last).toBe("");
  expect(torn).toEqual([]);
});

test("a store that is opened while the lease of a dead node goes on comes without any other wait", async () => {
  await using net = open();
  await net.node("a").log("x").add("one");
  net.kill("a");
  expect((await net.client().log("x")).ids).toEqual(["one"]);
});
