import { current, event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { serveTwin } from "../kit/app.js";

let tabs: unknown[] = [];

class Draft {
  @state text = "";
  @event write(text: string) {
    const { connection, key } = current();
    tabs.push(connection?.id);
    this.text += text;
    return key;
  }
  @event async copy() {
    (await current().get(Notes)).add(this.text);
  }
}

class Notes {
  @state notes: string[] = [];
  @event add(note: string) {
    this.notes.push(note);
  }
}

const stores = {
  draft: scope.tab(Draft, { keyed: true }),
  notes: scope.tab(Notes, { keyed: true }),
  whole: scope.tab(Draft),
};

test("behaviour 95: two keys of a tab are two stores, asking twice makes no third, and no other tab has them", async () => {
  await using net = pair({ stores });
  const a = net.client();
  const [one, two, again] = await Promise.all([a.draft("one"), a.draft("two"), a.draft("one")]);
  expect(again).toBe(one);
  expect([await one.write("1"), await two.write("2"), await one.write("1")]).toEqual(["one", "two", "one"]);
  const next = await net.tab(a).draft("one");
  await net.quiet();
  expect([one.text, two.text, next.text]).toEqual(["11", "2", ""]);
  expect((await a.whole()).text).toBe("");
});

test("keyed stores of one key are one scope instance: an event reaches the others by `get`, and no tab store without a key", async () => {
  await using net = pair({ stores });
  const a = net.client();
  const draft = await a.draft("one");
  await draft.write("milk");
  await draft.copy();
  expect([(await a.notes("one")).notes, (await a.notes("two")).notes]).toEqual([["milk"], []]);
});

test("server code addresses a keyed store by the tab and the key", async () => {
  tabs = [];
  await using net = pair({ stores });
  const a = net.client();
  const draft = await a.draft("a/b");
  await draft.write("x");
  const [tab] = tabs as [string];
  expect(await net.server.draft(tab, "a/b").write("y")).toBe("a/b");
  await net.quiet();
  expect([draft.text, (await net.server.draft(tab, "a").$snapshot()).text]).toEqual(["xy", ""]);
  for (const [id, key] of [
    [tab, ""],
    [tab, undefined as never],
    [`${tab}/a`, "b"],
    ["", "b"],
  ] as const)
    expect(() => net.server.draft(id, key)).toThrow("`draft` is called as `twin.draft(tabId, key)`");
});

test("a page that is loaded again finds the tab's keyed stores, for as long as those of the tab live", async () => {
  tabs = [];
  await using net = pair({ stores, life: { tab: 3600 }, idle: 10 });
  let a = net.client();
  await (await a.draft("one")).write("kept");
  a = net.reload(a);
  expect((await a.draft("one")).text).toBe("kept");
  a.$close();
  await net.wait(2 * 24 * 3_600_000);
  expect((await net.server.draft(tabs[0] as string, "one").$snapshot()).text).toBe("");
});

test("calls resume, and each is made once, in both stores, on lines that lose and double", async () => {
  await using net = pair({ stores, seed: 95 });
  const a = net.client();
  const [one, two] = await Promise.all([a.draft("one"), a.draft("two")]);
  net.storm({ lose: 0.2, twice: 0.2, "cut answer": 0.1 });
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).write(`${i % 10}`)));
  await net.quiet();
  expect([one.text, two.text]).toEqual(["1357913579", "0246802468"]);
});

test("a key that is missing or no string is refused, with the store's name", async () => {
  const one = (await serveTwin({ stores })).visitor();
  for (const key of [undefined, "", 7, "x".repeat(201)])
    expect((await one.ask("draft.write", { key, args: ["x"] })).error).toMatchObject({
      code: "INVALID",
      message: "`draft` has one store for each key: give a `key`, a string of 1 to 200 characters.",
    });
  // No twin calls, so there is no tab.
  expect((await one.ask("draft.write", { key: "one", args: ["x"] })).error?.message).toContain("belongs to a browser tab");
});

test("the data of a session has its keyed tab stores, and is erased with them", async () => {
  const { twin, visitor } = await serveTwin({ stores });
  const [ann, bob] = [visitor(), visitor()];
  for (const one of [ann, bob]) await one.number("draft.write", 1, ["secret"], { key: "one" });
  const [exported] = await twin.$export({ session: ann.session });
  expect(exported).toMatchObject({ store: "draft", key: expect.stringMatching(/^.{22}\/one$/), state: { text: "secret" } });
  await twin.$erase({ session: ann.session });
  expect([await twin.$export({ session: ann.session }), (await twin.$export({ session: bob.session })).length]).toEqual([[], 1]);
});

test("a guard of keyed stores gets the key", async () => {
  const keys: unknown[] = [];
  const guarded = scope.tab(Draft, { keyed: true, guard: (_, key) => keys.push(key) > 0 && key !== "no" });
  await using net = pair({ stores: { draft: guarded } });
  const a = net.client();
  await (await a.draft("yes")).write("x");
  await expect(a.draft("no")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(new Set(keys)).toEqual(new Set(["yes", "no"]));
});

test("a keyed tab store counts as a tenth of a session among those that one address may begin", async () => {
  const app = await serveTwin({ stores, maxSessions: 1, proxies: 1 });
  const one = app.visitor();
  const write = (key: string) => {
    const call = { client: one.client, epoch: 1, n: 1, at: null, seen: 0 };
    return one.post("draft.write", JSON.stringify({ key, args: encodeValue(["x"]), call }), { "x-forwarded-for": "10.0.0.1" });
  };
  for (let n = 0; n < 18; n++) expect((await write(`${n % 9}`)).error).toBeUndefined();
  await write("9");
  expect((await write("10")).error).toMatchObject({ code: "RATE_LIMITED", data: { limit: "maxSessions" } });
});

test("`keyed` that is no boolean, and on another scope, is refused at start", () => {
  const made = (draft: unknown) => () => createTwin({ name: "never", stores: { draft } as never });
  expect(made(scope.tab(Draft, { keyed: "yes" } as never))).toThrow(
    "an option `keyed`, which `scope.tab()` does not know: it takes `guard`, and `keyed` as a boolean",
  );
  expect(made(scope.session(Draft, { keyed: true } as never))).toThrow("an option `keyed`, which `scope.session()` does not know: it takes `guard`");
  expect(made(scope.tab(Draft, { keyed: true, allow: () => true } as never))).toThrow(
    "an option `allow`, which `scope.tab()` does not know: it takes `guard` and `keyed`",
  );
});
