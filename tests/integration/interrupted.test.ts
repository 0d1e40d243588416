import { current, event, type Interrupted, state, update } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, type Net, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { fold } from "../../server/storage/records.js";
import type { LoadedHost } from "../../server/storage/storage.js";
import { serveTwin } from "../kit/app.js";
import { until } from "../kit/soon.js";

let net: Net<typeof stores, { Letter: typeof Letter }>;
let logs: unknown[] = [];
/** What `onInterrupted` does besides. */
let then: (() => unknown) | undefined;
const told: Interrupted[] = [];
/** The ids of the events that went on. */
const keys: string[] = [];
const never = new Promise<never>(() => {});

class Chat {
  @state log: string[] = [];
  @state letters: Letter[] = [];
  @state half = "";
  protected onLoad() {
    this.log.push("loaded");
  }
  @event say(text: string) {
    this.log.push(text);
  }
  @event all() {
    return this.log;
  }
  @event begin() {
    this.letters.push(new Letter());
  }
  @event async *spell(...letters: string[]) {
    for (const letter of letters) {
      this.half += letter;
      yield letter;
    }
    await never;
  }
  @event({ background: true }) async answer(text: string, _past = "") {
    await update(() => {
      this.half = text;
    });
    keys.push(current().eventId);
    await never;
  }
  @event({ background: true }) async quick(text: string) {
    for (const letter of text) {
      await update(() => {
        this.half += letter;
      });
    }
    if (text === "bad") throw new Error("It was bad.");
  }
  protected async onInterrupted(call: Interrupted) {
    told.push(call);
    this.log.push(`${call.event} ${call.args?.join("")}: ${this.half}`);
    this.half = "";
    await then?.();
  }
}
class Letter {
  @state text = "";
  @event async *write(...letters: string[]) {
    for (const letter of letters) {
      this.text += letter;
      yield letter;
    }
    await never;
  }
}
class Plain {
  @state half = "";
  @event count() {
    this.half += "+";
  }
  @event async *spell(...letters: string[]) {
    for (const letter of letters) {
      this.half += letter;
      yield letter;
    }
    await never;
  }
}
const allow = () => true;
const stores = { chat: scope.room(Chat, { allow }), plain: scope.room(Plain, { allow }) };

function open() {
  const storage = lasting();
  then = undefined;
  told.length = keys.length = 0;
  logs = [];
  net = pair({ stores, models: { Letter }, storage, log: ({ error }) => logs.push(error) });
  return { storage, numbers: async (id = "room/a") => fold(...parts((await storage.load(id)) as LoadedHost)).numbers };
}
const parts = ({ record, tail }: LoadedHost) => [record, tail] as const;
/** The log, read by the event of a client, which asks until a server answers. */
const logOf = async () => (await net.client().chat("a")).all();
const refused = (call: PromiseLike<unknown>) =>
  Promise.resolve(call).then(
    () => "done",
    (error: { code: string }) => error.code,
  );
/** Resolves when the server shows so much of the half-done. */
const shows = async (half: string) => {
  while ((await net.server.chat("a").$snapshot()).half !== half) await net.wait(1);
};

test("a store is told of an event that a kill has cut off: once, after `onLoad`, before all others", async () => {
  open();
  await using _ = net;
  const chat = await net.client().chat("a");
  const spelt = refused(chat.spell("o", "k"));
  await shows("ok");
  net.kill();
  const said = chat.say("next");
  expect(await spelt).toBe("INTERRUPTED");
  await said;
  expect(chat.log).toEqual(["loaded", "loaded", "spell ok: ok", "next"]);
  expect(told).toEqual([{ event: "spell", args: ["o", "k"], eventId: expect.stringMatching(/\.1$/), at: expect.any(Date) }]);
  net.kill();
  await chat.say("again");
  expect(chat.log).toEqual(["loaded", "loaded", "spell ok: ok", "next", "loaded", "again"]);
});

test("an event without a number is told of as well: one beside the queue, from server code or a message", async () => {
  const { numbers } = open();
  await using _ = net;
  const left = refused(net.server.chat("a").answer("abc"));
  await shows("abc");
  net.kill();
  expect(await logOf()).toEqual(["loaded", "loaded", "answer abc: abc"]);
  expect(told.map(({ eventId }) => eventId)).toEqual(keys);
  net.kill();
  await (await net.client().chat("a")).say("next");
  expect(await logOf()).toEqual(["loaded", "loaded", "answer abc: abc", "loaded", "next"]);
  expect(Object.keys(await numbers()).filter((client) => client.startsWith("event/"))).toEqual([]);
  void left;
});

test("an event of an instance is told of to the store that holds it, with the name of its model", async () => {
  open();
  await using _ = net;
  const chat = await net.client().chat("a");
  await chat.begin();
  await net.quiet();
  const written = refused(chat.letters[0]?.write("o", "k") as PromiseLike<unknown>);
  while (chat.letters[0]?.text !== "ok") await net.wait(1);
  net.kill();
  expect(await written).toBe("INTERRUPTED");
  expect(told).toMatchObject([{ event: "Letter.write", args: ["o", "k"] }]);
});

test("several events are told of in their order, each in a commit of its own", async () => {
  open();
  await using _ = net;
  void refused(net.server.chat("a").answer("1"));
  await shows("1");
  await net.wait(5);
  void refused(net.server.chat("a").answer("2"));
  await shows("2");
  net.kill();
  expect(await logOf()).toEqual(["loaded", "loaded", "answer 1: 2", "answer 2: "]);
});

test.each<[KillPoint, number]>([
  ["append", 2],
  ["appended", 1],
  ["answer", 1],
])("what the hook changes is there once, and its event is answered, where the server is killed under it: %s", async (point, times) => {
  open();
  await using _ = net;
  const chat = await net.client().chat("a");
  const spelt = refused(chat.spell("o"));
  await shows("o");
  net.kill();
  then = async () => {
    then = undefined;
    // It leaves when what `onLoad` has changed is stored.
    await net.server.plain("b").count();
    net.kill(point);
  };
  expect(await spelt).toBe("INTERRUPTED");
  await net.quiet();
  expect(chat.log.filter((line) => line !== "loaded")).toEqual(["spell o: o"]);
  expect(told.length).toBe(times);
});

test("a message of the hook is done once", async () => {
  open();
  await using _ = net;
  void refused(net.server.chat("a").answer("x"));
  await shows("x");
  net.kill();
  then = async () => {
    await net.server.plain("b").count();
    if (told.length === 1) net.kill();
  };
  expect(await logOf()).toEqual(["loaded", "loaded", "loaded", "answer x: x"]);
  expect(told.length).toBe(2);
  expect((await net.server.plain("b").$snapshot()).half).toBe("+");
});

test("a hook that throws is reported: its changes are undone, its event is interrupted, the store goes on, and nothing is told twice", async () => {
  open();
  await using _ = net;
  const chat = await net.client().chat("a");
  const spelt = refused(chat.spell("o"));
  await shows("o");
  net.kill();
  then = () => {
    throw new Error("The hook is broken.");
  };
  expect(await spelt).toBe("INTERRUPTED");
  await chat.say("next");
  expect(logs).toEqual([expect.objectContaining({ message: "The hook is broken." })]);
  net.kill();
  await chat.say("again");
  expect(chat.log).toEqual(["loaded", "loaded", "next", "loaded", "again"]);
  expect([chat.half, told.length]).toEqual(["o", 1]);
});

test("nothing is kept of events that have ended, and nothing at all where the class has no hook", async () => {
  const { numbers } = open();
  await using _ = net;
  await net.server.chat("a").quick("abc");
  await refused(net.server.chat("a").quick("bad"));
  expect(await numbers()).toEqual({});
  const plain = await net.client().plain("b");
  const spelt = refused(plain.spell("o"));
  while (plain.half !== "o") await net.wait(1);
  expect(Object.values(await numbers("room/b"))).toEqual([expect.objectContaining({ begun: [1] })]);
  expect(Object.values(await numbers("room/b"))[0]).not.toHaveProperty("calls");
  net.kill();
  expect(await spelt).toBe("INTERRUPTED");
});

test("arguments that are too long to keep are left out", async () => {
  open();
  await using _ = net;
  void refused(net.server.chat("a").answer("x", "y".repeat(70_000)));
  await shows("x");
  net.kill();
  await logOf();
  expect(told).toMatchObject([{ event: "answer", args: undefined }]);
});

test("an event that the closing server cuts off is told of by the next one", async () => {
  const { storage } = open();
  await net[Symbol.asyncDispose]();
  const start = () => serveTwin({ stores, models: { Letter }, storage, closeGrace: 1 });
  const first = await start();
  const left = refused(first.twin.chat("a").answer("abc"));
  await until(async () => (await first.twin.chat("a").$snapshot()).half === "abc");
  await first.twin.close();
  const second = await start();
  expect(await second.twin.chat("a").all()).toEqual(["loaded", "loaded", "answer abc: abc"]);
  void left;
});
