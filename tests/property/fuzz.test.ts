import { once } from "node:events";
import { Agent, request } from "node:http";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { type App, serveTwin, type Visitor } from "../kit/app.js";
import { Random } from "../kit/random.js";

const full = process.env.TEST_FULL !== undefined;
const requests = full ? 10_000 : 1200;
const frames = full ? 10_000 : 3000;
const seed = Number(process.env.SEED ?? (process.env.TEST_FULL ? Date.now() % 1e9 : 1));

class Item {
  @state name = "";
}
class Todo {
  @state items: unknown[] = [];
  @state byName = new Map<string, unknown>();
  @state tags = new Set<unknown>();
  @event add(item: unknown) {
    this.items.push(item);
    if (this.items.length > 20) this.items.shift();
    return this.items.length;
  }
  @event set(name: string, value: unknown) {
    this.byName.set(name, value);
    this.tags.add(name);
  }
  @state note = "a text that is long enough to change in part";
  /** Changes texts at their ends, and in the middle. */
  @event edit(text: string) {
    this.note += text;
    this.byName.set("note", `${this.byName.get("note") ?? this.note}${text}`);
    if (this.items.length > 0) this.items[0] = this.note.replace("long", text);
  }
  @event *steps() {
    yield 1;
    this.items = [];
  }
}
class Board {
  @state notes: unknown[] = ["as it was"];
  @event note(text: unknown) {
    this.notes.push(text);
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NASTY = [
  null,
  -1,
  0,
  1e308,
  "",
  "__proto__",
  "constructor",
  "toString",
  {},
  [],
  [[]],
  { __proto__: null },
  "\u0000",
  "x".repeat(5000),
  true,
  Number.MAX_SAFE_INTEGER,
  [[0]],
  ["b", "1e9"],
  ["d", "no"],
  ["x", "Uint8Array", "!!"],
  ["r", "(a+)+$", "g"],
  ["l", "javascript:1"],
  [["a", 1, [1e9], 0]],
  [["f", 0, [1e9]]],
  JSON.parse('{"then":1}'),
  "session/x",
  "../..",
]; // prettier-ignore

/** The requests of a client that does what it should. */
function honest({ client }: Visitor): Sent[] {
  const post = (path: string, input: unknown, headers = {}): Sent => ({
    method: "POST",
    path,
    body: JSON.stringify(input),
    headers: { "content-type": "application/json", ...headers },
  });
  const form = (type: string, body: string): Sent => ({
    method: "POST",
    path: "$form",
    body,
    headers: { "content-type": type, "sec-fetch-site": "same-origin" },
  });
  const call = (n: number) => ({ client, epoch: 1, n, at: null, seen: 0 });
  const batch = { "trpc-accept": "application/jsonl" };
  const watch = [{ store: "todo" }, { store: "board", key: "closed" }, { store: "board", key: "mine", have: ["abc", 3] }];
  return [
    post("todo.add", { args: ["milk"] }),
    post("todo.set", { args: ["a", { b: [1, 2, { c: null }] }] }),
    post("board.note", { key: "closed", args: ["x"] }),
    post("board.note", { key: "closed", args: encodeValue(["x"]), call: call(1) }),
    post("wall.note", { args: ["x"] }),
    post("todo.add", { args: encodeValue([new Map([["k", new Set([1n, new Date(5)])]])]), call: call(1) }),
    post("todo.add,todo.steps?batch=1", { 0: { args: encodeValue([{ a: 1 }]), call: call(2) }, 1: { args: encodeValue([]), call: call(3) } }, batch),
    post("todo.add?batch=1", { 0: { args: encodeValue(["one"]), call: call(4) } }, batch),
    post("todo.add,todo.add?batch=1", { 0: { args: ["a"] }, 1: { args: ["b"] } }),
    post("$connect", { protocol: 2, client, epoch: 1, watch }),
    post("$watch", { client, epoch: 1, watch }),
    post("$unwatch", { client, epoch: 1, watch }),
    post("$cancel", { store: "todo", client, n: 1 }),
    post("todo.add", { args: { fields: [["title", "milk"]], bound: [] } }),
    post("todo.set", { args: encodeValue({ fields: [["b", "1"]], bound: ["a"] }), call: call(5) }),
    form("application/x-www-form-urlencoded", "%24todo.add=&title=milk"),
    form("application/x-www-form-urlencoded", "%24board.note%3Fkey%3Dclosed%26bound%3D%5B%22x%22%5D="),
    form("multipart/form-data; boundary=x", '--x\r\ncontent-disposition: form-data; name="$todo.set?bound=[1]"\r\n\r\n\r\n--x--\r\n'),
    { method: "GET", path: `$live?input=${encodeURIComponent(JSON.stringify({ watch }))}`, body: "", headers: { accept: "text/event-stream" } },
    { method: "GET", path: "health", body: "", headers: {} },
  ];
}

/** Something in a JSON value, put in another place, taken out, or made another. */
function mutateValue(value: unknown, random: Random): unknown {
  if (random.chance(0.15) || typeof value !== "object" || value === null) return random.chance(0.5) ? random.pick(NASTY) : value;
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = random.int(copy.length + 1);
    const change = random.int(4);
    if (change === 0) copy.splice(at, 1);
    else if (change === 1) copy.splice(at, 0, random.pick(NASTY));
    else if (change === 2 && copy.length > 0) copy.splice(at, 0, random.pick(copy));
    else if (at < copy.length) copy[at] = mutateValue(copy[at], random);
    return copy;
  }
  const copy: Record<string, unknown> = { ...value };
  const keys = Object.keys(copy);
  if (keys.length === 0) return copy;
  const key = random.pick(keys);
  const change = random.int(4);
  if (change === 0) delete copy[key];
  else if (change === 1) Object.defineProperty(copy, random.pick(["__proto__", "constructor", "length", "0"]), { value: random.pick(NASTY), enumerable: true });
  else copy[key] = mutateValue(copy[key], random);
  return copy;
}

function mutateText(text: string, random: Random): string {
  const at = random.int(text.length + 1);
  switch (random.int(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.int(0x300)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(random.int(text.length + 1));
    case 3:
      return text + text;
    default:
      return text.slice(0, at) + random.pick(["[", "{", '"', "\\", "1e999", "null", "%00", ",,"]) + text.slice(at);
  }
}

function mutateBody(body: string, random: Random): string {
  if (!body.startsWith("{") || random.chance(0.25)) return mutateText(body, random);
  let value = JSON.parse(body) as unknown;
  for (let n = 1 + random.int(3); n > 0; n--) value = mutateValue(value, random);
  return JSON.stringify(value) ?? "";
}

function mutate(sent: Sent, cookie: string, random: Random): Sent {
  let { method, path, body } = sent;
  const headers: Record<string, string> = { ...sent.headers, cookie };
  if (random.chance(0.75)) body = mutateBody(body, random);
  if (random.chance(0.2)) path = encodeURI(mutateText(path, random)).replaceAll("%25", "%");
  if (random.chance(0.1))
    path = random.pick(["board.note", "wall.note", "todo.add", "$live", "__proto__.x", "todo.constructor", "a,b,c", "?batch=1", "//", "$connect?batch=1"]);
  if (random.chance(0.1)) headers.cookie = mutateText(cookie, random).replaceAll(/[^\x20-\x7e]/g, "_");
  if (random.chance(0.05)) delete headers.cookie;
  if (random.chance(0.05)) headers.origin = random.pick(["https://evil.example", "null", "http://127.0.0.1", "", "http://[::1"]);
  if (random.chance(0.05)) headers["content-type"] = random.pick(["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]);
  if (random.chance(0.05)) headers["sec-fetch-site"] = random.pick(["cross-site", "same-site", "none"]);
  if (random.chance(0.05)) headers["x-forwarded-host"] = "evil.example";
  if (random.chance(0.05)) method = random.pick(["GET", "POST"]);
  return { method, path, body: method === "GET" ? "" : body, headers };
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Sends it as it is. Of a stream, what comes first is enough. */
async function send(url: string, { method, path, body, headers }: Sent): Promise<{ status: number; text: string }> {
  const req = request(`${url}/`, { method, path: `/api/twin/${path}`, agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } });
  req.end(body);
  const [response] = (await once(req, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  const stream = String(response.headers["content-type"]).includes("event-stream");
  for await (const chunk of response) {
    text += chunk;
    if (stream && text.includes("hello")) break;
  }
  return { status: response.statusCode ?? 0, text };
}

test(`whatever is made of real requests, the server lives, tells nothing of its insides, and nobody else's state changes (seed ${seed})`, async () => {
  const random = new Random(seed);
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
    agent.destroy();
  });
  const stores = {
    todo: Todo,
    board: scope.room(Board, { allow: (_, key) => key === "mine" }),
    wall: scope.shared(Board, { guard: () => false }),
  };
  const app = await serveTwin({ stores, models: { item: Item }, eventRate: Infinity, maxStreams: Infinity, eventTimeout: 2000 });
  const victim = app.visitor();
  await victim.call("todo.add", "the victim's");
  const attacker = app.visitor();
  await attacker.call("todo.add", "mine");
  const held = async (one: App<typeof stores, { item: typeof Item }>) => [
    await one.twin.todo(victim.session).$snapshot(),
    await one.twin.board("closed").$snapshot(),
    await one.twin.wall().$snapshot(),
  ];
  const before = await held(app);
  const originals = honest(attacker);
  const statuses = new Map<number, number>();
  for (let n = 0; n < requests; n += 10) {
    const sent = Array.from({ length: 10 }, () => mutate(random.pick(originals), attacker.jar.cookie as string, random));
    const answers = await Promise.all(
      sent.map(async (one) => {
        try {
          return await send(app.site.url, one);
        } catch (error) {
          throw new Error(`No answer to ${JSON.stringify(one)}`, { cause: error });
        }
      }),
    );
    for (const [i, { status, text }] of answers.entries()) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (/node_modules|\.ts:\d|\.js:\d| {4}at |victim/.test(text)) throw new Error(`${JSON.stringify(sent[i])} was told ${text}`);
    }
  }
  // An event without a schema hands to the state what state cannot hold: that alone is a failure of the server's.
  expect(app.logs.filter(({ error, level }) => level === "error" && (error as { code?: string }).code !== "NOT_STATE")).toEqual([]);
  expect(await held(app)).toEqual(before);
  expect(unhandled).toEqual([]);
  expect(({} as Record<string, unknown>).length).toBeUndefined();
  // It reached more than the first check.
  expect(statuses.get(200)).toBeGreaterThan(requests / 20);
  expect(statuses.get(400)).toBeGreaterThan(requests / 20);
  expect(await victim.call("todo.add", "still here")).toBe(2);
}, 300_000);

test(`whatever is made of real frames, a twin takes it or says no, and nothing else of the page is touched (seed ${seed})`, async () => {
  const random = new Random(seed + 1);
  const { visitor: open } = await serveTwin({ stores: { todo: Todo } });
  const visitor = open();
  await visitor.call("todo.add", { name: "a", deep: [1, { two: [3] }] });
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  for (let n = 0; n < 10; n++) {
    await visitor.call("todo.add", { n, more: [n] });
    await visitor.call("todo.set", `k${n}`, { n });
    await visitor.call("todo.edit", ` and ${n}`);
  }
  await live.state("todo", ({ byName }) => (byName as Map<string, unknown>).size === 11);
  const snapshot = live.all("snapshot")[0]?.[6] as never;
  const deltas = live.all("frame").flatMap((message) => commitsOf(message as never).map(({ deltas: [delta] }) => delta?.[1] as never));
  for (let n = 0; n < frames; n++) {
    const mirror = createMirror({ faces: openFace, name: "todo" });
    const hurt = (value: never): never => {
      let mutated: unknown = value;
      for (let times = 1 + random.int(3); times > 0; times--) mutated = mutateValue(mutated, random);
      return mutated as never;
    };
    try {
      mirror.applySnapshot(random.chance(0.4) ? hurt(snapshot) : snapshot);
      for (const delta of deltas.slice(0, random.int(deltas.length))) mirror.applyDelta(random.chance(0.3) ? hurt(delta) : delta);
      mirror.view();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error instanceof RangeError && /call stack|Invalid (array|string) length/.test(error.message)) throw error;
    }
  }
  expect(({} as Record<string, unknown>).then).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
}, 300_000);
