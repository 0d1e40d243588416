import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { commitsOf } from "../../lib/wire/frame-commits.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { type App, serveTwin, type Visitor } from "../kit/app.js";
import { agent, mutate, mutateValue, type Sent, send } from "../kit/mutate.js";
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
