import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { current, EventError, effect, event, state, update } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { serveTwin } from "../kit/app.js";
import { until } from "../kit/soon.js";
import { storages } from "../kit/storages.js";

/** How many announcements run now, and how many have at most. */
let now = 0;
let most = 0;
let begun: string[] = [];

class Board {
  @state lines: string[] = [];
  @event({ guard: () => false }) async announce(line: string) {
    begun.push(current().key ?? "");
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    if (this.lines.includes("refuses")) throw new EventError("NO", "It refuses.");
    this.lines.push(line);
    return this.lines.length;
  }
  @event add(line: string) {
    this.lines.push(line);
  }
  @event({ background: true }) async wait() {
    const { key, signal } = current();
    begun.push(key ?? "");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await update(() => void this.lines.push("cleaned up"));
    signal.throwIfAborted();
  }
  @event who() {
    this.lines.push(`from ${(current() as { user?: { id: string } }).user?.id}`);
    effect.everyone.toast("who");
  }
}
class Other extends Board {}
class Notes extends Board {}
class Settings extends Board {}
class Draft extends Board {}
class Row extends Board {}

const stores = {
  board: scope.room(Board, { allow: () => true }),
  other: scope.room(Other, { allow: () => true }),
  notes: Notes,
  settings: scope.user(Settings),
  draft: scope.tab(Draft),
  row: scope.tab(Row, { keyed: true }),
};

async function start(storage: Storage = memory(), more: object = {}) {
  [now, most, begun] = [0, 0, []];
  return serveTwin({ stores, storage, ...more });
}

async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `room-${String(n).padStart(4, "0")}`);

describe.each(storages)("on %s", (_, place) => {
  test("a broadcast runs once in each room of the store that has ever changed, also in those that are not in memory, and in no other", async () => {
    const there = place();
    const { twin, runtime } = await start(there.open(), { idle: 0 });
    for (const key of ["a", "b", "c"]) await twin.board(key).add("first");
    await twin.other("d").add("first");
    await until(() => runtime.hosts.size === 0);
    await twin.board("e").add("first");
    expect(await twin.board.broadcast((board) => board.announce("news"))).toEqual({ done: 4, failed: [] });
    expect(begun.sort()).toEqual(["a", "b", "c", "e"]);
    for (const key of ["a", "b", "c", "e"]) expect((await twin.board(key).$snapshot()).lines).toEqual(["first", "news"]);
    expect((await twin.other("d").$snapshot()).lines).toEqual(["first"]);
  });

  test("sessions, users, tabs and keyed tab stores have broadcasts too", async () => {
    const { twin, visitor } = await start(place().open());
    const [ann, bob] = [visitor(), visitor()];
    for (const one of [ann, bob]) {
      await one.call("notes.add", "milk");
      await one.number("draft.add", 1, ["a draft"]);
      await one.number("row.add", 1, ["a row"], { key: "first" });
    }
    await twin.settings("ann").add("dark");
    const keys: string[] = [];
    const noted = twin.notes.broadcast((notes, key) => {
      keys.push(key);
      return notes.announce("news");
    });
    expect(await noted).toEqual({ done: 2, failed: [] });
    expect(keys.sort()).toEqual([ann.session, bob.session].sort());
    expect(await twin.settings.broadcast((settings) => settings.announce("news"))).toEqual({ done: 1, failed: [] });
    expect(await twin.draft.broadcast((draft) => draft.announce("news"))).toEqual({ done: 2, failed: [] });
    const rows: string[] = [];
    expect(await twin.row.broadcast((_, key) => void rows.push(key))).toEqual({ done: 2, failed: [] });
    expect(rows.every((key) => key.endsWith("/first"))).toBe(true);
    expect((await twin.settings("ann").$snapshot()).lines).toEqual(["dark", "news"]);
  });
});

test("a broadcast to 300 rooms calls eight at once, and leaves none in memory that was not", async () => {
  const storage = memory();
  const before = await start(storage);
  await Promise.all(names(300).map((key) => before.twin.board(key).add("first")));
  await before.twin.close();
  const { twin, runtime } = await start(storage);
  await twin.board("room-0007").add("second");
  let loaded = 0;
  const broadcast = twin.board.broadcast((board) => {
    loaded = Math.max(loaded, runtime.hosts.size);
    return board.announce("news");
  });
  expect(await broadcast).toEqual({ done: 300, failed: [] });
  expect(most).toBe(8);
  // Some are on their way out.
  expect(loaded).toBeLessThan(50);
  await until(() => runtime.hosts.size === 1);
  expect((await twin.board("room-0007").$snapshot()).lines).toEqual(["first", "second", "news"]);
});

test("one that fails is named, with its error, and stops no other", async () => {
  const { twin } = await start();
  for (const key of ["a", "b", "c"]) await twin.board(key).add(key === "b" ? "refuses" : "fine");
  const { done, failed } = await twin.board.broadcast((board) => board.announce("news"), { concurrency: 1 });
  expect(done).toBe(2);
  expect(failed).toEqual([{ key: "b", error: expect.objectContaining({ code: "NO" }) }]);
  expect(most).toBe(1);
  const thrown = await twin.board.broadcast((_, key) => {
    if (key === "a") throw new TypeError("a bug");
  });
  expect(thrown).toEqual({ done: 2, failed: [{ key: "a", error: expect.any(TypeError) }] });
});

test("with `live`, those alone are called that a browser watches; `prefix` takes those whose keys begin so", async () => {
  const { twin, visitor } = await start();
  for (const key of ["team-a", "team-b", "shop"]) await twin.board(key).add("first");
  const live = visitor().live({ store: "board", key: "team-b" }, { store: "board", key: "new" }, { store: "other", key: "shop" });
  await live.until(([kind, , store]) => kind === "snapshot" && store === "other");
  expect((await twin.board.broadcast((board) => board.announce("live"), { live: true })).done).toBe(2);
  expect(begun.sort()).toEqual(["new", "team-b"]);
  begun = [];
  expect((await twin.board.broadcast((board) => board.announce("teams"), { prefix: "team-" })).done).toBe(2);
  expect(begun.sort()).toEqual(["team-a", "team-b"]);
});

test("a signal ends a broadcast: what runs is cancelled, and no other begins", async () => {
  const { twin } = await start();
  for (const key of names(20)) await twin.board(key).add("first");
  const control = new AbortController();
  const broadcast = twin.board.broadcast((board) => board.wait(), { signal: control.signal, concurrency: 3 });
  await until(() => begun.length === 3);
  control.abort(new Error("enough"));
  await expect(broadcast).rejects.toThrow("enough");
  expect(begun.length).toBe(3);
  for (const key of begun) expect((await twin.board(key).$snapshot()).lines).toEqual(["first", "cleaned up"]);
  await expect(twin.board.broadcast((board) => board.wait(), { signal: control.signal })).rejects.toThrow("enough");
  expect(begun.length).toBe(3);
});

test("the caller of a broadcast is whom `twin.as` names", async () => {
  const { twin } = await start();
  await twin.board("a").add("first");
  await twin.as({ user: { id: "cron" } } as never).board.broadcast((board) => board.who());
  expect((await twin.board("a").$snapshot()).lines).toEqual(["first", "from cron"]);
});

test("server code has effects in all browsers that watch, once, in their order among events", async () => {
  const { twin, visitor } = await start();
  await twin.board("quiet").add("first");
  const live = visitor().live({ store: "board", key: "a" });
  await live.state("board");
  const calls = [twin.board("a").add("before"), twin.board("a").$effect.toast("Now.", { kind: "warning" }), twin.board("a").add("after")];
  await Promise.all(calls);
  await live.state("board", ({ lines }) => lines.includes("after"));
  expect(JSON.stringify(live.messages).match(/"toast"/g)).toHaveLength(1);
  expect(await twin.board.broadcast((board) => board.$effect.toast("All."), { live: true })).toEqual({ done: 1, failed: [] });
  await live.until((message) => JSON.stringify(message).includes("All."));
  // Where nobody watches, nothing changes.
  await twin.board("quiet").$effect.toast("Nobody.");
  await expect(twin.board("a").$effect.redirect("https://elsewhere.example")).rejects.toMatchObject({ code: "UNSAFE_URL" });
});

test("what a broadcast or `keys()` cannot take is refused by name", async () => {
  const { twin } = await start();
  const broadcast = twin.board.broadcast as (...args: unknown[]) => Promise<unknown>;
  await expect(broadcast("announce")).rejects.toThrow("`twin.board.broadcast()` got no function");
  const run = () => {};
  await expect(broadcast(run, { concurrency: 0 })).rejects.toThrow("`concurrency`");
  await expect(broadcast(run, { live: "yes" })).rejects.toThrow("`live`");
  await expect(broadcast(run, { prefix: 1 })).rejects.toThrow("`prefix`");
  await expect(broadcast(run, { signal: true })).rejects.toThrow("`signal`");
  expect(() => twin.board.keys({ limit: -1 })).toThrow("`limit`");
  expect(() => twin.board.keys({ prefix: 1 as never })).toThrow("`prefix`");
});

test("`keys()` gives those that begin with a prefix, and so many at most", async () => {
  const { twin } = await start();
  for (const key of ["team-a", "team-b", "team-c", "shop"]) await twin.board(key).add("first");
  expect((await collected(twin.board.keys())).sort()).toEqual(["shop", "team-a", "team-b", "team-c"]);
  expect((await collected(twin.board.keys({ prefix: "team-" }))).sort()).toEqual(["team-a", "team-b", "team-c"]);
  expect(await collected(twin.board.keys({ prefix: "team-", limit: 2 }))).toHaveLength(2);
  expect(await collected(twin.board.keys({ limit: 0 }))).toEqual([]);
});

test("the processes of a build list the rooms of one file, one after the other, and hold it no longer; a server holds it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-build-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const open = () => start(sqlite(join(folder, "twin.db")));
  const before = await open();
  for (const key of ["a", "b"]) await before.twin.board(key).add("first");
  await before.twin.close();
  vi.stubEnv("NEXT_PHASE", "phase-production-build");
  onTestFinished(() => void vi.unstubAllEnvs());
  const [one, two] = [await open(), await open()];
  expect(await collected(one.twin.board.keys())).toEqual(["a", "b"]);
  expect((await two.twin.board("a").$snapshot()).lines).toEqual(["first"]);
  // A loop that is left lets go too.
  for await (const key of one.twin.board.keys()) if (key === "a") break;
  expect(await collected(two.twin.board.keys())).toEqual(["a", "b"]);
  vi.unstubAllEnvs();
  expect(await collected(one.twin.board.keys())).toEqual(["a", "b"]);
  await expect(collected(two.twin.board.keys())).rejects.toMatchObject({ code: "STORAGE" });
});
