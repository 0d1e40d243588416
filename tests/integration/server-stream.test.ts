import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { serveTwin, Visitor } from "../kit/app.js";
import { soon } from "../kit/soon.js";
import { stalled } from "../kit/stalled.js";

class Note {
  @state text = "";
  @state lines: string[] = [];
  @event write(text: string) {
    this.text = text;
  }
  @event add(line: string) {
    this.lines.push(line);
  }
  @event *type(text: string) {
    for (const letter of text) {
      this.text += letter;
      yield;
    }
  }
}

class Other {
  @state value = 0;
  @event set(value: number) {
    this.value = value;
  }
}

const stores = {
  note: Note,
  other: Other,
  pad: scope.room(Note, { allow: (_, key) => key !== "closed" }),
  extra: scope.room(Other, { allow: () => true }),
  mine: scope.user(Note),
  draft: scope.tab(Note),
  wall: scope.shared(Note),
};

async function start(options: { maxQueued?: number; maxLog?: number } = {}) {
  const app = await serveTwin({ stores, grace: 0, idle: 0, ...options });
  const visitor = app.visitor();
  await visitor.call("note.write", "begun");
  return { ...app, visitor };
}

test("a stream begins with hello, which tells of the schema and not of the session's id", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "note" });
  const [, hello] = (await live.until(([kind]) => kind === "hello")) as [string, Record<string, unknown>];
  expect(live.messages[0]?.[0]).toBe("hello");
  expect(hello).toEqual({ protocol: 2, build: null, heartbeat: 15, session: expect.stringMatching(/^[\w-]{16}$/), schema: expect.any(Object) });
  expect(hello.schema).toMatchObject({ stores: { pad: { scope: "room", fields: ["text", "lines"], computeds: [], events: { write: {} } } }, models: {} });
  expect(JSON.stringify(hello)).not.toContain(visitor.session);
});

test("each scope is its own: sessions, users, tabs, rooms, everybody", async () => {
  const app = await serveTwin({ stores, context: ({ headers }) => ({ user: headers.has("x-user") ? { id: headers.get("x-user") } : null }) });
  const [one, two] = [app.visitor(), app.visitor()];
  const write = (visitor: typeof one, store: string, text: string, key?: string) =>
    visitor.post(`${store}.write`, JSON.stringify({ key, args: [text] }), { "x-user": "ada" });
  for (const store of ["note", "mine", "wall"]) await write(one, store, `${store} of one`);
  await write(one, "pad", "pad a", "a");
  await one.connect(1, { store: "draft" });
  await one.number("draft.write", 1, ["draft of one"]);
  const texts: Record<string, unknown> = {};
  const seen = two.live({ store: "note" }, { store: "wall" }, { store: "pad", key: "a" }, { store: "mine" }, { store: "draft" });
  for (const store of ["note", "wall", "pad"]) texts[store] = (await seen.state(store)).text;
  expect(texts).toEqual({ note: "", wall: "wall of one", pad: "pad a" });
  // Without a user there is nobody's, and a simple client has no tab.
  expect((await seen.until(([kind, store]) => kind === "refused" && store === "mine"))[3]).toBe("FORBIDDEN");
  expect((await seen.until(([kind, store]) => kind === "refused" && store === "draft"))[3]).toBe("INVALID");
  expect((await app.twin.mine("ada").$snapshot()).text).toBe("mine of one");
  const draft = await (await one.connect(2, { store: "draft" })).state("draft");
  expect(draft.text).toBe("draft of one");
  const other = await two.connect(1, { store: "draft" });
  expect((await other.state("draft")).text).toBe("");
});

test("the stores of one host share a number and a revision", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "note" }, { store: "other" }, { store: "pad", key: "a" });
  await live.state("pad");
  await live.state("other");
  const [note, other, pad] = ["note", "other", "pad"].map((name) => live.all("snapshot").find(([, , store]) => store === name)) as unknown[][];
  expect(note?.slice(4, 6)).toEqual(other?.slice(4, 6));
  expect(note?.[1]).toBe(other?.[1]);
  expect(pad?.[1]).not.toBe(note?.[1]);
  await visitor.call("other.set", 1);
  expect(await live.until(([kind]) => typeof kind === "number")).toEqual([note?.[1], (note?.[5] as number) + 1, "other", [0, 0, expect.anything(), 1]]);
});

test("a stream gets frames of what it watches alone, and may come to watch more and less", async () => {
  const { visitor } = await start();
  const live = await visitor.connect(1, { store: "note" });
  await live.state("note");
  const [, host] = live.all("snapshot")[0] as unknown[];
  await visitor.call("other.set", 1);
  expect(await live.until(([kind]) => typeof kind === "number")).toEqual([host, expect.any(Number)]);
  expect((await visitor.ask("$watch", { client: visitor.client, epoch: 1, watch: [{ store: "other" }] })).value).toEqual({});
  expect((await live.state("other")).value).toBe(1);
  await visitor.ask("$unwatch", { client: visitor.client, epoch: 1, watch: [{ store: "note" }] });
  await visitor.call("note.write", "unseen");
  await visitor.call("other.set", 2);
  await live.state("other", (other) => other.value === 2);
  expect(JSON.stringify(live.messages)).not.toContain("unseen");
});

test("who comes back with what it has gets the frames that it missed", async () => {
  const { visitor } = await start();
  const keeper = visitor.live({ store: "note" });
  const live = visitor.live({ store: "note" });
  await keeper.state("note");
  await live.state("note");
  const have = live.have("note");
  live.stream.close();
  await visitor.call("note.write", "a");
  await visitor.call("note.write", "b");
  const back = visitor.live({ store: "note", have });
  await back.until(([kind]) => typeof kind === "number");
  const [, host] = back.all("resume")[0] as unknown[];
  const set = (text: string) => [0, 0, expect.anything(), text];
  // The frames follow each other, so they come as one.
  expect(back.messages.slice(1)).toEqual([
    ["resume", host, "note", null, ...have],
    [host, have[1] + 1, "note", set("a"), 1, "note", set("b")],
  ]);
});

test.for([
  ["of another incarnation", (have: [string, number]): [string, number] => ["another", have[1]]],
  ["of a revision that is not there yet", (have: [string, number]): [string, number] => [have[0], have[1] + 5]],
  ["of revision 0, of which nothing is kept", (have: [string, number]): [string, number] => [have[0], 0]],
] as const)("a snapshot comes in the place of frames for what is %s", async ([, change]) => {
  const { visitor } = await start();
  const live = visitor.live({ store: "note" });
  await live.state("note");
  const back = visitor.live({ store: "note", have: change(live.have("note")) });
  await back.state("note");
  expect(back.all("resume")).toEqual([]);
});

test("a snapshot comes in the place of frames that the log does not have any more", async () => {
  const { visitor } = await start({ maxLog: 200 });
  const keeper = visitor.live({ store: "note" });
  await keeper.state("note");
  const have = keeper.have("note");
  for (let n = 0; n < 20; n++) await visitor.call("note.write", "x".repeat(40) + n);
  const back = visitor.live({ store: "note", have });
  expect((await back.state("note")).text).toBe(`${"x".repeat(40)}19`);
  expect(back.all("resume")).toEqual([]);
});

test("a room that allow refuses, and a store that is not there, are refused one by one", async () => {
  const { visitor } = await start();
  const live = visitor.live({ store: "pad", key: "closed" }, { store: "nowhere" }, { store: "pad" }, { store: "pad", key: "open" });
  await live.state("pad");
  expect(
    live
      .all("refused")
      .map((message) => message.slice(0, 4))
      .toSorted(),
  ).toEqual(
    [
      ["refused", "nowhere", null, "NOT_FOUND"],
      ["refused", "pad", "closed", "FORBIDDEN"],
      ["refused", "pad", null, "INVALID"],
    ].toSorted(),
  );
});

test("a ticket works once, for its own session, and not for an older epoch", async () => {
  const { visitor, site } = await start();
  const ask = (epoch: number) => visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch, watch: [] });
  const code = async (input: unknown, { jar } = visitor) => {
    const response = await jar.fetch(`${site.url}/$live?input=${encodeURIComponent(JSON.stringify(input))}`);
    return /"data":\{[^}]*"code":"(\w+)"/.exec(await response.text())?.[1];
  };
  expect(await code((await ask(1)).value, new Visitor(site.url))).toBe("NOT_FOUND");
  const old = (await ask(1)).value;
  const live = await visitor.connect(2);
  await live.until(([kind]) => kind === "hello");
  expect(await code(old)).toBe("SUPERSEDED");
  expect(await code(old)).toBe("NOT_FOUND");
});

test("a newer epoch ends the older stream, whose late close does not touch it", async () => {
  const { visitor } = await start();
  const old = await visitor.connect(1, { store: "note" });
  await old.state("note");
  const next = await visitor.connect(2, { store: "note" });
  await next.state("note");
  await old.stream.ended;
  old.stream.close();
  // Neither does what is asked in the old one's name.
  await visitor.ask("$unwatch", { client: visitor.client, epoch: 1, watch: [{ store: "note" }] });
  await visitor.call("note.write", "still here");
  expect((await next.state("note", (note) => note.text !== "begun")).text).toBe("still here");
});

test("of two streams that begin at once, the one of the newer epoch stays, whichever is the first to be ready", async () => {
  const { visitor, runtime } = await start();
  const { client, session } = visitor;
  let ready = () => {};
  const slow = new Promise<object>((resolve) => {
    ready = () => resolve({});
  });
  const request = (context: Promise<object>) => ({ session: { id: session, generation: 0 }, context: () => context });
  const ticket = (epoch: number) => runtime.streams.connect(request(slow), { protocol: 2, client, epoch, watch: [] });
  const [first, second] = [ticket(1), ticket(2)];
  const old = runtime.streams.live(request(slow), first);
  const next = await runtime.streams.live(request(Promise.resolve({})), second);
  ready();
  await expect(old).rejects.toMatchObject({ code: "SUPERSEDED" });
  expect(next.closed).toBe(false);
  runtime.streams.leave(next);
});

test("a client that has closed leaves no stream, no timer and no host behind", async () => {
  const { visitor, runtime } = await start();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  await soon(() => expect(runtime.hosts.live).toEqual([]));
  const before = timers();
  const streams = Array.from({ length: 50 }, (_, n) => visitor.live({ store: "note" }, { store: "pad", key: `room ${n}` }));
  for (const stream of streams) await stream.state("pad");
  expect([runtime.streams.size, runtime.hosts.live.length]).toEqual([50, 51]);
  for (const { stream } of streams) stream.close();
  await soon(() => expect([runtime.streams.size, runtime.hosts.live.length]).toEqual([0, 0]));
  // Apart from those of HTTP's own idle connections.
  await soon(() => expect(timers() - before).toBeLessThan(10));
});

test("a closing server says goodbye", async () => {
  const { visitor, twin } = await start();
  const live = visitor.live({ store: "note" });
  await live.state("note");
  await twin.close();
  expect(await live.until(([kind]) => kind === "bye")).toEqual(["bye", "closed"]);
  await live.stream.ended;
});

test("a reader that does not read costs bounded memory, and gets one snapshot of what it missed", async () => {
  const { visitor, runtime, site } = await start({ maxQueued: 10_000 });
  const slow = await stalled(site, visitor.jar.cookie as string, { watch: [{ store: "pad", key: "a" }] });
  await soon(() => expect(runtime.hosts.live.some(({ id }) => id === "room/a")).toBe(true));
  // More than the sockets of both ends hold.
  const line = "x".repeat(100_000);
  for (let n = 0; n < 200; n++) await visitor.callIn("a", "pad.write", `${n} ${line} ${n}`);
  await visitor.callIn("a", "pad.write", "the end");
  const messages = await slow.readUntil("the end");
  const kinds = messages.map(([kind]) => (typeof kind === "number" ? "frame" : kind));
  expect(kinds.filter((kind) => kind === "frame").length).toBeLessThan(150);
  const snapshots = messages.filter(([kind]) => kind === "snapshot");
  expect(snapshots.length).toBeGreaterThan(1);
  // Nothing is skipped unless a snapshot tells of it.
  let revision = -1;
  for (const [kind, ...rest] of messages) {
    if (kind === "snapshot") revision = rest[4] as number;
    else if (typeof kind === "number") for (const commit of commitsOf([kind, ...rest] as never)) expect(commit.revision).toBe(++revision);
  }
  expect(revision).toBe(201);
});

test("a reader that goes away in the middle leaves no stream behind, and is no error of the server", async () => {
  const { visitor, runtime, site, logs } = await start();
  const reader = await stalled(site, visitor.jar.cookie as string, { watch: [{ store: "pad", key: "a" }] });
  await soon(() => expect(runtime.hosts.live.some(({ id }) => id === "room/a")).toBe(true));
  for (let n = 0; n < 100; n++) await visitor.callIn("a", "pad.write", `${n} ${"x".repeat(100_000)}`);
  reader.break();
  for (let n = 0; n < 5; n++) await visitor.callIn("a", "pad.write", `${n} ${"x".repeat(100_000)}`);
  await soon(() => expect(runtime.streams.size).toBe(0));
  expect(logs.filter(({ level }) => level === "error")).toEqual([]);
});
