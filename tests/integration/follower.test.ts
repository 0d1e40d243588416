import { setImmediate as turn } from "node:timers/promises";
import { current, event, type Presence, presence, state } from "twinstate";
import { createTwin, memory, scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { Message } from "../../lib/wire/protocol.js";
import { CountedLine } from "../../server/nodes/node-line.js";
import type { Runtime } from "../../server/runtime.js";
import type { StreamConnection } from "../../server/stream/connection.js";
import { SECRET } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { followInAll, NodeLines, OtherNode } from "../kit/node-lines.js";

// Streams watch by followers of hosts, as those of another node do.

const Own = z.looseObject({ cursor: z.number().optional() });

class Note {
  @state lines: string[] = [];
  @state({ persist: false }) typing = "";
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
  @event type(text: string) {
    this.typing = text;
  }
}

class Room extends Note {
  @state closed: string[] = [];
  @state({ private: true }) protected hooks: string[] = [];
  @presence({ of: (context) => ({ name: (context as { name?: string }).name ?? "guest" }), input: Own as z.ZodType<{ cursor?: number }, { cursor?: number }> })
  people!: Presence<{ name: string }, { cursor?: number }>;
  @event close(name: string) {
    this.closed.push(name);
  }
  @event log() {
    return this.hooks;
  }
  protected onConnect() {
    this.hooks.push(`+${nameOf()}`);
  }
  protected onDisconnect() {
    this.hooks.push(`-${nameOf()}`);
  }
}
const nameOf = () => (current() as { name?: string }).name ?? "guest";

const allow = (context: object, _key: string, { closed }: { closed: readonly string[] }) => !closed.includes((context as { name?: string }).name ?? "");
const slow = () => wait().then(() => true);
const stores = {
  room: scope.room(Room, { allow: allow as never }),
  slow: scope.room(Note, { allow: slow }),
  wall: scope.shared(Note),
  own: scope.session(Note),
};

let lines = new NodeLines();
let runtime!: Runtime;
let node!: OtherNode;
followInAll(
  () => lines,
  (began, other) => {
    runtime = began;
    node = other;
  },
);

const sentOf = (kind: string) => lines.sent.get(kind)?.messages ?? 0;

function start() {
  lines = new NodeLines();
  const twin = createTwin({ stores, storage: memory(), session: { secret: SECRET }, maxStreams: 5000, name: `follower ${Math.random()}`, log: () => {} });
  onTestFinished(() => twin.close());
  return twin;
}

/** A page by its stream alone. */
class PageStream {
  readonly messages: Message[] = [];
  connection!: StreamConnection;

  static async open(watch: object[], name = "guest", client?: string): Promise<PageStream> {
    const page = new PageStream();
    const request = { session: { id: `session of ${name}`, generation: 0 }, context: () => Promise.resolve({ name }) };
    const input = client === undefined ? { watch } : runtime.streams.connect(request, { protocol: 2, client, epoch: 1, watch });
    page.connection = await runtime.streams.live(request, input);
    void page.#read();
    onTestFinished(() => page.leave());
    return page;
  }

  async #read(): Promise<void> {
    for (let message = await this.connection.next(); message; message = await this.connection.next()) this.messages.push(message);
  }

  all(kind: string): Message[] {
    return this.messages.filter(([head]) => (kind === "frame" ? typeof head === "number" : head === kind));
  }

  /** The revision that it shows. */
  get revision(): number {
    let revision = -1;
    for (const message of this.messages) {
      if (message[0] === "snapshot" || message[0] === "resume") revision = message[5];
      else if (typeof message[0] === "number") {
        expect(message[1]).toBe(revision + 1);
        revision = message[1];
        for (const part of message.slice(2)) if (typeof part === "number") revision += part;
      }
    }
    return revision;
  }

  async until(fits: () => boolean): Promise<void> {
    const end = performance.now() + Number(process.env.PATIENCE_MS ?? 25_000);
    while (!fits()) {
      if (performance.now() > end) throw new Error(`It has got ${JSON.stringify(this.messages.slice(1)).slice(0, 2000)}`);
      await turn();
    }
  }

  leave(): void {
    runtime.streams.leave(this.connection);
  }
}

const wall = [{ store: "wall" }];

test("a thousand pages of another node cost the owner one message for each frame, and one snapshot", async () => {
  const twin = start();
  await twin.wall().add("first");
  const pages = await Promise.all(Array.from({ length: 1000 }, () => PageStream.open(wall)));
  for (const page of pages) await page.until(() => page.revision === 1);
  // Those who come together wait for the same state, and those who come while nothing changes take it too.
  expect(sentOf("show")).toBeLessThanOrEqual(3);
  expect(sentOf("shown")).toBe(sentOf("show"));
  for (let n = 0; n < 20; n++) await twin.wall().add(`line ${n}`);
  for (const page of pages) await page.until(() => page.revision === 21);
  expect(sentOf("frame")).toBe(20);
  for (const page of pages) expect(page.all("snapshot").length).toBe(1);
  // One of them goes, and comes back: the node itself has what it has missed.
  const [page] = pages as [PageStream];
  const [, , , , incarnation] = page.all("snapshot")[0] as unknown as string[];
  page.leave();
  await twin.wall().add("missed");
  const characters = lines.sent.get("watched")?.characters ?? 0;
  const back = await PageStream.open([{ store: "wall", have: [incarnation, 21] }]);
  await back.until(() => back.revision === 22);
  expect([back.all("resume").length, back.all("snapshot").length]).toEqual([1, 0]);
  expect((lines.sent.get("watched")?.characters ?? 0) - characters).toBeLessThan(250);
});

test("the first page that comes back to a node goes on too, with frames of the owner's", async () => {
  const twin = start();
  for (let n = 0; n < 5; n++) await twin.wall().add(`line ${n}`);
  const first = await PageStream.open(wall);
  await first.until(() => first.revision === 5);
  const [, , , , incarnation] = first.all("snapshot")[0] as unknown as string[];
  first.leave();
  // Somebody watches at the owner, so frames are kept there.
  await twin.wall().add("missed");
  const back = await PageStream.open([{ store: "wall", have: [incarnation, 5] }]);
  const later = await PageStream.open([{ store: "wall", have: [incarnation, 6] }]);
  for (const page of [back, later]) await page.until(() => page.revision === 6);
  await twin.wall().add("both");
  for (const page of [back, later]) await page.until(() => page.revision === 7);
  for (const page of [back, later]) expect([page.all("resume").length, page.all("snapshot").length]).toEqual([1, 0]);
});

test("a page that comes while the last one goes is served from the frames that are there", async () => {
  const twin = start();
  await twin.wall().add("first");
  const first = await PageStream.open(wall);
  await first.until(() => first.revision === 1);
  const [, , , , incarnation] = first.all("snapshot")[0] as unknown as string[];
  await twin.wall().add("second");
  await first.until(() => first.revision === 2);
  const sent = sentOf("watch");
  const back = await PageStream.open([{ store: "wall", have: [incarnation, 1] }]);
  await back.until(() => sentOf("watch") > sent);
  first.leave();
  await back.until(() => back.revision === 2);
  await twin.wall().add("third");
  await back.until(() => back.revision === 3);
  expect([back.all("resume").length, back.all("snapshot").length]).toEqual([1, 0]);
});

test("a frame is written once for all nodes", async () => {
  const twin = start();
  const third = new OtherNode(runtime, lines);
  const here = await PageStream.open(wall);
  await here.until(() => here.revision >= 0);
  Object.assign(runtime, { feeds: third });
  const there = await PageStream.open(wall);
  await there.until(() => there.revision >= 0);
  const sent = new Set<string>();
  const { count } = lines;
  lines.count = (message) => {
    if (message.includes('["frame"')) sent.add(message.slice(message.indexOf(" ")));
    count.call(lines, message);
  };
  const frames = sentOf("frame");
  await twin.wall().add("x");
  for (const page of [here, there]) await page.until(() => page.revision === 1);
  expect([sentOf("frame") - frames, sent.size]).toEqual([2, 1]);
});

test("items of a call that runs at the owner come behind their frames, to the page that has called", async () => {
  const twin = start();
  const client = "a-client-of-the-other-node";
  const [caller, other] = [await PageStream.open(wall, "ann", client), await PageStream.open(wall, "bob")];
  for (const page of [caller, other]) await page.until(() => page.revision >= 0);
  const [followed] = node.followed;
  const items: Message[] = [1, 2, 3].map((k) => ["yield", "an incarnation", 1, k, [k]]);
  for (const [i, item] of items.entries()) {
    await twin.wall().add(`line ${i}`);
    expect(followed?.bring(client, item)).toBe(true);
  }
  expect(followed?.bring("another-client-of-the-node", items[0] as Message)).toBe(false);
  await caller.until(() => caller.all("yield").length === 3 && caller.revision === 3);
  expect(caller.all("yield")).toEqual(items);
  const at = (message: Message) => caller.messages.indexOf(message);
  expect(at(caller.all("yield").at(-1) as Message)).toBeGreaterThan(at(caller.all("frame").at(-1) as Message));
  await other.until(() => other.revision === 3);
  expect(other.all("yield")).toEqual([]);
});

test("a cut between nodes is no news for pages: they go on from what they have, each revision once, and ticks as a whole", async () => {
  const twin = start();
  await twin.wall().add("first");
  const pages = await Promise.all(Array.from({ length: 10 }, () => PageStream.open(wall)));
  for (const page of pages) await page.until(() => page.revision === 1);
  lines.reachable = false;
  lines.cut();
  await twin.wall().add("second");
  await twin.wall().type("hello");
  await twin.wall().add("third");
  lines.reachable = true;
  for (const page of pages) await page.until(() => page.revision === 3 && page.all("volatile").some((message) => JSON.stringify(message).includes("hello")));
  for (const page of pages) expect([page.all("snapshot").length, page.all("resume").length]).toEqual([1, 0]);
});

test("a lost message is noticed by the next one, or by silence, and nothing is missing then", async () => {
  const twin = start();
  const page = await PageStream.open(wall);
  await page.until(() => page.revision >= 0);
  for (let n = 1; n <= 10; n++) {
    lines.loses = () => n % 2 === 0;
    await twin.wall().add(`line ${n}`);
    lines.loses = () => false;
    if (n % 2 === 0) await twin.wall().type(`after ${n}`);
  }
  await twin.wall().add("last");
  await page.until(() => page.revision === 11);
  expect(page.all("snapshot").length).toBe(1);
});

test("a line ends where a message is missing, and takes none after that", () => {
  const taken: unknown[] = [];
  let over = 0;
  let take: (text: string) => void = () => {};
  let end: () => void = () => {};
  const line = { send() {}, end: () => end(), onMessage: (to: typeof take) => void (take = to), onEnd: (to: () => void) => void (end = to) };
  new CountedLine(
    line,
    (message) => taken.push(message),
    () => over++,
  );
  for (const text of ['1 ["a"]', '2 ["b"]', '4 ["d"]', '3 ["c"]', '4 ["d"]']) take(text);
  expect([taken, over]).toEqual([[["a"], ["b"]], 1]);
});

test("when the host comes to the node of its pages, they go on from what they have", async () => {
  const twin = start();
  await twin.wall().add("first");
  const page = await PageStream.open(wall);
  await page.until(() => page.revision === 1);
  const [follower] = await Promise.all(node.followers.values());
  Object.assign(runtime, { feeds: runtime.hosts });
  follower?.close();
  await twin.wall().add("second");
  await page.until(() => page.revision === 2);
  expect([page.all("snapshot").length, page.all("resume").length]).toEqual([1, 1]);
});

test("who may not see a room any more is refused at the other node, and others go on", async () => {
  const twin = start();
  const room = [{ store: "room", key: "a" }];
  const [ann, bob, eve] = [await PageStream.open(room, "ann"), await PageStream.open(room, "bob"), await PageStream.open(room, "eve")];
  for (const page of [ann, bob, eve]) await page.until(() => page.revision >= 0);
  await twin.room("a").close("bob");
  await bob.until(() => bob.all("refused").length > 0);
  const { revision } = bob;
  await twin.room("a").add("x");
  for (const page of [ann, eve]) await page.until(() => page.revision > revision);
  expect(bob.all("refused")).toEqual([["refused", "room", "a", "FORBIDDEN", expect.any(String)]]);
  expect(bob.revision).toBe(revision);
  const late = await PageStream.open(room, "bob");
  await late.until(() => late.all("refused").length > 0);
  // A deleted room refuses all.
  await twin.room.delete("a");
  for (const page of [ann, eve]) await page.until(() => page.all("refused").length > 0);
});

test("an erased session begins anew for its pages of another node", async () => {
  const twin = start();
  const page = await PageStream.open([{ store: "own" }], "ann");
  await page.until(() => page.revision >= 0);
  await twin.own("session of ann").add("x");
  await page.until(() => page.revision === 1);
  await twin.$erase({ session: "session of ann" });
  await page.until(() => page.all("snapshot").length === 2);
  const [one, other] = page.all("snapshot") as unknown as string[][];
  expect(other?.[4]).not.toBe(one?.[4]);
});

test("hooks and lists of who is here know the pages of another node one by one, and a cut that is short is no news", async () => {
  lines = new NodeLines();
  await using net = pair({ stores, grace: 3000, context: ({ headers }) => ({ name: headers.get("x-name") ?? "guest" }), log: () => {} });
  const [a, b] = [net.client(), net.client()];
  const [mine, other] = [await a.room("a"), await b.room("a")];
  await net.quiet();
  expect(mine.people.length).toBe(2);
  expect(await net.server.room("a").log()).toEqual(["+guest", "+guest"]);
  lines.cut();
  await net.wait(1000);
  await net.quiet();
  expect([mine.people.length, other.people.length]).toEqual([2, 2]);
  b.$close();
  await net.wait(4000);
  await net.quiet();
  expect(mine.people.length).toBe(1);
  expect(await net.server.room("a").log()).toEqual(["+guest", "+guest", "-guest"]);
  lines.reachable = false;
  lines.cut();
  await net.wait(4000);
  // The owner cannot tell a node that is cut off from one that is gone.
  expect((await net.server.room("a").log()).length).toBe(4);
});

test("a page of another node whose guard answers after its room was deleted shows the room that takes its place", async () => {
  renew();
  const twin = start();
  const page = await PageStream.open([{ store: "slow", key: "a" }]);
  await reached();
  await twin.slow.delete("a");
  gate().open();
  await page.until(() => page.revision >= 0);
  await twin.slow("a").add("after");
  await page.until(() => page.revision === 1);
});
