import { computed, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import type { PreloadData } from "../../server/call/preload.js";
import { serveTwin } from "../kit/app.js";
import { openClient } from "../kit/client.js";
import { inRequest } from "../kit/next.js";

class Wall {
  @state lines: number[] = [];
  @event write(n: number) {
    this.lines.push(n);
  }
}

test("from the page to the stream no change is missed and none shown twice, though the wall changes all the time, and only what is new is sent", {}, async () => {
  const app = await serveTwin({ stores: { wall: scope.shared(Wall) }, eventRate: 1e6 });
  const resumed = vi.spyOn(app.runtime, "watched");
  const writer = app.visitor();
  let written = 0;
  const write = () => writer.call("wall.write", ++written);
  await write();
  let over = false;
  const writing = (async () => {
    while (!over) await write();
  })();
  try {
    for (let visit = 0; visit < 20; visit++) {
      const reader = app.visitor();
      await reader.ask("$connect", { protocol: 2, client: reader.client, epoch: 1, watch: [] });
      const page = await inRequest({ cookie: reader.jar.cookie as string }, () => app.twin.preload({ wall: true }));
      // The page is on its way to the browser.
      const later = written + visit;
      await expect.poll(() => written, { interval: 5 }).toBeGreaterThanOrEqual(later);
      const client = openClient(app.site.url, { line: reader.jar });
      client.preload(page as never);
      const wall = client.twin("wall");
      const shown: number[][] = [];
      const look = () => void shown.push([...(wall.mirror.view() as Wall).lines]);
      look();
      wall.subscribe(look);
      wall.use();
      await expect.poll(() => shown.at(-1)?.length, { interval: 5 }).toBeGreaterThan(written + 20);
      for (const [i, lines] of shown.entries()) {
        expect(lines).toEqual(Array.from(lines, (_, n) => n + 1));
        expect(lines.length).toBeGreaterThanOrEqual(shown[i - 1]?.length ?? 1);
      }
      client.close();
    }
  } finally {
    over = true;
    await writing;
  }
  const kinds = resumed.mock.calls.filter(([, count]) => count > 0).map(([how]) => how);
  expect(kinds).toEqual(Array.from({ length: 20 }, () => "delta"));
});

class Library {
  @state books: Book[] = [];
  kept = 0;
  get count() {
    return this.books.length;
  }
  helper() {}
  @event add(title: string) {
    this.books.push(new Book(title));
  }
}

class Book {
  @state title: string;
  constructor(title: string) {
    this.title = title;
  }
  spell() {}
}

test("what a page brings is plain, as React passes nothing else to client components: also what development says of members without a decorator", async () => {
  const app = await serveTwin({ stores: { library: scope.shared(Library) }, models: { Book } });
  const visitor = app.visitor();
  await visitor.call("library.add", "Emma");
  const page = await inRequest({ cookie: visitor.jar.cookie as string }, () => app.twin.preload({ library: true }));
  expect(JSON.stringify(page)).toContain('"helper":"method"');
  const others: object[] = [];
  const look = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) others.push(value);
    for (const inner of Object.values(value)) look(inner);
  };
  look(page);
  expect(others).toEqual([]);
});

test("where Next renders ahead of a request, preload waits for one before it draws an id or makes a store", async () => {
  const app = await serveTwin({ stores: { wall: scope.shared(Wall) } });
  const preload = vi.spyOn(app.runtime, "preload");
  const rendering = new AbortController();
  const page = inRequest({ cookie: "" }, () => app.twin.preload({ wall: true }), "prerender-runtime", rendering.signal);
  rendering.abort();
  // As Next ends what waits when it has rendered the rest.
  await expect(page).rejects.toMatchObject({ digest: "HANGING_PROMISE_REJECTION" });
  expect(preload).not.toHaveBeenCalled();
});

test("a page for a visitor without a session tells the developer once where to look, and what asks for no page does not", async () => {
  const app = await serveTwin({ stores: { wall: Wall } });
  const page = (headers: Record<string, string>) => inRequest(headers, () => app.twin.preload({ wall: true }));
  const told = () => app.logs.map(({ level, message }) => `${level}: ${message}`);
  await page({ accept: "*/*" });
  await page({ accept: "text/html", "sec-fetch-dest": "empty" });
  const visitor = app.visitor();
  await visitor.call("wall.write", 1);
  await page({ accept: "text/html", cookie: visitor.jar.cookie as string });
  expect(told()).toEqual([]);
  await page({ accept: "text/html" });
  await page({ accept: "text/html", "sec-fetch-dest": "document", cookie: "twin_session=forged" });
  expect(told()).toEqual([expect.stringMatching(/^warn: .*without a session.*`proxy\.ts` there, does its `matcher` match this page/)]);
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  const live = await serveTwin({ stores: { wall: Wall } });
  await inRequest({ accept: "text/html" }, () => live.twin.preload({ wall: true }));
  expect(live.logs).toEqual([]);
});

test("a page may say what becomes of it where a store is refused: nothing is found, or it leads elsewhere", async () => {
  const { notFound, redirect } = await inRequest({}, () => import("next/navigation.js"));
  const allow = (_: object, key: string) => {
    if (key === "broken") throw new Error("the database is gone");
    return key === "open";
  };
  const app = await serveTwin({ stores: { room: scope.room(Wall, { allow }), mine: scope.user(Wall), wall: scope.shared(Wall) }, log: () => {} });
  const preload: typeof app.twin.preload = (what, options) => inRequest({}, () => app.twin.preload(what, options));
  await expect(preload({ room: "closed" }, { refused: notFound })).rejects.toMatchObject({ digest: "NEXT_HTTP_ERROR_FALLBACK;404" });
  await expect(preload({ room: "" }, { refused: notFound })).rejects.toMatchObject({ digest: "NEXT_HTTP_ERROR_FALLBACK;404" });
  await expect(preload({ mine: true }, { refused: () => redirect("/sign-in") })).rejects.toMatchObject({ digest: expect.stringContaining("/sign-in") });
  const told: unknown[] = [];
  const refused = async (error: Error, store: string, key: string | null) => void told.push([error.message, store, key]);
  const { stores } = (await preload({ room: ["open", "closed"], mine: true, wall: true }, { refused })) as unknown as PreloadData;
  expect(told).toEqual([
    ["`room` does not let you into `closed`.", "room", "closed"],
    [expect.stringContaining("`mine`"), "mine", null],
  ]);
  expect(stores.map((one) => "refused" in one)).toEqual([false, true, true, false]);
  // That is no answer to whether there is such a room.
  await expect(preload({ room: "broken" }, { refused: notFound })).resolves.toBeDefined();
  await expect(preload({ room: "open", wall: true }, { refused: notFound })).resolves.toBeDefined();
});

/** The runs of the getter, settled by the test. */
let forecasts: ((degrees: number) => void)[] = [];

class Sky {
  @state visits = 0;
  @computed get weather(): Promise<number> {
    return new Promise((resolve) => {
      forecasts.push(resolve);
    });
  }
  @event visit() {
    this.visits++;
  }
}

test("a page waits for computeds that are promises, and its stream finds what they have given, also of a session that holds nothing", async () => {
  forecasts = [];
  const app = await serveTwin({ stores: { sky: Sky, wall: scope.shared(Sky) }, preloadTimeout: 20_000 });
  const reader = app.visitor();
  await reader.ask("$connect", { protocol: 2, client: reader.client, epoch: 1, watch: [] });
  const rendered = inRequest({ cookie: reader.jar.cookie as string }, () => app.twin.preload({ sky: true, wall: true }));
  await expect.poll(() => forecasts.length).toBe(2);
  for (const [i, settle] of forecasts.entries()) settle(20 + i);
  const client = openClient(app.site.url, { line: reader.jar });
  client.preload((await rendered) as never);
  const shown = (name: string) => (client.twin(name).mirror.view() as Sky | undefined)?.weather;
  const all = [20, 21].map((value) => ({ value, pending: false, error: undefined }));
  expect([shown("sky"), shown("wall")]).toEqual(all);
  for (const name of ["sky", "wall"]) client.twin(name).use();
  await expect.poll(() => client.status.current.status).toBe("online");
  const writer = openClient(app.site.url, { line: reader.jar });
  const sky = writer.twin("sky");
  sky.use();
  await expect.poll(() => (sky.mirror.view() as Sky | undefined)?.weather).toEqual(all[0]);
  expect([shown("sky"), shown("wall"), forecasts.length]).toEqual([...all, 2]);
  client.close();
  writer.close();
});

test("a page that has waited long enough shows them pending, and the stream brings what they give", async () => {
  forecasts = [];
  const app = await serveTwin({ stores: { wall: scope.shared(Sky) }, preloadTimeout: 10 });
  const page = await inRequest({ cookie: "" }, () => app.twin.preload({ wall: true }));
  const client = openClient(app.site.url);
  client.preload(page as never);
  const wall = client.twin("wall");
  const shown = () => (wall.mirror.view() as Sky | undefined)?.weather;
  expect(shown()).toEqual({ value: undefined, pending: true, error: undefined });
  wall.use();
  await expect.poll(() => client.status.current.status).toBe("online");
  expect(forecasts).toHaveLength(1);
  forecasts[0]?.(20);
  await expect.poll(shown).toEqual({ value: 20, pending: false, error: undefined });
  client.close();
});

test("the layout and the page of one request preload for the same visitor, also where that has no session", async () => {
  const app = await serveTwin({ stores: { mine: Wall, yours: Wall } });
  const sessionsOf = (cookies: Readonly<Record<string, string>>) =>
    inRequest(cookies, async () => {
      const [layout, page] = [await app.twin.preload({ mine: true }), await app.twin.preload({ yours: true })] as unknown as PreloadData[];
      return [layout?.session, page?.session];
    });
  const [layout, page] = await sessionsOf({});
  expect(page).toBe(layout);
  expect((await sessionsOf({}))[0]).not.toBe(layout);
});
