import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { FaultyNetwork, NO_FAULTS } from "../../client/faulty-network.js";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { TRANSPORT } from "../kit/transport.js";

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    return this.lines.push(line);
  }
}

/** A wall, and two who look at it: one through a network that does as it is told. */
async function open() {
  const { site } = await serveTwin({ stores: { wall: scope.shared(Log) } });
  const network = new FaultyNetwork(new Jar());
  onTestFinished(() => network.set(NO_FAULTS));
  const { fetch, openSocket } = network.options;
  const client = openClient(site.url, { line: { fetch: fetch!, openSocket: openSocket! } });
  const [wall, other] = [await openTwin(client, "wall"), await openTwin(openClient(site.url), "wall")];
  return { network, client, wall, other };
}

const has = (line: string) => (view: Log) => view.lines.includes(line);

test("a network without faults lets all through, and tells what the stream comes by", async () => {
  const { network, wall, other } = await open();
  expect(await call(wall, "add", "a")).toBe(1);
  await call(other, "add", "b");
  await shown(wall, has("b"));
  expect(network.transport).toBe(TRANSPORT === "sse" ? "server-sent events" : "WebSocket");
});

test("offline, the page is told so at once, nothing comes through, and all goes on when that is over", async () => {
  const { network, client, wall, other } = await open();
  network.set({ offline: true });
  await status(client, ({ status }) => status === "offline");
  const calls = [call(wall, "add", "a"), call(wall, "add", "b")];
  await call(other, "add", "c");
  expect([client.status.current, wall.mirror.read("lines")]).toEqual([{ status: "offline", pending: 2 }, []]);
  network.set({ offline: false });
  expect(await Promise.all(calls)).toEqual([2, 3]);
  await status(client, ({ status, pending }) => status === "online" && pending === 0);
  expect(wall.mirror.read("lines")).toEqual(["c", "a", "b"]);
});

test("on a slow network messages of the stream come as much later, in their order", async () => {
  const { network, wall, other } = await open();
  network.set({ latency: 200 });
  const began = performance.now();
  for (const line of ["a", "b", "c"]) await call(other, "add", line);
  await shown(wall, has("a"));
  expect(performance.now() - began).toBeGreaterThanOrEqual(195);
  await shown(wall, has("c"));
  expect(wall.mirror.read("lines")).toEqual(["a", "b", "c"]);
  const sent = performance.now();
  await call(wall, "add", "d");
  expect(performance.now() - sent).toBeGreaterThanOrEqual(390);
});

test("a stream that loses something breaks there, and brings it when it is back", async () => {
  const { network, client, wall, other } = await open();
  network.set({ loss: 1 });
  await call(other, "add", "a");
  await status(client, ({ status }) => status === "reconnecting");
  expect(wall.mirror.read("lines")).toEqual([]);
  network.set({ loss: 0 });
  await shown(wall, has("a"));
  await status(client, ({ status }) => status === "online");
});

// Calls are requests in any case. Over a socket, what the stream loses meanwhile would cost a minute without one.
if (TRANSPORT === "sse") {
  // Each loss costs a pause, which grows.
  test("what an answer loses has run, and is asked again until it is answered", async () => {
    const { network, wall, other } = await open();
    network.set({ loss: 0.2 });
    const calls = Array.from({ length: 10 }, (_, i) => call(wall, "add", String(i)));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
    await shown(other, has("9"));
    expect(other.mirror.read("lines")).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
  });
}
