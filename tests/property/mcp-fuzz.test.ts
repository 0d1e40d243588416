import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { serveAgents, TestAgent } from "../kit/agent.js";
import { serveTwin } from "../kit/app.js";
import { Board, HIDDEN, Item } from "../kit/hidden-board.js";
import { mutateValue } from "../kit/mutate.js";
import { Random } from "../kit/random.js";
import { soon } from "../kit/soon.js";

const requests = process.env.TEST_FULL === undefined ? 600 : 5000;
const seed = Number(process.env.SEED ?? (process.env.TEST_FULL ? Date.now() % 1e9 : 1));
const ROOM = "room";
const URI = `twin://board/${ROOM}`;
const KINDS = ["add", "write", "hide", "reveal", "total", "give", "each", "fail", "bad", "tell"] as const;
const argsOf = (kind: (typeof KINDS)[number], by: number) => [by].slice(0, Board.prototype[kind].length);

interface Message {
  readonly method: string;
  readonly params: unknown;
}

async function start() {
  const app = await serveTwin({
    stores: {
      board: scope.room(Board, { allow: (_, key) => key === ROOM }),
      vault: scope.shared(Board, { guard: (context) => (context as { audits?: boolean }).audits === true }),
    },
    models: { Item },
    context: ({ headers }) => ({ audits: headers.get("authorization") === "Bearer auditor" }),
    eventRate: Infinity,
    eventTimeout: 2000,
  });
  const site = await serveAgents(app.twin);
  const [auditor, guest] = [await TestAgent.connect(site.url, { authorization: "Bearer auditor" }), await TestAgent.connect(site.url)];
  for (const agent of [auditor, guest]) for (let n = 0; n < 3; n++) await agent.call("board-add", { key: ROOM, args: [n] });
  await auditor.call("board-hide", { key: ROOM, args: [1] });
  // All of what is guarded is secret.
  for (const guarded of [app.twin.vault(), app.twin.board("closed")]) {
    await guarded.add(1);
    await guarded.leakIntoState(0);
  }
  return { ...app, site, auditor, guest };
}

/** What a guest asks who knows by which names an auditor calls objects. */
function messagesOf({ items, hiddenItems }: { items: { $on: unknown[] }[]; hiddenItems: { $on: unknown[] }[] }): Message[] {
  const ons = [items[0]?.$on, hiddenItems[0]?.$on, hiddenItems[0]?.$on.slice(0, 3), items[0]?.$on.slice(0, 3)];
  const call = (name: string, args: object): Message => ({ method: "tools/call", params: { name, arguments: args, _meta: { progressToken: 1 } } });
  const uris = [URI, "twin://board/closed", "twin://vault", "twin://board", "twin://hiddenItems", "twin://__proto__"];
  return [
    ...KINDS.flatMap((kind) => [
      call(`board-${kind}`, { key: ROOM, args: argsOf(kind, 1) }),
      call(`vault-${kind}`, { args: argsOf(kind, 1) }),
      call(`board-${kind}`, { key: "closed", args: argsOf(kind, 1) }),
    ]),
    ...ons.flatMap((on) => ["bump", "discount", "touch"].map((kind) => call(`board-Item-${kind}`, { key: ROOM, on }))),
    ...uris.flatMap((uri) => ["resources/read", "resources/subscribe", "resources/unsubscribe"].map((method) => ({ method, params: { uri } }))),
    ...["tools/list", "resources/list", "resources/templates/list", "ping", "prompts/list", "logging/setLevel"].map((method) => ({ method, params: {} })),
  ];
}

async function fuzz(count: number, planted?: "leak" | "leakIntoState" | "leakByError") {
  const random = new Random(seed);
  const app = await start();
  const { auditor, guest, site } = app;
  const leaks: string[] = [];
  const found = { answers: 0, values: 0, refusals: 0, states: 0, progress: 0, changes: 0 };
  const look = (text: string, asked = "") => {
    // Names of what is asked for stand in refusals.
    const told = asked.includes("hidden") ? text.replaceAll("hiddenItems", "") : text;
    const leak = HIDDEN.exec(told);
    if (leak) leaks.push(told.slice(Math.max(0, leak.index - 80), leak.index + 80));
    found.answers++;
    if (text.includes('"structuredContent":{"value"')) found.values++;
    if (text.includes('"isError":true') || text.includes('"error"')) found.refusals++;
    if (text.includes('"contents"')) found.states++;
    if (text.includes("notifications/progress")) found.progress++;
  };
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-session-id": guest.transport.sessionId as string,
  };
  const post = async (message: object, more: Record<string, string> = {}) => {
    const body = JSON.stringify(message);
    look(await (await fetch(site.url, { method: "POST", headers: { ...headers, ...more }, body })).text(), body);
  };
  const originals = messagesOf(await auditor.read(URI));
  await guest.client.subscribeResource({ uri: URI });
  for (let n = 0; n < count; n += 10) {
    const sent = Array.from({ length: 10 }, (_, i) => {
      const one = { jsonrpc: "2.0", id: `${n + i}`, ...random.pick(originals) };
      const message = random.chance(0.4) ? one : { ...(mutateValue(one, random) as object), id: one.id };
      const session = random.chance(0.05) && { "mcp-session-id": random.pick(["", "x", auditor.transport.sessionId?.slice(1) as string]) };
      return post(message, { ...session });
    });
    await Promise.all(sent);
    const kind = random.pick(["total", "hide", "reveal", "add", "write"] as const);
    await auditor.call(`board-${kind}`, { key: ROOM, args: argsOf(kind, n) });
  }
  if (planted) await post({ jsonrpc: "2.0", id: "planted", method: "tools/call", params: { name: `board-${planted}`, arguments: { key: ROOM, args: [0] } } });
  look(JSON.stringify(await guest.client.readResource({ uri: URI })));
  await soon(() => expect(guest.changed.length).toBeGreaterThan(0));
  look(guest.changed.join());
  found.changes = guest.changed.length;
  return { leaks, found, seen: JSON.stringify(await auditor.client.readResource({ uri: URI })), listed: await guest.tools() };
}

test(`whatever an agent asks, and whoever's names of objects it knows, nothing hidden or guarded is in what it gets (seed ${seed})`, async () => {
  const { leaks, found, seen, listed } = await fuzz(requests);
  expect(leaks).toEqual([]);
  for (const [what, count] of Object.entries(found)) expect(count, what).toBeGreaterThan(0);
  expect(found.answers).toBeGreaterThan(requests);
  expect(listed.filter((name) => name.startsWith("vault"))).toEqual([]);
  // Who may see it does.
  expect(seen).toContain("SECRET-price");
}, 300_000);

test.for(["leak", "leakIntoState", "leakByError"] as const)("a leak to an agent is found: %s", async (planted) => {
  expect((await fuzz(10, planted)).leaks.join()).toContain("SECRET-price");
});
