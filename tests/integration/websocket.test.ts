import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { type Fault, pair } from "twinstate/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ClientOptions } from "../../client/options.js";
import { type App, serveTwin, type Visitor } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { Network } from "../kit/network.js";
import { soon } from "../kit/soon.js";
import { type OpenSocket, openSocket, type SocketInput } from "../kit/stream.js";

// That a socket brings what a stream has to bring is shown by the project `websocket`, which runs the tests of streams over sockets.

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

const stores = { note: Note, wall: scope.shared(Note) };

async function start(options: Record<string, number> = {}) {
  const app = await serveTwin({ stores, ...options });
  const stop = await app.twin.attach(app.site.server);
  onTestFinished(stop);
  const visitor = app.visitor();
  await visitor.call("note.write", "begun");
  return { ...app, stop, visitor };
}

async function open({ site }: Pick<App<any, any>, "site">, visitor: Visitor, options: SocketInput): Promise<OpenSocket> {
  const socket = openSocket(site.url, visitor.jar, options);
  await socket.opened;
  return socket;
}

/** Below the path of the sockets, or written otherwise: where none are. */
const BELOW = ["/api/twin/$socket/binary/more", "/api/twin/$socket/zzz", "/api/twin/%24socket", "/api/twin/%24socket/binary"];

/** What a request for an upgrade is answered, until the server ends it. The sender's half stays open until the test ends. */
async function askUpgrade({ site }: Pick<App<any, any>, "site">, path: string): Promise<string> {
  const { port } = site.server.address() as AddressInfo;
  const line = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void line.destroy());
  let answer = "";
  line.on("data", (data) => {
    answer += data;
  });
  line.on("error", () => {});
  line.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await once(line, "end");
  return answer;
}

/** What holds for sockets of both kinds. */
const both = test.for(["json", "binary"] as const);

both("a ticket of a tab works on a socket, once, and its tab's events answer to it: %s", async (wire) => {
  const app = await start();
  const { visitor } = app;
  const { value } = await visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch: 1, watch: [{ store: "note" }] });
  const line = await open(app, visitor, { wire, input: value });
  await line.until(([kind]) => kind === "snapshot");
  await visitor.number("note.write", 1, ["by number"]);
  await line.until((message) => JSON.stringify(message).includes("by number"));
  const again = await open(app, visitor, { wire, input: value });
  expect((await again.until(([kind]) => kind === "error"))[1]).toMatchObject({ error: { data: { code: "NOT_FOUND" } } });
  expect(await again.closed).toBe(1008);
});

both("pages of other sites get no socket, and other paths are left to others: %s", async (wire) => {
  const app = await start();
  app.site.server.on("upgrade", (_, line) => line.end("HTTP/1.1 418 Teapot\r\n\r\n"));
  await expect(open(app, app.visitor, { wire, headers: { origin: "https://evil.example" } })).rejects.toThrow("refused");
  expect(await askUpgrade(app, "/_next/hmr")).toContain("418");
  for (const path of BELOW) expect(await askUpgrade(app, path)).toContain("404");
  await open(app, app.visitor, { wire, headers: { origin: app.site.origin } });
});

test("an upgrade that nobody takes is answered and closed, also where its sender leaves its half open", async () => {
  const app = await start();
  const other = await serveTwin({ stores });
  onTestFinished(await other.twin.attach(app.site.server, { path: "/other/$socket" }));
  const open = () => new Promise<number>((resolve) => app.site.server.getConnections((_, count) => resolve(count)));
  const before = await open();
  for (const path of ["/", "/x", "/%zz", "/api/twin/note.write", "/other/$socket/more", ...BELOW])
    expect(await askUpgrade(app, path), path).toMatch(/^HTTP\/1\.1 404 .*\r\n\r\n$/s);
  await soon(async () => expect(await open()).toBeLessThanOrEqual(before));
  expect((await fetch(`${app.site.url}/health`)).status).toBe(200);
});

test("an upgrade that others listen for and none answers is closed after half a minute, and one that is answered stays", async () => {
  const app = await start();
  const ask = (path: string) => askUpgrade(app, path);
  const left = new Promise<void>((resolve) => {
    app.site.server.on("upgrade", ({ url }, line) => {
      if (url === "/theirs") line.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      else resolve();
    });
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let over = false;
  void ask("/theirs").then(() => {
    over = true;
  });
  const nobodys = ask("/x");
  await left;
  vi.advanceTimersByTime(30_000);
  expect(await nobodys).toContain("404");
  expect(over).toBe(false);
});

both("what a socket says that is no input, or says twice, ends it, and the server lives: %s", async (wire) => {
  const app = await start();
  for (const bad of ["", "{", "[]", "null", '{"ticket":5}', "x".repeat(100_000)]) {
    const line = await open(app, app.visitor, { wire });
    line.send(bad);
    expect(await line.closed).toBe(1008);
  }
  const twice = await open(app, app.visitor, { wire, input: { watch: [{ store: "note" }] } });
  await twice.until(([kind]) => kind === "snapshot");
  twice.send("more");
  expect(await twice.closed).toBe(1008);
  await soon(() => expect(app.runtime.streams.size).toBe(0));
  expect(await app.visitor.call("note.write", "alive")).toBeUndefined();
});

both("messages come whole, however long they are: %s", async (wire) => {
  const app = await start();
  const line = await open(app, app.visitor, { wire, input: { watch: [{ store: "wall" }] } });
  await line.until(([kind]) => kind === "snapshot");
  // Heads of sockets' messages change with 126 and 65,536 bytes.
  const lengths = [...Array(130).keys(), ...Array.from({ length: 130 }, (_, i) => 65_420 + i)];
  for (const length of lengths) {
    const text = "x".repeat(length);
    await app.twin.wall().write(`${length}:`);
    await app.twin.wall().write(text);
    await line.until((message) => typeof message[0] === "number" && JSON.stringify(message).includes(`"${text}"`));
  }
});

both("a session has only so many sockets, and is told why there is no more: %s", async (wire) => {
  const app = await start({ maxStreams: 1 });
  const line = await open(app, app.visitor, { wire, input: { watch: [{ store: "note" }] } });
  await line.until(([kind]) => kind === "snapshot");
  const second = await open(app, app.visitor, { wire, input: { watch: [] } });
  expect((await second.until(([kind]) => kind === "error"))[1]).toMatchObject({ error: { data: { code: "RATE_LIMITED" } } });
  expect(await second.closed).toBe(1008);
});

both("a closing server says goodbye on sockets: %s", async (wire) => {
  const app = await start();
  const line = await open(app, app.visitor, { wire, input: { watch: [{ store: "note" }] } });
  await line.until(([kind]) => kind === "snapshot");
  await app.twin.close();
  expect(await line.until(([kind]) => kind === "bye")).toEqual(["bye", "closed"]);
  expect(await line.closed).toBe(1001);
});

test("who reads text and who reads bytes see the same, of the same server", async () => {
  const app = await start();
  const [text, bytes] = (["json", "binary"] as const).map((wire) => wanting(app.site.url, wire, new Jar())) as [Wanting, Wanting];
  const [one, two] = [await openTwin(text.client, "wall"), await openTwin(bytes.client, "wall")];
  for (const [twin, said] of [
    [one, "by text"],
    [two, "by bytes, with “quotes”, 🐈 and half a \ud83d"],
  ] as const) {
    await call(twin, "write", said);
    for (const reader of [one, two]) await shown<Note>(reader, (view) => view.text === said);
  }
  expect(two.mirror.view()).toEqual(one.mirror.view());
  const paths = [text, bytes].map(({ asked }) => asked.mock.calls.map(([url]) => new URL(url).pathname));
  expect(paths).toEqual([["/api/twin/$socket"], ["/api/twin/$socket/binary"]]);
});

test("bytes that are no messages end a stream, and what they should have told comes with the next one", async () => {
  const app = await start();
  const jar = new Jar();
  const bad = new Uint8Array([0x82, 0x01, 0xbf]).buffer;
  let spoil = false;
  const { client } = wanting(app.site.url, "binary", {
    fetch: jar.fetch,
    openSocket(url) {
      const socket = jar.openSocket(url);
      // Before the client's own listener.
      socket.addEventListener("message", (event) => {
        if (!spoil || (event.data as ArrayBuffer).byteLength === 0) return;
        spoil = false;
        event.stopImmediatePropagation();
        (socket.onmessage as (event: { data: ArrayBuffer }) => void)({ data: bad });
      });
      return socket;
    },
  });
  const wall = await openTwin(client, "wall");
  const states: string[] = [];
  client.status.subscribe(() => states.push(client.status.current.status));
  spoil = true;
  await app.twin.wall().write("told later");
  await shown<Note>(wall, ({ text }) => text === "told later");
  expect(spoil).toBe(false);
  expect(states).toContain("reconnecting");
});

// --- where a client finds no socket ---

type Wanting = ReturnType<typeof wanting>;

/** A client that wants sockets, and how often it asks for one. */
function wanting(url: string, wire: ClientOptions["wire"], { fetch, openSocket }: Required<Pick<ClientOptions, "fetch" | "openSocket">>) {
  const asked = vi.fn(openSocket);
  return { asked, client: openClient(url, { transport: "websocket", wire, line: { fetch, openSocket: asked } }) };
}

both("where the server has no sockets, a client's stream comes all the same, and a minute later it looks for one again: %s", async (wire) => {
  const app = await serveTwin({ stores });
  const network = new Network();
  const { asked, client } = wanting(app.site.url, wire, network);
  const wall = await openTwin(client, "wall");
  const write = async (text: string) => {
    await app.twin.wall().write(text);
    await shown<Note>(wall, (view) => view.text === text);
  };
  await write("without");
  expect(asked).toHaveBeenCalledTimes(1);
  const cut = async () => {
    network.cut();
    await status(client, (now) => now.status === "reconnecting");
    await status(client, (now) => now.status === "online");
  };
  await cut();
  await write("without again");
  expect(asked).toHaveBeenCalledTimes(1);
  onTestFinished(await app.twin.attach(app.site.server));
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
  onTestFinished(() => void vi.restoreAllMocks());
  await cut();
  await write("by socket");
  expect(asked).toHaveBeenCalledTimes(2);
  expect(network.sockets).toBe(1);
});

both("a socket that the server refuses, as its cookie is missing, is no reason to have no stream: %s", async (wire) => {
  const app = await start();
  const jar = new Jar();
  const { asked, client } = wanting(app.site.url, wire, { fetch: jar.fetch, openSocket: new Jar().openSocket });
  const wall = await openTwin(client, "wall");
  await call(wall, "write", "there");
  await shown<Note>(wall, ({ text }) => text === "there");
  expect(asked).toHaveBeenCalledTimes(1);
});

test("where there are no sockets at all, there is a stream", async () => {
  const app = await start();
  const { client } = wanting(app.site.url, "json", {
    fetch: new Jar().fetch,
    openSocket() {
      throw new SyntaxError("no sockets in this world");
    },
  });
  const wall = await openTwin(client, "wall");
  await app.twin.wall().write("there");
  await shown<Note>(wall, ({ text }) => text === "there");
});

test.for<[string, Fault[]]>([
  ["says nothing for seconds", ["late", "silence"]],
  ["is lost on its way", ["late", "lose"]],
  ["opens, and brings nothing", ["late", "late", "silence"]],
])("a socket that %s is given up, and what was missed comes without it", async ([, faults]) => {
  await using net = pair({ stores, transport: "websocket" });
  const a = net.client();
  const wall = await a.wall();
  net.next(a, ...faults);
  net.break(a);
  await net.server.wall().write("missed");
  // While faults last: `quiet` would end them.
  await net.wait(25_000);
  expect(wall.text).toBe("missed");
  const asked = net.trace.filter((line) => /→ \$(socket|live)/.test(line)).map((line) => line.split("→ ")[1]);
  // The stream of each connection: the first by socket; of the second one without.
  expect(asked.slice(0, 2)).toEqual(["$socket", "$live"]);
  expect(asked.filter((path) => path?.startsWith("$socket")).length).toBe(2);
  net.break(a);
  await net.wait(2000);
  expect(net.trace.filter((line) => line.includes("→ $socket")).length).toBe(2);
  await net.wait(60_000);
  net.break(a);
  await net.quiet();
  expect(net.trace.filter((line) => line.includes("→ $socket")).length).toBe(3);
});

test("what is no server, or no path, is refused when it is attached", async () => {
  const { site, twin } = await serveTwin({ stores });
  const app = Object.assign(() => {}, { on: () => {}, emit: () => {}, listen: () => {} });
  await expect(twin.attach(app as never)).rejects.toThrow("`attach()` got no server");
  await expect(twin.attach(undefined as never)).rejects.toThrow("`attach()` got no server");
  await expect(twin.attach(site.server, { path: "api/twin/$socket" })).rejects.toThrow("`path` does not begin with `/`");
});
