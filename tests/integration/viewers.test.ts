import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { computed, current, event, newId, state } from "twinstate";
import { createTwin, memory, type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { Channel } from "../../lib/channel/channel.js";
import type { PreloadData } from "../../server/call/preload.js";
import type { Caller } from "../../server/host/context.js";
import { StreamConnection } from "../../server/stream/connection.js";
import { EVENTS } from "../../server/wire/sse.js";
import { type Numbered, SECRET, serveTwin, type Visitor } from "../kit/app.js";
import { call, liveOf, openClient, openTwin, shown } from "../kit/client.js";
import { inRequest } from "../kit/next.js";
import { soon } from "../kit/soon.js";

/** The sessions of admins: what an app keeps in a database. */
const admins = new Set<string>();
const asked: boolean[] = [];
const isAdmin = (context: object): boolean => {
  const { admin } = context as { admin: boolean };
  asked.push(admin);
  return admin;
};

class Row {
  readonly rowId = newId();
  @state title = "";
  @state({ visibleTo: isAdmin }) cost: number | undefined = 5;
  @event rename(title: string) {
    this.title = title;
  }
}

class Stats {
  @state visits = 0;
  @state rows: Row[] = [];
  @state({ visibleTo: isAdmin }) revenue: number | undefined = 100;
  @state({ visibleTo: isAdmin }) best: Row[] | undefined = [];
  @computed({ visibleTo: isAdmin }) get perVisit(): number | undefined {
    return (this.revenue ?? 0) / (this.visits || 1);
  }
  @event visit() {
    return ++this.visits;
  }
  @event earn(more: number) {
    this.revenue = (this.revenue ?? 0) + more;
  }
  @event add(title: string, first = false) {
    const row = new Row();
    row.title = title;
    if (first) this.best?.push(row);
    else this.rows.push(row);
    return row;
  }
  @event honour() {
    const [row] = this.rows;
    if (row) this.best?.push(row);
  }
  @event first() {
    return this.rows[0];
  }
  @event firstBest() {
    return this.best?.[0];
  }
  @event async *all() {
    for (const row of [...(this.best ?? []), ...this.rows]) yield row;
  }
  @event who() {
    return (current() as unknown as { admin: boolean }).admin;
  }
}

const stores = { stats: scope.room(Stats, { allow: () => true }) };
const KEY = "all";
const WATCH = { store: "stats", key: KEY };

async function start({ storage, ...options }: { storage?: Storage; name?: string } = {}) {
  admins.clear();
  asked.length = 0;
  const app = await serveTwin({
    stores,
    models: { Row },
    ...options,
    ...(storage && { storage }),
    context: ({ headers }) => ({ admin: admins.has(/twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "") }),
  });
  /** A visitor with a session, and the rights. */
  const join = async (admin: boolean): Promise<Visitor> => {
    const visitor = app.visitor();
    await visitor.callIn(KEY, "stats.who");
    if (admin) admins.add(visitor.session);
    return visitor;
  };
  const client = (visitor: Visitor) => openClient(visitor.url, { line: visitor.jar });
  return { ...app, join, client };
}

test("who may see a member gets it and its changes, and all others the rest, with the same revisions", async () => {
  const { join } = await start();
  const admin = (await join(true)).live(WATCH);
  const guest = (await join(false)).live(WATCH);
  expect(await admin.state("stats")).toEqual({ visits: 0, rows: [], revenue: 100, best: [], perVisit: 100 });
  expect(await guest.state("stats")).toEqual({ visits: 0, rows: [] });
  const writer = await join(false);
  await writer.callIn(KEY, "stats.visit");
  await writer.callIn(KEY, "stats.earn", 50);
  await writer.callIn(KEY, "stats.visit");
  expect(await admin.state("stats", ({ visits }) => visits === 2)).toEqual({ visits: 2, rows: [], revenue: 150, best: [], perVisit: 75 });
  expect(await guest.state("stats", ({ visits }) => visits === 2)).toEqual({ visits: 2, rows: [] });
  expect(guest.have("stats")).toEqual(admin.have("stats"));
  expect(JSON.stringify(guest.messages)).not.toMatch(/revenue|perVisit|best|cost|150/);
});

test("a thousand viewers of two audiences cost two encodings for a commit, and each frame is written twice", async () => {
  const { runtime, join } = await start();
  const writer = await join(false);
  await writer.callIn(KEY, "stats.visit");
  const host = await runtime.hosts.use(`room/${KEY}`);
  onTestFinished(() => runtime.hosts.release(host));
  const connections = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const caller: Caller = { context: { admin: i % 2 === 0 }, session: undefined, connection: undefined, trusted: false };
      const info = { id: `tab ${i}`, since: new Date() };
      const connection = new StreamConnection({ info, caller, client: undefined, epoch: 0, limit: 1 << 20, report: () => {} });
      connection.attach(host, () => {});
      await host.watchers.watch(connection, [{ store: "stats" }]);
      return connection;
    }),
  );
  const take = () => connections.map((connection) => connection.take(EVENTS));
  expect(take().every((snapshot) => snapshot !== undefined)).toBe(true);
  const encode = vi.spyOn(Channel.prototype, "encode");
  const write = vi.spyOn(JSON, "stringify");
  onTestFinished(() => void vi.restoreAllMocks());
  await writer.callIn(KEY, "stats.earn", 1);
  const encoded = encode.mock.calls.length;
  const frames = new Set(take());
  vi.restoreAllMocks();
  expect(encoded).toBe(2);
  expect(write.mock.calls.filter(([value]) => value === "stats").length).toBeLessThanOrEqual(2);
  const texts = [...frames].map(String).toSorted((a, b) => a.length - b.length);
  expect(texts).toEqual([expect.stringMatching(/^data: \[\d+,2\]\s*$/), expect.stringMatching(/^data: \[\d+,2,"stats",\[0,0,\d+,101/)]);
  for (const connection of connections) connection.close();
});

test("a predicate is asked once for a stream, and again when its rights are checked: who has lost them sees the member gone", async () => {
  const { client, join, twin } = await start();
  const visitor = await join(true);
  const writer = await join(false);
  await writer.callIn(KEY, "stats.add", "tea");
  asked.length = 0;
  const stats = await openTwin(client(visitor), "stats", KEY);
  expect(await shown(stats, () => true)).toMatchObject({ revenue: 100, rows: [{ title: "tea", cost: 5 }] });
  for (let i = 0; i < 5; i++) await twin.stats(KEY).earn(1);
  await shown(stats, ({ revenue }: Stats) => revenue === 105);
  expect(asked).toEqual([true]);
  admins.delete(visitor.session);
  twin.$recheck({ session: visitor.session });
  const view = await shown(stats, ({ revenue }: Stats) => revenue === undefined);
  expect(view).toEqual({ visits: 0, rows: [{ title: "tea" }] });
  expect(asked).toEqual([true, false]);
  await twin.stats(KEY).visit();
  await shown(stats, ({ visits }: Stats) => visits === 1);
  admins.add(visitor.session);
  twin.$recheck();
  expect(await shown(stats, ({ revenue }: Stats) => revenue === 105)).toMatchObject({ perVisit: 105, rows: [{ cost: 5 }] });
});

test("a predicate that throws or returns a promise counts as false, and the log names the member once for each stream", async () => {
  class Broken {
    @state({
      visibleTo: () => {
        throw new Error("no user");
      },
    })
    first: number | undefined = 1;
    @state({ visibleTo: (async () => true) as never }) second: number | undefined = 2;
    @state shown = 3;
  }
  const { visitor, logs } = await serveTwin({ stores: { broken: Broken } });
  expect(await visitor().live({ store: "broken" }).state("broken")).toEqual({ shown: 3 });
  expect(logs.map(({ message }) => message)).toEqual([
    expect.stringMatching(/The `visibleTo` of `Broken\.first` has thrown.*no user/),
    expect.stringMatching(/The `visibleTo` of `Broken\.second` returns a promise/),
  ]);
});

test("what holds in two places is one object for who sees both, and an instance that only some see is none for all others", async () => {
  const { client, join } = await start();
  const [admin, guest] = [await join(true), await join(false)];
  const theirs = await openTwin(client(admin), "stats", KEY);
  const mine = await openTwin(client(guest), "stats", KEY);
  const row = (await call(theirs, "add", "tea")) as Row;
  await call(theirs, "honour");
  const live = liveOf(theirs) as Stats;
  expect(live.best?.[0]).toBe(live.rows[0]);
  expect(row).toBe((theirs.mirror.view() as Stats).rows[0]);
  // The numbers of both differ.
  await call(theirs, "add", "secret", true);
  expect((await call(mine, "firstBest")) as Row).toBe((await shown(mine, ({ rows }: Stats) => rows.length === 1)).rows[0]);
  const added = (await call(mine, "add", "mine")) as Row;
  expect(added).toBe((mine.mirror.view() as Stats).rows[1]);
  expect(await call(mine, "add", "hers", true)).toEqual({ title: "hers" });
  expect(await call(theirs, "add", "hers", true)).toEqual({ title: "hers", cost: 5 });
  const given: unknown[] = [];
  for await (const one of call(mine, "all")) given.push(one);
  expect(given).toEqual([{ title: "tea" }, { title: "secret" }, { title: "hers" }, { title: "hers" }, { title: "tea" }, { title: "mine" }]);
});

test("an event of an instance is called by the numbers of the caller's audience, and those of another one reach nothing", async () => {
  const { join } = await start();
  const [admin, guest] = [await join(true), await join(false)];
  const theirs = admin.live(WATCH);
  await theirs.state("stats");
  await admin.callIn(KEY, "stats.add", "secret", true);
  await admin.callIn(KEY, "stats.add", "tea");
  await theirs.state("stats", ({ rows }) => rows.length === 1);
  const seen = guest.live(WATCH);
  await seen.state("stats", ({ rows }) => rows.length === 1);
  const name = theirs.all("snapshot")[0]?.[9];
  expect(name).toMatch(/^[\w-]{16,}$/);
  expect(seen.all("snapshot")[0]).toHaveLength(7);
  const on = [...theirs.on("stats", ({ best }) => best[0]), name];
  const rename = (visitor: Visitor, named: unknown, title: string) => visitor.ask("stats.Row.rename", { key: KEY, on: named, args: [title] });
  expect((await rename(admin, on, "renamed")).status).toBe(200);
  expect((await theirs.state("stats", ({ best }) => best[0].title === "renamed")).rows).toMatchObject([{ title: "tea" }]);
  for (const [visitor, named] of [
    [guest, on],
    [guest, on.slice(0, 3)],
    [admin, seen.on("stats", ({ rows }) => rows[0])],
    [admin, [...on.slice(0, 3), "another"]],
  ] as const) {
    const { error, status } = await rename(visitor, named, "stolen");
    // The same number may be that of another row for the guest, who may rename it.
    if (status === 200) expect(named).toHaveLength(3);
    else expect(error?.code).toBe("GONE");
  }
  expect((await theirs.state("stats")).best).toMatchObject([{ title: "renamed" }]);
});

/** Rows that have other numbers for admins than for all others, as these do not see `best`. */
async function withRows() {
  const app = await start();
  for (const title of ["A", "B", "C"]) await app.twin.stats(KEY).add(title);
  return app;
}

test("an answer that was numbered for another audience than the twin shows gives no other object", async () => {
  const { client, join } = await withRows();
  const visitor = await join(false);
  const stats = await openTwin(client(visitor), "stats", KEY);
  expect(await call(stats, "first")).toBe((stats.mirror.view() as Stats).rows[0]);
  // The rights have come, and the stream does not know of them.
  admins.add(visitor.session);
  expect(await call(stats, "first")).toBeUndefined();
  const yielded: unknown[] = [];
  for await (const row of call(stats, "all")) yielded.push(row);
  expect(yielded).toEqual([undefined, undefined, undefined]);
  expect(await call(stats, "add", "D")).toBeUndefined();
  expect((await shown(stats, ({ rows }: Stats) => rows.length === 4)).rows.map(({ title }) => title)).toEqual(["A", "B", "C", "D"]);
});

test("an object that code holds never becomes another one when rights come or go, and its events reach nothing else", async () => {
  const { client, join, twin } = await withRows();
  const visitor = await join(true);
  const stats = await openTwin(client(visitor), "stats", KEY);
  const [held] = (liveOf(stats) as Stats).rows as [Row];
  expect(held.title).toBe("A");
  admins.delete(visitor.session);
  twin.$recheck();
  await shown(stats, ({ revenue }: Stats) => revenue === undefined);
  expect(held.title).toBe("A");
  await expect(held.rename("stolen")).rejects.toMatchObject({ code: "GONE" });
  expect((liveOf(stats) as Stats).rows.map(({ title }) => title)).toEqual(["A", "B", "C"]);
});

test("stock clients get of an object what they may see", async () => {
  const { join } = await start();
  const [admin, guest] = [await join(true), await join(false)];
  expect(await admin.callIn(KEY, "stats.add", "tea")).toEqual({ title: "tea", cost: 5 });
  expect(await guest.callIn(KEY, "stats.add", "milk")).toEqual({ title: "milk" });
});

test("who comes back gets the frames that it has missed, and a snapshot where it comes back as another audience", async () => {
  const { join, twin } = await start();
  await twin.stats(KEY).add("tea");
  const admin = await join(true);
  const first = admin.live(WATCH);
  await first.state("stats");
  const name = first.all("snapshot")[0]?.[9] as string;
  const have = [...first.have("stats"), name] as never;
  await twin.stats(KEY).earn(1);
  first.stream.close();
  await twin.stats(KEY).visit();
  const again = admin.live({ ...WATCH, have: [...first.have("stats"), name] as never });
  const [head, , , , , , audience] = await again.until(([kind]) => kind === "resume" || kind === "snapshot");
  expect([head, audience]).toEqual(["resume", name]);
  admins.delete(admin.session);
  const lost = admin.live({ ...WATCH, have });
  expect((await lost.until(([head]) => head === "resume" || head === "snapshot"))[0]).toBe("snapshot");
  expect(await lost.state("stats")).toEqual({ visits: 1, rows: [{ title: "tea" }] });
  // A name that nobody has given resumes nothing.
  const liar = (await join(false)).live({ ...WATCH, have });
  expect((await liar.until(([head]) => head === "resume" || head === "snapshot"))[0]).toBe("snapshot");
});

test("a call without a stream brings the frames of the caller's audience, or a snapshot where the client has another one", async () => {
  const { join, twin } = await withRows();
  const admin = await join(true);
  const seen = admin.live(WATCH);
  await seen.state("stats");
  const [incarnation, at] = seen.have("stats");
  const name = seen.all("snapshot")[0]?.[9] as string;
  await twin.stats(KEY).earn(1);
  const ask = (n: number, a?: string) => admin.number("stats.visit", n, [], { key: KEY, i: incarnation, at, ...(a !== undefined && { a }) } as never);
  const frames = (await ask(1, name)).value as Numbered & { a: string };
  expect(frames.a).toBe(name);
  expect(frames.f?.every(([head]) => typeof head === "number")).toBe(true);
  expect(JSON.stringify(frames.f)).toContain("101");
  const whole = (await ask(2)).value as Numbered;
  expect(whole.f?.[0]?.slice(0, 3)).toEqual(["snapshot", 0, "stats"]);
  expect(whole.f?.[0]?.[9]).toBe(name);
  admins.delete(admin.session);
  const lost = (await ask(3, name)).value as Numbered;
  expect(lost.f?.[0]?.slice(0, 3)).toEqual(["snapshot", 0, "stats"]);
  expect(JSON.stringify(lost)).not.toMatch(/revenue|101/);
});

test("a page is rendered with what its visitor may see, and goes on from there without a snapshot", async () => {
  const { client, join, twin } = await start();
  const admin = await join(true);
  const guest = await join(false);
  await twin.stats(KEY).add("tea");
  const page = (visitor: Visitor) => inRequest({ cookie: visitor.jar.cookie as string }, () => twin.preload({ stats: KEY })) as unknown as Promise<PreloadData>;
  expect(JSON.stringify(await page(guest))).not.toMatch(/revenue|perVisit|best|cost/);
  const data = await page(admin);
  const open = client(admin);
  const stats = open.twin("stats", KEY);
  open.preload(data);
  const row = (liveOf(stats) as Stats).rows[0];
  expect(stats.mirror.view()).toMatchObject({ revenue: 100, perVisit: 100 });
  stats.use();
  await twin.stats(KEY).earn(11);
  await shown(stats, ({ revenue }: Stats) => revenue === 111);
  expect((liveOf(stats) as Stats).rows[0]).toBe(row);
  // A page of another audience does not touch a twin whose stream goes on.
  open.preload(await page(guest));
  expect(stats.mirror.view()).toMatchObject({ revenue: 111 });
});

test("on sqlite, what only some see is stored, and they get it in the next life too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "viewers-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "twin.db");
  const name = `viewers ${Math.random()}`;
  const options = { stores, models: { Row }, name, session: { secret: SECRET }, context: () => ({ admin: false }) };
  const earlier = createTwin({ ...options, storage: sqlite(file), log: () => {} });
  await earlier.stats(KEY).earn(7);
  await earlier.stats(KEY).add("tea", true);
  await earlier.close();
  const { join: enter, twin } = await start({ storage: sqlite(file), name });
  const admin = (await enter(true)).live({ ...WATCH, have: ["earlier", 2, "earlier"] as never });
  expect(await admin.state("stats")).toMatchObject({ revenue: 107, best: [{ title: "tea", cost: 5 }] });
  expect(await (await enter(false)).live(WATCH).state("stats")).toEqual({ visits: 0, rows: [] });
  expect(await twin.stats(KEY).$snapshot()).toMatchObject({ revenue: 107, perVisit: 107, best: [{ title: "tea", cost: 5 }] });
});

test("nothing hidden stands in the schema, and nothing in production says that there is anything", async () => {
  const { client, join } = await start();
  const guest = (await join(false)).live(WATCH);
  await guest.state("stats");
  const [, hello] = guest.all("hello")[0] as [string, { schema: { stores: { stats: object } } }];
  expect(JSON.stringify(hello)).not.toMatch(/revenue|perVisit|best|cost/);
  expect(hello.schema.stores.stats).toMatchObject({ fields: ["visits", "rows"], computeds: [] });
  // A name that the browser does not know is no method that explains itself, as others are in development.
  const stats = await openTwin(client(await join(false)), "stats", KEY);
  const { revenue, perVisit } = liveOf(stats) as Stats;
  expect([revenue, perVisit, stats.method("revenue", stats.mirror.view())]).toEqual([undefined, undefined, undefined]);
});

test("hot reload asks the new predicates, and gives all their new state", async () => {
  const evaluate = (isAdmin: (context: object) => boolean) => {
    class Note {
      @state text = "shown";
      @state({ visibleTo: isAdmin }) secret: string | undefined = "hidden";
      @event write(text: string) {
        this.text = text;
      }
    }
    return Note;
  };
  const name = `viewers ${Math.random()}`;
  const options = { name, session: { secret: SECRET }, log: () => {} };
  const { visitor, twin } = await serveTwin({ ...options, stores: { note: evaluate(() => true) } });
  const seen = visitor().live({ store: "note" });
  expect(await seen.state("note")).toEqual({ text: "shown", secret: "hidden" });
  createTwin({ ...options, stores: { note: evaluate(() => false) } });
  expect(await seen.state("note", ({ secret }) => secret === undefined)).toEqual({ text: "shown" });
  createTwin({ ...options, stores: { note: evaluate(() => true) } });
  expect(await seen.state("note", ({ secret }) => secret !== undefined)).toEqual({ text: "shown", secret: "hidden" });
  expect(twin).toBeDefined();
});

test("an audience with whom nobody has watched for a minute costs nothing any more", async () => {
  const { join, twin } = await start();
  const admin = await join(true);
  const seen = admin.live(WATCH);
  await seen.state("stats");
  const encodings = async () => {
    const encode = vi.spyOn(Channel.prototype, "encode");
    await twin.stats(KEY).visit();
    const { length } = encode.mock.calls;
    encode.mockRestore();
    return length;
  };
  expect(await encodings()).toBe(2);
  let more = 0;
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now() + more);
  onTestFinished(() => void vi.restoreAllMocks());
  more += 61_000;
  expect(await encodings()).toBe(2);
  seen.stream.close();
  await soon(async () => {
    more += 61_000;
    expect(await encodings()).toBe(1);
  });
});

test("a store whose classes hide nothing has no audience but one", async () => {
  class Plain {
    @state value = 1;
    @event set(value: number) {
      this.value = value;
    }
  }
  const { visitor, runtime } = await serveTwin({ stores: { plain: scope.shared(Plain) }, storage: memory() });
  const seen = visitor().live({ store: "plain" });
  await seen.state("plain");
  expect(seen.all("snapshot")[0]).toHaveLength(7);
  const [host] = runtime.hosts.live;
  expect([...(host?.audiences.live ?? [])]).toEqual([]);
});
