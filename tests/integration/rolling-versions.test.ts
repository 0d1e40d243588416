import { randomUUID } from "node:crypto";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { redis } from "twinstate/server/redis";
import { expect } from "vitest";
import { type App, serveTwin } from "../kit/app.js";
import { call, liveOf, openClient, openTwin } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { test } from "../kit/redis.js";
import { soon } from "../kit/soon.js";

class Wall {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
}

class LaterWall {
  static version = 2;
  static migrate(old: { lines: string[]; heads?: string[] }) {
    old.heads = old.lines.map((line) => line.slice(0, 1));
  }
  @state lines: string[] = [];
  @state heads: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
    this.heads.push(line.slice(0, 1));
    return this.lines.length;
  }
}

const storesOf = (Class: typeof Wall) => ({ own: Class, wall: scope.room(Class, { allow: () => true }), all: scope.shared(Class) });
type Stores = ReturnType<typeof storesOf>;
type Node = App<Stores, {}>;
const [earlier, later] = [storesOf(Wall), storesOf(LaterWall)];

function start(url: string, stores: Stores, prefix = "twin:"): Promise<Node> {
  return serveTwin({ stores, storage: redis(url, { warn: () => {}, prefix }), name: randomUUID() });
}

/** Clients whose requests go to the nodes that take some, by turns, as behind a proxy without sticky sessions. */
function clientsOf(nodes: readonly (Node | undefined)[]) {
  const [{ site }] = nodes as [Node];
  let turn = 0;
  return () => {
    const jar = new Jar();
    const fetch = (input: string | URL | Request, init?: RequestInit) => {
      const living = nodes.flatMap((node) => node ?? []);
      return jar.fetch(String(input).replace(site.url, (living[turn++ % living.length] as Node).site.url), init);
    };
    return openClient(site.url, { line: { fetch: fetch as typeof globalThis.fetch, openSocket: jar.openSocket }, transport: "sse" });
  };
}

const linesOf = (twin: Parameters<typeof liveOf>[0]) => [...(liveOf(twin) as Wall).lines];

test("behaviour 99: releases share one Redis while nodes are replaced: clients of the earlier one go on, and each event runs once", async ({ redisServer }) => {
  const { url } = await redisServer();
  const nodes: (Node | undefined)[] = await Promise.all([1, 2, 3].map(() => start(url, earlier)));
  const open = clientsOf(nodes);
  const clients = await Promise.all(
    [0, 1, 2].map(async (k) => {
      const client = open();
      const statuses = new Set<string>();
      client.status.subscribe(() => statuses.add(client.status.current.status));
      return { k, statuses, own: await openTwin(client, "own"), wall: await openTwin(client, "wall", "x"), all: await openTwin(client, "all") };
    }),
  );
  let going = true;
  const given = clients.map(() => 0);
  const calls = Promise.all(
    clients.map(async ({ k, own, wall, all }) => {
      for (let n = 0; going; n++) {
        await Promise.all([own, wall, all].map((twin) => call(twin, "add", `${k}.${n}`)));
        given[k] = n + 1;
      }
    }),
  );
  const further = async (more: number) => {
    const before = [...given];
    await soon(() => expect(given.every((n, k) => n >= (before[k] as number) + more)).toBe(true));
  };
  for (const k of [0, 1, 2]) {
    await further(3);
    const ending = nodes[k] as Node;
    nodes[k] = undefined;
    await ending.twin.close();
    await ending.site.close();
    await further(3);
    nodes[k] = await start(url, later);
  }
  await further(3);
  going = false;
  await calls;
  const written = given.flatMap((n, k) => Array.from({ length: n }, (_, i) => `${k}.${i}`)).toSorted();
  for (const { k, own, wall, all, statuses } of clients) {
    expect(linesOf(own)).toEqual(written.filter((line) => line.startsWith(`${k}.`)).toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2))));
    for (const twin of [wall, all]) await soon(() => expect(linesOf(twin).toSorted()).toEqual(written));
    expect([...statuses]).not.toContain("outdated");
  }
  const { lines, heads } = (await (nodes[0]!.twin as any).wall("x").$snapshot()) as LaterWall;
  expect(heads).toEqual(lines.map((line) => line.slice(0, 1)));
});

test("behaviour 97: what everybody shares reaches the clients of each node, whoever changes it where, and after its owner has gone", async ({
  redisServer,
}) => {
  const { url } = await redisServer();
  const nodes = await Promise.all([1, 2, 3].map(() => start(url, earlier)));
  // Each client has one node alone.
  const twins = await Promise.all(nodes.map((node) => openTwin(clientsOf([node])(), "all")));
  const written: string[] = [];
  const shown = async () => {
    for (const twin of twins) await soon(() => expect(linesOf(twin)).toEqual(written));
  };
  const write = async (line: string, add: (line: string) => PromiseLike<unknown>) => {
    await add(line);
    written.push(line);
    await shown();
  };
  for (const [k, twin] of twins.entries()) await write(`client ${k}`, (line) => call(twin, "add", line));
  for (const [k, { twin }] of nodes.entries()) await write(`server ${k}`, (line) => (twin as any).all().add(line));
  const owner = nodes.findIndex(({ runtime }) => runtime.hosts.find("shared/"));
  expect(owner).toBeGreaterThanOrEqual(0);
  const [ended] = nodes.splice(owner, 1);
  twins.splice(owner, 1);
  await ended?.twin.close();
  for (const [k, twin] of twins.entries()) await write(`after ${k}`, (line) => call(twin, "add", line));
  const late = await openTwin(clientsOf([nodes[0]])(), "all");
  twins.push(late);
  await shown();
});

test("nodes that have just started find each other from their first request on, whichever that is", async ({ redisServer }) => {
  const { url } = await redisServer();
  // By turns: a ticket comes from one node, its stream is at the next, and what it wants besides comes to the third.
  for (let n = 0; n < 5; n++) {
    const open = clientsOf(await Promise.all([1, 2, 3].map(() => start(url, earlier, `${n}:`))));
    const shown = [0, 1, 2].map(async () => {
      const client = open();
      const twins = [await openTwin(client, "own"), await openTwin(client, "wall", "x"), await openTwin(client, "all")];
      client.close();
      return twins.map(linesOf);
    });
    expect(await Promise.all(shown)).toEqual([0, 1, 2].map(() => [[], [], []]));
  }
});
