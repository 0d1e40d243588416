import { current, defineContext, effect, event, type Presence, presence, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const Own = z.looseObject({ cursor: z.object({ x: z.number(), y: z.number() }).optional(), typing: z.boolean().optional() });
type Own = { cursor?: { x: number; y: number }; typing?: boolean };

/** Who each session is; `null`: is not listed; an error: `of` throws. */
const users = new Map<string, { name: string } | null | Error>();
const context = defineContext(({ session = "" }) => {
  const user = users.get(session);
  return { user: user && { id: session, ...user }, hidden: user === null, broken: user instanceof Error };
});
interface Context {
  readonly user: { readonly name: string } | null | undefined;
  readonly hidden: boolean;
  readonly broken: boolean;
}

class Board {
  @state title = "";
  @state log: unknown[] = [];
  @presence({
    of(given) {
      const { broken, hidden, user } = given as Context;
      if (broken) throw new Error("no such user");
      return hidden ? null : { name: user?.name ?? "guest" };
    },
    input: Own as z.ZodType<Own, Own>,
  })
  people!: Presence<{ name: string }, Own>;
  @presence count!: Presence;

  @event rename(title: string) {
    this.title = title;
    return this.people.map(({ name, cursor }) => [name, cursor?.x]);
  }
  @event me() {
    return this.people.find(({ id }) => id === current().connection?.id)?.name;
  }
  @event wave(name: string) {
    const connection = this.people.find((one) => one.name === name)?.id;
    if (connection) effect.to(connection).toast("hello");
  }
  @event spoil() {
    (this.people as unknown as unknown[]).length = 0;
  }
  @event note() {
    this.log.push(this.people);
  }
}

const stores = { board: scope.room(Board, { allow: () => true }), ours: scope.user(Board), all: scope.shared(Board) };
/** Long enough that what was sent has come, and shorter than the grace time. */
const SOON = 200;
const GRACE = 3000;

function open(options: Partial<PairOptions<typeof stores, {}>> = {}) {
  users.clear();
  return pair({ stores, context: context as never, ...options });
}

const names = ({ people }: { readonly people: readonly { readonly name: string }[] }) => people.map(({ name }) => name);
const cursors = ({ people }: { readonly people: readonly Own[] }) => people.map(({ cursor }) => cursor?.x);

test("tabs are listed as they come, with what the server says and what they show, and are gone within the grace time", async () => {
  await using net = open();
  const [a, b] = [net.client(), net.client()];
  const mine = await a.board("x");
  users.set(net.session(a), { name: "ann" });
  const theirs = await b.board("x");
  await net.wait(SOON);
  expect(names(theirs)).toEqual(["guest", "guest"]);
  mine.$present("people", { cursor: { x: 1, y: 2 } });
  await net.wait(SOON);
  expect(theirs.$snapshot().people[0]).toEqual({ id: expect.any(String), name: "guest", cursor: { x: 1, y: 2 } });
  // The session's next call is another user's: its stream comes back as that one, who has come last.
  expect(await mine.rename("t")).toHaveLength(2);
  await net.wait(SOON);
  expect([names(theirs), cursors(theirs)]).toEqual([
    ["guest", "ann"],
    [undefined, 1],
  ]);
  mine.$present("people", undefined);
  await net.wait(SOON);
  expect(theirs.$snapshot().people[1]).toEqual({ id: expect.any(String), name: "ann" });
  a.$close();
  await net.wait(SOON);
  expect(names(theirs)).toEqual(["guest", "ann"]);
  await net.wait(GRACE);
  expect([names(theirs), theirs.count.length]).toEqual([["guest"], 1]);
});

test("a short break and a reload keep a tab's place and id; what a page has shown goes with the page", async () => {
  await using net = open();
  const a = net.client();
  let mine = await a.board("x");
  const theirs = await net.client().board("x");
  mine.$present("people", { typing: true });
  await net.wait(SOON);
  const before = theirs.$snapshot().people.map(({ id }) => id);
  const seen: unknown[] = [];
  theirs.$subscribe(() => seen.push(theirs.people.length));
  net.break(a);
  await net.wait(SOON);
  expect(theirs.people[0]?.typing).toBe(true);
  mine = await net.reload(a).board("x");
  await net.wait(SOON);
  expect(theirs.$snapshot().people.map(({ id, typing }) => [id, typing])).toEqual(before.map((id) => [id, undefined]));
  mine.$present("people", { cursor: { x: 7, y: 7 } });
  await net.wait(GRACE);
  expect([cursors(theirs), new Set(seen)]).toEqual([[7, undefined], new Set([2])]);
});

test("what is withdrawn as the stream ends is withdrawn by the next one", async () => {
  await using net = open();
  const mine = await net.client().board("x");
  const theirs = await net.client().board("x");
  mine.$present("people", { typing: true });
  await net.wait(SOON);
  expect(theirs.people[0]?.typing).toBe(true);
  mine.$present("people", undefined);
  // What is on its way then is of a stream that is no more.
  net.server.$recheck();
  await net.wait(GRACE);
  expect(theirs.people[0]).not.toHaveProperty("typing");
});

test("each tab of a session is a person of its own, also in a user's store", async () => {
  await using net = open();
  const a = net.client();
  await a.all();
  users.set(net.session(a), { name: "ann" });
  const one = await a.ours();
  const two = await net.tab(a).ours();
  one.$present("people", { typing: true });
  await net.wait(SOON);
  expect(two.$snapshot().people.map(({ name, typing }) => [name, typing])).toEqual([
    ["ann", true],
    ["ann", undefined],
  ]);
  expect((await net.server.ours(net.session(a)).$snapshot()).people).toEqual(two.$snapshot().people);
});

test("the id of a person is that of the connection", async () => {
  await using net = open();
  const [a, b] = [net.client(), net.client()];
  const mine = await a.board("x");
  users.set(net.session(a), { name: "ann" });
  const theirs = await b.board("x");
  await mine.rename("t");
  await net.wait(SOON);
  expect([await mine.me(), await theirs.me()]).toEqual(["ann", "guest"]);
  const heard: unknown[] = [];
  a.$onEffect((...told) => heard.push(told));
  await theirs.wave("ann");
  await net.wait(SOON);
  expect(heard).toEqual([["toast", ["hello"]]]);
});

test("a tab for which `of` gives nothing, or throws, is not listed, and a failure is reported once", async () => {
  const told: string[] = [];
  await using net = open({ log: ({ message }) => told.push(message) });
  const [a, b, c, d] = [net.client(), net.client(), net.client(), net.client()];
  await Promise.all([a, b, c].map((client) => client.all()));
  users.set(net.session(a), null).set(net.session(b), new Error()).set(net.session(c), new Error());
  const boards = await Promise.all([a, b, c, d].map((client) => client.board("x")));
  net.server.$recheck();
  await net.wait(GRACE);
  boards[1]!.$present("people", { typing: true });
  await net.wait(SOON);
  expect([names(boards[3]!), boards[3]!.count.length]).toEqual([["guest"], 4]);
  const failures = told.filter((message) => message.includes("`board.people`"));
  expect(failures).toEqual([expect.stringMatching(/The `of` of `board\.people` has thrown: no such user.*not listed/)]);
});

test("an event cannot change who is here, and what it puts elsewhere stays as it was", async () => {
  await using net = open();
  const a = net.client();
  const mine = await a.board("x");
  await expect(mine.spoil()).rejects.toMatchObject({ code: "INTERNAL" });
  await mine.note();
  mine.$present("people", { typing: true });
  await net.wait(SOON);
  expect(mine.$snapshot()).toMatchObject({ people: [{ typing: true }], log: [[{ name: "guest" }]] });
  expect(mine.$snapshot().log).not.toMatchObject([[{ typing: true }]]);
});

test("after a kill, those who come back are listed, with what they show", async () => {
  await using net = open({ storage: lasting() });
  const clients = [net.client(), net.client(), net.client()];
  const boards = await Promise.all(clients.map((client) => client.board("x")));
  for (const [i, board] of boards.entries()) board.$present("people", { cursor: { x: i, y: 0 } });
  await boards[0]!.rename("t");
  clients[2]!.$close();
  net.kill();
  await net.quiet();
  await net.wait(SOON);
  for (const board of boards.slice(0, 2)) expect([cursors(board).toSorted(), board.title]).toEqual([[0, 1], "t"]);
});

/** What a client sends, and a way to send something else in its name. */
function eavesdrop() {
  const connects: { client: string; epoch: number }[] = [];
  const fetches: (typeof fetch)[] = [];
  const wrapFetch = (fetch: typeof globalThis.fetch): typeof fetch => {
    const i = fetches.push(fetch) - 1;
    return async (url, init) => {
      if (String(url).includes("$connect")) connects[i] = (Object.values(JSON.parse(String(init?.body))) as (typeof connects)[0][])[0]!;
      return fetch(url, init);
    };
  };
  /** Sends a `$present` by the cookie of a client. */
  const present = async (i: number, input: object) => {
    const body = JSON.stringify({ ...connects[i], store: "board", key: "x", field: "people", n: 1, ...input });
    const answer = await fetches[i]!("http://twin.test/api/twin/$present", { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await answer.json()) as { result?: { data: unknown }; error?: { message: string; data: { code: string } } };
    return error ? `${error.data.code} ${error.message}` : result?.data;
  };
  return { wrapFetch, present, connects };
}

const encoded = (properties: Record<string, unknown>) => [[], [["o", 1, Object.keys(properties), ...Object.values(properties).map((value) => [value])]]];

test("nobody shows anything in the place of another tab, of the server, or past the schema", async () => {
  const { wrapFetch, present, connects } = eavesdrop();
  await using net = open({ wrapFetch });
  const board = await net.client().board("x");
  await net.client().board("x");
  await net.wait(SOON);
  const people = () => board.$snapshot().people.map(({ id: _, ...shown }) => shown);
  const ids = board.$snapshot().people.map(({ id }) => id);
  expect(await present(0, { n: 1, value: encoded({ typing: true, name: "eve", id: "1", color: "red" }) })).toEqual({});
  await net.wait(SOON);
  const first = { name: "guest", typing: true, color: "red" };
  expect(people()).toEqual([first, { name: "guest" }]);
  for (const [input, answer] of [
    [{ value: encoded({ typing: "yes" }) }, /^INVALID Invalid input: expected boolean/],
    [{ value: ["text"] }, /^INVALID/],
    [{ value: "no encoded value" }, /^INVALID/],
    [{ value: encoded({ text: "x".repeat(4096) }) }, /^INVALID What this tab would show in `board.people` has more than 4096 characters/],
    [{ value: encoded({ ["__proto__"]: true }) }, /^INVALID/],
    [{ field: "count", value: encoded({}) }, /^NOT_FOUND `board.count` takes nothing from tabs/],
    [{ field: "title", value: encoded({}) }, /^NOT_FOUND/],
    [{ field: "__proto__", value: encoded({}) }, /^NOT_FOUND/],
    [{ client: connects[1]!.client, value: encoded({ typing: true }) }, /^FORBIDDEN/],
    [{ n: -1 }, /^INVALID Expected `n`/],
    [{ store: 1 }, /^INVALID Expected `store`/],
  ] as const)
    expect(await present(0, { n: 2, ...input })).toMatch(answer);
  // What is late, or of nobody who watches, changes nothing.
  for (const input of [
    { n: 1 },
    { n: 9, epoch: connects[0]!.epoch + 1 },
    { n: 9, key: "y" },
    { n: 9, client: "a-tab-that-has-no-stream" },
    { n: 9, store: "all", key: null },
  ])
    expect(await present(0, { value: encoded({ typing: false }), ...input })).toEqual({});
  await net.wait(SOON);
  expect([people(), board.$snapshot().people.map(({ id }) => id)]).toEqual([[first, { name: "guest" }], ids]);
  expect(await present(0, { n: 2 })).toEqual({});
  await net.wait(SOON);
  expect(people()).toEqual([{ name: "guest" }, { name: "guest" }]);
});

test("what an earlier page of the tab shows late does not stay in the place of what its page shows now", async () => {
  const { wrapFetch, present, connects } = eavesdrop();
  await using net = open({ wrapFetch });
  const a = net.client();
  await a.board("x");
  const theirs = await net.client().board("x");
  await net.wait(SOON);
  const earlier = connects[0]!;
  // The server takes the earlier page for open for a while.
  net.cut(a);
  net.heal(a);
  net.stall(a);
  const next = net.reload(a);
  net.heal(next);
  const mine = await next.board("x");
  mine.$present("people", { cursor: { x: 2, y: 2 } });
  await net.wait(SOON);
  expect(cursors(theirs)).toEqual([2, undefined]);
  expect(await present(0, { ...earlier, n: 9, value: encoded({ typing: true }) })).toEqual({});
  await net.wait(60_000);
  await net.quiet();
  expect(theirs.$snapshot().people.map(({ cursor, typing }) => [cursor?.x, typing])).toEqual([
    [2, undefined],
    [undefined, undefined],
  ]);
});

test("a tab that shows faster than it may is slowed down, and its events are not", async () => {
  const { wrapFetch, present } = eavesdrop();
  await using net = open({ wrapFetch, eventRate: 10 });
  const board = await net.client().board("x");
  await net.wait(SOON);
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => present(0, { n: i + 1, value: encoded({ typing: i % 2 === 0 }) })));
  expect(answers.filter((answer) => String(answer).startsWith("RATE_LIMITED")).length).toBeGreaterThanOrEqual(5);
  expect(await board.rename("t")).toHaveLength(1);
});

test("what no state can hold is not shown: from the schema, what was shown before stays, and from `of`, the tab is not listed", async () => {
  const logged: unknown[] = [];
  const odd = { of: false };
  const input = Own.transform((given) => (given.typing ? { ...given, cursor: () => 1 } : given)) as unknown as z.ZodType<Own, Own>;
  class Odd {
    @presence({ of: (given) => ({ name: odd.of ? () => 1 : ((given as Context).user?.name ?? "guest") }), input }) people!: Presence<{ name: unknown }, Own>;
    @event nothing() {}
  }
  users.clear();
  await using net = pair({ stores: { odd: scope.shared(Odd as never) }, context: context as never, log: ({ error }) => void logged.push(error) });
  const [a, b] = [net.client(), net.client()] as any[];
  a.$onError(() => {});
  const mine = await a.odd();
  const theirs = await b.odd();
  const shown = () => theirs.$snapshot().people.map(({ name, cursor }: { name: string; cursor?: { x: number } }) => [name, cursor?.x]);
  mine.$present("people", { cursor: { x: 1, y: 1 } });
  await net.wait(SOON);
  mine.$present("people", { typing: true });
  await net.wait(SOON);
  expect(shown()).toEqual([
    ["guest", 1],
    ["guest", undefined],
  ]);
  expect(logged.map(String)).toEqual([expect.stringContaining("`odd.people[0].cursor` cannot hold")]);
  // What the server says goes on to change.
  net.server.$recheck();
  users.set(net.session(a), { name: "ann" });
  await mine.nothing();
  await net.wait(GRACE);
  expect(shown().map(([name]: [string]) => name)).toContain("ann");
  odd.of = true;
  net.server.$recheck();
  await net.wait(GRACE);
  expect(shown()).toEqual([]);
  mine.$present("people", { cursor: { x: 3, y: 1 } });
  await net.wait(SOON);
  expect([shown(), logged.filter((error) => /`odd.people\[\d\].name` cannot hold/.test(String(error))).length]).toEqual([[], 1]);
});

test("what the schema refuses is told once, and the others go on to see what was shown before", async () => {
  await using net = open();
  const [a, b] = [net.client(), net.client()];
  const errors: unknown[] = [];
  a.$onError((error) => errors.push(error));
  const [mine, theirs] = await Promise.all([a.board("x"), b.board("x")]);
  mine.$present("people", { cursor: { x: 1, y: 1 } });
  await net.wait(SOON);
  mine.$present("people", { cursor: { x: Number.NaN, y: 1 } });
  await net.wait(SOON);
  expect(errors).toEqual([expect.objectContaining({ code: "INVALID" })]);
  expect(cursors(theirs).filter((x) => x !== undefined)).toEqual([1]);
  mine.$present("people", { cursor: { x: 2, y: 1 } });
  await net.wait(SOON);
  expect(cursors(theirs).filter((x) => x !== undefined)).toEqual([2]);
});
