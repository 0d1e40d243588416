import { type AddressInfo, connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { Follower, serveTwin, type Visitor } from "../kit/app.js";
import { call, openClient, openTwin, shown } from "../kit/client.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { soon } from "../kit/soon.js";
import { stalled } from "../kit/stalled.js";
import { listen } from "../kit/stream.js";

class Note {
  @state text = "";
  @state count = 0;
  @event write(text: string) {
    this.text = text;
  }
  @event add() {
    return ++this.count;
  }
  @event read() {
    return this.text;
  }
  @event take(_: object) {}
  @event long(bytes: number) {
    this.count++;
    return "x".repeat(bytes);
  }
  @event async hold() {
    this.count++;
    await wait();
  }
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const stores = { note: Note, pad: scope.room(Note, { allow: () => true }), draft: scope.tab(Note) };
const start = (options: Record<string, number>) => serveTwin({ stores, idle: 60_000, ...options });

/** What a session is told that asks for too much. */
const limited = (limit: string) => ({ code: "RATE_LIMITED", httpStatus: 429, data: { limit, retryAfter: expect.any(Number) } });

test("who calls events faster than a session may is told when to come again, and may then", async () => {
  const app = await start({ eventRate: 5 });
  const [greedy, other] = [app.visitor(), app.visitor()];
  await greedy.call("note.add");
  const answers = await Promise.all(Array.from({ length: 250 }, () => greedy.ask("note.add", { args: [] })));
  const refused = answers.filter(({ error }) => error);
  expect(refused.length).toBeGreaterThan(10);
  for (const { error } of refused) expect(error).toMatchObject(limited("eventRate"));
  const made = 1 + answers.length - refused.length;
  expect((await app.twin.note(greedy.session).$snapshot()).count).toBe(made);
  expect(await other.call("note.add")).toBe(1);
  expect((refused[0]?.error?.data as { retryAfter: number } | undefined)?.retryAfter).toBeLessThanOrEqual(1100);
  await soon(async () => expect(await greedy.call("note.add")).toBe(made + 1));
});

test("an event that came too fast has taken no number: it runs when it is sent again, and so do those after it", async () => {
  const app = await start({ eventRate: 20 });
  const visitor = app.visitor();
  let n = 0;
  let refused = await visitor.number("note.add", ++n, []);
  while (!refused.error) refused = await visitor.number("note.add", ++n, []);
  expect(refused.error).toMatchObject(limited("eventRate"));
  const again = await soon(async () => {
    const answer = await visitor.number("note.add", n, []);
    expect(answer.error).toBeUndefined();
    return answer;
  });
  expect(again.value).toMatchObject({ v: [n] });
  expect((await visitor.number("note.add", n + 1, [])).value).toMatchObject({ v: [n + 1] });
});

test("a client comes back by itself with what was too fast: once, in order", async () => {
  const app = await start({ eventRate: 20 });
  const client = openClient(app.site.url);
  const note = await openTwin(client, "note");
  const results = await Promise.all(Array.from({ length: 260 }, () => call(note, "add")));
  expect(results).toEqual(Array.from({ length: 260 }, (_, i) => i + 1));
  await shown<Note>(note, ({ count }) => count === 260);
});

test("of one session only so many events wait at once, and others get through", async () => {
  renew();
  const app = await start({ maxPending: 3 });
  const [visitor, other] = [app.visitor(), app.visitor()];
  await visitor.call("note.read");
  const held = ["a", "b", "c"].map((key) => visitor.callIn(key, "pad.hold"));
  await reached();
  await soon(() => expect(app.runtime.hosts.live.filter(({ waiting }) => waiting > 0).length).toBe(3));
  expect((await visitor.ask("note.add", { args: [] })).error).toMatchObject(limited("maxPending"));
  expect(await other.call("note.add")).toBe(1);
  gate().open();
  await Promise.all(held);
  expect(await visitor.call("note.add")).toBe(1);
});

test("of one room only so many events wait at once, and other rooms go on", async () => {
  renew();
  const app = await start({ maxWaiting: 2 });
  const [one, two] = [app.visitor(), app.visitor()];
  for (const visitor of [one, two]) await visitor.call("note.read");
  const held = [one, two].map((visitor) => visitor.callIn("full", "pad.hold"));
  await reached();
  await soon(() => expect(app.runtime.hosts.live.find(({ key }) => key === "full")?.waiting).toBe(2));
  expect((await two.ask("pad.add", { key: "full", args: [] })).error).toMatchObject(limited("maxWaiting"));
  expect((await two.number("pad.add", 1, [], { key: "full" })).error).toMatchObject(limited("maxWaiting"));
  expect(await two.callIn("other", "pad.add")).toBe(1);
  gate().open();
  await Promise.all(held);
  expect((await two.number("pad.add", 1, [], { key: "full" })).value).toMatchObject({ v: [3] });
});

test("a session has only so many streams, and a tab that comes back takes the place of its own", async () => {
  const app = await start({ maxStreams: 2 });
  const visitor = app.visitor();
  await visitor.call("note.read");
  const tab = await visitor.connect(1, { store: "note" });
  await tab.state("note");
  const second = visitor.live({ store: "note" });
  await second.state("note");
  await expect(visitor.jar.fetch(`${visitor.url}/$live?input={"watch":[]}`).then((response) => response.json())).resolves.toMatchObject({
    error: { data: limited("maxStreams") },
  });
  const back = await visitor.connect(2, { store: "note" });
  await back.state("note");
  await app.visitor().live({ store: "note" }).state("note");
  second.stream.close();
  await soon(() => expect(app.runtime.streams.size).toBe(2));
  await visitor.live({ store: "note" }).state("note");
});

test("tickets of a session are not bounded, as they cost the server nothing; the streams that they open are", async () => {
  const app = await start({ maxStreams: 2 });
  const visitor = app.visitor();
  await visitor.call("note.read");
  const tabs = [1, 2, 3].map((n) => `${visitor.client.slice(0, -1)}${n}`);
  const tickets = [];
  for (const client of tabs) tickets.push((await visitor.ask("$connect", { protocol: 2, client, epoch: 1, watch: [] })).value);
  const open = tickets.slice(0, 2).map((ticket) => new Follower(listen(visitor.url, ticket, visitor.jar)));
  for (const stream of open) await stream.until(([kind]) => kind === "hello");
  const response = await visitor.jar.fetch(`${visitor.url}/$live?input=${encodeURIComponent(JSON.stringify(tickets[2]))}`);
  expect(response.status).toBe(429);
  expect((await visitor.ask("$connect", { protocol: 2, client: tabs[2], epoch: 2, watch: [] })).error).toMatchObject({ code: "RATE_LIMITED" });
  expect(app.runtime.streams.size).toBe(2);
});

test("a tab watches only so many stores: those above are refused one by one", async () => {
  const app = await start({ maxWatches: 2 });
  const visitor = app.visitor();
  await visitor.call("note.read");
  const live = await visitor.connect(1, { store: "note" }, { store: "pad", key: "a" }, { store: "pad", key: "b" });
  expect((await live.until(([kind]) => kind === "refused")).slice(0, 4)).toEqual(["refused", "pad", "b", "RATE_LIMITED"]);
  await live.state("note");
  await live.state("pad");
  const tell = (procedure: string, key: string) => visitor.ask(procedure, { client: visitor.client, epoch: 1, watch: [{ store: "pad", key }] });
  // What it watches already, it may ask for anew; what it leaves makes room.
  await tell("$watch", "a");
  await tell("$unwatch", "a");
  await tell("$watch", "b");
  await live.until(([kind, , , key]) => kind === "snapshot" && key === "b");
  expect(live.all("refused").length).toBe(1);
});

test("from one address only so many sessions begin to hold state, and those that have are not touched", async () => {
  const app = await start({ maxSessions: 3, proxies: 1 });
  const from = (visitor: Visitor, address: string, path = "note.add") =>
    visitor.post(path, `{"args":[]}`, { "x-forwarded-for": `${visitor.client}, ${address}` });
  const visitors = Array.from({ length: 4 }, () => app.visitor());
  // Reading takes nothing.
  for (const visitor of visitors) for (let n = 0; n < 3; n++) expect((await from(visitor, "10.0.0.1", "note.read")).error).toBeUndefined();
  for (const visitor of visitors.slice(0, 3)) expect((await from(visitor, "10.0.0.1")).value).toBe(1);
  const last = visitors[3] as Visitor;
  expect((await from(last, "10.0.0.1")).error).toMatchObject(limited("maxSessions"));
  expect((await from(visitors[0] as Visitor, "10.0.0.1")).value).toBe(2);
  expect((await from(last, "10.0.0.2")).value).toBe(1);
});

test("what a visitor says itself of its address does not count", async () => {
  const app = await start({ maxSessions: 1 });
  for (let n = 0; n < 5; n++) {
    const answer = await app.visitor().post("note.add", `{"args":[]}`, { "x-forwarded-for": "10.0.0.1" });
    expect(answer.value).toBe(1);
  }
});

test("only so many scope instances are in memory: those that nobody uses make room, and one that is used does not", async () => {
  const app = await start({ maxHosts: 2 });
  const visitor = app.visitor();
  for (let n = 0; n < 10; n++) expect(await visitor.callIn(`room ${n}`, "pad.add")).toBe(1);
  expect(app.runtime.hosts.live.length).toBeLessThanOrEqual(2);
  const [a, b] = ["a", "b"].map((key) => app.visitor().live({ store: "pad", key }));
  await a?.state("pad");
  await b?.state("pad");
  expect((await visitor.ask("pad.add", { key: "c", args: [] })).error).toMatchObject({ code: "UNAVAILABLE", httpStatus: 503 });
  expect(await visitor.callIn("a", "pad.add")).toBe(1);
  a?.stream.close();
  await soon(async () => expect(await visitor.callIn("c", "pad.add")).toBe(1));
  expect(await visitor.callIn("room 3", "pad.add")).toBe(2);
});

test.for([
  ["deep", { maxDepth: 5 }, { a: [{ b: [{ c: [] }] }] }],
  ["many", { maxValues: 5 }, [[], [], [], [], []]],
] as const)("arguments that are too %s are refused", async ([, options, value]) => {
  const app = await start(options);
  const visitor = app.visitor();
  expect((await visitor.ask("note.take", { args: [value] })).error).toMatchObject({ code: "INVALID", httpStatus: 400 });
  expect((await visitor.number("note.take", 1, [value])).error).toMatchObject({ code: "INVALID", httpStatus: 400 });
  expect((await visitor.ask("note.take", { args: [[{}]] })).error).toBeUndefined();
});

test("a session has only so many tabs: the state of one that was forgotten stays, and no other session gets its id by that while it is open", async () => {
  const app = await start({ eventRate: 1000 });
  const visitor = app.visitor();
  await visitor.call("note.read");
  const live = await visitor.connect(1, { store: "note" });
  await live.state("note");
  const ask = (client: string) => visitor.ask("$connect", { protocol: 2, client, epoch: 1, watch: [] });
  for (let n = 0; n < 1100; n += 50) await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`client-number-${String(n + i).padStart(6, "0")}`)));
  const thief = app.visitor();
  const answer = await thief.ask("$connect", { protocol: 2, client: visitor.client, epoch: 9, watch: [] });
  expect(answer.error).toMatchObject({ code: "FORBIDDEN" });
});

/** How many changes of 100 kB are made. */
const CHANGES = process.env.TEST_FULL === undefined ? 600 : 2000;
test("a reader that stops while many MB of changes are made costs less than 20 MB, and is right with one snapshot", async () => {
  const held = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  const app = await start({});
  const visitor = app.visitor();
  await visitor.call("note.read");
  const reader = await stalled(app.site, visitor.jar.cookie as string, { watch: [{ store: "pad", key: "a" }] });
  await soon(() => expect(app.runtime.hosts.live.some(({ id }) => id === "room/a")).toBe(true));
  const pad = app.twin.pad("a");
  const line = "x".repeat(100_000);
  for (let n = 0; n < 20; n++) await pad.write(`warm ${n} ${line} ${n}`);
  const before = held();
  let most = 0;
  for (let n = 0; n < CHANGES; n++) {
    await pad.write(`${n} ${line} ${n}`);
    if (n % 100 === 0) most = Math.max(most, held());
  }
  await pad.write("the end");
  expect(Math.max(most, held()) - before).toBeLessThan(20);
  const messages = await reader.readUntil("the end");
  // What was on its way in the sockets when it stopped, then one snapshot, which is the end.
  let revision = -1;
  let skipped = 0;
  for (const [kind, ...rest] of messages) {
    if (kind === "snapshot") {
      if ((rest[4] as number) > revision + 1 && revision >= 0) skipped++;
      revision = rest[4] as number;
    } else if (typeof kind === "number") for (const commit of commitsOf([kind, ...rest] as never)) expect(commit.revision).toBe(++revision);
  }
  expect(skipped).toBe(1);
  expect(revision).toBe(CHANGES + 21);
});

test("long answers that are not read cost no more than `maxAnswers`, and one that is read comes whole", async () => {
  const app = await start({ maxAnswers: 20e6 });
  const { port } = app.site.server.address() as AddressInfo;
  const asked = (path: string, input: string) =>
    `POST /api/twin/${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n${path.endsWith("=1") ? "trpc-accept: application/jsonl\r\n" : ""}content-length: ${input.length}\r\n\r\n${input}`;
  const input = '{"key":"a","args":[10000000]}';
  const forms = [
    asked("pad.long", input),
    asked("pad.long?batch=1", `{"0":${input}}`),
    asked("pad.long,pad.read?batch=1", `{"0":${input},"1":{"key":"a","args":[]}}`),
  ];
  await app.twin.pad("a").write("as it was");
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 18; n++) {
    const line = connect(port, "127.0.0.1", () => line.write(forms[n % 3] as string));
    line.on("error", () => {}).pause();
    onTestFinished(() => void line.destroy());
  }
  await soon(async () => expect((await app.twin.pad("a").$snapshot()).count).toBe(18));
  const read = await app.visitor().ask("pad.long", { key: "a", args: [3e6] });
  expect(read.value).toHaveLength(3e6);
  expect(app.runtime.outflow.bytes).toBeLessThanOrEqual(20e6);
  await soon(() => {
    collect();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });
  expect(await app.twin.pad("a").add()).toBe(20);
});
