import { autorun } from "mobx";
import { computed, effect, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Message } from "../../lib/wire/protocol.js";
import { SERVER } from "../../server/host/context.js";
import type { Host } from "../../server/host/host.js";
import { StreamConnection } from "../../server/stream/connection.js";
import type { Have } from "../../server/stream/feed.js";
import { EVENTS } from "../../server/wire/sse.js";
import { type Follower, type Numbered, plainValue, serveTwin } from "../kit/app.js";
import { soon } from "../kit/soon.js";
import { storages } from "../kit/storages.js";

class Item {
  @state title = "";
  @state({ persist: false }) hover = "";
  constructor(title = "") {
    this.title = title;
  }
}

class Board {
  @state notes: string[] = [];
  @state items: Item[] = [];
  @state({ persist: false }) typing = "";
  @state({ persist: false }) cursors = new Map<string, { x: number; y: number }>();
  @state({ persist: false, private: true }) protected calls = 0;
  @computed get crowd() {
    return this.cursors.size;
  }
  @event type(text: string) {
    this.typing = text;
    return text;
  }
  @event({ volatile: true }) move(who: string, x: number, y: number) {
    this.cursors.set(who, { x, y });
  }
  @event note(text: string) {
    this.notes.push(text);
  }
  @event both(text: string) {
    this.notes.push(text);
    this.typing = text;
  }
  @event count() {
    return ++this.calls;
  }
  @event add(title: string) {
    this.items.push(new Item(title));
  }
  @event hover(at: number, who: string) {
    (this.items[at] as Item).hover = who;
  }
  @event fail(text: string) {
    this.typing = text;
    throw new Error("no");
  }
  @event async slowly(text: string) {
    this.notes.push(text);
    this.typing = text;
    await gate;
    throw new Error("no");
  }
  @event *steps() {
    this.typing = "first";
    yield 1;
    yield 2;
  }
}
let gate: Promise<void>;

const options = { stores: { board: scope.room(Board, { allow: () => true }) }, models: { Item } };
const WATCH = { store: "board", key: "a" };

/** A server, and what its storage is given. */
async function served(place: ReturnType<(typeof storages)[number][1]>, more: object = {}) {
  const storage = place.open();
  const given = { appends: [] as { revision: number; event?: unknown }[], saves: [] as string[] };
  const { append, save } = storage;
  storage.append = (id, commits) => {
    given.appends.push(...commits);
    return append.call(storage, id, commits);
  };
  storage.save = (id, record) => {
    given.saves.push(id);
    return save.call(storage, id, record);
  };
  return { ...(await serveTwin({ ...options, storage, ...more })), given };
}

const heads = (follower: Follower) => follower.messages.map(([head]) => (typeof head === "number" ? "frame" : head));

test.each(storages)("on %s, a scope instance whose volatile state alone has changed stays at revision 0, and is not stored", async (_, place) => {
  const { twin, runtime, visitor, given } = await served(place(), { idle: 0 });
  const live = visitor().live(WATCH);
  await live.state("board");
  await visitor().callIn("a", "board.type", "hello");
  await visitor().callIn("a", "board.move", "ann", 1, 2);
  expect(await twin.board("a").count()).toBe(1);
  expect(await live.state("board", ({ typing, crowd }) => typing === "hello" && crowd === 1)).toMatchObject({ cursors: new Map([["ann", { x: 1, y: 2 }]]) });
  expect(live.have("board")[1]).toBe(0);
  expect(heads(live).filter((head) => head === "frame")).toEqual([]);
  expect(await twin.board("a").$snapshot()).toMatchObject({ typing: "hello", crowd: 1 });
  live.stream.close();
  await soon(() => expect(runtime.hosts.size).toBe(0));
  expect(given).toEqual({ appends: [], saves: [] });
});

test("a numbered event that changes volatile state alone is stored with its answer, without a revision: it runs once", async () => {
  const { visitor, given } = await served((storages[1] as (typeof storages)[number])[1]());
  const one = visitor();
  await one.number("board.note", 1, ["milk"], { key: "a" });
  const { length } = given.appends;
  const first = await one.number("board.count", 2, [], { key: "a", seen: 1 });
  const again = await one.number("board.count", 2, [], { key: "a", seen: 1 });
  expect([plainValue(first), plainValue(again)]).toEqual([1, 1]);
  expect(given.appends.slice(length)).toEqual([expect.objectContaining({ revision: 1, stores: {}, event: expect.objectContaining({ n: 2 }) })]);
  await one.callIn("a", "board.move", "ann", 1, 2);
  expect(given.appends).toHaveLength(length + 1);
});

test("a commit that changes both takes the tick along, and shows as a whole", async () => {
  const { visitor } = await served((storages[0] as (typeof storages)[number])[1]());
  const live = visitor().live(WATCH);
  await live.state("board");
  await visitor().callIn("a", "board.both", "milk");
  await live.until(([head]) => typeof head === "number");
  const [, , ...parts] = live.all("frame")[0] as unknown[];
  expect([parts[0], parts[2], (parts[3] as unknown[])[0]]).toEqual(["board", "$tick", 1]);
  expect(await live.state("board", ({ notes }) => notes.length === 1)).toMatchObject({ notes: ["milk"], typing: "milk" });
  expect(live.all("tick")).toEqual([]);
});

test("volatile fields of instances come with the instance, and change without a revision", async () => {
  const { visitor } = await served((storages[0] as (typeof storages)[number])[1]());
  const live = visitor().live(WATCH);
  await live.state("board");
  await visitor().callIn("a", "board.add", "milk");
  expect(await live.state("board", ({ items }) => items.length === 1)).toMatchObject({ items: [{ title: "milk", hover: "" }] });
  await visitor().callIn("a", "board.hover", 0, "ann");
  expect(await live.state("board", ({ items }) => items[0].hover === "ann")).toMatchObject({ items: [{ title: "milk", hover: "ann" }] });
  expect(live.all("frame")).toHaveLength(1);
});

test("an event that fails takes its volatile changes back, and nothing of them was sent", async () => {
  const { visitor, twin } = await served((storages[0] as (typeof storages)[number])[1]());
  const live = visitor().live(WATCH);
  await live.state("board");
  await expect(visitor().callIn("a", "board.fail", "never")).rejects.toThrow();
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const running = visitor().callIn("a", "board.slowly", "never");
  await soon(() => expect(running).toBeDefined());
  open();
  await expect(running).rejects.toThrow();
  await visitor().callIn("a", "board.type", "after");
  expect(await live.state("board", ({ typing }) => typing === "after")).toMatchObject({ notes: [] });
  expect(JSON.stringify(live.messages)).not.toContain("never");
  expect((await twin.board("a").$snapshot()).typing).toBe("after");
});

test("an answer names the tick that has what its event has changed, and every watcher gets that tick", async () => {
  const { visitor } = await served((storages[0] as (typeof storages)[number])[1]());
  const one = visitor();
  const [live, other] = [await one.connect(1, WATCH), visitor().live(WATCH)];
  for (const each of [live, other]) await each.state("board");
  const { t, h, r } = (await one.number("board.type", 1, ["hello"], { key: "a" })).value as Numbered & { t: number };
  expect([typeof h, r]).toEqual(["number", 0]);
  for (const each of [live, other]) await each.until(([head, host, tick]) => head === "tick" && host === h && tick === t);
  // What changes and changes back is no change, and yet its tick is named.
  const [there, back] = await Promise.all([one.number("board.type", 2, ["x"], { key: "a" }), one.number("board.type", 3, ["hello"], { key: "a" })]);
  for (const { value } of [there, back]) await live.until(([head, , tick]) => head === "tick" && (tick as number) >= (value as { t: number }).t);
  expect((await one.number("board.note", 4, ["milk"], { key: "a" })).value).not.toHaveProperty("t");
  expect((await one.number("board.steps", 5, [], { key: "a" })).value).toHaveProperty("t");
});

test("an answer without a stream has the volatile state whole, and no tick", async () => {
  const { visitor } = await served((storages[0] as (typeof storages)[number])[1]());
  const one = visitor();
  await one.number("board.note", 1, ["milk"], { key: "a" });
  const { f, h } = (await one.number("board.type", 2, ["hello"], { key: "a", at: 1 })).value as Numbered;
  expect(h).toBeNull();
  expect(f?.map(([head]) => head)).toEqual(["volatile"]);
  expect(JSON.stringify(f)).toContain('"hello"');
  const { value } = await one.number("board.note", 3, ["bread"], { key: "a", at: 1 });
  expect((value as Numbered).f?.map(([head]) => head)).toEqual(["volatile", "snapshot"]);
});

test("who resumes gets the volatile state whole before the frames, and skips the ticks in these", async () => {
  const { visitor } = await served((storages[0] as (typeof storages)[number])[1]());
  const one = visitor();
  const stays = one.live(WATCH);
  const live = one.live(WATCH);
  await stays.state("board");
  await live.state("board");
  await one.callIn("a", "board.note", "milk");
  await live.state("board", ({ notes }) => notes.length === 1);
  const have = live.have("board");
  live.stream.close();
  await one.callIn("a", "board.both", "bread");
  await one.callIn("a", "board.type", "later");
  await stays.state("board", ({ typing }) => typing === "later");
  const back = one.live({ ...WATCH, have });
  await back.until(([head]) => typeof head === "number");
  expect(heads(back)).toEqual(["hello", "volatile", "resume", "frame"]);
  const [[, , tick]] = back.all("volatile") as [unknown[]];
  const frame = back.all("frame")[0] as unknown[];
  expect((frame[frame.indexOf("$tick") + 1] as number[])[0]).toBeLessThanOrEqual(tick as number);
});

test("who resumes sees what was missed as a whole, also where commits with effects come one by one: no instance without its fields", async () => {
  class Hall {
    @state items: Item[] = [];
    @state({ persist: false }) last: { title?: string } = {};
    @event add(title: string) {
      this.items.push(new Item(title));
      this.last.title = title;
      effect.everyone.toast(title);
    }
  }
  await using net = pair({ stores: { hall: scope.room(Hall, { allow: () => true }) }, models: { Item } });
  const [away, here] = [net.client(), net.client()];
  const [missing, hall] = await Promise.all([away.hall("a"), here.hall("a")]);
  const states: unknown[] = [];
  onTestFinished(autorun(() => void states.push([missing.items.map(({ title, hover }) => `${title} ${typeof hover}`), missing.last.title])));
  net.cut(away);
  for (const title of ["milk", "bread", "salt"]) await hall.add(title);
  net.heal(away);
  await net.quiet();
  expect(states).toEqual([
    [[], undefined],
    [["milk string", "bread string", "salt string"], "salt"],
  ]);
});

test("who resumes when a store comes back into memory keeps a computed that was volatile, and would not be so now", async () => {
  class Hall {
    @state topic = "";
    @state({ persist: false }) typing = "";
    @computed get label(): string {
      return this.topic ? `${this.topic} ${this.typing}` : "none";
    }
    @event discuss(topic: string) {
      this.topic = topic;
    }
  }
  await using net = pair({ stores: { hall: scope.room(Hall, { allow: () => true }) }, idle: 100 });
  const client = net.client();
  const hall = await client.hall("a");
  await hall.discuss("tea");
  await hall.discuss("");
  net.cut(client);
  await net.wait(200_000);
  net.heal(client);
  await net.quiet();
  expect(hall.$snapshot()).toEqual({ topic: "", typing: "", label: "none" });
});

class Notice {
  @state text = "";
}

/** A connection whose reader reads when the test does. */
async function reader(host: Host, ...wants: { store: string; have?: Have }[]) {
  const report = (_: unknown, error: unknown) => {
    throw error;
  };
  const connection = new StreamConnection({ info: { id: "tab", since: new Date() }, caller: SERVER, client: undefined, epoch: 1, limit: 1 << 20, report });
  connection.attach(host, () => {});
  if (wants.length === 0) await host.watchers.watch(connection, [{ store: "board" }]);
  onTestFinished(() => connection.close());
  const read = (): Message[] => [...(connection.take(EVENTS)?.toString() ?? "").matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string));
  read();
  if (wants.length > 0) await host.watchers.watch(connection, wants);
  return { read };
}

const ticked = (host: Host, n: number) => soon(() => expect(host.ticks.number).toBeGreaterThanOrEqual(n));

test("a slow reader has one message of ticks waiting at most: from the second on it is the whole state, written when it is read", async () => {
  const { twin, runtime } = await served((storages[0] as (typeof storages)[number])[1]());
  const host = await runtime.hosts.use("room/a");
  const { read } = await reader(host);
  await twin.board("a").move("ann", 0, 0);
  await ticked(host, 1);
  expect(read().map(([head]) => head)).toEqual(["tick"]);
  for (let n = 1; n <= 20; n++) {
    await twin.board("a").move("ann", n, n);
    await ticked(host, n + 1);
  }
  await twin.board("a").both("milk");
  await twin.board("a").type("last");
  await ticked(host, 23);
  const messages = read();
  expect(messages.map(([head]) => (typeof head === "number" ? "frame" : head))).toEqual(["volatile", "frame"]);
  expect(messages[0]?.slice(2, 4)).toEqual([23, "board"]);
  expect(JSON.stringify(messages[0])).toContain('"last"');
  expect(read()).toEqual([]);
  runtime.hosts.release(host);
});

test("ticks are encoded once, however many read them, and never where nobody does", async () => {
  const { twin, runtime } = await served((storages[0] as (typeof storages)[number])[1]());
  const host = await runtime.hosts.use("room/a");
  // A page has been rendered, and nobody watches.
  expect((await host.read("board", undefined)).volatile).toBeDefined();
  await twin.board("a").move("ann", 0, 0);
  await twin.board("a").both("milk");
  await new Promise(setImmediate);
  expect([host.ticks.number, host.shelf.live.get("board")?.store.due]).toEqual([0, false]);
  const readers = await Promise.all(Array.from({ length: 20 }, () => reader(host)));
  const store = host.shelf.live.get("board")?.store;
  const tick = vi.spyOn(store as NonNullable<typeof store>, "tick");
  for (let n = 0; n < 30; n++) void twin.board("a").move("bob", n, n);
  await twin.board("a").move("bob", 30, 30);
  await ticked(host, 1);
  expect(tick).toHaveBeenCalledTimes(1);
  for (const { read } of readers) expect(read()).toEqual([["tick", host.number, 1, "board", expect.anything()]]);
  runtime.hosts.release(host);
});

test("what is fed leaves with a tick, while an event runs that has not committed, and stays when that fails", async () => {
  const { twin, runtime } = await served((storages[0] as (typeof storages)[number])[1]());
  const host = await runtime.hosts.use("room/a");
  const { read } = await reader(host);
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const running = twin.board("a").slowly("never");
  await soon(() => expect(host.turn).toBeDefined());
  const store = host.shelf.live.get("board")?.store;
  store?.feed(() => (store.instance as Board).cursors.set("ann", { x: 1, y: 1 }));
  host.ticks.due();
  await ticked(host, 1);
  // A computed that reads what was fed comes with it: the property `crowd`, whose name has the number 2, is 1.
  expect(read()).toEqual([["tick", host.number, 1, "board", [[["o", 1, ["x", "y"], [1], [1]]], 5, 2, "ann", [], 0, 1, 2, 1]]]);
  open();
  await expect(running).rejects.toThrow();
  expect(await twin.board("a").$snapshot()).toMatchObject({ typing: "", crowd: 1, notes: [] });
  runtime.hosts.release(host);
});

/** Notes what comes on the streams of clients. */
function streams() {
  const lines: string[][] = [];
  const wrapFetch = (fetch: typeof globalThis.fetch): typeof fetch => {
    const heard: string[] = [];
    lines.push(heard);
    return async (url, init) => {
      const response = await fetch(url, init);
      if (!String(url).includes("$live") || !response.body) return response;
      const note = new TransformStream<Uint8Array, Uint8Array>({
        transform(bytes, out) {
          for (const [, kind] of new TextDecoder().decode(bytes).matchAll(/^data: \["(tick|volatile)"/gm)) heard.push(kind as string);
          out.enqueue(bytes);
        },
      });
      return new Response(response.body.pipeThrough(note), response);
    };
  };
  return { wrapFetch, lines };
}

test("fifty cursors that move sixty times a second write nothing into the storage, and each reader gets one message a tick at most", async () => {
  const { wrapFetch, lines } = streams();
  const storage = lasting();
  const append = vi.spyOn(storage, "append");
  const save = vi.spyOn(storage, "save");
  await using net = pair({ ...options, storage, wrapFetch, maxBody: 1 << 20 });
  const readers = await Promise.all([net.client(), net.client(), net.client()].map((client) => client.board("a")));
  await net.quiet();
  const began = net.now;
  const before = lines.map(({ length }) => length);
  for (let n = 0; n < 120; n++) {
    for (let who = 0; who < 50; who++) void net.server.board("a").move(String(who), n, who);
    await net.wait(1000 / 60);
  }
  const ticks = (net.now - began) / 16;
  await net.quiet();
  for (const reader of readers) {
    expect(reader.cursors.size).toBe(50);
    expect([...reader.cursors.values()].every(({ x }) => x === 119)).toBe(true);
  }
  for (const [i, { length }] of lines.entries()) {
    expect(length - (before[i] as number)).toBeLessThanOrEqual(ticks + 1);
    expect(length - (before[i] as number)).toBeGreaterThan(ticks / 3);
  }
  expect([append.mock.calls, save.mock.calls]).toEqual([[], []]);
});

test("a tick does not overtake a commit that is not stored yet, nor does the whole state", async () => {
  const storage = lasting();
  const { append } = storage;
  let store = () => {};
  const held = new Promise<void>((resolve) => {
    store = resolve;
  });
  storage.append = async (id, commits) => {
    await held;
    return append.call(storage, id, commits);
  };
  const { twin, runtime } = await serveTwin({ ...options, storage });
  const host = await runtime.hosts.use("room/a");
  const { read } = await reader(host);
  const noted = twin.board("a").note("milk");
  await soon(() => expect(host.commits.revision).toBe(1));
  // What it says may depend on the note.
  const moved = twin.board("a").move("ann", 1, 1);
  await ticked(host, 1);
  const late = reader(host);
  await soon(() => expect(host.watchers.size).toBe(2));
  expect([read(), (await late).read()]).toEqual([[], []]);
  store();
  await Promise.all([noted, moved]);
  await soon(() => expect(read().map(([head]) => head)).toEqual([host.number, "tick"]));
  runtime.hosts.release(host);
});

test("who comes back with one store of a host, and wants another one too, is not told to go on before there is the volatile state", async () => {
  const storage = lasting();
  const { append } = storage;
  let store = () => {};
  let held: Promise<void> | undefined;
  storage.append = async (id, commits) => {
    await held;
    return append.call(storage, id, commits);
  };
  const { twin, runtime } = await serveTwin({ ...options, stores: { ...options.stores, notice: scope.room(Notice, { allow: () => true }) }, storage });
  const host = await runtime.hosts.use("room/a");
  await reader(host);
  await twin.board("a").both("milk");
  held = new Promise((resolve) => {
    store = resolve;
  });
  const noted = twin.board("a").note("bread");
  await soon(() => expect(host.commits.revision).toBe(2));
  const { read } = await reader(host, { store: "board", have: [host.incarnation, 1] }, { store: "notice" });
  expect(read()).toEqual([]);
  store();
  await noted;
  const messages: Message[] = [];
  await soon(() => {
    messages.push(...read());
    expect(messages.map(([head, , ...rest]) => `${head} ${rest.find((one) => typeof one === "string")}`)).toEqual([
      "volatile board",
      "snapshot board",
      "volatile notice",
      "snapshot notice",
    ]);
  });
  runtime.hosts.release(host);
});

class Poll {
  @state votes: Item[] = [];
  @state({ persist: false }) marks = 0;
  /** It reads something volatile once there are two votes. */
  @computed get sum() {
    return this.votes.length > 1 ? this.marks : -1;
  }
  @event vote(title: string) {
    this.votes.push(new Item(title));
  }
  @event mark() {
    return ++this.marks;
  }
}
test("a computed that turns volatile late has the store numbered anew, and watchers get the whole state", async () => {
  const { visitor } = await serveTwin({ stores: { poll: Poll }, models: { Item } });
  const one = visitor();
  const live = await one.connect(1, { store: "poll" });
  await live.state("poll", ({ sum }) => sum === -1);
  expect(JSON.stringify(live.all("snapshot"))).toContain("sum");
  await one.call("poll.vote", "a");
  await one.call("poll.vote", "b");
  await live.until(() => live.all("snapshot").length === 2);
  const [, again] = live.all("snapshot") as [unknown[], unknown[]];
  expect([again[5], again[8]]).toEqual([2, 2]);
  expect(JSON.stringify(again)).not.toContain("sum");
  expect(await live.state("poll", ({ votes }) => votes.length === 2)).toMatchObject({ sum: 0 });
  await one.call("poll.mark");
  expect(await live.state("poll", ({ sum }) => sum === 1)).toMatchObject({ marks: 1 });
  expect(live.have("poll")[1]).toBe(2);
});
