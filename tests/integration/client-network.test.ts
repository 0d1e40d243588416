import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { reaction } from "mobx";
import { current, event, state } from "twinstate";
import { createTwin, memory, scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, onTestFinished, test } from "vitest";
import type { LiveTwin, Twin } from "../../client/twin.js";
import { SECRET, serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin, shown, status } from "../kit/client.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { type Handlers, Jar, type Site, serve } from "../kit/http.js";
import { Network } from "../kit/network.js";
import { Random } from "../kit/random.js";
import { attach, SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

class Log {
  @state lines: string[] = [];
  @state deep = { rows: [{ id: 1 }, { id: 2 }] };
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
  @event async slow(line: string) {
    await wait();
    this.lines.push(line);
    return "slow";
  }
}
class A {
  @state n = 0;
}
class B {
  @state n = 0;
  @event async both() {
    const a = await current().get(A);
    a.n++;
    this.n++;
  }
}
class Other {
  @state count = 0;
  @event up() {
    return ++this.count;
  }
}

const stores = { log: Log, other: Other, wall: scope.shared(Log), room: scope.room(Log, { allow: () => true }) };
const lines = (twin: { mirror: { read(name: string): unknown } }) => twin.mirror.read("lines") as string[];

/** A client behind a network that one can pull. */
function behind(url: string, jar = new Jar()) {
  const network = new Network(jar);
  return { network, jar, client: openClient(url, { line: network, linger: 0 }) };
}

test("a twin whose stream is cut comes back with what it missed, and keeps its objects", async () => {
  const { site } = await serveTwin({ stores });
  const { client, network } = behind(site.url);
  const wall = await openTwin(client, "wall");
  const writer = await openTwin(openClient(site.url), "wall");
  await call(writer, "add", "a");
  await shown(wall, () => lines(wall).length === 1);
  const row = (liveOf(wall) as Log).deep.rows[0];
  network.cut();
  await status(client, (now) => now.status === "reconnecting");
  await call(writer, "add", "b");
  await shown(wall, () => lines(wall).length === 2);
  expect(client.status.current.status).toBe("online");
  expect(network.seen).toEqual({ snapshot: 1, resume: 1 });
  expect((liveOf(wall) as Log).deep.rows[0]).toBe(row);
});

test("calls made while the line is down run once, in order, when it is back", async () => {
  const { site } = await serveTwin({ stores });
  const { network, client } = behind(site.url);
  const log = await openTwin(client, "log");
  network.down = true;
  network.cut();
  const calls = ["a", "b", "c"].map((line) => call(log, "add", line));
  await status(client, (now) => now.status === "reconnecting");
  expect(client.status.current.pending).toBe(3);
  network.down = false;
  expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  expect(lines(log)).toEqual(["a", "b", "c"]);
});

test("an answer brings what the twin shows while no stream can be opened", async () => {
  const { site } = await serveTwin({ stores });
  const { client, network } = behind(site.url);
  const log = await openTwin(client, "log");
  network.streams = false;
  network.cut();
  await status(client, (now) => now.status === "reconnecting");
  expect(await call(log, "add", "a")).toBe(1);
  expect(lines(log)).toEqual(["a"]);
});

test("a change of two stores is never seen half, however the line breaks", async () => {
  await using net = pair({ stores: { a: scope.shared(A), b: scope.shared(B) }, maxLog: 200, transport: TRANSPORT, socketEvents: SOCKET_EVENTS });
  const reader = net.client();
  const [a, b] = [await reader.a(), await reader.b()];
  const seen: [unknown, unknown][] = [];
  const stop = reaction(
    () => [a.n, b.n] as const,
    (both) => void seen.push([...both]),
  );
  const writer = await net.client().b();
  for (let i = 0; i < 40; i++) {
    if (i % 7 === 0) net.break(reader);
    await writer.both();
  }
  await net.quiet();
  stop();
  expect([a.n, b.n]).toEqual([40, 40]);
  expect(seen.length).toBeGreaterThan(1);
  for (const [left, right] of seen) expect(left).toBe(right);
});

/** A server that can be killed and started again, at one address. */
async function restartable() {
  const storage = { current: memory() };
  let handlers: Handlers | undefined;
  const start = () => {
    storage.current = memory();
    const twin = createTwin({ stores, session: { secret: SECRET }, storage: storage.current, name: randomUUID(), log: () => {} });
    handlers = twin.handlers;
    return twin;
  };
  const ended: Promise<void>[] = [];
  let twin = start();
  const serveNow: Handlers["POST"] = (request) => (handlers as Handlers).POST(request);
  const site: Site = await serve({ GET: serveNow, POST: serveNow });
  await attach(site, twin);
  // Sockets among them, which `closeAllConnections` leaves open.
  const lines = new Set<Socket>();
  site.server.on("connection", (line) => {
    lines.add(line);
    line.on("close", () => lines.delete(line));
  });
  onTestFinished(async () => {
    await site.close();
    await Promise.all([...ended, twin.close()]);
  });
  return {
    site,
    async restart() {
      const old = twin;
      twin = start();
      await attach(site, twin);
      for (const line of lines) line.destroy();
      ended.push(old.close());
    },
  };
}

test("when the server has lost its state, the twin shows the new one, and a call of unknown fate says so", async () => {
  renew();
  const { site, restart } = await restartable();
  const { client } = behind(site.url);
  const log = await openTwin(client, "log");
  await call(log, "add", "old");
  const slow = call(log, "slow", "lost");
  const outcome = slow.then(
    () => "answered",
    (error: unknown) => (error as { code: string }).code,
  );
  await reached();
  await restart();
  expect(await outcome).toBe("UNKNOWN_OUTCOME");
  gate().open();
  await shown(log, () => lines(log).length === 0);
  expect(await call(log, "add", "new")).toBe(1);
  expect(lines(log)).toEqual(["new"]);
});

test("calls made while the server is away run in its next life", async () => {
  const { site, restart } = await restartable();
  const { client, network } = behind(site.url);
  const log = await openTwin(client, "log");
  await call(log, "add", "old");
  network.down = true;
  network.cut();
  await status(client, (now) => now.status === "reconnecting");
  await restart();
  network.down = false;
  expect(await call(log, "add", "new")).toBe(1);
  expect(lines(log)).toEqual(["new"]);
});

test("an acknowledged call has run exactly once, in order, whatever is lost, doubled, late or cut short", async () => {
  const seed = Number(process.env.SEED ?? (process.env.TEST_FULL ? Date.now() % 1e9 : 1));
  console.log(`seed ${seed}`);
  const { site } = await serveTwin({ stores });
  const random = new Random(seed);
  const clients = [0, 1, 2].map(() => behind(site.url));
  const walls = await Promise.all(clients.map(({ client }) => openTwin(client, "wall")));
  for (const { network } of clients) network.random = random;
  const answered: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    for (const [c, wall] of walls.entries()) {
      answered.push(call(wall, "add", `${c} ${i}`));
      if (random.chance(0.05)) clients[c]?.network.cut();
    }
    if (random.chance(0.3)) await Promise.race([answered.at(-1), new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  const places = (await Promise.all(answered)) as number[];
  for (const { network } of clients) network.random = undefined;
  const wall = await openTwin(openClient(site.url), "wall");
  const all = lines(wall);
  expect(all.length).toBe(180);
  for (const c of [0, 1, 2]) expect(all.filter((line) => line.startsWith(`${c} `))).toEqual(Array.from({ length: 60 }, (_, i) => `${c} ${i}`));
  // Each was answered with the place where its line stands.
  for (let i = 0; i < 60; i++) for (const c of [0, 1, 2]) expect(all[(places[i * 3 + c] as number) - 1]).toBe(`${c} ${i}`);
  for (const one of walls) expect(await shown(one, () => lines(one).length === 180)).toEqual(wall.mirror.view());
});

test("a page goes live from what it was rendered with, without asking for it again", async () => {
  const { site, runtime } = await serveTwin({ stores });
  const jar = new Jar();
  const first = openClient(site.url, { line: jar });
  const writer = await openTwin(first, "log");
  await call(writer, "add", "a");
  const data = await runtime.preload({ log: true, room: "r" }, new Headers({ cookie: jar.cookie as string }));
  const { client, network } = behind(site.url, jar);
  client.preload(data);
  const log = client.twin("log");
  expect(log.state).toBe("ready");
  expect(lines(log)).toEqual(["a"]);
  expect(log.preloaded).toEqual({ version: log.version, view: log.mirror.view() });
  expect(client.twin("room", "r").state).toBe("ready");
  expect(network.posted).toEqual([]);
  await call(writer, "add", "b");
  log.use();
  await shown(log, () => lines(log).length === 2);
  expect(network.seen).toEqual({ snapshot: 0, resume: 1 });
  client.preload(data);
  expect(lines(log)).toEqual(["a", "b"]);
});

test("what was rendered for another session is ignored", async () => {
  const { site, runtime } = await serveTwin({ stores });
  const mine = await openTwin(openClient(site.url), "log");
  const client = openClient(site.url);
  const log = await openTwin(client, "log");
  await call(log, "add", "mine");
  client.preload(await runtime.preload({ log: true }, new Headers()));
  expect(lines(log)).toEqual(["mine"]);
  expect(lines(mine)).toEqual([]);
});

test("a twin that nobody uses is let go after a while, and comes back when used again", async () => {
  const { site } = await serveTwin({ stores });
  const { network, client } = behind(site.url);
  const keep = client.twin("log");
  keep.use();
  const wall = client.twin("wall");
  const stop = wall.use();
  const also = wall.use();
  await Promise.all([wall.ready, keep.ready]);
  stop();
  stop();
  expect(client.twin("wall")).toBe(wall);
  also();
  await expect.poll(() => network.posted.filter(({ path }) => path === "$unwatch").length).toBe(1);
  expect(client.twin("wall")).not.toBe(wall);
  const again = await openTwin(client, "wall");
  const writer = await openTwin(openClient(site.url), "wall");
  await call(writer, "add", "x");
  await shown(again, () => lines(again).length === 1);
});

test("twins that are used in one go are asked for in one request", async () => {
  const { site } = await serveTwin({ stores });
  const { network, client } = behind(site.url);
  const twins = [client.twin("log"), client.twin("other"), client.twin("wall"), client.twin("room", "a")];
  expect(network.posted).toEqual([]);
  for (const twin of twins) twin.use();
  await Promise.all(twins.map((twin) => twin.ready));
  expect(network.posted.map(({ path }) => path)).toEqual(["$connect"]);
});

test("a change that does not fit is answered by asking for the whole state", async () => {
  const { site } = await serveTwin({ stores });
  const client = openClient(site.url);
  const log = (await openTwin(client, "log")) as LiveTwin;
  await call(log, "add", "a");
  const { apply } = log.mirror;
  log.mirror.apply = () => {
    log.mirror.apply = apply;
    throw new Error("does not fit");
  };
  expect(await call(log, "add", "b")).toBe(2);
  expect(lines(log)).toEqual(["a", "b"]);
});

test("after close nothing is left running, and open calls are rejected", async () => {
  renew();
  const { site } = await serveTwin({ stores });
  const client = openClient(site.url);
  const log = await openTwin(client, "log");
  const slow = call(log, "slow", "x");
  await reached();
  client.close();
  await expect(slow).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(call(log, "add", "y")).rejects.toMatchObject({ code: "CANCELLED" });
  gate().open();
  await expect.poll(() => new Promise<number>((resolve) => site.server.getConnections((_, count) => resolve(count)))).toBe(0);
});

test("a closed client leaves no timer, whatever it was waiting for", async () => {
  const { site } = await serveTwin({ stores });
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const network = new Network();
  const client = openClient(site.url, { line: network });
  const [log, wall] = [client.twin("log"), client.twin("wall")];
  log.use();
  const stop = wall.use();
  await Promise.all([log.ready, wall.ready]);
  stop();
  network.down = true;
  network.cut();
  const waiting = call(log, "add", "x");
  await status(client, (now) => now.status === "reconnecting");
  expect(timers()).toBeGreaterThan(before);
  client.close();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  // The server's own end with its streams.
  while (timers() > before) await new Promise(setImmediate);
});

test("a client whose session has ended goes on in the new one", async () => {
  const { site } = await serveTwin({ stores });
  const { client, jar, network } = behind(site.url);
  const log = await openTwin(client, "log");
  await call(log, "add", "old");
  jar.cookie = undefined;
  network.cut();
  await shown(log, () => lines(log).length === 0);
  expect(await call(log, "add", "new")).toBe(1);
  expect(lines(log)).toEqual(["new"]);
});

test("a server that is no twin's is reported, and asked again", async () => {
  const server = createServer((_, res) => res.writeHead(404).end("nothing here"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const client = openClient(`http://127.0.0.1:${(server.address() as { port: number }).port}/api/twin`);
  const told: string[] = [];
  client.onError((error) => told.push(error.message));
  client.twin("log").use();
  await status(client, (now) => now.status === "reconnecting");
  await expect.poll(() => told.length).toBe(1);
  expect(told[0]).toContain("404");
});

test("a room that let somebody out shows itself again when it lets them in, though it has not changed", async () => {
  let open = true;
  const { site } = await serveTwin({ stores: { room: scope.room(Log, { allow: () => open }) } });
  const { network, client } = behind(site.url);
  const room = client.twin("room", "a");
  const leave = room.use();
  await room.ready;
  await call(room, "add", "x");
  open = false;
  network.cut();
  await changed(room, () => room.state === "refused");
  leave();
  open = true;
  room.use();
  await changed(room, () => room.state === "ready");
  expect(lines(room)).toEqual(["x"]);
});

async function changed(twin: Twin, wanted: () => boolean): Promise<void> {
  while (!wanted()) {
    await new Promise<void>((resolve) => {
      const stop = twin.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}
