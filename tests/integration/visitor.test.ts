import { type AppVisitor, current, event, newId, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { type Net, pair as pairOver } from "twinstate/testing";
import { expect, test } from "vitest";
import { engine } from "../../client/lazy-prediction.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { PreloadData } from "../../server/call/preload.js";
import { SECRET, serveTwin } from "../kit/app.js";
import { openClient } from "../kit/client.js";
import { inRequest } from "../kit/next.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

interface Voter {
  readonly id: string;
  readonly name: string;
  readonly since: Date;
  readonly groups: ReadonlySet<string>;
}

const me = () => (current() as { visitor?: Voter | null }).visitor;

class Poll {
  @state votes = new Map<string, string>();
  @state log: string[] = [];
  @event({ optimistic: true }) vote(option: string) {
    const voter = me();
    if (!voter) throw new Error("Who are you?");
    this.votes.set(voter.id, option);
    return voter.groups.size;
  }
  @event({ optimistic: true }) sign() {
    const { key } = current();
    this.log.push(`${newId()} ${me()?.name} ${me()?.since instanceof Date} ${key}`);
  }
  @event({ optimistic: true }) spy(what: string) {
    this.log.push(`${what}: ${Reflect.get(current(), what)}`);
  }
  @event({ optimistic: true }) list() {
    this.log.push(Object.keys(current()).includes("user") ? "the server" : "the browser");
  }
  @event whoami() {
    return me();
  }
}

const SINCE = new Date("2026-01-01");
const people = new Map<string, { id: string; name: string; password: string }>();
const sessionOf = (headers: Headers) => /twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "";

async function context({ headers }: { headers: Headers }) {
  const user = people.get(sessionOf(headers)) ?? null;
  return { user, visitor: user && { id: user.id, name: user.name, since: SINCE, groups: new Set(["a"]) } };
}
const options = { stores: { poll: scope.room(Poll, { allow: () => true }), mine: Poll }, context };
type Joined = Net<typeof options.stores>;

const pair = () =>
  pairOver({
    ...options,
    browser: { stores: { poll: Poll, mine: Poll } },
    latency: [200, 200],
    log: () => {},
    transport: TRANSPORT,
    socketEvents: SOCKET_EVENTS,
  });

/** Somebody signs in, in the browser of a client. */
async function signIn(net: Joined, client: ReturnType<Joined["client"]>, id: string) {
  people.set(net.session(client), { id, name: `${id}!`, password: "secret" });
  net.server.$recheck({ session: net.session(client) });
  await net.quiet();
}

async function opened(net: Joined, id: string) {
  const client = net.client();
  const poll = await client.poll("lunch");
  await signIn(net, client, id);
  return { client, poll };
}

test("a vote is on the screen before its answer, and needs no argument: both ends know who votes", async () => {
  await using net = pair();
  const { poll } = await opened(net, "ann");
  const call = poll.vote("soup");
  await call.local;
  expect(poll.votes.get("ann")).toBe("soup");
  expect(poll.$pending).toBe(1);
  const view = poll.$snapshot();
  expect(await call).toBe(1);
  await net.quiet();
  expect(poll.$snapshot().votes).toBe(view.votes);
  expect([...(await net.server.poll("lunch").$snapshot()).votes]).toEqual([["ann", "soup"]]);
});

test("the codec carries the visitor, and the room's key is known too", async () => {
  await using net = pair();
  const { poll } = await opened(net, "ann");
  const call = poll.sign();
  await call.local;
  const [signed] = poll.log;
  expect(signed).toMatch(/ ann! true lunch$/);
  await call;
  await net.quiet();
  expect(poll.log).toEqual([signed]);
  expect(await poll.whoami()).toEqual({ id: "ann", name: "ann!", since: SINCE, groups: new Set(["a"]) });
});

test.each(["user", "session", "signal", "connection", "eventId", "get", "toString"])(
  "an event that reads `current().%s` is the server's alone",
  async (what) => {
    await using net = pair();
    const { poll } = await opened(net, "ann");
    const call = poll.spy(what);
    await call.local;
    expect(poll.log).toEqual([]);
    await call;
    expect(poll.log).toHaveLength(1);
  },
);

test("an event that asks what all there is in `current()` is the server's alone", async () => {
  await using net = pair();
  const { poll } = await opened(net, "ann");
  const call = poll.list();
  await call.local;
  expect(poll.log).toEqual([]);
  await call;
  expect(poll.log).toEqual(["the server"]);
});

test("a client knows its visitor, as the same value until it is another one", async () => {
  await using net = pair();
  const client = net.client();
  expect(client.$visitor).toBe(undefined);
  await client.poll("lunch");
  expect(client.$visitor).toBe(null);
  await signIn(net, client, "ann");
  const ann = client.$visitor;
  expect(ann).toMatchObject({ id: "ann", name: "ann!" });
  net.break(client);
  await net.quiet();
  net.server.$recheck();
  await net.quiet();
  expect(client.$visitor).toBe(ann);
  people.delete(net.session(client));
  // A call is heard as who now asks, and so is the stream from then on.
  await expect((await client.poll("lunch")).vote("soup")).rejects.toThrow();
  await net.quiet();
  expect(client.$visitor).toBe(null);
});

test("who says that they are somebody else is not: the server knows them by the context alone", async () => {
  const app = await serveTwin(options);
  const browser = app.visitor();
  const bob = { id: "bob", name: "Bob" };
  await browser.callIn("lunch", "poll.whoami");
  people.set(browser.session, { id: "ann", name: "ann!", password: "secret" });
  const headers = { visitor: JSON.stringify(bob), "x-visitor": JSON.stringify(bob) };
  const input = { key: "lunch", args: ["soup"], visitor: bob, context: { visitor: bob } };
  expect((await browser.post("poll.vote", JSON.stringify(input), headers)).value).toBe(1);
  const call = { client: browser.client, epoch: 1, n: 1, at: null, seen: 0, p: 1, visitor: bob };
  await browser.ask("poll.vote", { key: "lunch", args: encodeValue(["tea"]), call });
  await browser.ask("$connect", { protocol: 2, client: browser.client, epoch: 1, watch: [], visitor: bob });
  expect([...(await app.twin.poll("lunch").$snapshot()).votes]).toEqual([["ann", "tea"]]);
});

test("a client that was told another visitor shows what it likes, and then what is so", async () => {
  const app = await serveTwin(options);
  const browser = app.visitor();
  await browser.callIn("lunch", "poll.whoami");
  people.set(browser.session, { id: "ann", name: "ann!", password: "secret" });
  await engine.load();
  const client = openClient(app.site.url, { line: browser.jar, stores: { poll: Poll } });
  const poll = client.twin("poll", "lunch");
  poll.use();
  await poll.ready;
  client.visitor.update({ text: client.visitor.current.text?.replaceAll("ann", "bob") ?? "" });
  const shown: string[][] = [];
  poll.subscribe(() => shown.push([...(poll.mirror.view() as Poll).votes.keys()]));
  await (poll.event("vote") as (option: string) => Promise<unknown>)("soup");
  expect(shown[0]).toEqual(["bob"]);
  await expect.poll(() => shown.at(-1)).toEqual(["ann"]);
});

test("nothing of the context leaves but `visitor`", async () => {
  const app = await serveTwin(options);
  const browser = app.visitor();
  await browser.callIn("lunch", "poll.whoami");
  people.set(browser.session, { id: "ann", name: "ann!", password: "secret" });
  const stream = await browser.connect(1, { store: "poll", key: "lunch" });
  const [, hello] = (await stream.until(([kind]) => kind === "hello")) as [string, { visitor: unknown }];
  expect(decodeValue(hello.visitor)).toEqual({ id: "ann", name: "ann!", since: SINCE, groups: new Set(["a"]) });
  await stream.until(([kind]) => kind === "snapshot");
  const page = await inRequest({ cookie: browser.jar.cookie as string }, () => app.twin.preload({ poll: "lunch" }));
  expect(JSON.stringify([stream.messages, page])).not.toContain("secret");
  const { context: _, ...bare } = options;
  const other = await serveTwin(bare);
  const plain = await other.visitor().live({ store: "poll", key: "lunch" });
  expect((await plain.until(([kind]) => kind === "hello"))[1]).not.toHaveProperty("visitor");
});

test("a page that is rendered knows its visitor, also where it asks for no store, and a stream knows better", async () => {
  const app = await serveTwin(options);
  const browser = app.visitor();
  await browser.callIn("lunch", "poll.whoami");
  const preload = () => inRequest({ cookie: browser.jar.cookie as string }, () => app.twin.preload({})) as unknown as Promise<PreloadData>;
  const nobody = await preload();
  expect(decodeValue(nobody.visitor)).toBe(null);
  people.set(browser.session, { id: "ann", name: "ann!", password: "secret" });
  const ann = await preload();
  const client = openClient(app.site.url, { line: browser.jar });
  client.preload(nobody);
  expect(client.visitor.current.text).toBe(JSON.stringify(nobody.visitor));
  client.preload(ann);
  expect(client.visitor.current.text).toBe(JSON.stringify(ann.visitor));
  const poll = client.twin("poll", "lunch");
  poll.use();
  await poll.ready;
  // A page of the router's cache.
  client.preload(nobody);
  expect(client.visitor.current.text).toBe(JSON.stringify(ann.visitor));
});

test("a page that is rendered for another user ends the streams that were begun before: they come back as who now visits", async () => {
  const app = await serveTwin(options);
  const browser = app.visitor();
  await browser.callIn("lunch", "poll.whoami");
  const client = openClient(app.site.url, { line: browser.jar });
  const poll = client.twin("poll", "lunch");
  poll.use();
  await poll.ready;
  const nobody = client.visitor.current.text;
  people.set(browser.session, { id: "ann", name: "ann!", password: "secret" });
  await inRequest({ cookie: browser.jar.cookie as string }, () => app.twin.preload({ mine: true }));
  await expect.poll(() => client.visitor.current.text).not.toBe(nobody);
  expect(client.visitor.current.text).toContain("ann!");
});

test.each([
  [
    "too large",
    { text: "x".repeat(5000) },
    "The `visitor` of the context takes 5028 bytes, of at most 4096. Give what pages and optimistic events need, as an id and a name.",
  ],
  ["no plain value", { later: Promise.resolve() }, "The `visitor` of the context cannot be sent: A Promise cannot be sent. Send plain data."],
])("a visitor that is %s is refused with what to do", async (_, visitor, message) => {
  const app = await serveTwin({ ...options, context: (async () => ({ visitor })) as never });
  const page = inRequest({}, () => app.twin.preload({ mine: true }));
  await expect(page).rejects.toThrow(message);
  const browser = app.visitor();
  await expect(browser.live({ store: "mine" }).until(() => false)).rejects.toThrow();
  expect(app.logs.map((entry) => entry.message)).toContain(message);
});

test("`visitor` is no name of a store, as `useVisitor` is taken", () => {
  const stores = { visitor: Poll } as unknown as { poll: typeof Poll };
  expect(() => createTwin({ stores, session: { secret: SECRET } })).toThrow("`visitor` is a name of twin's own: name the store otherwise.");
});

test("an app without a context has no visitor", async () => {
  const none: AppVisitor = undefined;
  await using net = pairOver({ stores: { mine: Poll }, browser: { stores: { mine: Poll } }, log: () => {} });
  const client = net.client();
  const mine = await client.mine();
  await mine.sign();
  expect(mine.log[0]).toMatch(/ undefined false undefined$/);
  expect(client.$visitor).toBe(none);
});
