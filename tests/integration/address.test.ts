import { join } from "node:path";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { sqlite } from "../../server/storage/sqlite.js";
import { plainValue, serveTwin } from "../kit/app.js";
import { temporaryFolder } from "../kit/files.js";

class Note {
  @state text = "";
  @event set(text: string) {
    this.text = text;
  }
}

const HALVES = ["\ud800", "\udc00", "a\udbff", "\ude00\ud83d"];
const stores = { note: scope.room(Note, { allow: () => true }), mine: scope.user(Note) };

test("a key with half a surrogate pair is refused wherever it becomes an address", async () => {
  const { twin, visitor: arrive } = await serveTwin({ stores, storage: sqlite(join(temporaryFolder(), "twin.db")) });
  const visitor = arrive();
  // What UTF-8 makes of all of them.
  await twin.note("\ufffd").set("mine");
  const refused = { code: "INVALID", message: expect.stringContaining("half a surrogate pair") };
  for (const key of HALVES) {
    expect((await visitor.ask("note.set", { key, args: ["theirs"] })).error).toMatchObject(refused);
    expect((await visitor.number("note.set", 1, ["theirs"], { key })).error).toMatchObject(refused);
    expect((await visitor.ask("$cancel", { store: "note", key, client: visitor.client, n: 1 })).error).toMatchObject(refused);
    expect((await visitor.live({ store: "note", key }).until(([kind]) => kind === "refused"))[3]).toBe("INVALID");
    for (const ask of [
      () => twin.note(key).set("theirs"),
      () => twin.note(key).$snapshot(),
      () => twin.mine(key).set("theirs"),
      () => twin.note.delete(key),
      () => twin.$export({ user: key }),
      () => twin.$erase({ session: key }),
    ])
      await expect(ask()).rejects.toMatchObject(refused);
  }
  expect(await twin.note("\ufffd").$snapshot()).toEqual({ text: "mine" });
});

test("a user whose id has half a surrogate pair shares nothing with others", async () => {
  let id = "";
  const { visitor: arrive } = await serveTwin({ stores, context: () => ({ user: { id } }) as never });
  for (id of HALVES) expect((await arrive().ask("mine.set", { args: ["x"] })).error?.code).toBe("INVALID");
});

test("a user whose id is none is not signed in, and one whose id is a string, a finite number or a bigint is", async () => {
  let id: unknown;
  const { twin, runtime, visitor: arrive } = await serveTwin({ stores, context: () => ({ user: { id } }) as never });
  const visitor = arrive();
  for (id of ["", Number.NaN, Number.POSITIVE_INFINITY, null, true, {}, undefined]) {
    expect((await visitor.ask("mine.set", { args: ["x"] })).error?.code, String(id)).toBe("FORBIDDEN");
    expect((await visitor.live({ store: "mine" }).until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
  }
  expect(runtime.hosts.live).toEqual([]);
  for (id of ["ann", 0, -1.5, 12n]) {
    await visitor.call("mine.set", `of ${id}`);
    expect(await twin.mine(String(id)).$snapshot()).toEqual({ text: `of ${id}` });
  }
});

class Texts {
  @state list: string[] = [];
  @state named: Record<string, string> = {};
  @state map = new Map<string, string>();
  @state set = new Set<string>();
  @state({ private: true }) protected hidden: string[] = [];
  @event keep(text: string) {
    this.list.push(text);
    this.named[text] = text;
    this.map.set(text, text);
    this.set.add(text);
    this.hidden.push(text);
    return text;
  }
  @event tell() {
    return [...this.hidden];
  }
}

test("text in state, in answers and in what is kept comes back letter by letter, half a surrogate pair too", async () => {
  const texts = [...HALVES, "\ud83d\ude00", "e\u0301", "\u00e9", "\ufffd", "a\0b", "\u2028", ""];
  const place = join(temporaryFolder(), "twin.db");
  const stores = { texts: scope.shared(Texts) };
  const first = await serveTwin({ stores, storage: sqlite(place) });
  const visitor = first.visitor();
  for (const [i, text] of texts.entries()) expect(plainValue(await visitor.number("texts.keep", i + 1, [text]))).toBe(text);
  await first.twin.close();
  const { twin } = await serveTwin({ stores, storage: sqlite(place) });
  const pairs = texts.map((text) => [text, text] as const);
  expect(await twin.texts().$snapshot()).toEqual({ list: texts, named: Object.fromEntries(pairs), map: new Map(pairs), set: new Set(texts) });
  expect(await twin.texts().tell()).toEqual(texts);
});
