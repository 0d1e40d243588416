import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { current, event, state, update } from "twinstate";
import { scope, type TwinOptions } from "twinstate/server";
import { expect, test } from "vitest";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { decodeValue } from "../../lib/wire/value-codec.js";
import { sqlite } from "../../server/storage/sqlite.js";
import { type Numbered, plainValue, serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown } from "../kit/client.js";
import { mayMount, smallDisk, temporaryFolder } from "../kit/files.js";
import { soon } from "../kit/soon.js";
import { storages } from "../kit/storages.js";

class Todo {
  @state items: { title: string; at: Date }[] = [];
  @state made = "";
  @state({ persist: false }) typing = "";
  @state({ private: true }) protected secret = { count: 0 };
  protected onCreate() {
    this.made = String(Math.random());
  }
  @event add(title: string) {
    this.items.push({ title, at: new Date(5) });
    return ++this.secret.count;
  }
  @event type(text: string) {
    this.typing = text;
  }
  @event fill(count: number, size: number) {
    for (let i = 0; i < count; i++) this.items.push({ title: "x".repeat(size), at: new Date(i) });
    return this.items.length;
  }
  @event async *slowly(...titles: string[]) {
    for (const title of titles) {
      yield this.add(title);
      if (title === "stuck") await new Promise(() => {});
    }
    return titles.length;
  }
  /** Appends to the last title, token by token. */
  @event({ background: true }) async say(count: number) {
    for (let n = 0; n < count; n++) {
      await update(() => {
        (this.items.at(-1) as { title: string }).title += " tok";
      });
    }
    await new Promise(() => {});
  }
  @event async both(title: string) {
    (await current().get(Side)).count++;
    return this.add(title);
  }
}
class Side {
  @state count = 0;
}
class Room extends Todo {}

const stores = { todo: Todo, side: Side, room: scope.room(Room, { allow: () => true }) };

/** One server after the other, on one file. */
function servers(more: Partial<TwinOptions<typeof stores, {}>> = {}) {
  const file = join(temporaryFolder(), "twin.db");
  return { file, start: () => serveTwin({ stores, storage: sqlite(file), ...more }) };
}

test("a server that starts on the file goes on where the last one was: state, private state, incarnation, numbers and answers", async () => {
  const { start } = servers();
  const first = await start();
  const visitor = first.visitor();
  const answer = await visitor.number("todo.add", 1, ["milk"]);
  await visitor.call("todo.both", "bread");
  const before = await first.twin.todo(visitor.session).$snapshot();
  await first.twin.close();
  const second = await start();
  Object.assign(visitor, { url: second.site.url });
  expect(await second.twin.todo(visitor.session).$snapshot()).toEqual(before);
  expect(await second.twin.side(visitor.session).$snapshot()).toEqual({ count: 1 });
  expect((await visitor.number("todo.add", 1, ["milk"])).value).toEqual(answer.value);
  const next = (await visitor.number("todo.add", 2, ["tea"], { seen: 1 })).value as Numbered;
  expect([next.i, next.r, decodeValue(next.v)]).toEqual([(answer.value as Numbered).i, (answer.value as Numbered).r + 2, 3]);
});

test("what `onCreate` gave a store that nobody has changed is kept once its scope instance is", async () => {
  const { start } = servers({ idle: 0 });
  const first = await start();
  const made = async (twin: typeof first.twin) => (await twin.room("a").$snapshot()).made;
  await first.visitor().number("room.type", 1, ["hello"], { key: "a" });
  const before = await made(first.twin);
  await first.twin.close();
  const second = await start();
  expect(await made(second.twin)).toBe(before);
});

test.each(storages)("on %s, a field that is not kept is told anew when its scope instance was out of memory", async (_, place) => {
  const { twin, visitor } = await serveTwin({ stores, idle: 0, storage: place().open() });
  const one = visitor();
  await one.callIn("a", "room.add", "milk");
  const live = one.live({ store: "room", key: "a" });
  await live.state("room");
  await one.callIn("a", "room.type", "hello");
  await live.state("room", ({ typing }) => typing === "hello");
  const have = live.have("room");
  live.stream.close();
  // It is out of memory when nobody is left: then it forgets.
  await soon(async () => expect((await twin.room("a").$snapshot()).typing).toBe(""));
  const back = one.live({ store: "room", key: "a", have });
  // The storage has the numbers that clients know: the rest of the state does not come again.
  const [brought] = await back.until(([head]) => head === "resume" || head === "snapshot");
  expect(brought).toBe("resume");
  const [[, , tick, store, volatile]] = back.all("volatile") as [unknown[]];
  const mirror = createMirror({ faces: openFace, name: "room" });
  mirror.applySnapshot([["typing"], 1, [0, 1], [["c", 1, "", [], []]]] as never, false, volatile as never);
  expect([tick, store, mirror.view()]).toEqual([0, "room", { typing: "" }]);
});

test("an event that was cut off after its first commit is not run again: its caller is told, and what it committed stays", async () => {
  const { start } = servers({ eventTimeout: 1000 });
  const first = await start();
  const visitor = first.visitor();
  const live = visitor.live({ store: "todo" });
  await live.state("todo");
  void visitor.number("todo.slowly", 1, ["one", "two", "stuck", "never"]).catch(() => {});
  await live.state("todo", ({ items }) => items.length === 3);
  const waiting = visitor.number("todo.add", 2, ["after"]).catch(() => {});
  // As a kill does: nothing is told to anybody any more. (tests/crash kills real processes.)
  await first.storage.close?.();
  const second = await start();
  Object.assign(visitor, { url: second.site.url });
  expect((await visitor.number("todo.slowly", 1, ["one", "two", "stuck", "never"])).error).toMatchObject({ code: "INTERRUPTED" });
  expect(plainValue(await visitor.number("todo.add", 2, ["after"]))).toBe(4);
  expect((await second.twin.todo(visitor.session).$snapshot()).items.map(({ title }) => title)).toEqual(["one", "two", "stuck", "after"]);
  await first.site.close();
  await waiting;
});

test("a token that joins a long text takes forty bytes in the file, and all that were stored are there after a kill", async () => {
  const { file, start } = servers();
  const first = await start();
  const visitor = first.visitor();
  await visitor.call("todo.fill", 1, 10_000);
  const live = visitor.live({ store: "todo" });
  const said = visitor.number("todo.say", 1, [40]).catch(() => {});
  const shownLast = await live.state("todo", ({ items }) => (items as { title: string }[])[0]?.title.length === 10_160);
  const [{ title }] = shownLast.items as [{ title: string }];
  await first.storage.close?.();
  const db = new DatabaseSync(file);
  const sizes = (db.prepare("SELECT length(text) AS bytes FROM commits WHERE seq > 1").all() as { bytes: number }[]).map(({ bytes }) => bytes);
  db.close();
  expect(sizes).toHaveLength(40);
  // The first one names the event, which has not ended, and the numbers that clients know since somebody watches.
  expect(sizes[0]).toBeLessThan(200);
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(40);
  const second = await start();
  Object.assign(visitor, { url: second.site.url });
  expect((await second.twin.todo(visitor.session).$snapshot()).items[0]?.title).toBe(title);
  expect((await visitor.number("todo.say", 1, [40])).error).toMatchObject({ code: "INTERRUPTED" });
  await first.site.close();
  await said;
});

test("who was there before the server ended goes on from what it has, whoever comes first, by stream or by answer", async () => {
  const { start } = servers();
  const first = await start();
  const visitors = [first.visitor(), first.visitor(), first.visitor()] as const;
  const lives = visitors.map((visitor) => visitor.live({ store: "room", key: "a" }));
  for (const live of lives) await live.state("room");
  for (const title of ["milk", "eggs"]) await visitors[0].callIn("a", "room.add", title);
  await visitors[0].callIn("a", "room.type", "hello");
  const haves = await Promise.all(
    lives.map(async (live) => {
      await live.state("room", ({ typing }) => typing === "hello");
      return live.have("room");
    }),
  );
  await first.twin.close();
  const second = await start();
  for (const visitor of visitors) Object.assign(visitor, { url: second.site.url });
  const again = [];
  for (const [i, visitor] of visitors.slice(0, 2).entries()) {
    const live = visitor.live({ store: "room", key: "a", have: haves[i] as [string, number] });
    const [brought] = await live.until(([kind]) => kind === "resume" || kind === "snapshot");
    expect(brought).toBe("resume");
    again.push(live);
  }
  const { value } = await visitors[2].number("room.add", 1, ["bread"], { key: "a", at: haves[2]?.[1] as number });
  expect((value as Numbered).f?.map(([kind]) => kind)).toEqual(["volatile", 0]);
  for (const live of again) {
    const [, , , delta] = await live.until(([kind]) => typeof kind === "number");
    expect(JSON.stringify(delta)).toContain("bread");
    expect(live.all("snapshot")).toEqual([]);
  }
  // Who has come in this life goes on from there.
  again[0]?.stream.close();
  const late = visitors[0].live({ store: "room", key: "a" });
  expect(await late.state("room", ({ items }) => items.length === 3)).toMatchObject({ typing: "" });
  const have = late.have("room") as [string, number];
  late.stream.close();
  await visitors[1].callIn("a", "room.add", "tea");
  const back = visitors[0].live({ store: "room", key: "a", have });
  await back.until(([kind]) => typeof kind === "number");
  expect(back.all("snapshot")).toEqual([]);
});

test("a damaged record is named in the log and set aside: its visitor begins anew and is told so, and nobody else notices", async () => {
  const { file, start } = servers();
  const first = await start();
  const [ann, bob] = [first.visitor(), first.visitor()];
  for (const [visitor, title] of [
    [ann, "the one that is damaged"],
    [bob, "milk"],
  ] as const)
    await visitor.number("todo.add", 1, [title]);
  await first.twin.close();
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("the one that is damaged") + 3] = 0x58;
  writeFileSync(file, bytes);
  const second = await start();
  for (const visitor of [ann, bob]) Object.assign(visitor, { url: second.site.url });
  const { i } = (await bob.number("todo.add", 2, ["bread"], { seen: 1 })).value as Numbered;
  expect((await bob.number("todo.add", 3, ["tea"], { seen: 2, i })).status).toBe(200);
  // The first who asks finds the damage: a page that is open, here.
  expect(await ann.live({ store: "todo" }).state("todo")).toMatchObject({ items: [] });
  expect(second.logs.map(({ message }) => message)).toEqual([expect.stringMatching(new RegExp(`\`session/${ann.session}\` is damaged: .*set aside as`))]);
  expect((await ann.number("todo.add", 2, ["eggs"], { seen: 1, i: "the incarnation it knew" })).error?.code).toBe("UNKNOWN_OUTCOME");
  expect(plainValue(await ann.number("todo.add", 1, ["eggs"]))).toBe(1);
  expect((await second.twin.todo(bob.session).$snapshot()).items).toHaveLength(3);
});

test("many events share one append, and are answered in order", async () => {
  const { start } = servers();
  const { twin, storage, visitor } = await start();
  await twin.room("a").add("first");
  let appends = 0;
  const { append } = storage;
  storage.append = (id, commits) => {
    appends++;
    return append(id, commits);
  };
  const one = visitor();
  const live = one.live({ store: "room", key: "a" });
  await live.state("room");
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => twin.room("a").add(String(n))));
  expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
  expect(appends).toBeLessThan(100);
  expect((await live.state("room", ({ items }) => items.length === 201)).items).toHaveLength(201);
});

test.skipIf(!mayMount)("when the disk is full, nobody is answered and nothing is shown; calls wait, and run once when there is room", async () => {
  const disk = smallDisk(1 << 20);
  const { site, twin, logs } = await serveTwin({ stores, storage: sqlite(join(disk.path, "twin.db")) });
  const [ann, bob] = [openClient(site.url), openClient(site.url)];
  const [anns, bobs] = [await openTwin(ann, "room", "a"), await openTwin(bob, "room", "a")];
  expect(await call(anns, "add", "milk")).toBe(1);
  await shown<Todo>(bobs, ({ items }) => items.length === 1);
  let settled: unknown;
  const big = call(anns, "fill", 50, 40_000);
  const late = call(anns, "add", "bread");
  const waiting = Promise.all([big, late]).then((values) => {
    settled = values;
  });
  await soon(() => expect(logs.some(({ error }) => String((error as Error).cause).includes("the disk is full"))).toBe(true));
  // Another room, with less to say, works on.
  expect(await twin.room("b").add("small")).toBe(1);
  expect(settled).toBeUndefined();
  expect((bobs.mirror.view() as Todo).items).toHaveLength(1);
  disk.grow(64 << 20);
  await waiting;
  expect(settled).toEqual([51, 2]);
  for (const one of [anns, bobs]) await shown<Todo>(one, ({ items }) => items.length === 52);
  expect((await twin.room("a").$snapshot()).items).toHaveLength(52);
});
