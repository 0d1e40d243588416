import { autorun } from "mobx";
import { computed, EventError, event, state, type View } from "twinstate";
import { type Connected, connect, type Live } from "twinstate/client";
import { scope } from "twinstate/server";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { TRANSPORT } from "../kit/transport.js";

class Item {
  id = "";
  done = false;
}
class Todo {
  @state items: Item[] = [];
  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }
  @event add(id: string) {
    this.items.push({ id, done: false });
    return this.items.at(-1);
  }
  @event *count(to: number) {
    for (let n = 0; n < to; n++) yield n;
    return "end";
  }
}

const stores = { todo: Todo, board: scope.room(Todo, { allow: (_, key) => key !== "secret" }), stats: scope.shared(Todo) };
const serveStores = () => serveTwin({ stores });
type Twin = Awaited<ReturnType<typeof serveStores>>["twin"];

function open(url: string): Connected<Twin["~stores"]> {
  const twin = connect<Twin>({ url, transport: TRANSPORT });
  onTestFinished(() => twin.$close());
  return twin;
}

test("a bot reads a store, calls its events and sees what others do", async () => {
  const { site } = await serveStores();
  const twin = open(site.url);
  const todo = await twin.todo();
  const added = await todo.add("milk");
  expect(added).toBe(todo.$snapshot().items[0]);
  expect(todo.left).toBe(1);
  // The same session, as its cookie is kept.
  expect(await twin.todo()).toBe(todo);
  const stats = await twin.stats();
  const seen: number[] = [];
  onTestFinished(autorun(() => seen.push(stats.items.length)));
  await (await open(site.url).stats()).add("from another");
  await expect.poll(() => seen).toEqual([0, 1]);
});

test("a bot keeps its session behind a proxy that sets a cookie of its own, and keeps that too", async () => {
  const { site } = await serveStores();
  const sent = new Set<string | null>();
  const twin = connect<Twin>({
    url: site.url,
    transport: TRANSPORT,
    async fetch(input, init) {
      sent.add(new Headers(init?.headers).get("cookie"));
      const { body, headers, ...response } = await fetch(input, init).then(({ body, headers, status }) => ({ body, headers, status }));
      return new Response(body, { ...response, headers: [["set-cookie", "lb=a; Expires=Wed, 21 Oct 2099 07:28:00 GMT"], ...headers] });
    },
  });
  onTestFinished(() => twin.$close());
  const todo = await twin.todo();
  for (const id of ["milk", "tea"]) await todo.add(id);
  expect(todo.items.map(({ id }) => id)).toEqual(["milk", "tea"]);
  // A socket brings calls with its own cookies. Another store is asked for over HTTP.
  await expect(twin.board("secret")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect([...sent]).toEqual([null, expect.stringMatching(/^lb=a; twin_session=[^;]+$/)]);
});

test("rooms are opened by key, and a refused one rejects", async () => {
  const { site } = await serveStores();
  const twin = open(site.url);
  const board = await twin.board("a");
  let changes = 0;
  onTestFinished(board.$subscribe(() => changes++));
  await board.add("x");
  expect(changes).toBe(1);
  const refused = await twin.board("secret").catch((error: unknown) => error);
  expect(EventError.is(refused, "FORBIDDEN")).toBe(true);
  board.$leave();
  expect(await twin.board("a")).not.toBe(board);
});

test("a store that the app does not have rejects", async () => {
  const { site } = await serveStores();
  const twin = open(site.url) as unknown as Record<string, () => Promise<object>>;
  await expect(twin.nothing?.()).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("types: a store is its view with tools, and keys are asked for where there are rooms", () => {
  type C = Connected<Twin["~stores"]>;
  expectTypeOf<Awaited<ReturnType<C["todo"]>>>().toEqualTypeOf<Live<Todo>>();
  expectTypeOf<Parameters<C["todo"]>>().toEqualTypeOf<[]>();
  expectTypeOf<Parameters<C["board"]>>().toEqualTypeOf<[key: string]>();
  expectTypeOf<ReturnType<Live<Todo>["$snapshot"]>>().toEqualTypeOf<View<Todo>>();
  // @ts-expect-error there is no such store
  type _None = C["nothing"];
});
