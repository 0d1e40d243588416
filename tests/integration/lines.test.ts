import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { event, type Presence, presence, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting } from "twinstate/testing";
import { expect, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin, Visitor } from "../kit/app.js";
import { LineReader, tabOf } from "../kit/line.js";
import { stalled } from "../kit/stalled.js";

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

const stores = { note: Note, wall: scope.shared(Note), draft: scope.tab(Note) };
const NOTE = [{ store: "note" }];

/** A visitor whose first tab has opened a line. */
async function start(options: { maxQueued?: number; maxStreams?: number } = {}) {
  const app = await serveTwin({ stores, grace: 0, idle: 0, ...options });
  const visitor = app.visitor();
  await visitor.call("note.write", "begun");
  const ask = (path: string, input: unknown) => visitor.ask(path, input);
  const first = await tabOf({ ask }, 1, NOTE);
  const line = new LineReader(visitor, first);
  await line.message(0, "snapshot");
  /** Another tab joins. */
  const join = async (tab: number, watch: readonly object[] = NOTE) => {
    const its = await tabOf({ ask }, 1, watch);
    expect(await visitor.ask("$join", { line: first.line, ticket: its.ticket, tab })).toMatchObject({ status: 200, value: {} });
    return its;
  };
  return { ...app, visitor, ask, first, line, join };
}

test("one response brings the messages of all tabs that have joined it, to each its own, and a frame is the same bytes for all", async () => {
  const { visitor, line, join, runtime } = await start();
  const second = await join(7);
  await join(9, [{ store: "wall" }]);
  expect((await line.message(7, "hello"))[1]).toMatchObject({ protocol: 2, session: expect.any(String) });
  const [, host, store, , , revision] = await line.message(7, "snapshot");
  await line.message(9, "snapshot");
  expect([store, runtime.streams.size]).toEqual(["note", 3]);
  const call = { client: second.client, epoch: 1, n: 1, at: null, seen: 0, p: 1 };
  await visitor.ask("note.write", { args: encodeValue(["news"]), call });
  const next = (revision as number) + 1;
  const frames = [await line.message(0, host, next), await line.message(7, host, next)];
  expect(frames[0]).toEqual(frames[1]);
  // Only the tab that has called is told that it has run.
  expect([line.of(0).some(([kind]) => kind === "ran"), line.of(7).slice(-2)[0]]).toEqual([false, ["ran", host, 1]]);
  expect(line.of(9).some(([kind]) => typeof kind === "number")).toBe(false);
  expect(line.text.split(`data: ${JSON.stringify(frames[0])}\n\n`).length).toBe(3);
});

test("a tab that has a store of a room goes on with it, though its own arrival changes who is there before the line takes its first words", async () => {
  class Sketch {
    @state lines = 0;
    @presence({ of: () => ({ name: "Ann" }) }) here!: Presence<{ name: string }>;
    @event draw() {
      this.lines++;
    }
  }
  const rooms = { sketch: scope.shared(Sketch), chat: scope.shared(class Chat extends Sketch {}) };
  const app = await serveTwin({ stores: rooms, storage: lasting() });
  const visitor = app.visitor();
  await visitor.call("sketch.draw");
  const ask = (path: string, input: unknown) => visitor.ask(path, input);
  const first = await tabOf({ ask }, 1, [{ store: "sketch" }]);
  const line = new LineReader(visitor, first);
  await line.message(0, "snapshot");
  for (let tab = 1; tab <= 10; tab++) {
    const page = await app.runtime.preload({ chat: true }, new Headers({ cookie: visitor.jar.cookie as string }));
    const { incarnation, revision } = page.stores[0] as unknown as { incarnation: string; revision: number };
    const { ticket } = await tabOf({ ask }, 1, [{ store: "chat", have: [incarnation, revision] }]);
    expect(await ask("$join", { line: first.line, ticket, tab })).toMatchObject({ status: 200 });
    expect((await line.message(tab, "resume"))[2]).toBe("chat");
    expect(line.of(tab).map(([kind]) => kind)).toContain("volatile");
  }
});

test("each tab on a line keeps an identity of its own: the stores of its tab, what it watches, its epochs", async () => {
  const { visitor, line, join, ask } = await start();
  const [one, two] = [await join(1, [{ store: "draft" }]), await join(2, [{ store: "draft" }])];
  await Promise.all([line.message(1, "snapshot"), line.message(2, "snapshot")]);
  const call = { client: one.client, epoch: 1, n: 1, at: null, seen: 0 };
  await visitor.ask("draft.write", { args: encodeValue(["of one"]), call });
  await line.until(() => line.of(1).some(([kind]) => typeof kind === "number"));
  await ask("$watch", { client: two.client, epoch: 1, watch: [{ store: "wall" }] });
  expect((await line.until(() => line.of(2).find(([kind, , store]) => kind === "snapshot" && store === "wall")))?.[2]).toBe("wall");
  expect(line.of(2).some(([kind]) => typeof kind === "number")).toBe(false);
  // A tab that comes back elsewhere has left this line.
  const again = await tabOf({ ask }, 2, NOTE, one.client);
  const other = new LineReader(visitor, again);
  await other.message(0, "snapshot");
  await line.until(() => line.ended.includes(1));
  expect(line.ended).toEqual([1]);
});

test("a line, a ticket or a tab that is not there, or is another session's, is refused, and nobody else notices", async () => {
  const { visitor, ask, first, line, join, site, runtime } = await start();
  await join(3);
  await line.message(3, "snapshot");
  const stranger = new Visitor(site.url);
  await stranger.call("note.write", "other");
  const theirs = await tabOf({ ask: (path, input) => stranger.ask(path, input) }, 1, NOTE);
  const mine = await tabOf({ ask }, 1, NOTE);
  const refused = async (who: Visitor, path: string, input: object) => {
    const { error } = await who.ask(path, input);
    return [error?.code, error?.message];
  };
  const noLine = ["NOT_FOUND", expect.stringContaining("`[client, epoch]`")];
  const noTicket = ["NOT_FOUND", expect.stringContaining("`$connect`")];
  const invalid = (what: string) => ["INVALID", expect.stringContaining(`\`${what}\``)];
  expect(await refused(stranger, "$join", { line: first.line, ticket: theirs.ticket, tab: 4 })).toEqual(noLine);
  expect(await refused(stranger, "$join", { line: first.line, ticket: mine.ticket, tab: 4 })).toEqual(noLine);
  expect(await refused(stranger, "$leave", { line: first.line, tab: 3 })).toEqual(noLine);
  expect(await refused(new Visitor(site.url), "$join", { line: first.line, ticket: mine.ticket, tab: 4 })).toEqual(noLine);
  expect(await refused(visitor, "$join", { line: first.line, ticket: theirs.ticket, tab: 4 })).toEqual(noTicket);
  for (const line of [
    [first.client, 2],
    [crypto.randomUUID(), 1],
  ])
    expect(await refused(visitor, "$join", { line, ticket: mine.ticket, tab: 4 })).toEqual(noLine);
  for (const line of [undefined, "x", [], [first.line]])
    expect(await refused(visitor, "$join", { line, ticket: mine.ticket, tab: 4 })).toEqual(invalid("client"));
  for (const ticket of [undefined, 1, {}, "x"]) expect(await refused(visitor, "$join", { line: first.line, ticket, tab: 4 })).toEqual(noTicket);
  for (const input of [null, [], "x"]) expect(await refused(visitor, "$join", input as unknown as object)).toEqual(invalid("{ line, ticket, tab }"));
  // None of it has used the ticket up, nor told anybody anything.
  expect(await refused(visitor, "$join", { line: first.line, ticket: mine.ticket, tab: 3 })).toEqual(invalid("tab"));
  for (const tab of [0, -1, 1.5, "4", undefined]) {
    const { ticket } = await tabOf({ ask }, 1, NOTE);
    expect(await refused(visitor, "$join", { line: first.line, ticket, tab })).toEqual(invalid("tab"));
  }
  expect(await refused(visitor, "$leave", { line: first.line, tab: 0 })).toEqual([undefined, undefined]);
  expect([line.ended, [...line.messages.keys()], runtime.streams.size]).toEqual([[], [0, 3], 2]);
});

test("a line that ends takes the connections that it carries with it, and each tab resumes by itself: nothing is lost or twice", async () => {
  const { visitor, ask, line, join, runtime } = await start();
  // What it misses is kept as long as anybody watches.
  await visitor.live({ store: "note" }).state("note");
  const tabs = [await join(1), await join(2)];
  const seen = (await line.message(2, "snapshot")) as [string, number, string, null, string, number];
  line.close();
  await expect.poll(() => runtime.streams.size).toBe(1);
  for (const text of ["a", "b", "c"]) await visitor.call("note.write", text);
  const watch = [{ store: "note", have: [seen[4], seen[5]] }];
  const opener = await tabOf({ ask }, 2, watch, tabs[0]!.client);
  const next = new LineReader(visitor, opener);
  await next.message(0, "resume");
  const joiner = await tabOf({ ask }, 2, watch, tabs[1]!.client);
  expect(await visitor.ask("$join", { line: opener.line, ticket: joiner.ticket, tab: 5 })).toMatchObject({ status: 200 });
  await next.until(() => next.of(5).some(([kind]) => typeof kind === "number"));
  const told = next.of(5).flatMap((message) => (typeof message[0] === "number" ? commitsOf(message as never).map(({ revision }) => revision) : message[0]));
  expect(told).toEqual(["hello", "resume", seen[5] + 1, seen[5] + 2, seen[5] + 3]);
});

test("a tab that has gone is taken off the line, and its presence with it; the others stay", async () => {
  const { ask, visitor, first, line, join, runtime } = await start();
  await join(1);
  await join(2);
  await Promise.all([line.message(1, "snapshot"), line.message(2, "snapshot")]);
  await visitor.ask("$leave", { line: first.line, tab: 1 });
  expect(runtime.streams.size).toBe(2);
  await ask("note.write", { args: ["after"] });
  await line.until(() => line.of(2).some(([kind]) => typeof kind === "number"));
  expect(line.of(1).some(([kind]) => typeof kind === "number")).toBe(false);
});

test("a server that sends tabs away tells each of those on a line, before the line ends", async () => {
  const { twin, line, join, runtime, visitor } = await start();
  await join(1);
  await join(2);
  await Promise.all([line.message(1, "snapshot"), line.message(2, "snapshot")]);
  twin.$recheck({ session: visitor.session });
  await line.over;
  for (const tab of [0, 1, 2]) expect(line.of(tab).at(-1)).toEqual(["bye", "access"]);
  expect(line.ended.at(-1)).toBe(0);
  await expect.poll(() => runtime.streams.size).toBe(0);
});

test("the tabs of a line count as streams of their session", async () => {
  const { visitor, ask, first, join } = await start({ maxStreams: 3 });
  await join(1);
  const spare = await tabOf({ ask }, 1, NOTE);
  await join(2);
  expect((await visitor.ask("$join", { line: first.line, ticket: spare.ticket, tab: 3 })).error).toMatchObject({
    code: "RATE_LIMITED",
    data: { limit: "maxStreams" },
  });
});

test("a line that is not read costs bounded memory for each of its tabs, and brings each one snapshot of what it missed", async () => {
  const { twin, visitor, ask, site, runtime } = await start({ maxQueued: 100_000 });
  const opener = await tabOf({ ask }, 1, [{ store: "wall" }]);
  const slow = await stalled(site, visitor.jar.cookie as string, { ticket: opener.ticket });
  await expect.poll(() => runtime.streams.of(opener.client)).toBeDefined();
  for (let tab = 1; tab <= 5; tab++) {
    const { ticket } = await tabOf({ ask }, 1, [{ store: "wall" }]);
    expect(await visitor.ask("$join", { line: opener.line, ticket, tab })).toMatchObject({ status: 200 });
  }
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  const before = held();
  for (let i = 0; i < 300; i++) await twin.wall().write(`${i} `.padEnd(200_000, "x"));
  expect(held() - before).toBeLessThan(20);
  await twin.wall().write("the end");
  const messages = await slow.readUntil("the end");
  expect(messages.length).toBeLessThan(60);
});
