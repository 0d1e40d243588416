import { type } from "arktype";
import { EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import * as v from "valibot";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { createSessions } from "../../server/access/session.js";
import { type Answer, type App, SECRET, serveTwin, Visitor } from "../kit/app.js";
import { wait } from "../kit/gate.js";

class Todo {
  @state items: string[] = [];
  @state options: Record<string, unknown> = {};
  @event add(title: string) {
    this.items.push(title);
  }
  @event rate(stars: number, sure: boolean) {
    this.items.push(`${stars} ${sure}`);
  }
  @event grow(by: number) {
    this.items.push(String(by));
  }
  @event any(value: object) {
    this.options = { value };
  }
  @event rest(...values: number[]) {
    this.items.push(String(values.length));
  }
  @event async hang() {
    this.items.push("half");
    await wait();
  }
  helper() {
    this.items.push("by a helper");
  }
}

class Checked {
  @state done: unknown[] = [];
  @event(z.object({ name: z.string().min(3), age: z.number().int() })) zod(value: { name: string; age: number }) {
    this.done.push(value);
  }
  @event(v.pipe(v.string(), v.email())) valibot(value: string) {
    this.done.push(value);
  }
  @event(type("number > 5"), type({ "note?": "string" })) arktype(count: number, more: { note?: string }) {
    this.done.push(count, more);
  }
  @event(z.string().transform((text) => text.trim())) trimmed(text: string) {
    this.done.push(text);
    return text;
  }
}

class Board {
  @state notes: string[] = [];
  @event note(text: string) {
    this.notes.push(text);
  }
}

const stores = {
  todo: Todo,
  checked: Checked,
  board: scope.room(Board, { allow: (_, key) => key === "open" || (key === "typed" && deny()) || (key === "throws" && explode()) }),
  wall: scope.shared(Board, { guard: () => false }),
};

function explode(): never {
  throw new Error("password=hunter2 in the database's message");
}
function deny(): never {
  throw new EventError("FORBIDDEN", "Members alone.");
}

let app: App<typeof stores, {}>;
/** A visitor whose state nobody else may change. */
let victim: Visitor;
let visitor: Visitor;
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeEach(async () => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
  app = await serveTwin({ stores, eventTimeout: 500 });
  victim = app.visitor();
  visitor = app.visitor();
  await victim.call("todo.add", "the victim's");
  await visitor.call("todo.add", "mine");
});

/** After whatever was sent: the process lives, nobody's state has changed, nothing was left unhandled. */
afterEach(async () => {
  expect(await app.twin.todo(victim.session).$snapshot()).toEqual({ items: ["the victim's"], options: {} });
  expect(await app.twin.todo(visitor.session).$snapshot()).toEqual({ items: ["mine"], options: {} });
  expect(await app.twin.board("open").$snapshot()).toEqual({ notes: [] });
  expect(await app.twin.wall().$snapshot()).toEqual({ notes: [] });
  expect(await app.twin.checked(visitor.session).$snapshot()).toEqual({ done: [] });
  expect(unhandled).toEqual([]);
  process.off("unhandledRejection", note);
});

function expectRefused(answer: Answer, code: string, httpStatus: number): void {
  expect(answer.error).toMatchObject({ code, httpStatus });
  expect(answer.status).toBe(httpStatus);
  expect(answer.text).not.toMatch(/\.ts\b|\.js\b|node_modules| {4}at |hunter2/);
}

test("an unknown store", async () => {
  const answer = await visitor.ask("nowhere.add", { args: ["x"] });
  expectRefused(answer, "NOT_FOUND", 404);
  expect(answer.error?.message).toContain("no store `nowhere`");
});

test("an unknown event", async () => {
  const answer = await visitor.ask("todo.nothing", { args: [] });
  expectRefused(answer, "NOT_FOUND", 404);
  expect(answer.error?.message).toContain("`todo` has no event `nothing`");
});

test("a method that is no event", async () => {
  expectRefused(await visitor.ask("todo.helper", { args: [] }), "NOT_FOUND", 404);
});

test("a state field in the place of an event", async () => {
  expectRefused(await visitor.ask("todo.items", { args: [] }), "NOT_FOUND", 404);
});

test.for(["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "valueOf"])("%s as store and as event", async (name) => {
  for (const path of [name, `${name}.${name}`, `todo.${name}`, `${name}.add`]) expectRefused(await visitor.ask(path, { args: [] }), "NOT_FOUND", 404);
});

test("__proto__ as a key of an argument is refused, wherever it stands", async () => {
  const bad = JSON.parse('{"__proto__":{"admin":true}}') as object;
  for (const value of [bad, [bad], { list: [{ bad }] }]) {
    const answer = await visitor.post("todo.any", JSON.stringify({ args: [value] }));
    expectRefused(answer, "INVALID", 400);
    expect(answer.error?.data).toEqual({ issues: [{ message: expect.stringContaining("`__proto__`"), path: [] }] });
  }
  for (const [i, value] of [bad, new Map([["a", bad]]), new Map([[bad, 1]]), new Set([bad])].entries()) {
    const call = { client: visitor.client, epoch: 1, n: i + 1, at: null, seen: 0 };
    expectRefused(await visitor.ask("todo.any", { args: encodeValue([value]), call }), "INVALID", 400);
  }
});

test("constructor as a key of an argument is a mere key", async () => {
  const answer = await visitor.post("todo.any", `{"args":[{"constructor":{"name":"x","admin":true}}]}`);
  expect(answer.status).toBe(200);
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
  const { options } = await app.twin.todo(visitor.session).$snapshot();
  expect(Object.keys(options.value as object)).toEqual(["constructor"]);
  expect((options.value as { admin?: unknown }).admin).toBeUndefined();
  // The only one that has changed state: its own.
  visitor = app.visitor();
  await visitor.call("todo.add", "mine");
});

test("constructor as a key of an argument is refused where a prototype hangs on it", async () => {
  for (const value of [{ constructor: { prototype: { admin: true } } }, [{ a: { constructor: { prototype: 1 } } }]]) {
    const answer = await visitor.ask("todo.any", { args: [value] });
    expectRefused(answer, "INVALID", 400);
    expect(answer.error?.data).toEqual({ issues: [{ message: expect.stringContaining("`constructor`"), path: [] }] });
  }
});

test("__proto__ as room, store and client in what a stream asks for", async () => {
  const live = visitor.live({ store: "__proto__" }, { store: "constructor", key: "__proto__" }, { store: "board", key: "__proto__" });
  await live.until(([kind, store]) => kind === "refused" && store === "board");
  await live.until(([kind, store]) => kind === "refused" && store === "constructor");
  expect(live.all("refused").map(([, store, , code]) => [store, code])).toEqual(
    expect.arrayContaining([
      ["__proto__", "NOT_FOUND"],
      ["constructor", "NOT_FOUND"],
      ["board", "FORBIDDEN"],
    ]),
  );
  expectRefused(await visitor.ask("$connect", { protocol: 2, client: "__proto__", epoch: 1, watch: [] }), "INVALID", 400);
});

test("too many arguments", async () => {
  const answer = await visitor.ask("todo.add", { args: ["x", "y"] });
  expectRefused(answer, "INVALID", 400);
  expect(answer.error?.data).toEqual({ issues: [{ message: "Expected at most 1 arguments, got 2", path: [] }] });
  expectRefused(await visitor.ask("todo.rest", { args: Array.from({ length: 101 }, () => 1) }), "INVALID", 400);
});

test.for([
  ["a number for a string", "todo.add", [5], [{ message: "Expected string, got number", path: [0] }]],
  ["null for a string", "todo.add", [null], [{ message: "Expected string, got null", path: [0] }]],
  ["an object for a string", "todo.add", [{ toString: "x" }], [{ message: "Expected string, got object", path: [0] }]],
  [
    "two wrong at once",
    "todo.rate",
    ["5", 1],
    [
      { message: "Expected number, got string", path: [0] },
      { message: "Expected boolean, got number", path: [1] },
    ],
  ],
] as const)("a wrong type of argument: %s", async ([, path, args, issues]) => {
  const answer = await visitor.ask(path, { args });
  expectRefused(answer, "INVALID", 400);
  expect(answer.error?.data).toEqual({ issues });
  const numbered = await visitor.number(path, 1, args);
  expect(numbered.error?.data).toEqual({ issues });
});

test("a number that is missing, undefined or NaN never gets into the state", async () => {
  for (const [i, args] of [[], [undefined], [Number.NaN], [null]].entries()) {
    expectRefused(await visitor.ask("todo.grow", { args: encodeValue(args) }), "INVALID", 400);
    expectRefused(await visitor.number("todo.grow", i + 1, args), "INVALID", 400);
    await expect(app.twin.todo(visitor.session).grow(...(args as [number]))).rejects.toMatchObject({ code: "INVALID" });
  }
  expectRefused(await visitor.ask("todo.grow", { args: [] }), "INVALID", 400);
});

test.for([
  ["no args", {}],
  ["args that are no array", { args: "x" }],
  ["an array as input", ["x"]],
  ["null as input", null],
  ["a string as input", "x"],
] as const)("an input of the wrong form: %s", async ([, input]) => {
  expectRefused(await visitor.ask("todo.add", input), "INVALID", 400);
});

test("no body, a broken body, a body that is not JSON", async () => {
  expectRefused(await visitor.post("todo.add", ""), "INVALID", 400);
  expectRefused(await visitor.post("todo.add", `{"args":["x"`), "INVALID", 400);
  expectRefused(await visitor.post("todo.add", "\u0000\u0001"), "INVALID", 400);
  expectRefused(await visitor.post("todo.add", "args=x", { "content-type": "application/x-www-form-urlencoded" }), "INVALID", 415);
  expectRefused(await visitor.post("todo.add", `{"args":["x"]}`, { "content-type": "text/plain" }), "INVALID", 415);
});

test("what a zod schema refuses", async () => {
  const answer = await visitor.ask("checked.zod", { args: [{ name: "x", age: 1.5 }] });
  expectRefused(answer, "INVALID", 400);
  const data = answer.error?.data as { issues: { path: unknown[] }[] };
  expect(data.issues.map(({ path }) => path)).toEqual([
    [0, "name"],
    [0, "age"],
  ]);
  expect(answer.error?.message).toBe("Too small: expected string to have >=3 characters. Invalid input: expected int, received number.");
});

test("what a valibot schema refuses", async () => {
  const answer = await visitor.ask("checked.valibot", { args: ["no address"] });
  expectRefused(answer, "INVALID", 400);
  expect(answer.error?.data).toMatchObject({ issues: [{ path: [0], message: expect.stringContaining("email") }] });
});

test("what an arktype schema refuses", async () => {
  const answer = await visitor.ask("checked.arktype", { args: [3, { note: 5 }] });
  expectRefused(answer, "INVALID", 400);
  expect(answer.error?.data).toMatchObject({ issues: [{ path: [0] }, { path: [1, "note"] }] });
  expectRefused(await visitor.ask("checked.arktype", { args: [6] }), "INVALID", 400);
});

test("a body of 2 MB", async () => {
  const answer = await visitor.ask("todo.add", { args: ["x".repeat(2 << 20)] });
  expectRefused(answer, "INVALID", 413);
  expect(answer.error?.message).toContain("larger than 1048576 bytes");
});

test("a body of 2 MB that does not say how long it is", async () => {
  const body = new ReadableStream({
    start(control) {
      for (let n = 0; n < 32; n++) control.enqueue(new Uint8Array(1 << 16).fill(32));
      control.close();
    },
  });
  const response = await visitor.jar.fetch(`${app.site.url}/todo.add`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
    duplex: "half",
  } as RequestInit);
  expect(response.status).toBe(413);
});

const deep = (open: string, close: string, depth = 10_000) => open.repeat(depth) + close.repeat(depth);

test("a value that is nested 10,000 deep", async () => {
  for (const value of [deep("[", "]"), `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`]) {
    const answer = await visitor.post("todo.any", `{"args":[${value}]}`);
    expectRefused(answer, "INVALID", 400);
    expect(answer.error?.message).toContain("levels deep");
  }
  expectRefused(await visitor.post("todo.any", deep("[", "]")), "INVALID", 400);
  expectRefused(await visitor.post("$connect", `{"protocol":${deep("[", "]")}}`), "OUTDATED", 412);
});

test("an encoded value that is nested 10,000 deep", async () => {
  let value: unknown = 1;
  for (let n = 0; n < 10_000; n++) value = [value];
  const call = { client: visitor.client, epoch: 1, n: 1, at: null, seen: 0 };
  expectRefused(await visitor.ask("todo.any", { args: encodeValue([value]), call }), "INVALID", 400);
  expectRefused(await visitor.post("todo.any", `{"args":${deep("[", "]")},"call":${JSON.stringify({ ...call, n: 2 })}}`), "INVALID", 400);
});

test("an encoded value of a few bytes that stands for a hundred thousand objects", async () => {
  const call = { client: visitor.client, epoch: 1, n: 1, at: null, seen: 0 };
  const args = [
    [],
    [
      ["a", 1, [1], 0],
      ["a", 1, [150_000], 0],
      ["o", 150_000, []],
    ],
  ];
  const answer = await visitor.ask("todo.any", { args, call });
  expectRefused(answer, "INVALID", 400);
  expect(answer.error?.message).toContain("at most 100000");
});

test.for([
  ["a reference to nothing", [[5]]],
  ["bodies that nothing refers to", [1, [["a", 1, [0], []]]]],
  ["an unknown leaf", [["?", 1]]],
  ["a bigint of letters", [["b", "12x"]]],
  ["a bigint of a million digits", [["b", "1".repeat(1_000_000)]]],
  ["a group of a billion", [[], [["a", 1e9, [], []]]]],
  ["an array that says it is longer than it is", [[], [["a", 1, [1e9], []]]]],
  ["an object of another kind", [{ a: 1 }]],
  ["an array made from another", [[], [["f", 0, [1]]]]],
  ["no array", { slot: 1 }],
  ["nothing", []],
  ["null", null],
] as const)("arguments that cannot be decoded: %s", async ([, args]) => {
  const answer = await visitor.ask("todo.any", { args, call: { client: visitor.client, epoch: 1, n: 1, at: null, seen: 0 } });
  expectRefused(answer, "INVALID", 400);
});

test("a forged cookie is no session: the caller gets a new one", async () => {
  const forger = app.visitor();
  forger.jar.cookie = `twin_session=${victim.session}.${"A".repeat(43)}`;
  await forger.call("todo.add", "forged");
  expect(forger.session).not.toBe(victim.session);
  expect(await app.twin.todo(forger.session).$snapshot()).toMatchObject({ items: ["forged"] });
});

test("a cookie of another app is not adopted", async () => {
  const foreign = app.visitor();
  const theirs = createSessions({ secret: `not ${SECRET}` });
  foreign.jar.cookie = theirs.cookie(victim.session).split(";")[0];
  const live = foreign.live({ store: "todo" });
  expect(await live.state("todo")).toMatchObject({ items: [] });
  expect(JSON.stringify(live.messages)).not.toContain("the victim's");
});

test("the client id of another session", async () => {
  await victim.number("todo.add", 1, [5]);
  const thief = new Visitor(app.site.url);
  Object.assign(thief, { client: victim.client });
  expectRefused(await thief.ask("$connect", { protocol: 2, client: victim.client, epoch: 9, watch: [] }), "FORBIDDEN", 403);
  expectRefused(await thief.number("todo.add", 2, ["x"]), "FORBIDDEN", 403);
  expectRefused(await thief.ask("$watch", { client: victim.client, epoch: 1, watch: [] }), "FORBIDDEN", 403);
  expectRefused(await thief.ask("$cancel", { store: "todo", client: victim.client, n: 1 }), "FORBIDDEN", 403);
});

test("a room that allow refuses", async () => {
  const answer = await visitor.ask("board.note", { key: "closed", args: ["x"] });
  expectRefused(answer, "FORBIDDEN", 403);
  expect((await visitor.number("board.note", 1, ["x"], { key: "closed" })).error).toMatchObject({ code: "FORBIDDEN", message: answer.error?.message });
  expect((await visitor.live({ store: "board", key: "closed" }).until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
});

test("a room whose allow throws", async () => {
  expectRefused(await visitor.ask("board.note", { key: "throws", args: ["x"] }), "INTERNAL", 500);
  expectRefused(await visitor.ask("board.note", { key: "typed", args: ["x"] }), "FORBIDDEN", 403);
  const refused = await visitor.live({ store: "board", key: "throws" }).until(([kind]) => kind === "refused");
  expect(refused[3]).toBe("INTERNAL");
  expect(JSON.stringify(refused)).not.toContain("hunter2");
  expect(app.logs.some(({ message }) => message.includes("hunter2"))).toBe(true);
});

test("a shared store whose guard refuses", async () => {
  expectRefused(await visitor.ask("wall.note", { args: ["x"] }), "FORBIDDEN", 403);
  expect((await visitor.live({ store: "wall" }).until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
});

test.for([undefined, null, "", 5, {}, ["open"], "x".repeat(201)])("a room key that is none: %j", async (key) => {
  expectRefused(await visitor.ask("board.note", { key, args: ["x"] }), "INVALID", 400);
});

test("an event that never ends", async () => {
  expectRefused(await visitor.ask("todo.hang", { args: [] }), "INTERRUPTED", 504);
  expectRefused(await visitor.number("todo.hang", 1, []), "INTERRUPTED", 504);
});

test("a page of another site, which gets no cookie either", async () => {
  const ask = (headers: Record<string, string>) => visitor.post("todo.add", JSON.stringify({ args: ["x"] }), headers);
  expectRefused(await ask({ origin: "https://evil.example" }), "FORBIDDEN", 403);
  expectRefused(await ask({ origin: "null" }), "FORBIDDEN", 403);
  expectRefused(await ask({ origin: `${app.site.origin}.evil.example` }), "FORBIDDEN", 403);
  expectRefused(await ask({ "sec-fetch-site": "cross-site" }), "FORBIDDEN", 403);
  const stranger = app.visitor();
  const form = await stranger.post("todo.add", "args=x", { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" });
  expect(form.headers.get("set-cookie")).toBeNull();
});

test("pages of the app's own origin may call, and of those that are named", async () => {
  const named = await serveTwin({ stores: { todo: Todo }, origins: ["https://app.example"] });
  const ask = (headers: Record<string, string>) => named.visitor().post("todo.add", JSON.stringify({ args: ["x"] }), headers);
  for (const origin of ["https://app.example", named.site.origin]) expect((await ask({ origin })).status).toBe(200);
  expect((await ask({ origin: "https://other.example" })).status).toBe(403);
});

test("who says itself which host it asked for is not believed, and a proxy of the app's is", async () => {
  const asks = async (proxies: number | undefined, told: string) => {
    const { visitor } = await serveTwin({ stores: { todo: Todo }, ...(proxies !== undefined && { proxies }) });
    const headers = { origin: "https://app.example", "x-forwarded-host": told };
    return (await visitor().post("todo.add", JSON.stringify({ args: ["x"] }), headers)).status;
  };
  expect(await asks(undefined, "app.example")).toBe(403);
  expect(await asks(1, "App.Example")).toBe(200);
  // What stands before the last ones is the visitor's own word.
  expect(await asks(1, "app.example, other.example")).toBe(403);
  expect(await asks(1, "evil.example, app.example")).toBe(200);
  expect(await asks(2, "app.example,inner.example")).toBe(200);
  expect(await asks(2, "app.example")).toBe(200);
});

test("a browser lets pages of named origins read the answers, with the cookie, and pages of no other", async () => {
  const named = await serveTwin({ stores: { todo: Todo }, origins: ["https://app.example"] });
  const ask = (method: string, origin: string, url = `${named.site.url}/todo.add`) =>
    fetch(url, {
      method,
      headers: {
        origin,
        "content-type": "application/json",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,trpc-accept",
      },
      ...(method === "POST" && { body: JSON.stringify({ args: ["x"] }) }),
    });
  const shared = { "access-control-allow-origin": "https://app.example", "access-control-allow-credentials": "true" };
  const preflight = await ask("OPTIONS", "https://app.example");
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("set-cookie")).toBeNull();
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    ...shared,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type,trpc-accept",
    vary: "origin",
  });
  const answer = await ask("POST", "https://app.example");
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    ...shared,
    vary: expect.stringContaining("origin"),
    "set-cookie": expect.stringContaining("twin_session"),
  });
  const live = await ask("GET", "https://app.example", `${named.site.url}/$live?input=${encodeURIComponent(JSON.stringify({ watch: [] }))}`);
  expect(Object.fromEntries(live.headers)).toMatchObject(shared);
  await live.body?.cancel();
  // A refusal is told too.
  const refused = await ask("POST", "https://app.example", `${named.site.url}/todo.unknown`);
  expect(refused.status).toBe(404);
  expect(Object.fromEntries(refused.headers)).toMatchObject(shared);
  for (const method of ["OPTIONS", "POST"]) {
    expect((await ask(method, "https://other.example")).headers.get("access-control-allow-origin")).toBeNull();
    expect((await ask(method, named.site.origin)).headers.get("access-control-allow-origin")).toBeNull();
  }
  const unnamed = await serveTwin({ stores: { todo: Todo } });
  expect((await ask("OPTIONS", "https://app.example", `${unnamed.site.url}/todo.add`)).headers.get("access-control-allow-origin")).toBeNull();
});

test.for([
  ["no client", { protocol: 2, epoch: 1, watch: [] }, "INVALID"],
  ["a client that could be guessed", { protocol: 2, client: "1", epoch: 1, watch: [] }, "INVALID"],
  ["another protocol", { protocol: 99, client: "c".repeat(22), epoch: 1, watch: [] }, "OUTDATED"],
  ["no epoch", { protocol: 2, client: "c".repeat(22), watch: [] }, "INVALID"],
  ["a negative epoch", { protocol: 2, client: "c".repeat(22), epoch: -1, watch: [] }, "INVALID"],
  ["no watch", { protocol: 2, client: "c".repeat(22), epoch: 1 }, "INVALID"],
  ["a watch of the wrong form", { protocol: 2, client: "c".repeat(22), epoch: 1, watch: ["todo"] }, "INVALID"],
  ["a key that is no string", { protocol: 2, client: "c".repeat(22), epoch: 1, watch: [{ store: "board", key: 5 }] }, "INVALID"],
  ["a have of the wrong form", { protocol: 2, client: "c".repeat(22), epoch: 1, watch: [{ store: "todo", have: "x" }] }, "INVALID"],
  ["a have of a fraction", { protocol: 2, client: "c".repeat(22), epoch: 1, watch: [{ store: "todo", have: ["x", 0.5] }] }, "INVALID"],
  ["a thousand and one watches", { protocol: 2, client: "c".repeat(22), epoch: 1, watch: Array.from({ length: 1001 }, () => ({ store: "todo" })) }, "INVALID"],
  ["nothing", undefined, "INVALID"],
] as const)("a $connect with %s", async ([, input, code]) => {
  const answer = await visitor.post("$connect", input === undefined ? "" : JSON.stringify(input));
  expectRefused(answer, code, code === "OUTDATED" ? 412 : 400);
});

test.for([undefined, null, "x", "1", -1, 0.5, 1e308, Number.NaN, {}])("the epoch %j in a call, and in what is watched", async (epoch) => {
  const { client } = visitor;
  const call = { client, epoch, n: 1, at: null, seen: 0 };
  expectRefused(await visitor.ask("todo.add", { args: encodeValue(["x"]), call }), "INVALID", 400);
  for (const name of ["$watch", "$unwatch"]) expectRefused(await visitor.ask(name, { client, epoch, watch: [] }), "INVALID", 400);
});

test.for(["$watch", "$unwatch"])("a %s of the wrong form, of an unknown client, of an older epoch, of what is not there", async (name) => {
  const { client } = visitor;
  expectRefused(await visitor.ask(name, null), "INVALID", 400);
  expectRefused(await visitor.ask(name, { client, epoch: 1, watch: "todo" }), "INVALID", 400);
  expect((await visitor.ask(name, { client, epoch: 1, watch: [{ store: "todo" }] })).value).toEqual({});
  const live = await visitor.connect(2, { store: "todo" });
  await live.state("todo");
  expect((await visitor.ask(name, { client, epoch: 1, watch: [{ store: "board", key: "open" }] })).value).toEqual({});
  const odd = [{ store: "board" }, { store: "nowhere" }, { store: "board", key: "open" }, { store: "constructor", key: "x" }];
  expect((await visitor.ask(name, { client, epoch: 2, watch: odd })).value).toEqual({});
  await visitor.ask("$watch", { client, epoch: 2, watch: [{ store: "board", key: "open" }] });
  await live.state("board");
});

test.for([
  ["nothing", undefined],
  ["no object", "x"],
  ["a made-up ticket", { ticket: "x" }],
  ["a ticket of the wrong form", { ticket: { a: 1 } }],
  ["a watch of the wrong form", { watch: "todo" }],
] as const)("a $live with %s", async ([, input]) => {
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const response = await visitor.jar.fetch(`${app.site.url}/$live${query}`);
  expect(await response.text()).toMatch(/"code":"(INVALID|NOT_FOUND)"/);
});

test.for([
  ["n of 0", { n: 0 }],
  ["a fraction", { n: 1.5 }],
  ["no n", { n: undefined }],
  ["a number too large", { n: 2 ** 60 }],
  ["a seen that is not before n", { n: 1, seen: 1 }],
  ["an at of the wrong form", { n: 1, at: "x" }],
  ["an incarnation of the wrong form", { n: 1, i: 5 }],
  ["a client of the wrong form", { n: 1, client: "x" }],
] as const)("a numbered call with %s", async ([, wrong]) => {
  const call = { client: visitor.client, epoch: 1, at: null, seen: 0, ...wrong };
  expectRefused(await visitor.ask("todo.add", { args: encodeValue(["x"]), call }), "INVALID", 400);
});

test("a $cancel of the wrong form, of an unknown store, of a call that is not there", async () => {
  expectRefused(await visitor.ask("$cancel", null), "INVALID", 400);
  expectRefused(await visitor.ask("$cancel", { store: "nowhere", client: visitor.client, n: 1 }), "NOT_FOUND", 404);
  expect((await visitor.ask("$cancel", { store: "todo", client: visitor.client, n: 7 })).value).toEqual({});
});

test("an event asked for by GET, no procedure at all", async () => {
  const get = await visitor.jar.fetch(`${app.site.url}/todo.add?input=${encodeURIComponent(JSON.stringify({ args: ["x"] }))}`);
  expect(await get.json()).toMatchObject({ error: { data: { code: "INVALID" } } });
  const post = await visitor.jar.fetch(`${app.site.url}/$live`, { method: "POST", headers: { "content-type": "application/json" }, body: `{"watch":[]}` });
  expect(await post.text()).toContain(`"code":"INVALID"`);
  expect((await visitor.ask("", {})).error?.code).toBe("NOT_FOUND");
});

test("a batch in which one call is bad: the others are answered", async () => {
  const batch = await visitor.jar.fetch(`${app.site.url}/checked.trimmed,nowhere.at,todo.add?batch=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ 0: { args: [5] }, 1: { args: [] }, 2: { args: [[]] } }),
  });
  const answers = (await batch.json()) as { error: { data: { code: string } } }[];
  expect(answers.map(({ error }) => error.data.code)).toEqual(["INVALID", "NOT_FOUND", "INVALID"]);
});

test("a batch of more calls than a request may carry", async () => {
  const path = Array.from({ length: 1001 }, () => "todo.add").join();
  const answer = await visitor.jar.fetch(`${app.site.url}/${path}?batch=1`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  expect(await answer.text()).toContain(`"code":"INVALID"`);
});
