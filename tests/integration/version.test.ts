import { event, state } from "twinstate";
import { createTwin, memory, type StoreClass, scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { SECRET } from "../kit/app.js";
import { call, openClient, openTwin, shown, status } from "../kit/client.js";
import { Jar, serve } from "../kit/http.js";
import { attach } from "../kit/transport.js";

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
  }
}
/** With more than before. */
class Grown {
  @state items: string[] = [];
  @state color = "red";
  @event add(title: string) {
    this.items.push(title);
  }
  @event paint(color: string) {
    this.color = color;
  }
}
class Renamed {
  @state tasks: string[] = [];
  @event add(title: string) {
    this.tasks.push(title);
  }
}
class WithoutEvent {
  @state items: string[] = [];
  @event put(title: string) {
    this.items.push(title);
  }
}

/** One address, behind which one version of the app follows another. */
async function deploy(first: Parameters<typeof release>[0]) {
  const storage = memory();
  let number = 0;
  const start = (stores: Parameters<typeof release>[0]) => release(stores, storage, `version ${process.pid} ${++number} ${first}`);
  let live = start(first);
  const handle = (request: Request) => live.handlers.POST(request);
  const site = await serve({ GET: handle, POST: handle });
  await attach(site, live);
  onTestFinished(async () => {
    await site.close();
    await live.close();
  });
  return {
    url: site.url,
    async next(stores: Parameters<typeof release>[0]) {
      const before = live;
      await before.close();
      const next = start(stores);
      await attach(site, next);
      live = next;
    },
  };
}

const release = (stores: Record<string, StoreClass | ReturnType<typeof scope.shared>>, storage: ReturnType<typeof memory>, name: string) =>
  createTwin({ name, stores: stores as {}, storage, session: { secret: SECRET }, build: name, log: () => {} });

test("a page goes on with a server that has more than it was built on, and sees its state", async () => {
  const { url, next } = await deploy({ todo: Todo });
  const client = openClient(url);
  const todo = await openTwin(client, "todo");
  await call(todo, "add", "one");
  await next({ todo: Grown, other: Todo });
  await call(todo, "add", "two");
  await shown<Todo>(todo, ({ items }) => items.join() === "one,two");
  await status(client, (current) => current.status === "online");
});

test.for([
  ["a field", { todo: Renamed }],
  ["an event", { todo: WithoutEvent }],
  ["a store", { tasks: Todo }],
  ["a store's scope", { todo: scope.shared(Todo) }],
] as const)("a page whose server is without %s of it is told that it is outdated, and never shows half of both", async ([, stores]) => {
  const { url, next } = await deploy({ todo: Todo });
  const client = openClient(url);
  const todo = await openTwin(client, "todo");
  await call(todo, "add", "one");
  await shown<Todo>(todo, ({ items }) => items.length === 1);
  await next(stores as Parameters<typeof release>[0]);
  await status(client, (current) => current.status === "outdated");
  expect(todo.mirror.view()).toEqual({ items: ["one"] });
});

test("hello tells the build, and a client of another protocol is told OUTDATED before anything else", async () => {
  const { url } = await deploy({ todo: Todo });
  const connect = (protocol: number) =>
    fetch(`${url}/$connect`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ protocol, client: "a-client-of-old-times", epoch: 1, watch: [] }),
    });
  const old = await connect(0);
  expect(old.status).toBe(412);
  expect(await old.json()).toMatchObject({ error: { data: { code: "OUTDATED" } } });
  const response = await fetch(`${url}/$live?input={"watch":[]}`);
  let text = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (text.includes("hello")) break;
  }
  expect(text).toContain('"build":"version ');
});

/** A visitor whose page is of version 1 of the protocol from now on, or again of today's. */
function aging() {
  const jar = new Jar();
  const page = { protocol: 2 };
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (url, init) => {
    const path = new URL(String(url)).pathname.split("/").at(-1) as string;
    asked.push(path);
    return jar.fetch(url, path === "$connect" ? { ...init, body: String(init?.body).replace('"protocol":2', `"protocol":${page.protocol}`) } : init);
  };
  return { line: { fetch, openSocket: jar.openSocket }, page, asked };
}

test("a page of version 1 against a server of version 2 is told OUTDATED: it keeps what it shows, and calls nothing", async () => {
  const { url, next } = await deploy({ todo: Todo });
  const { line, page, asked } = aging();
  const client = openClient(url, { line });
  const todo = await openTwin(client, "todo");
  await call(todo, "add", "one");
  await shown<Todo>(todo, ({ items }) => items.length === 1);
  page.protocol = 1;
  await next({ todo: Todo });
  await status(client, (current) => current.status === "outdated");
  expect(todo.mirror.view()).toEqual({ items: ["one"] });
  const before = asked.length;
  await expect(call(todo, "add", "two")).rejects.toMatchObject({ code: "OUTDATED" });
  expect(asked.slice(before)).toEqual([]);
  expect([todo.mirror.view(), client.status.current]).toEqual([{ items: ["one"] }, { status: "outdated", pending: 0 }]);
  // The page that is loaded anew.
  const { fetch, openSocket } = line;
  page.protocol = 2;
  const again = await openTwin(openClient(url, { line: { fetch, openSocket } }), "todo");
  await call(again, "add", "two");
  expect(again.mirror.view()).toEqual({ items: ["one", "two"] });
});

test("a first page of version 1 is refused each store with OUTDATED", async () => {
  const { url } = await deploy({ todo: Todo });
  const { line, page } = aging();
  page.protocol = 1;
  const client = openClient(url, { line });
  const todo = await openTwin(client, "todo");
  expect([todo.state, todo.error?.code, client.status.current.status]).toEqual(["refused", "OUTDATED", "outdated"]);
});

test("what a page of version 1 asks after that is refused and does nothing; a page of today in the same tab goes on", async () => {
  const { url } = await deploy({ todo: Todo });
  const jar = new Jar();
  const ask = async (path: string, input: object) => {
    const response = await jar.fetch(`${url}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(input) });
    return { status: response.status, code: ((await response.json()) as { error?: { data: { code: string } } }).error?.data.code };
  };
  const call = (client: string, n: number) => ({ args: encodeValue([`${client} ${n}`]), call: { client, epoch: 1, n, at: null, seen: 0 } });
  const tab = "a-tab-of-somebody-0001";
  const [old, next] = [`${tab}.old`, `${tab}.next`];
  const connect = (client: string, protocol: number) => ask("$connect", { protocol, client, epoch: 1, watch: [] });
  expect(await connect(next, 2)).toEqual({ status: 200, code: undefined });
  expect(await connect(old, 1)).toEqual({ status: 412, code: "OUTDATED" });
  expect(await ask("todo.add", call(old, 1))).toEqual({ status: 412, code: "OUTDATED" });
  expect(await ask("$watch", { client: old, epoch: 1, watch: [] })).toEqual({ status: 412, code: "OUTDATED" });
  expect(await ask("todo.add", call(next, 1))).toEqual({ status: 200, code: undefined });
  const todo = await openTwin(openClient(url, { line: jar }), "todo");
  expect(todo.mirror.view()).toEqual({ items: [`${next} 1`] });
  // A client that has learnt the version is heard.
  expect(await connect(old, 2)).toEqual({ status: 200, code: undefined });
  expect(await ask("todo.add", call(old, 1))).toEqual({ status: 200, code: undefined });
});
