import { current, EventError, event, newId, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, type Net, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { fold } from "../../server/storage/records.js";
import type { LoadedHost } from "../../server/storage/storage.js";
import { serveTwin } from "../kit/app.js";

/** The net of the running test. */
let net: Net<typeof stores>;
/** The account to which an event sends a message. */
let account = (key: string) => net.server.account(key);
let amount = 5;
/** How many events have come to the gate. */
let waits = 0;
let gate: Promise<void>;
/** What happens in an event, once. */
let once: (() => unknown) | undefined;
const meanwhile = () => {
  const run = once;
  once = undefined;
  return run?.();
};

class Account {
  @state balance = 0;
  @state ids: string[] = [];
  @event add(amount: number, id = "") {
    this.balance += amount;
    if (id !== "") this.ids.push(id);
    return { balance: this.balance, key: current().eventId };
  }
  /** Gives to another one, by message. */
  @event async give(to: string, amount: number) {
    const credited = await account(to).add(amount);
    await meanwhile();
    this.balance -= amount;
    return credited;
  }
  /** Gives by way of a third one. */
  @event async pass(by: string, to: string, amount: number) {
    await account(by).give(to, amount);
    await meanwhile();
    this.balance -= amount;
  }
  @event scatter(to: string, count: number) {
    for (let i = 0; i < count; i++) void account(to).add(1);
  }
  @event async twice(to: string, amount: number) {
    const both = [account(to).add(amount), account(to).add(amount)];
    await Promise.all(both);
    await meanwhile();
  }
  /** Gives as much as is said then. */
  @event async some(to: string) {
    const { balance } = await account(to).add(amount);
    await meanwhile();
    return balance;
  }
  @event async named(to: string) {
    await account(to).add(1, newId());
    await meanwhile();
    this.balance--;
  }
  /** Tells another one how much is there. */
  @event tell(to: string) {
    return account(to).add(this.balance);
  }
  @event refuse(code: string) {
    throw new EventError(code as never, `It is ${code}`, undefined as never);
  }
  @event async *half(code: string) {
    this.balance++;
    yield 1;
    throw new EventError(code as never, `It is ${code}`, undefined as never);
  }
  /** Refuses when it is let. */
  @event({ background: true }) async wait() {
    waits++;
    await gate;
    throw new EventError("FULL" as never, "It is full", undefined as never);
  }
  @event({ background: true }) async waitsFor(to: string) {
    const refused: unknown = await account(to)
      .wait()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    await update(() => {
      this.ids.push((refused as EventError).code);
    });
  }
  @event async asks(to: string, how: "refuse" | "half") {
    const error = await account(to)
      [how]("FULL")
      .then(
        () => undefined,
        (refused: unknown) => refused,
      );
    await meanwhile();
    this.ids.push((error as EventError).code);
  }
  /** Commits, and then never ends. */
  @event async *hang() {
    this.balance++;
    yield 1;
    await meanwhile();
    await new Promise(() => {});
  }
  @event async hangs(to: string) {
    const code = await account(to)
      .hang()
      .then(
        () => "done",
        (refused: unknown) => (refused as EventError).code as string,
      );
    this.ids.push(code);
  }
  @event async *steps(to: string) {
    await account(to).add(1);
    this.balance--;
    yield 1;
    await account(to).add(10);
    await meanwhile();
  }
}
const stores = { account: scope.room(Account, { allow: () => true }) };

const open = (storage = lasting()) => {
  net = pair({ stores, storage, log: () => {} });
  account = (key) => net.server.account(key);
  return net;
};
const balances = (...keys: string[]) => Promise.all(keys.map(async (key) => (await net.server.account(key).$snapshot()).balance));

test("a message is done once where the server is killed between it and the commit of its event, and has the same answer and key", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  const keys: string[] = [];
  once = async () => {
    keys.push((await net.server.account("bob").add(0)).key);
    net.kill();
  };
  const { balance, key } = await anns.give("bob", 5);
  expect(await balances("ann", "bob")).toEqual([-5, 5]);
  expect([balance, key === keys[0]]).toEqual([5, false]);
});

test.each<KillPoint>(["append", "appended", "frame", "answer"])("a message is done once, at whichever step the server dies: %s", async (point) => {
  // The first to come to it is the message, or, where the kill is asked for after that, the event that has sent it.
  for (const when of ["message", "event"]) {
    await using net = open();
    const anns = await net.client().account("ann");
    await anns.add(1);
    const bobs = await net.client().account("bob");
    if (when === "message") net.kill(point);
    else once = () => net.kill(point);
    await anns.give("bob", 5);
    await net.quiet();
    expect(await balances("ann", "bob")).toEqual([-4, 5]);
    expect(bobs.balance).toBe(5);
    expect(net.trace.filter((line) => line.includes("is killed")).length).toBe(1);
  }
});

test("a message of a message is done once", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  once = () => net.kill();
  await anns.pass("bob", "cat", 5);
  expect(await balances("ann", "bob", "cat")).toEqual([-5, -5, 5]);
});

test("equal messages of one event are each done, and each once", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  once = () => net.kill();
  await anns.twice("bob", 5);
  expect(await balances("bob")).toEqual([10]);
});

test("ids of `newId()` are the same in a second run, so that a message with one is done once", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  once = () => net.kill();
  await anns.named("bob");
  expect(await balances("ann", "bob")).toEqual([-1, 1]);
});

test("a second run that goes another way never gets the answer to something else", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  amount = 5;
  once = () => {
    amount = 7;
    net.kill();
  };
  expect(await anns.some("bob")).toBe(12);
});

test("a refusal that left nothing is asked for again; one after a commit is the message's answer", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  for (const how of ["refuse", "half"] as const) {
    once = () => net.kill();
    await anns.asks("bob", how);
  }
  expect((await net.server.account("ann").$snapshot()).ids).toEqual(["FULL", "FULL"]);
  expect(await balances("bob")).toEqual([1]);
});

test("a message whose event was cut off after a commit is not run again: the second run is told", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  once = async () => {
    // It leaves when the commit is stored.
    await account("cat").add(1);
    net.kill();
  };
  await anns.hangs("bob");
  expect((await net.server.account("ann").$snapshot()).ids).toEqual(["INTERRUPTED"]);
  expect(await balances("bob")).toEqual([1]);
});

test("an event that is cut off after a commit has sent each of its messages once", async () => {
  await using net = open();
  const anns = await net.client().account("ann");
  once = () => net.kill();
  await expect(anns.steps("bob")).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(await balances("bob")).toEqual([11]);
});

test("a message leaves only when all that its event has seen is stored", async () => {
  const seen: string[] = [];
  const storage = lasting();
  const { twin } = await serveTwin({
    stores,
    storage: {
      ...storage,
      async append(id, commits) {
        seen.push(`${id} is appended`);
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        await storage.append(id, commits);
        seen.push(`${id} is stored`);
      },
    },
  });
  account = (key) => twin.account(key);
  await Promise.all([twin.account("ann").add(5), twin.account("ann").tell("bob")]);
  expect(seen).toEqual(["room/ann is appended", "room/ann is stored", "room/bob is appended", "room/bob is stored"]);
});

test("a second run that comes while the message of the first goes on waits for it, and asks again where that has left nothing", async () => {
  const storage = lasting();
  let fails = false;
  await using net = open({
    ...storage,
    append(id, commits) {
      if (fails && id === "room/ann") {
        fails = false;
        throw new Error("The disk is full.");
      }
      return storage.append(id, commits);
    },
  });
  let letThem = () => {};
  waits = 0;
  gate = new Promise((resolve) => {
    letThem = resolve;
  });
  const anns = await net.client().account("ann");
  await anns.add(1);
  const done = anns.waitsFor("bob");
  while (waits === 0) await net.wait(1);
  fails = true;
  // Its commit fails: all that runs in the account is asked again.
  await anns.add(1);
  await net.wait(5000);
  expect(waits).toBe(1);
  letThem();
  await done;
  await net.quiet();
  expect([waits, anns.ids]).toEqual([2, ["FULL"]]);
});

test("what is kept of messages is forgotten when their events are done", async () => {
  const storage = lasting();
  await using net = open(storage);
  const anns = await net.client().account("ann");
  for (let i = 0; i < 10; i++) await anns.give("bob", 1);
  await anns.steps("bob");
  once = () => net.kill();
  await anns.give("bob", 1);
  await net.server.account("bob").add(1);
  const { record, tail } = (await storage.load("room/bob")) as LoadedHost;
  expect(Object.keys(fold(record, tail).numbers)).toEqual([]);
});

test("a message that is not awaited is done once as well, and forgotten", async () => {
  const storage = lasting();
  await using net = open(storage);
  const anns = await net.client().account("ann");
  await anns.scatter("bob", 20);
  await net.quiet();
  await net.server.account("bob").add(1);
  expect(await balances("bob")).toEqual([21]);
  const { record, tail } = (await storage.load("room/bob")) as LoadedHost;
  expect(Object.keys(fold(record, tail).numbers)).toEqual([]);
});
