import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { serveNodes } from "../kit/cluster.js";

// What pages bring, and get back, where the state is at another node: kept fields, predictions, sockets, forms, cookies, limits.

class Prefs {
  @state({ keep: "cookie", input: z.enum(["light", "dark"]) }) theme: "light" | "dark" = "light";
  @state log: string[] = [];
  @event set(theme: "light" | "dark") {
    this.theme = theme;
  }
  @event read() {
    return this.theme;
  }
}
class Board {
  @state lines: string[] = [];
  @event({ optimistic: true }) add(line: string) {
    this.lines.push(line);
    return this.lines.length;
  }
  @event async enter() {
    await current().session?.rotate();
    this.lines.push("entered");
  }
}
const stores = { prefs: Prefs, board: scope.room(Board, { allow: () => true }), own: Board };
const open = (options: Partial<PairOptions<typeof stores, {}>> = {}) =>
  pair({ stores, storage: lasting({ nodes: true }), nodes: 3, leaseTime: 2000, log: () => {}, browser: { stores: { board: Board } }, ...options });

test("a kept field comes with its page to whichever node, and counts there before the first event", async () => {
  await using net = open();
  const client = net.client();
  net.stick(client, "a");
  const prefs = await client.prefs();
  await prefs.set("dark");
  await net.wait(500);
  expect(Object.values(net.storages(client).cookie)).toEqual(["dark"]);
  const tab = net.tab(client);
  net.stick(tab, "b");
  const other = await tab.prefs();
  expect(await other.read()).toBe("dark");
  await other.set("light");
  await net.quiet();
  expect([prefs.theme, other.theme]).toEqual(["light", "light"]);
});

test("predictions are shown at once, and end as the owner's state, at all nodes, also where it is killed in between", async () => {
  await using net = open();
  await net.node("a").board("x").add("begin");
  const clients = ["b", "c"].map((node) => {
    const client = net.client();
    net.stick(client, node);
    return client;
  });
  const [one, two] = await Promise.all(clients.map((client) => client.board("x")));
  const calls = ["1", "2", "3"].map((line) => one?.add(line));
  expect(one?.lines).toEqual(["begin", "1", "2", "3"]);
  net.kill("a");
  calls.push(two?.add("4"));
  await net.quiet();
  await Promise.all(calls);
  expect(one?.lines).toEqual(two?.lines);
  expect(one?.lines.toSorted()).toEqual(["1", "2", "3", "4", "begin"]);
});

test("pages by WebSocket, with events, call and watch by any node", async () => {
  await using net = open({ transport: "websocket", socketEvents: true });
  await net.node("a").board("x").add("begin");
  const boards = await Promise.all([net.client(), net.client(), net.client()].map((client) => client.board("x")));
  for (const [n, board] of boards.entries()) expect(await board.add(`${n}`)).toBe(n + 2);
  await net.quiet();
  for (const { lines } of boards) expect(lines).toEqual(["begin", "0", "1", "2"]);
});

test("a form without JavaScript, and an event that replaces the session's cookie, run at the owner, and the browser gets what they set", async () => {
  const { nodes } = await serveNodes({ stores });
  const [a, b, c] = nodes;
  await a.twin.board("x").add("begin");
  const visitor = b.visitor();
  const { origin } = new URL(b.site.url);
  const body = new FormData();
  body.append("$board.add?key=x", "");
  body.append("line", "by form");
  const headers = { origin, referer: `${origin}/page`, "sec-fetch-site": "same-origin" };
  const response = await visitor.jar.fetch(`${b.site.url}/$form`, { method: "POST", body, headers, redirect: "manual" });
  expect(response.status).toBe(303);
  expect((await a.twin.board("x").$snapshot()).lines).toEqual(["begin", "by form"]);
  const before = visitor.jar.cookie;
  await visitor.callIn("x", "board.enter");
  expect(visitor.jar.cookie).not.toBe(before);
  // At the owner, which has replaced it: the others know it five seconds later at most.
  const [thief, later] = [a.visitor(), c.visitor()];
  thief.jar.cookie = before;
  later.jar.cookie = visitor.jar.cookie;
  expect((await thief.ask("board.add", { key: "x", args: ["stolen"] })).error?.code).toBe("UNAVAILABLE");
  expect(await later.callIn("x", "board.add", "mine")).toBe(4);
});

test("a session's rate counts at the node that it reaches, and at the owner for what is passed on", async () => {
  const { nodes } = await serveNodes({ stores, eventRate: 1 });
  const [a, b] = nodes;
  await a.twin.board("x").add("begin");
  const visitor = b.visitor();
  await visitor.callIn("x", "board.add", "first");
  const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.ask("board.add", { key: "x", args: ["more"] })));
  expect(answers.filter(({ error }) => error?.code === "RATE_LIMITED").length).toBeGreaterThanOrEqual(10);
});
