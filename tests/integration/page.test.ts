import { computed, current, defineContext, EventError, event, type Page, state } from "twinstate";
import { type PreloadData, scope } from "twinstate/server";
import { expect, test } from "vitest";
import { createMirror } from "../../lib/mirror/mirror.js";
import { serveTwin } from "../kit/app.js";
import { inRequest } from "../kit/next.js";

let loads: unknown[] = [];

class Results {
  @state query = "";
  @state found: string[] = [];
  @state who = "";
  @computed get count() {
    return this.found.length;
  }
  protected async onLoad(page?: Page) {
    loads.push(page);
    if (!page) return;
    const { q } = page.search;
    if (q === "broken") {
      this.query = "half";
      throw new EventError("NOT_FOUND", "There is no such thing.");
    }
    await Promise.resolve();
    this.query = typeof q === "string" ? q : "";
    this.found = [this.query, this.query.toUpperCase()];
    this.who = (current() as { user?: { id: string } }).user?.id ?? "nobody";
  }
  @event touch() {
    this.query += "!";
  }
}

class Board {
  @state opened: string[] = [];
  protected onLoad(page?: Page) {
    if (page) this.opened.push(`${current().key} ${page.params.tab}`);
  }
}

class Plain {
  @state value = 1;
}

async function start() {
  loads = [];
  const context = defineContext(({ headers }) => ({ user: headers.get("x-user") ? { id: headers.get("x-user") as string } : undefined }));
  return serveTwin({ stores: { results: Results, plain: Plain, board: scope.room(Board, { allow: (_, key) => key !== "closed" }) }, context });
}

type Rendered = Extract<PreloadData["stores"][number], { snapshot: unknown }>;

function shown(data: unknown, index = 0): object {
  const { store, snapshot } = (data as PreloadData).stores[index] as Rendered;
  const mirror = createMirror({ name: store });
  mirror.applySnapshot(snapshot as never);
  return mirror.view();
}

test("a page's params and search reach onLoad as the visitor's, and the page has what it makes of them", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  await visitor.call("results.touch");
  const request = { cookie: visitor.jar.cookie as string, "x-user": "ada" };
  const props = { params: Promise.resolve({ slug: ["a", "b"] }), searchParams: Promise.resolve({ q: "milk" }) };
  const page = await inRequest(request, () => twin.preload({ results: { params: props.params, search: props.searchParams } }));
  expect(loads).toEqual([undefined, { params: { slug: ["a", "b"] }, search: { q: "milk" } }]);
  expect(shown(page)).toEqual({ query: "milk", found: ["milk", "MILK"], who: "ada", count: 2 });
  await inRequest(request, () => twin.preload({ results: { search: { q: "tea" } } }));
  expect(loads.length).toBe(3);
  // Without a page it is the state as it is.
  expect(shown(await inRequest(request, () => twin.preload({ results: true })))).toMatchObject({ query: "tea" });
  expect(loads.length).toBe(3);
});

test("a store that is loaded by the page is loaded once, with it, and the page finds it so when it opens its stream", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  // A session without state, as a first page has it.
  await visitor.ask("plain.nothing", { args: [] });
  const page = (await inRequest({ cookie: visitor.jar.cookie as string }, () =>
    twin.preload({ results: { search: { q: "milk" } } }),
  )) as unknown as PreloadData;
  expect(loads).toEqual([{ params: {}, search: { q: "milk" } }]);
  expect(shown(page)).toMatchObject({ query: "milk", who: "nobody" });
  const { incarnation, revision } = page.stores[0] as Rendered;
  const live = visitor.live({ store: "results", have: [incarnation, revision] });
  const [kind] = await live.until(([kind]) => kind === "resume" || kind === "snapshot");
  expect([kind, loads.length]).toEqual(["resume", 1]);
});

test("nothing is kept for those who come without a session", async () => {
  const { twin, storage } = await start();
  const page = await inRequest({}, () => twin.preload({ results: { search: { q: "milk" } } }));
  expect(shown(page)).toMatchObject({ query: "milk" });
  for await (const entry of storage.list("")) expect(entry).toBeUndefined();
});

test("those who have the page open see what the next one's search has made", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  await visitor.call("results.touch");
  const live = visitor.live({ store: "results" });
  await live.state("results", ({ query }: { query: string }) => query === "!");
  await inRequest({ cookie: visitor.jar.cookie as string }, () => twin.preload({ results: { search: { q: "bread" } } }));
  expect(await live.state("results", ({ query }: { query: string }) => query === "bread")).toMatchObject({ found: ["bread", "BREAD"], count: 2 });
});

test("a room takes its key beside them, and is asked first who may", async () => {
  const { twin } = await start();
  const data = await inRequest({}, () => twin.preload({ board: { key: "a", params: { tab: "one" } }, plain: { search: { x: "y" } } }));
  expect([shown(data), shown(data, 1)]).toEqual([{ opened: ["a one"] }, { value: 1 }]);
  const refused = (await inRequest({}, () => twin.preload({ board: { key: "closed", params: { tab: "one" } } }))) as unknown as PreloadData;
  expect(refused.stores).toMatchObject([{ store: "board", key: "closed", refused: ["FORBIDDEN", expect.any(String)] }]);
  expect(await twin.board("closed").$snapshot()).toEqual({ opened: [] });
});

test("an onLoad that throws for a page refuses the store there, undoes what it did, and leaves it to others as it was", async () => {
  const { twin, visitor: arrive } = await start();
  const visitor = arrive();
  await visitor.call("results.touch");
  const request = { cookie: visitor.jar.cookie as string };
  const page = (await inRequest(request, () => twin.preload({ results: { search: { q: "broken" } } }))) as unknown as PreloadData;
  expect(page.stores).toEqual([{ store: "results", key: null, refused: ["NOT_FOUND", "There is no such thing."] }]);
  expect(shown(await inRequest(request, () => twin.preload({ results: true })))).toMatchObject({ query: "!" });
});
