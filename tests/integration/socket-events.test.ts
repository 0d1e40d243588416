import { current, EventError, effect, event, state } from "twinstate";
import { scope, type TwinOptions } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { type Numbered, serveTwin, type Visitor } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { Network } from "../kit/network.js";
import { soon } from "../kit/soon.js";
import { openSocket } from "../kit/stream.js";

// What holds for events however they come is shown by the project `websocket`, in which they come by socket.

class Note {
  @state text = "";
  @state times = 0;
  @event write(text: string) {
    this.text = text;
    return ++this.times;
  }
  @event({ input: [z.string().min(3)] }) name(name: string) {
    this.text = name;
  }
  @event refuse() {
    this.text = "never";
    throw new EventError("TAKEN", "It is taken.", { by: "ann", since: new Date(0) });
  }
  @event who() {
    return (current() as { user?: { id: string } }).user?.id ?? "nobody";
  }
  @event async signIn(name: string) {
    await current().session?.rotate();
    signedIn.set(current().session?.id ?? "", name);
    return name;
  }
  @event async replaceCookie() {
    await current().session?.rotate();
  }
  @event toast(text: string) {
    effect.toast(text);
    return ++this.times;
  }
  @event fail() {
    throw new Error("A bug.");
  }
  @event async hold(text: string) {
    await wait();
    this.text = text;
    return ++this.times;
  }
}

const stores = { note: Note, wall: scope.shared(Note) };

/** Who is signed in, by session: what an app keeps in a database. */
const signedIn = new Map<string, string>();

async function start({ events = true, ...options }: { events?: boolean } & Partial<TwinOptions<typeof stores, {}>> = {}) {
  signedIn.clear();
  const context = vi.fn(({ headers }: { headers: Headers }) => {
    const session = /twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "";
    const user = headers.get("x-user") ?? signedIn.get(session);
    return user === undefined ? {} : { user: { id: user } };
  });
  const app = await serveTwin({ stores, context, ...options });
  onTestFinished(await app.twin.attach(app.site.server, { events }));
  return { ...app, context };
}
type Started = Awaited<ReturnType<typeof start>>;

/** A client with sockets, and the events that it has posted. */
async function open({ site }: Started, wire: "json" | "binary" = "json") {
  const network = new Network();
  const client = openClient(site.url, { transport: "websocket", wire, line: network });
  const note = await openTwin(client, "note");
  const posted = () => network.posted.map(({ path }) => path).filter((path) => !path.startsWith("$"));
  return { client, network, note, posted };
}

/** A tab that speaks to its socket by hand. */
async function speak({ visitor: newVisitor, site }: Started, { wire = "json" as "json" | "binary", visitor = newVisitor(), epoch = 1 } = {}) {
  const { value } = await visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch, watch: [{ store: "note" }] });
  const line = openSocket(site.url, visitor.jar, { wire, input: value });
  const [, bytes] = await line.until(([kind]) => kind === "events");
  const say = (id: number, event: string, n: number, ...args: unknown[]) => line.send(JSON.stringify([id, `note.${event}`, inputOf(visitor, n, args)]));
  const answer = (id: number) => line.until(([kind, other]) => kind === "answer" && other === id);
  await line.until(([kind]) => kind === "snapshot");
  return { visitor, line, bytes, say, answer };
}

const inputOf = ({ client }: Visitor, n: number, args: readonly unknown[]) => ({
  args: encodeValue(args),
  call: { client, epoch: 1, n, at: null, seen: 0 },
});

/** Calls until that goes by socket, as it does when the next one is open. */
const bySocket = (network: Network, run: () => unknown) =>
  soon(async () => {
    network.posted.length = 0;
    await run();
    expect(network.posted).toEqual([]);
  });

/** What holds for sockets of both kinds. */
const both = test.for(["json", "binary"] as const);

both("events go by the socket that brings the stream, with no request for any: %s", async (wire) => {
  const { note, posted, network } = await open(await start(), wire);
  expect(await call(note, "write", "one")).toBe(1);
  expect((note.mirror.view() as Note).text).toBe("one");
  expect(await Promise.all(["two", "three", "four"].map((text) => call(note, "write", text)))).toEqual([2, 3, 4]);
  expect((note.mirror.view() as Note).text).toBe("four");
  expect(posted()).toEqual([]);
  expect(network.sockets).toBe(1);
});

both("an answer comes in one message with the frame that shows it, behind it: %s", async (wire) => {
  const app = await start();
  const { jar } = app.visitor();
  const messages: string[] = [];
  const client = openClient(app.site.url, {
    transport: "websocket",
    wire,
    line: {
      fetch: jar.fetch,
      openSocket(url) {
        const socket = jar.openSocket(url);
        socket.addEventListener("message", ({ data }) => messages.push(Buffer.from(data as string).toString("latin1")));
        return socket;
      },
    },
  });
  const note = await openTwin(client, "note");
  await call(note, "write", "together");
  const [told, ...more] = messages.filter((message) => /together|answer/.test(message));
  expect(told?.indexOf("together")).toBeGreaterThanOrEqual(0);
  expect(told?.indexOf("answer")).toBeGreaterThan(told?.indexOf("together") as number);
  expect(more).toEqual([]);
});

both("who is refused hears why, with code, data and issues: %s", async (wire) => {
  const { note, posted } = await open(await start(), wire);
  await expect(call(note, "refuse")).rejects.toMatchObject({ code: "TAKEN", message: "It is taken.", data: { by: "ann", since: new Date(0) } });
  await expect(call(note, "name", "x")).rejects.toMatchObject({ code: "INVALID", data: { issues: [{ path: [0] }] } });
  expect((note.mirror.view() as Note).text).toBe("");
  expect(posted()).toEqual([]);
});

test("what is no event is refused as by a request", async () => {
  const { answer, line, visitor } = await speak(await start());
  for (const [id, path] of ["note.constructor", "other.write", "nothing", "$connect"].entries()) {
    line.send(JSON.stringify([id, path, inputOf(visitor, 1, [])]));
    expect((await answer(id))[3]).toMatchObject({ data: { code: "NOT_FOUND" } });
  }
});

test("where the server does not say that it takes them, events are requests, and a socket that says one ends", async () => {
  const app = await start({ events: false });
  const { note, posted } = await open(app);
  expect(await call(note, "write", "by request")).toBe(1);
  expect(posted()).toEqual(["note.write"]);
  const visitor = app.visitor();
  const { value } = await visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch: 1, watch: [{ store: "note" }] });
  const line = openSocket(app.site.url, visitor.jar, { wire: "json", input: value });
  await line.until(([kind]) => kind === "snapshot");
  line.send(JSON.stringify([1, "note.write", inputOf(visitor, 1, ["never"])]));
  expect(await line.closed).toBe(1008);
  expect(line.messages.some(([kind]) => kind === "events")).toBe(false);
  expect(await app.twin.note(visitor.session).$snapshot()).toMatchObject({ text: "" });
});

test("a socket without a tab takes none, as its session may have no cookie", async () => {
  const app = await start();
  const visitor = app.visitor();
  const line = openSocket(app.site.url, visitor.jar, { wire: "json", input: { watch: [{ store: "wall" }] } });
  await line.until(([kind]) => kind === "snapshot");
  line.send(JSON.stringify([1, "wall.write", inputOf(visitor, 1, ["never"])]));
  expect(await line.closed).toBe(1008);
  expect(await app.twin.wall().$snapshot()).toMatchObject({ text: "" });
});

test("the context of a socket's events is made once, of the headers that it was opened with", async () => {
  const app = await start();
  const { note } = await open(app);
  const before = app.context.mock.calls.length;
  for (let i = 0; i < 3; i++) expect(await call(note, "who")).toBe("nobody");
  expect(app.context.mock.calls.length).toBe(before);
});

// --- sessions ---

test("who signs in by an event that replaces the cookie gets the cookie by a request, and events go by a new socket as who they now are", async () => {
  const app = await start();
  const jar = app.visitor().jar;
  const network = new Network(jar);
  const client = openClient(app.site.url, { transport: "websocket", line: network });
  const note = await openTwin(client, "note");
  const before = jar.cookie;
  expect(await call(note, "signIn", "ann")).toBe("ann");
  expect(jar.cookie).not.toBe(before);
  expect(network.posted.filter(({ path }) => path === "note.signIn").length).toBe(1);
  // By a request, as the socket has the old cookie: so it ends, and the next one has the new one.
  const online = status(client, ({ status }) => status === "reconnecting").then(() => status(client, ({ status }) => status === "online"));
  expect(await call(note, "who")).toBe("ann");
  await online;
  await bySocket(network, async () => expect(await call(note, "who")).toBe("ann"));
});

test("a socket whose cookie was replaced is not heard any more", async () => {
  const app = await start();
  const { visitor, line, say, answer } = await speak(app);
  say(1, "write", 1, "heard");
  await answer(1);
  await visitor.number("note.replaceCookie", 2, []);
  say(2, "write", 3, "never");
  expect((await answer(2))[3]).toMatchObject({ data: { code: "UNAVAILABLE" } });
  expect(line.messages.filter(([kind]) => kind === "events").at(-1)).toEqual(["events", 0]);
  expect(await app.twin.note(visitor.session).$snapshot()).toMatchObject({ text: "heard" });
  // The call that has replaced it is answered with the cookie, which no socket carries.
  say(3, "replaceCookie", 2);
  expect((await answer(3))[3]).toMatchObject({ data: { code: "UNAVAILABLE" } });
  // A request with the new one ends it.
  expect((await visitor.number("note.write", 3, ["by request"])).error).toBeUndefined();
  expect(await line.until(([kind]) => kind === "bye")).toEqual(["bye", "session"]);
});

test("a client id of another session is refused", async () => {
  const app = await start();
  const other = await speak(app);
  const { line, answer } = await speak(app);
  line.send(JSON.stringify([1, "note.write", inputOf(other.visitor, 1, ["never"])]));
  expect((await answer(1))[3]).toMatchObject({ data: { code: "FORBIDDEN" } });
});

test("a request of the session as another user ends the socket, and what it says after that is not heard", async () => {
  const app = await start();
  const { visitor, line, say, answer } = await speak(app);
  say(1, "who", 1);
  expect(decodeValue(((await answer(1))[2] as Numbered).v)).toBe("nobody");
  await visitor.post("note.who", JSON.stringify({ args: [] }), { "x-user": "ann" });
  say(2, "write", 2, "never");
  expect(await line.until(([kind]) => kind === "bye")).toEqual(["bye", "user"]);
  await line.closed;
  expect(await app.twin.note(visitor.session).$snapshot()).toMatchObject({ text: "" });
});

test("a socket that has ended is not heard, also where its reader does not take the word that it has", async () => {
  let id = "ann";
  await using net = pair({ stores, transport: "websocket", socketEvents: true, context: () => ({ user: { id } }) });
  const a = net.client();
  const wall = await a.wall();
  net.stall(a);
  await net.server.wall().write("what waits for the reader");
  await net.wait(100);
  id = "bob";
  await net.tab(a).wall();
  const late = wall.write("late");
  await net.wait(1000);
  expect(await net.server.wall().$snapshot()).toMatchObject({ text: "what waits for the reader" });
  net.heal(a);
  expect(await late).toBe(2);
  expect(net.trace.filter((line) => line.includes("→ wall.write"))).toEqual([expect.stringContaining("by socket"), expect.not.stringContaining("by socket")]);
});

test("twin.$recheck ends sockets, and the events of the next one are heard as who it is opened as", async () => {
  const app = await start();
  const { note, client, posted } = await open(app);
  expect(await call(note, "who")).toBe("nobody");
  const session = [...app.runtime.hosts.live].find(({ kind }) => kind === "session")?.key as string;
  signedIn.set(session, "ann");
  expect(await call(note, "who")).toBe("nobody");
  const back = status(client, ({ status }) => status === "reconnecting").then(() => status(client, ({ status }) => status === "online"));
  app.twin.$recheck({ session });
  await back;
  await soon(async () => expect(await call(note, "who")).toBe("ann"));
  expect(posted()).toEqual([]);
});

// --- bounds ---

test("events by socket count as those by request: who calls faster than a session may is told when to come again", async () => {
  const { say, answer, visitor } = await speak(await start({ eventRate: 1 }));
  for (let n = 1; n <= 15; n++) say(n, "write", n, `${n}`);
  expect((await answer(15))[3]).toMatchObject({ data: { code: "RATE_LIMITED", data: { limit: "eventRate", retryAfter: expect.any(Number) } } });
  expect((await visitor.number("note.write", 99, [""])).error?.code).toBe("RATE_LIMITED");
});

test("a client that is told so by its socket goes on when it may, and nothing is lost", async () => {
  const { note } = await open(await start({ eventRate: 5 }));
  await Promise.all(Array.from({ length: 55 }, (_, i) => call(note, "write", `${i}`)));
  await shown<Note>(note, ({ times, text }) => times === 55 && text === "54");
});

both("what a socket says that is no numbered call ends it, and the server lives: %s", async (wire) => {
  const app = await start();
  const call = { client: "x".repeat(22), epoch: 1, n: 1, at: null, seen: 0 };
  for (const bad of [
    "",
    "{",
    "{}",
    "null",
    "[]",
    "[1]",
    '[1,"note.write"]',
    '[1,"note.write",null]',
    '[1,"note.write",{"args":["never"]}]',
    JSON.stringify([1.5, "note.write", { args: [], call }]),
    JSON.stringify(["1", "note.write", { args: [], call }]),
    JSON.stringify([1, 5, { args: [], call }]),
    `${"[".repeat(50_000)}`,
  ]) {
    const { line } = await speak(app, { wire });
    line.send(bad);
    expect(await line.closed, bad.slice(0, 50)).toBe(1008);
  }
  // A number that is none is the call's fault alone.
  const { line, answer, say } = await speak(app, { wire });
  for (const [id, bad] of [{ ...call, n: -1 }, { ...call, client: 5 }, [], { ...call, n: "1" }].entries()) {
    line.send(JSON.stringify([id, "note.write", { args: [], call: bad }]));
    expect((await answer(id))[3]).toMatchObject({ data: { code: "INVALID" } });
  }
  say(9, "write", 1, "alive");
  expect(await answer(9)).toHaveLength(3);
});

test("a call that is larger than `maxBody` ends a socket; a client asks by request, and is told", async () => {
  const app = await start({ maxBody: 2000 });
  const { line, say, bytes } = await speak(app);
  expect(bytes).toBe(2000);
  say(1, "write", 1, "x".repeat(2000));
  expect(await line.closed).toBe(1009);
  const { note, posted, network } = await open(app);
  await expect(call(note, "write", "x".repeat(3000))).rejects.toMatchObject({ code: "INVALID" });
  expect(new Set(posted())).toEqual(new Set(["note.write"]));
  expect(network.sockets).toBe(1);
  expect(await call(note, "write", "short")).toBe(1);
});

test("a message that is larger than any may be ends a socket, however much an event may have", async () => {
  const { line, bytes } = await speak(await start({ maxBody: 4 << 20 }));
  expect(bytes).toBe(1 << 20);
  line.send("x".repeat((1 << 20) + 1));
  expect(await line.closed).toBe(1009);
});

test("only so many calls of a socket are without an answer", async () => {
  renew();
  const { line, say } = await speak(await start({ maxPending: 5000, eventRate: 1000 }));
  for (let n = 1; n <= 1000; n++) say(n, "hold", n, "");
  await reached();
  expect(line.messages.some(([kind]) => kind === "answer")).toBe(false);
  say(1001, "hold", 1001, "");
  expect(await line.closed).toBe(1008);
  gate().open();
});

test("answers that a reader does not take are not dropped, and effects that are dropped are asked for by their calls", async () => {
  await using net = pair({ stores, transport: "websocket", socketEvents: true, maxQueued: 500 });
  const a = net.client();
  const wall = await a.wall();
  const texts = Array.from({ length: 20 }, (_, i) => `a longer text, of which there are many: ${i}`);
  const heard: unknown[] = [];
  a.$onEffect((_, [text]) => heard.push(text));
  net.stall(a);
  const called = texts.map((text) => wall.toast(text));
  await net.wait(1000);
  net.heal(a);
  await net.wait(500);
  const posted = () => net.trace.filter((line) => /→ wall\.toast/.test(line) && !line.includes("by socket"));
  expect([posted(), heard.length]).toEqual([[], expect.any(Number)]);
  expect(heard.length).toBeLessThan(20);
  expect(await Promise.all(called)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect([posted().length, [...heard].sort()]).toEqual([1, [...texts].sort()]);
  await net.quiet();
});

test("a log that throws ends neither the socket nor the server", async () => {
  const log = vi.fn(() => {
    throw new Error("The log is full.");
  });
  const { say, answer } = await speak(await start({ log }));
  say(1, "write", 1, "before");
  say(2, "fail", 2);
  await soon(() => expect(log).toHaveBeenCalledWith(expect.objectContaining({ level: "error" })));
  say(3, "who", 3);
  expect(await answer(3)).toHaveLength(3);
});

// --- lines that break ---

both("a socket that breaks between a call and its answer: it is asked again by request, and has run once: %s", async (wire) => {
  renew();
  const app = await start();
  const { note, network, posted } = await open(app, wire);
  const held = call(note, "hold", "once");
  await reached();
  // At once, and not when there is a stream again.
  network.streams = false;
  network.cut();
  await soon(() => expect(posted()).toContain("note.hold"));
  network.streams = true;
  gate().open();
  expect(await held).toBe(1);
  expect(await shown<Note>(note, ({ text }) => text === "once")).toMatchObject({ times: 1 });
});

test("an answer that never comes is asked for again after half a minute, also where the line seems to live", async () => {
  await using net = pair({ stores, transport: "websocket", socketEvents: true });
  const a = net.client();
  const wall = await a.wall();
  net.next(a, "silence");
  expect(await wall.write("milk")).toBe(1);
  const [said, posted] = net.trace.filter((line) => line.includes("→ wall.write"));
  expect(said).toContain("by socket (silence)");
  expect(Number.parseInt(posted as string, 10)).toBeLessThan(40_000);
  await net.quiet();
  expect(wall.times).toBe(1);
});
