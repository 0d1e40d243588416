import { event, state } from "twinstate";
import { createTwin, type LogEntry, memory, scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { SECRET, serveTwin, Visitor } from "../kit/app.js";
import { call, openClient, openTwin, shown } from "../kit/client.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { Jar, serve } from "../kit/http.js";
import { soon } from "../kit/soon.js";
import { attach } from "../kit/transport.js";

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
  @event async hold(text: string) {
    this.text = `${text}, begun`;
    await wait();
    this.text = text;
    return "done";
  }
  @event async *steps() {
    this.text = "first";
    yield;
    await wait();
    this.text = "second";
  }
  @event fail(_: string) {
    throw new Error("the database is on fire");
  }
}

const stores = { note: Note, pad: scope.room(Note, { allow: () => true }) };
const health = async (url: string, what: string) => {
  const response = await fetch(`${url}/${what}`);
  return { status: response.status, body: await response.json(), cookie: response.headers.get("set-cookie") };
};

test("a closing server lets what runs end, takes nothing more, and says goodbye when all is told", async () => {
  renew();
  const { twin, site, visitor: open, storage, runtime } = await serveTwin({ stores });
  const [visitor, other] = [open(), open()];
  await visitor.call("note.write", "begun");
  const live = visitor.live({ store: "note" });
  await live.state("note");
  const running = visitor.call("note.hold", "held");
  await reached();
  expect(await health(site.url, "ready")).toMatchObject({ status: 200 });
  const closed = twin.close();
  for (const refused of [await other.ask("note.write", { args: ["late"] }), await visitor.number("note.write", 1, ["late"])]) {
    expect(refused.error).toMatchObject({ code: "OFFLINE", httpStatus: 503, data: { limit: "close", retryAfter: expect.any(Number) } });
  }
  const connect = await other.ask("$connect", { protocol: 2, client: other.client, epoch: 1, watch: [] });
  expect(connect.error).toMatchObject({ code: "OFFLINE" });
  expect(await health(site.url, "ready")).toMatchObject({ status: 503 });
  expect(await health(site.url, "health")).toMatchObject({ status: 200 });
  gate().open();
  expect(await running).toBe("done");
  await closed;
  await live.stream.ended;
  expect((await live.state("note")).text).toBe("held");
  expect(live.messages.at(-1)).toEqual(["bye", "closed"]);
  expect(runtime.hosts.live).toEqual([]);
  expect(await storage.load(`session/${visitor.session}`)).toBeDefined();
});

test("closing twice is closing once: both wait for the one end", async () => {
  renew();
  const storage = memory();
  let closed = 0;
  const counted = { ...storage, close: () => void closed++ };
  const { twin, visitor: open } = await serveTwin({ stores, storage: counted });
  const running = open().call("note.hold", "held");
  await reached();
  const ended: string[] = [];
  const ends = ["first", "second"].map((name) => twin.close().then(() => ended.push(name)));
  gate().open();
  expect(await running).toBe("done");
  await Promise.all(ends);
  expect([ended, closed]).toEqual([["first", "second"], 1]);
});

test("what does not end within the grace time is asked to stop, and undone; the server closes all the same", async () => {
  renew();
  const { twin, visitor: open, storage } = await serveTwin({ stores, closeGrace: 50, eventTimeout: 60_000 });
  const visitor = open();
  await visitor.call("note.write", "before");
  const running = visitor.call("note.hold", "never").catch((error: unknown) => error);
  await reached();
  await twin.close();
  expect(JSON.stringify(await storage.load(`session/${visitor.session}`))).not.toContain("never");
  gate().open();
  expect(await running).toMatchObject({ code: "INTERRUPTED" });
});

test("clients of a server that closes go on with the next one, and nothing is lost", async () => {
  renew();
  const storage = memory();
  const options = { stores, storage, session: { secret: SECRET }, log: () => {} };
  const first = createTwin({ ...options, name: "rolling one" });
  let current = first;
  const handle = (request: Request) => current.handlers.POST(request);
  const site = await serve({ GET: handle, POST: handle });
  await attach(site, first);
  onTestFinished(async () => {
    await site.close();
    await current.close();
  });
  let refused = () => {};
  const sentAway = new Promise<void>((resolve) => {
    refused = resolve;
  });
  const jar = new Jar();
  const fetch: typeof globalThis.fetch = async (...args) => {
    const response = await jar.fetch(...args);
    if (String(args[0]).includes("note.write") && (await response.clone().text()).includes("OFFLINE")) refused();
    return response;
  };
  const client = openClient(site.url, { line: { fetch, openSocket: jar.openSocket } });
  const note = await openTwin(client, "note");
  await call(note, "write", "one");
  const held = call(note, "hold", "two");
  await reached();
  const closed = first.close();
  const late = call(note, "write", "three");
  await sentAway;
  gate().open();
  expect(await held).toBe("done");
  await closed;
  const second = createTwin({ ...options, name: "rolling two" });
  await attach(site, second);
  current = second;
  await late;
  await shown<Note>(note, ({ text }) => text === "three");
});

test("health and readiness are told without a session, and to anybody's probe", async () => {
  const { site, visitor } = await serveTwin({ stores });
  expect(await health(site.url, "health")).toEqual({ status: 200, body: { status: "ok" }, cookie: null });
  expect(await health(site.url, "ready")).toEqual({ status: 200, body: { status: "ready" }, cookie: null });
  // They are no names of stores or events.
  expect((await visitor().ask("health", {})).error?.code).toBe("NOT_FOUND");
});

test("a server whose storage does not answer is not ready, and healthy", async () => {
  const inner = memory();
  let broken = false;
  const touch = (ids: readonly string[]) => {
    if (broken) throw new Error("no disk");
    return inner.touch(ids);
  };
  const { site } = await serveTwin({ stores, storage: { ...inner, touch } });
  expect((await health(site.url, "ready")).status).toBe(200);
  broken = true;
  expect((await health(site.url, "ready")).status).toBe(503);
  expect((await health(site.url, "health")).status).toBe(200);
});

test("two twins in one app, under a base path, have each their own state, and one session between them", async () => {
  const make = (name: string) => createTwin({ name, stores, session: { secret: SECRET }, log: () => {} });
  const [shop, admin] = [make("shop"), make("admin")];
  const pick = (request: Request) => (new URL(request.url).pathname.startsWith("/base/api/admin/") ? admin : shop).handlers.POST(request);
  const site = await serve({ GET: pick, POST: pick }, "/base/api/shop");
  await attach(site, shop);
  await attach({ ...site, url: `${site.origin}/base/api/admin` }, admin);
  onTestFinished(async () => {
    await site.close();
    await Promise.all([shop.close(), admin.close()]);
  });
  const visitor = new Visitor(site.url);
  await visitor.call("note.write", "in the shop");
  const other = new Visitor(`${site.origin}/base/api/admin`);
  other.jar.cookie = visitor.jar.cookie;
  await other.call("note.write", "in the office");
  expect(other.session).toBe(visitor.session);
  expect((await visitor.live({ store: "note" }).state("note")).text).toBe("in the shop");
  expect((await other.live({ store: "note" }).state("note")).text).toBe("in the office");
  const client = openClient(`${site.origin}/base/api/admin`, { line: other.jar });
  const note = await openTwin(client, "note");
  await shown<Note>(note, ({ text }) => text === "in the office");
  expect((await health(`${site.origin}/base/api/admin`, "ready")).status).toBe(200);
});

test("a failure is logged with its event, and the arguments only as the app says", async () => {
  const failing = async (logArguments?: boolean | ((event: string, args: readonly unknown[]) => readonly unknown[])) => {
    const logs: LogEntry[] = [];
    const { visitor } = await serveTwin({ stores, log: (entry) => logs.push(entry), ...(logArguments !== undefined && { logArguments }) });
    const one = visitor();
    const answers = [await one.ask("note.fail", { args: ["my password"] }), await one.number("note.fail", 1, ["my password"])];
    expect(answers.map(({ error }) => error?.code)).toEqual(["INTERNAL", "INTERNAL"]);
    await soon(() => expect(logs.filter(({ level }) => level === "error").length).toBe(2));
    const told = logs.filter(({ level }) => level === "error");
    for (const [i, { id, event, message }] of told.entries()) {
      expect({ data: { id }, event, message }).toEqual({ data: answers[i]?.error?.data, event: "note.fail", message: "the database is on fire" });
    }
    return told.map(({ args }) => args);
  };
  expect(await failing()).toEqual([undefined, undefined]);
  expect(await failing(true)).toEqual([["my password"], ["my password"]]);
  expect(await failing((event, args) => [`${event}: ${args.length}`])).toEqual([["note.fail: 1"], ["note.fail: 1"]]);
});
