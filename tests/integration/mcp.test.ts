import { current, EventError, effect, event, type Presence, presence, state } from "twinstate";
import { scope } from "twinstate/server";
import { mcp } from "twinstate/server/mcp";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { serveAgents, TestAgent } from "../kit/agent.js";
import { serveTwin } from "../kit/app.js";
import { soon } from "../kit/soon.js";

class Item {
  @state title = "";
  @state done = false;
  @event({ description: "Ticks the task off, or on again." }) toggle() {
    this.done = !this.done;
    return this.done;
  }
}

class Todo {
  @state items: Item[] = [];
  @state({ private: true }) private secret = "SECRET";
  @state tags = new Map([["a", new Set([1])]]);
  @event({ input: [z.string().min(1).max(20), z.boolean().optional()], description: "Adds a task, and gives how many there are." })
  add(title: string, done?: boolean) {
    if (this.items.length >= 3) throw new EventError("FULL" as never, "The list is full.", { left: 0 } as never);
    const item = new Item();
    item.title = title;
    item.done = done ?? false;
    this.items.push(item);
    effect.toast(`Added ${title}`);
    return this.items.length;
  }
  @event count(by: number, label = "") {
    return `${label}${by + this.secret.length}`;
  }
  @event async *steps(to: number) {
    for (let i = 1; i <= to; i++) yield i;
    return "done";
  }
  @event({ background: true }) async wait() {
    const { signal } = current();
    waits.add(this);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    waits.clear();
  }
  @event({ guard: () => false }) never() {}
  @event({ internal: true }) inside(this: never) {}
  @event async renew() {
    await current().session?.rotate();
  }
}
const waits = new Set<object>();

class Notes {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

class Room {
  @state text = "";
  @state({ persist: false }) now = 0;
  @presence({ of: () => ({ who: "tab" }) }) people!: Presence<{ who: string }>;
  @event say(text: string) {
    this.text = text;
  }
  @event tick(now: number) {
    this.now = now;
  }
}

class Draft {
  @state text = "";
  @event type(text: string) {
    this.text = text;
  }
}

const open = new Set<string>();

async function start() {
  open.clear();
  open.add("a b");
  const app = await serveTwin({
    stores: {
      todo: Todo,
      notes: scope.user(Notes),
      admin: scope.shared(Notes, { guard: (context) => (context as { user?: { id: string } | null }).user?.id === "root" }),
      room: scope.room(Room, { allow: (_, key) => open.has(key) }),
      draft: scope.tab(Draft),
      drafts: scope.tab(Draft, { keyed: true }),
    },
    models: { Item },
    context: ({ headers }) => {
      const id = /^Bearer (\w+)$/.exec(headers.get("authorization") ?? "")?.[1];
      if (id === "bad") throw new EventError("FORBIDDEN", "The token has run out.");
      return { user: id === undefined ? null : { id } };
    },
  });
  const site = await serveAgents(app.twin);
  const agent = (user?: string) => TestAgent.connect(site.url, user === undefined ? {} : { authorization: `Bearer ${user}` });
  return { ...app, mcp: site, agent };
}

const OWN = ["todo-add", "todo-count", "todo-steps", "todo-wait", "todo-never", "todo-renew", "todo-Item-toggle"];
/** A model's events are those of each store. */
const OTHERS = ["room-say", "room-tick", "room-Item-toggle", "draft-type", "draft-Item-toggle", "drafts-type", "drafts-Item-toggle"];

test("each event that the caller may call is a tool, with its description and a JSON Schema of what it takes", async () => {
  const { agent } = await start();
  const nobody = await agent();
  expect((await nobody.tools()).sort()).toEqual([...OWN, ...OTHERS].sort());
  expect((await (await agent("ann")).tools()).sort()).toEqual([...OWN, ...OTHERS, "notes-write", "notes-Item-toggle"].sort());
  expect(await (await agent("root")).tools()).toContain("admin-write");
  const { tools } = await nobody.client.listTools();
  const tool = (name: string) => tools.find((one) => one.name === name);
  expect(tool("todo-add")).toMatchObject({
    description: "Adds a task, and gives how many there are.",
    inputSchema: {
      type: "object",
      properties: { args: { type: "array", prefixItems: [{ type: "string", minLength: 1, maxLength: 20 }, { type: "boolean" }], minItems: 1, maxItems: 2 } },
      required: ["args"],
    },
  });
  expect(tool("todo-count")?.inputSchema.properties).toMatchObject({
    args: { prefixItems: [{ type: "number" }, {}], minItems: 1, maxItems: 2 },
  });
  expect(tool("todo-never")?.inputSchema.required).toEqual([]);
  expect(tool("room-say")?.inputSchema.required).toEqual(["key", "args"]);
  expect(tool("todo-Item-toggle")).toMatchObject({ description: "Ticks the task off, or on again.", inputSchema: { required: ["on"] } });
});

test("events run in the agent's own session, with their answers, effects and yields; refusals are typed", async () => {
  const { agent } = await start();
  const [one, other] = [await agent(), await agent()];
  expect(await one.call("todo-add", { args: ["milk"] })).toEqual({ value: 1, effects: [{ name: "toast", args: ["Added milk"] }] });
  expect(await one.call("todo-count", { args: [1, "n"] })).toEqual({ value: "n7" });
  expect((await one.read("twin://todo")).items).toMatchObject([{ title: "milk", done: false }]);
  expect((await other.read("twin://todo")).items).toEqual([]);

  const steps: unknown[] = [];
  await one.client.callTool({ name: "todo-steps", arguments: { args: [3] } }, undefined, {
    onprogress: ({ progress, message }) => void steps.push([progress, message]),
  });
  expect(steps).toEqual([
    [1, "1"],
    [2, "2"],
    [3, "3"],
  ]);

  for (const title of ["bread", "salt"]) await one.call("todo-add", { args: [title] });
  expect((await one.call("todo-add", { args: ["tea"] })).error).toEqual({ code: "FULL", message: "The list is full.", data: { left: 0 } });
  expect((await one.call("todo-add", { args: [""] })).error).toMatchObject({ code: "INVALID", data: { issues: [{ path: [0] }] } });
  expect((await one.call("todo-count", { args: ["1"] })).error).toMatchObject({ code: "INVALID" });
  expect((await one.call("todo-never")).error).toMatchObject({ code: "FORBIDDEN" });
  expect((await one.call("notes-write", { args: ["x"] })).error).toMatchObject({ code: "FORBIDDEN" });
  expect((await one.call("room-say", { key: "closed", args: ["x"] })).error).toMatchObject({ code: "FORBIDDEN" });
  await expect(one.call("todo-inside")).rejects.toThrow("There is no tool `todo-inside`");
});

test("an object's event is called by the `$on` that the state shows of it", async () => {
  const { agent } = await start();
  const one = await agent();
  for (const title of ["milk", "bread"]) await one.call("todo-add", { args: [title] });
  const before = await one.read("twin://todo");
  expect(before.tags).toEqual([["a", [1]]]);
  expect(await one.call("todo-Item-toggle", { on: before.items[1].$on })).toEqual({ value: true });
  expect((await one.read("twin://todo")).items.map(({ done }: Item) => done)).toEqual([false, true]);
  expect((await one.call("todo-Item-toggle", { on: ["other", 1, 1] })).error?.code).toBe("GONE");
});

test("stores are resources, and those with keys are templates; what the caller may not see is refused", async () => {
  const { agent, twin } = await start();
  const [one, ann] = [await agent(), await agent("ann")];
  const uris = async ({ client }: TestAgent) => (await client.listResources()).resources.map(({ uri }) => uri);
  expect(await uris(one)).toEqual(["twin://todo", "twin://draft"]);
  expect(await uris(ann)).toEqual(["twin://todo", "twin://notes", "twin://draft"]);
  expect((await one.client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    "twin://room/{key}",
    "twin://drafts/{key}",
  ]);
  await twin.room("a b").say("hello");
  expect(await one.read("twin://room/a%20b")).toMatchObject({ text: "hello", now: 0 });
  await ann.call("notes-write", { args: ["mine"] });
  expect(await ann.read("twin://notes")).toEqual({ text: "mine" });
  expect(await twin.notes("ann").$snapshot()).toEqual({ text: "mine" });
  for (const uri of ["twin://room/closed", "twin://notes", "twin://admin"])
    await expect(one.client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32000, data: { code: "FORBIDDEN" } });
  for (const uri of ["twin://nothing", "twin://room", "twin://todo/x", "twin://__proto__", "file:///etc/passwd", "twin://room/%E0%A4%A"])
    await expect(one.client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32002 });
});

test("a tab's stores are those of one agent", async () => {
  const { agent } = await start();
  const [one, other] = [await agent(), await agent()];
  await one.call("draft-type", { args: ["a"] });
  await one.call("drafts-type", { key: "k", args: ["b"] });
  expect([await one.read("twin://draft"), await one.read("twin://drafts/k")]).toEqual([{ text: "a" }, { text: "b" }]);
  expect(await other.read("twin://draft")).toEqual({ text: "" });
});

test("changes of subscribed resources are told, also of volatile state, and after the stream was ended", async () => {
  const { agent, twin } = await start();
  const one = await agent();
  const uri = "twin://room/a%20b";
  await one.client.subscribeResource({ uri });
  await one.client.subscribeResource({ uri: "twin://todo" });
  await expect(one.client.subscribeResource({ uri: "twin://room/closed" })).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
  const told = async (change: () => Promise<unknown>, what: string) => {
    one.changed.length = 0;
    await change();
    await soon(() => expect(one.changed).toContain(what));
  };
  await told(() => twin.room("a b").say("1"), uri);
  await told(() => twin.room("a b").tick(1), uri);
  await told(() => one.call("todo-add", { args: ["milk"] }), "twin://todo");
  await told(async () => twin.$recheck(), uri);
  await told(() => twin.room("a b").say("2"), uri);
  // Who loses access is told of a change, and refused what it reads.
  open.clear();
  await told(() => twin.room("a b").say("3"), uri);
  await expect(one.read(uri)).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
  await one.client.unsubscribeResource({ uri: "twin://todo" });
  one.changed.length = 0;
  await one.call("todo-add", { args: ["bread"] });
  expect(one.changed).not.toContain("twin://todo");
});

test("a subscription that is given up before it has begun is answered all the same", async () => {
  const { agent, twin } = await start();
  const { client, changed } = await agent();
  const uri = "twin://room/a%20b";
  for (let n = 0; n < 5; n++)
    await Promise.all([client.subscribeResource({ uri }), client.unsubscribeResource({ uri }), client.subscribeResource({ uri: "twin://todo" })]);
  await client.unsubscribeResource({ uri: "twin://todo" });
  await client.subscribeResource({ uri });
  await twin.room("a b").say("1");
  await soon(() => expect(changed).toContain(uri));
});

test("a call that the agent cancels is cancelled", async () => {
  const { agent } = await start();
  const one = await agent();
  const control = new AbortController();
  const call = one.client.callTool({ name: "todo-wait", arguments: {} }, undefined, { signal: control.signal });
  call.catch(() => {});
  await soon(() => expect(waits.size).toBe(1));
  control.abort();
  await soon(() => expect(waits.size).toBe(0));
  await expect(call).rejects.toThrow();
});

test("an event may rotate the agent's session, whose state stays", async () => {
  const { agent } = await start();
  const one = await agent();
  await one.call("todo-add", { args: ["milk"] });
  for (let n = 0; n < 2; n++) expect(await one.call("todo-renew")).toEqual({});
  expect((await one.read("twin://todo")).items).toHaveLength(1);
});

test("another user is not heard under the id of an agent, and nobody under one that was never given", async () => {
  const { agent, mcp: site } = await start();
  const ann = await agent("ann");
  const ask = (headers: Record<string, string>) =>
    fetch(site.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": ann.transport.sessionId as string,
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "twin://todo" } }),
    });
  expect((await ask({ authorization: "Bearer ann" })).status).toBe(200);
  expect((await ask({ authorization: "Bearer ben" })).status).toBe(404);
  expect((await ask({ "mcp-session-id": "00000000-0000-0000-0000-000000000000" })).status).toBe(404);
  const bad = await ask({ authorization: "Bearer bad" });
  expect([bad.status, await bad.json()]).toMatchObject([403, { error: { message: "The token has run out.", data: { code: "FORBIDDEN" } } }]);
});

test("no page may ask whose origin is not named, not even one that seems to be the app's own", async () => {
  const { twin, mcp: site } = await start();
  const named = await serveAgents(twin, { origins: ["https://app.example"] });
  const ask = async (url: string, headers: Record<string, string>) => {
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "page", version: "1" } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    return (
      await fetch(url, { method: "POST", body, headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers } })
    ).status;
  };
  expect(await ask(site.url, {})).toBe(200);
  for (const origin of [site.origin, "https://evil.example", "null"]) expect(await ask(site.url, { origin }), origin).toBe(403);
  expect(await ask(named.url, { origin: "https://app.example" })).toBe(200);
  expect(await ask(named.url, { origin: "https://evil.example" })).toBe(403);
});

test("the agent that was idle for longest goes for a new one, and is told that its session is not known", async () => {
  const { twin } = await start();
  const site = await serveAgents(twin, { maxAgents: 2 });
  const [first, second] = [await TestAgent.connect(site.url), await TestAgent.connect(site.url)];
  await first.tools();
  await TestAgent.connect(site.url);
  await expect(second.tools()).rejects.toThrow(/not known/);
  expect((await first.tools()).length).toBeGreaterThan(0);
});

test("what is not exposed is to agents as if it were not there", async () => {
  const { twin } = await start();
  const site = await serveAgents(twin, { expose: (name) => /^(todo$|todo\.add|room)/.test(name) && !name.includes("Item") });
  const one = await TestAgent.connect(site.url);
  expect(await one.tools()).toEqual(["todo-add", "room-say", "room-tick"]);
  expect((await one.client.listResources()).resources.map(({ uri }) => uri)).toEqual(["twin://todo"]);
  await expect(one.call("todo-count", { args: [1] })).rejects.toThrow("There is no tool `todo-count`");
  await expect(one.client.readResource({ uri: "twin://draft" })).rejects.toMatchObject({ code: -32002 });
});

test("the document of `twin.openapi()` describes calls that go through as it says", async () => {
  const { twin, visitor } = await start();
  const document = twin.openapi({ title: "Tasks", url: "https://app.example/api/twin" });
  expect(document).toMatchObject({ openapi: "3.1.0", info: { title: "Tasks" }, servers: [{ url: "https://app.example/api/twin" }] });
  // No plain call comes from a tab, and internal events are not there.
  expect(Object.keys(document.paths).filter((path) => /^.draft|inside/.test(path))).toEqual([]);
  const { post } = document.paths["/todo.add"] as { post: { requestBody: { content: { "application/json": { schema: unknown } } } } };
  expect(post.requestBody.content["application/json"].schema).toMatchObject({ required: ["args"], properties: { args: { minItems: 1 } } });
  expect(document.paths["/todo.Item.toggle"]).toMatchObject({ post: { operationId: "todo-Item-toggle", description: "Ticks the task off, or on again." } });
  const script = visitor();
  expect(await script.ask("todo.add", { args: ["milk"] })).toMatchObject({ status: 200, value: 1 });
  expect(await script.ask("todo.add", { args: [""] })).toMatchObject({ status: 400, error: { code: "INVALID", data: { issues: [{ path: [0] }] } } });
});

test("what is no twin is refused, and so are options that have no possible value", async () => {
  expect(() => mcp({})).toThrow("`mcp()` got no twin");
  const { twin } = await start();
  expect(() => mcp(twin, { idle: Number("30m") })).toThrow("`idle` is not a number above 0");
  expect(() => mcp(twin, { maxAgents: 0 })).toThrow("`maxAgents` is not a number above 0");
  expect(() => mcp(twin, { expose: ["todo"] as never })).toThrow("`expose` is not a function");
  expect(() => mcp(twin, { origins: "https://app.example" as never })).toThrow("`origins` is no list");
});

test("an agent that asks too fast to leave one of its resources ends nothing but its subscription", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const { twin } = await serveTwin({ stores: { todo: Todo, wall: scope.shared(Notes) }, models: { Item }, eventRate: 1 });
  const one = await TestAgent.connect((await serveAgents(twin)).url);
  for (const uri of ["twin://todo", "twin://wall"]) await one.client.subscribeResource({ uri });
  const readAll = async () => {
    for (;;) await one.read("twin://wall");
  };
  await expect(readAll()).rejects.toMatchObject({ data: { code: "RATE_LIMITED" } });
  await one.client.unsubscribeResource({ uri: "twin://todo" });
  await twin.wall().write("news");
  await soon(() => expect(one.changed).toContain("twin://wall"));
  expect(unhandled).toEqual([]);
});
