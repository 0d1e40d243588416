import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client } from "../../client/client.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { tabOf } from "../kit/line.js";

// Node has the locks and channels of browsers. With a document, each client is a tab: all of them are those of one browser.

class Note {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}

class Page extends EventTarget {
  hidden = false;
}

beforeEach(() => void vi.stubGlobal("document", new Page()));
afterEach(() => void vi.unstubAllGlobals());

/** A browser: its tabs, the requests for streams that are open, and what was posted. */
async function browser() {
  const app = await serveTwin({ stores: { note: Note, wall: scope.shared(Note) } });
  const visitor = app.visitor();
  await visitor.call("note.add", "begun");
  const { jar } = visitor;
  const streams: { tab: number; cut(): void }[] = [];
  const posted: string[] = [];
  let tabs = 0;
  const open = () => {
    const tab = ++tabs;
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const path = new URL(String(url)).pathname.split("/").at(-1) as string;
      if (path !== "$live") posted.push(path);
      if (path !== "$live") return jar.fetch(url, init);
      const control = new AbortController();
      const stream = { tab, cut: () => control.abort(new TypeError("the line was cut")) };
      const signal = AbortSignal.any([control.signal, init?.signal ?? []].flat());
      const response = await jar.fetch(url, { ...init, signal });
      streams.push(stream);
      signal.addEventListener("abort", () => void streams.splice(streams.indexOf(stream), 1));
      return response;
    };
    return openClient(app.site.url, { transport: "sse", line: { fetch, openSocket: jar.openSocket }, linger: 0 });
  };
  return { ...app, visitor, streams, posted, open };
}

const lines = (twin: { mirror: { view(): object } }) => (twin.mirror.view() as Note).lines;
const has = (line: string) => (note: Note) => note.lines.includes(line);
const lockName = async () => (await navigator.locks.query()).held?.map(({ name }) => name).find((name) => name?.startsWith("twinstate ")) as string;

const rejected = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ name }: Error) => name,
  );

async function openTabs(open: () => Client, count: number) {
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) clients.push(open());
  return { clients, twins: await Promise.all(clients.map((client) => openTwin(client, "note"))) };
}

test("tabs that open at once share one stream, and each hears of what any of them does", async () => {
  const { open, streams, runtime } = await browser();
  const { twins } = await openTabs(open, 8);
  expect([streams.length, runtime.streams.size]).toEqual([1, 8]);
  await Promise.all(twins.map((twin, i) => call(twin, "add", `of ${i}`)));
  for (const twin of twins) await shown<Note>(twin, (note) => note.lines.length === 9);
  for (const twin of twins) expect(lines(twin)).toEqual(lines(twins[0] as never));
  expect(streams.length).toBe(1);
});

test("when the tab that leads is closed, or its line breaks, another leads, and nothing is lost or doubled", async () => {
  const { open, streams, visitor } = await browser();
  const { clients, twins } = await openTabs(open, 5);
  for (const [round, befall] of [() => clients[(streams[0]?.tab as number) - 1]?.close(), () => streams[0]?.cut(), () => streams[0]?.cut()].entries()) {
    const leader = streams[0]?.tab as number;
    befall();
    const line = `round ${round}`;
    await visitor.call("note.add", line);
    if (round === 0) {
      twins.splice(leader - 1, 1);
      clients.splice(leader - 1, 1);
    }
    for (const twin of twins) await shown<Note>(twin, has(line));
    await expect.poll(() => streams.length).toBe(1);
  }
  for (const twin of twins) expect(lines(twin)).toEqual(["begun", "round 0", "round 1", "round 2"]);
  for (const client of clients) await status(client, ({ status }) => status === "online");
});

test("a tab that has the lock and says nothing, as a frozen one, loses it", async () => {
  const { open, streams, visitor } = await browser();
  const { clients, twins } = await openTabs(open, 1);
  const name = await lockName();
  // Another one that is frozen at once.
  const stolen = rejected(navigator.locks.request(name, { steal: true }, () => new Promise(() => {})));
  expect(await stolen).toBe("AbortError");
  await visitor.call("note.add", "news");
  await shown<Note>(twins[0] as never, has("news"));
  await status(clients[0] as Client, ({ status }) => status === "online");
  expect(streams.length).toBe(1);
});

test("a tab whose leader falls silent finds another", async () => {
  const { open, streams, visitor, posted } = await browser();
  const first = await openTabs(open, 1);
  const name = await lockName();
  const all = new BroadcastChannel(name);
  // The lock is taken by one that tells of the line that is open, and then says nothing, nor hands anything on.
  const line = await new Promise((resolve) => {
    all.onmessage = ({ data }) => Array.isArray(data) && resolve(data);
    all.postMessage("?");
  });
  first.clients[0]?.close();
  const held = rejected(navigator.locks.request(name, () => new Promise(() => {})));
  await expect.poll(async () => (await navigator.locks.query()).held?.length).toBe(1);
  const jar = visitor.jar;
  const opener = await tabOf({ ask: (path, input) => visitor.ask(path, input) }, 1, []);
  const dead = new AbortController();
  await jar.fetch(`${visitor.url}/$live?input=${encodeURIComponent(JSON.stringify({ ticket: opener.ticket }))}`, { signal: dead.signal });
  all.onmessage = ({ data }) => data === "?" && !posted.includes("$join") && all.postMessage(opener.line);
  expect(line).not.toEqual(opener.line);
  const { twins } = await openTabs(open, 1);
  expect(await held).toBe("AbortError");
  await visitor.call("note.add", "news");
  await shown<Note>(twins[0] as never, has("news"));
  expect([posted.includes("$join"), streams.length]).toEqual([true, 1]);
  all.close();
  dead.abort();
});

test("a tab that does not read is taken off the line, one that does gets all, however much that is", async () => {
  const { open, visitor, runtime, twin } = await browser();
  const { twins } = await openTabs(open, 1);
  const name = await lockName();
  const all = new BroadcastChannel(name);
  const line = await new Promise((resolve) => {
    all.onmessage = ({ data }) => Array.isArray(data) && resolve(data);
    all.postMessage("?");
  });
  const ask = (path: string, input: unknown) => visitor.ask(path, input);
  const [deaf, reader] = [await tabOf({ ask }, 1, [{ store: "wall" }]), await tabOf({ ask }, 1, [{ store: "wall" }])];
  const channels = [1, 2].map((tab) => {
    const channel = new BroadcastChannel(`${name} ${tab}`);
    channel.onmessage = ({ data }) => {
      if (tab === 2 && data === "?") channel.postMessage("!");
    };
    return channel;
  });
  for (const [i, { ticket }] of [deaf, reader].entries()) expect(await ask("$join", { line, ticket, tab: i + 1 })).toMatchObject({ status: 200 });
  // More in one go than may be unread.
  await twin.wall().add("x".repeat(3_000_000));
  await expect
    .poll(async () => {
      await twin.wall().add("x".repeat(10_000));
      return runtime.streams.of(deaf.client);
    })
    .toBeUndefined();
  expect(runtime.streams.of(reader.client)).toBeDefined();
  await visitor.call("note.add", "after");
  await shown<Note>(twins[0] as never, has("after"));
  for (const channel of [all, ...channels]) channel.close();
});

test("a tab that is closed is taken off the line at once", async () => {
  const { open, runtime, streams } = await browser();
  const { clients } = await openTabs(open, 3);
  const other = clients.findIndex((_, i) => i + 1 !== streams[0]?.tab);
  clients[other]?.close();
  await expect.poll(() => runtime.streams.size).toBe(2);
  expect(streams.length).toBe(1);
});

test("tabs of different sessions share nothing", async () => {
  const one = await browser();
  const { twins } = await openTabs(one.open, 2);
  const stranger = openClient(one.site.url, { transport: "sse", line: new Jar() });
  const theirs = await openTwin(stranger, "note");
  await call(theirs, "add", "theirs");
  await one.visitor.call("note.add", "ours");
  for (const twin of twins) await shown<Note>(twin, has("ours"));
  expect(lines(theirs)).toEqual(["theirs"]);
  expect((await navigator.locks.query()).held?.length).toBe(2);
});
