import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { current, EventError, effect, event, state } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { type Numbered, SECRET, serveTwin } from "../kit/app.js";
import { call, openClient, openTwin, shown } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { soon } from "../kit/soon.js";

/** Who is signed in, by session: what an app keeps in a database. */
const signedIn = new Map<string, string>();

/** What slow events wait for. */
let opened: Promise<void> = Promise.resolve();

class Login {
  @state name = "";
  @event async signIn(name: string) {
    const { session } = current();
    await session?.rotate();
    signedIn.set(session?.id ?? "", name);
    this.name = name;
  }
  @event async signInTwice(name: string) {
    await this.signIn(name);
    await this.signIn(name);
  }
  @event async signInSlowly(name: string) {
    await opened;
    await this.signIn(name);
  }
  @event async *signInAndGoOn(name: string) {
    effect.redirect("/before");
    yield "before";
    await this.signIn(name);
    effect.redirect("/after");
    yield "after";
  }
  @event async failsAfter() {
    await current().session?.rotate();
    throw new EventError("FORBIDDEN", "No.");
  }
  @event note(name: string) {
    this.name = name;
  }
}

class Board {
  @state members = ["ann", "bob"];
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
  @event remove(name: string) {
    this.members = this.members.filter((member) => member !== name);
  }
}

class Secret {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
}

const stores = {
  login: Login,
  mine: scope.user(Secret),
  board: scope.room(Board, { allow: (context, _, board) => board.members.includes((context as { user?: { id: string } | null }).user?.id ?? "") }),
};

/** The app: the user is who signed in with the session, as its own database says. */
async function start(storage?: Storage) {
  signedIn.clear();
  const app = await serveTwin({
    stores,
    ...(storage && { storage }),
    context: ({ headers }) => {
      const session = /twin_session=([\w-]+)\./.exec(headers.get("cookie") ?? "")?.[1] ?? "";
      const user = headers.get("x-user") ?? signedIn.get(session);
      return { user: user ? { id: user } : null };
    },
  });
  const as = async (name: string) => {
    const visitor = app.visitor();
    await visitor.call("login.signIn", name);
    return visitor;
  };
  return { ...app, as };
}

test("who signs in gets a new cookie with the same state, and the old one is worth nothing", async () => {
  const { visitor: open, twin } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie as string;
  const answer = await visitor.ask("login.signIn", { args: ["ann"] });
  expect(answer.headers.get("set-cookie")).toMatch(/^twin_session=[\w.-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
  expect(visitor.jar.cookie).not.toBe(old);
  expect((await visitor.live({ store: "login" }).state("login")).name).toBe("ann");
  await visitor.call("login.note", "after");
  // A thief, with a copy from before.
  const thief = open();
  thief.jar.cookie = old;
  const refused = await thief.ask("login.note", { args: ["stolen"] });
  expect(refused.error).toMatchObject({ code: "UNAVAILABLE", httpStatus: 503 });
  expect(refused.headers.get("set-cookie")).toBeNull();
  const live = await thief.jar.fetch(`${thief.url}/$live?input={"watch":[{"store":"login"}]}`);
  expect(live.status).toBe(503);
  expect((await twin.login(visitor.session).$snapshot()).name).toBe("after");
});

test("a redirect after a sign-in is followed with the new cookie, however late the answer that brings it is", async () => {
  const { site, twin } = await start();
  const line = new Jar();
  let pass = () => {};
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  const held = async (input: RequestInfo | URL | string, init?: RequestInit) => {
    if (!String(input).includes("signIn")) return line.fetch(input, init);
    const before = line.cookie;
    const response = await line.fetch(input, init);
    const after = line.cookie;
    line.cookie = before;
    await passed;
    line.cookie = after;
    return response;
  };
  const client = openClient(site.url, { line: { fetch: held, openSocket: line.openSocket } });
  const login = await openTwin(client, "login");
  await call(login, "note", "nobody");
  const old = line.cookie;
  const went: unknown[] = [];
  client.onEffect((_, [url]) => went.push([url, line.cookie === old ? "old cookie" : "new cookie"]));
  const came: unknown[] = [];
  const done = (async () => {
    for await (const step of call(login, "signInAndGoOn", "ann") as AsyncIterable<unknown>) came.push(step);
  })();
  await shown<Login>(login, ({ name }) => name === "ann");
  // Whatever the stream brings of the event comes before a later change.
  await twin.login(/=([\w-]+)\./.exec(old ?? "")?.[1] as string).note("later");
  await shown<Login>(login, ({ name }) => name === "later");
  expect([went, came]).toEqual([[["/before", "old cookie"]], ["before"]]);
  pass();
  await done;
  expect(went).toEqual([
    ["/before", "old cookie"],
    ["/after", "new cookie"],
  ]);
  expect(came).toEqual(["before", "after"]);
});

test("long after it was replaced, an old cookie is that of nobody: a new session", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const thief = open();
  thief.jar.cookie = visitor.jar.cookie;
  await visitor.call("login.signIn", "ann");
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 11 * 60_000);
  onTestFinished(() => void vi.restoreAllMocks());
  await thief.call("login.note", "mine");
  vi.restoreAllMocks();
  expect(thief.session).not.toBe(visitor.session);
  expect((await visitor.live({ store: "login" }).state("login")).name).toBe("ann");
});

test("a cookie that the server never made is refused, whatever generation it says", async () => {
  const { as, visitor: open } = await start();
  const visitor = await as("ann");
  const [id, generation, signature] = (visitor.jar.cookie as string).slice("twin_session=".length).split(".");
  for (const forged of [`${id}.${Number(generation) + 1}.${signature}`, `${id}.${signature}`, `${id}.0.${signature}`, `${id}.1e0.${signature}`]) {
    const thief = open();
    thief.jar.cookie = `twin_session=${forged}`;
    await thief.call("login.note", "forged");
    expect(thief.session).not.toBe(visitor.session);
  }
});

test("a rotated cookie is still the only one after the server was restarted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-access-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "twin.db");
  const first = await start(sqlite(file));
  const visitor = first.visitor();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie;
  await visitor.call("login.signIn", "ann");
  await first.twin.close();
  const second = await start(sqlite(file));
  const [back, thief] = [second.visitor(), second.visitor()];
  back.jar.cookie = visitor.jar.cookie;
  thief.jar.cookie = old;
  expect((await thief.ask("login.note", { args: ["stolen"] })).error?.code).toBe("UNAVAILABLE");
  expect((await back.live({ store: "login" }).state("login")).name).toBe("ann");
});

test("where the storage was lost, a cookie that was made later outdoes those before it", async () => {
  const first = await start();
  const visitor = first.visitor();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie;
  await visitor.call("login.signIn", "ann");
  const second = await start();
  const [back, thief] = [second.visitor(), second.visitor()];
  back.jar.cookie = visitor.jar.cookie;
  thief.jar.cookie = old;
  await back.call("login.note", "mine again");
  await thief.call("login.note", "a session of its own");
  expect(thief.session).not.toBe(back.session);
});

test("an answer that got lost with the new cookie is given again, with the cookie, to the same call alone", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie as string;
  await visitor.number("login.signIn", 1, ["ann"]);
  const fresh = visitor.jar.cookie;
  visitor.jar.cookie = old;
  expect((await visitor.number("login.note", 2, ["other"])).error?.code).toBe("UNAVAILABLE");
  expect(visitor.jar.cookie).toBe(old);
  const again = await visitor.number("login.signIn", 1, ["ann"]);
  expect((again.value as Numbered).r).toBe(2);
  expect(visitor.jar.cookie).toBe(fresh);
  expect((await visitor.number("login.note", 2, ["other"])).error).toBeUndefined();
});

test("a call that is sent again while it runs brings the new cookie with either answer, as its client may have dropped the first", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie as string;
  let goOn = () => {};
  opened = new Promise((resolve) => {
    goOn = resolve;
  });
  const first = visitor.number("login.signInSlowly", 1, ["ann"]);
  const second = visitor.number("login.signInSlowly", 1, ["ann"]);
  // Both have come: what is asked after them is answered.
  await visitor.ask("$connect", { protocol: 2, client: visitor.client, epoch: 1, watch: [] });
  goOn();
  const cookies = (await Promise.all([first, second])).map(({ headers }) => headers.get("set-cookie"));
  expect(cookies[0]).toMatch(/^twin_session=/);
  expect(cookies[1]).toBe(cookies[0]);
  // The second answer alone reached the client.
  visitor.jar.cookie = old;
  visitor.jar.cookie = cookies[1]?.split(";", 1)[0];
  expect((await visitor.number("login.note", 2, ["after"])).error).toBeUndefined();
});

test("a client signs in and goes on: with calls beside it in the same batch, too", async () => {
  const { site } = await start();
  const jar = new Jar();
  const client = openClient(site.url, { line: jar });
  const login = await openTwin(client, "login");
  await call(login, "note", "before");
  const old = jar.cookie;
  await Promise.all([call(login, "note", "with"), call(login, "signIn", "ann"), call(login, "note", "at once")]);
  expect(jar.cookie).not.toBe(old);
  await call(login, "note", "after");
  await shown<Login>(login, ({ name }) => name === "after");
});

test("in a batch that streams beside what is no event, the new cookie is not lost either", async () => {
  const { visitor: open, site } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const old = visitor.jar.cookie;
  const { client } = visitor;
  const call = { client, epoch: 1, n: 1, at: null, seen: 0 };
  const response = await visitor.jar.fetch(`${site.url}/login.signIn,$unwatch?batch=1`, {
    method: "POST",
    headers: { "content-type": "application/json", "trpc-accept": "application/jsonl" },
    body: JSON.stringify({ 0: { args: encodeValue(["ann"]), call }, 1: { client, epoch: 1, watch: [] } }),
  });
  const text = await response.text();
  // Either it came with the head, or the call is to be asked again.
  if (visitor.jar.cookie === old) expect(text).toContain("UNAVAILABLE");
  expect((await visitor.number("login.signIn", 1, ["ann"])).error).toBeUndefined();
  expect(visitor.jar.cookie).not.toBe(old);
  expect((await visitor.number("login.note", 2, ["after"])).error).toBeUndefined();
});

test("an event that rotates more than once, or fails after it, leaves a cookie that is good", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.signInTwice", "ann");
  await visitor.call("login.note", "one");
  const refused = await visitor.ask("login.failsAfter", { args: [] });
  expect(refused.error?.code).toBe("FORBIDDEN");
  await visitor.call("login.note", "two");
  expect((await visitor.live({ store: "login" }).state("login")).name).toBe("two");
});

test("rotate says no where there is no browser to take the cookie", async () => {
  const { twin } = await start();
  await expect(twin.login("AAAAAAAAAAAAAAAAAAAAAA").signIn("cron")).rejects.toThrow("`session.rotate()` needs a response");
});

test("a stream carries no new cookie: a hook that replaces the one of who arrives is refused, and theirs stays good", async () => {
  const refused = vi.fn();
  class Gate {
    @state open = false;
    protected async onConnect() {
      await current().session?.rotate().catch(refused);
    }
    @event touch() {}
  }
  const app = await serveTwin({ stores: { gate: Gate } });
  const visitor = app.visitor();
  await visitor.call("gate.touch");
  const cookie = visitor.jar.cookie;
  await visitor.connect(1, { store: "gate" });
  await soon(() => expect(refused).toHaveBeenCalledOnce());
  expect(String(refused.mock.calls[0]?.[0])).toContain("`session.rotate()` needs a response");
  await visitor.call("gate.touch");
  expect(visitor.jar.cookie).toBe(cookie);
});

test("streams that were begun with the old cookie end when it is replaced, and that of the tab itself goes on", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.note", "before");
  const thief = open();
  thief.jar.cookie = visitor.jar.cookie;
  const stolen = thief.live({ store: "login" });
  const own = await visitor.connect(1, { store: "login" });
  await stolen.state("login");
  await own.state("login");
  await visitor.number("login.signIn", 1, ["ann"]);
  await stolen.until(([kind]) => kind === "bye");
  await stolen.stream.ended;
  expect((await own.state("login", ({ name }) => name === "ann")).name).toBe("ann");
  expect(JSON.stringify(stolen.messages)).not.toContain("ann");
});

test("a member who is removed from a room sees nothing more of it, on a stream that stays open", async () => {
  const { as, twin } = await start();
  const [ann, bob] = [await as("ann"), await as("bob")];
  const live = bob.live({ store: "board", key: "a" }, { store: "login" });
  await live.state("board");
  const others = ann.live({ store: "board", key: "a" });
  await others.state("board");
  await ann.callIn("a", "board.remove", "bob");
  expect((await live.until(([kind]) => kind === "refused")).slice(0, 4)).toEqual(["refused", "board", "a", "FORBIDDEN"]);
  await ann.callIn("a", "board.write", "not for bob");
  await others.state("board", ({ text }) => text === "not for bob");
  await bob.call("login.note", "still here");
  await live.state("login", ({ name }) => name === "still here");
  expect(JSON.stringify(live.messages)).not.toContain("not for bob");
  expect((await bob.ask("board.write", { key: "a", args: ["mine"] })).error?.code).toBe("FORBIDDEN");
  expect((await twin.board("a").$snapshot()).text).toBe("not for bob");
});

test("removed while the room changes all the time, a member is out", async () => {
  const { as, twin } = await start();
  const bob = await as("bob");
  const live = bob.live({ store: "board", key: "a" });
  await live.state("board");
  const board = twin.as({ user: { id: "server" } }).board("a");
  await board.write("0");
  await board.remove("bob");
  let out = false;
  void live
    .until(([kind]) => kind === "refused")
    .then(() => {
      out = true;
    });
  for (let n = 0; !out; n++) {
    await board.write(String(n));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test("a tab in which somebody else has signed in comes back as who that is", async () => {
  const { visitor: open } = await start();
  const visitor = open();
  await visitor.call("login.note", "nobody");
  const live = await visitor.connect(1, { store: "mine" });
  expect((await live.until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
  await visitor.call("login.signIn", "ann");
  const back = await visitor.connect(2, { store: "mine" });
  await back.state("mine");
  // She signs out, wherever the app keeps that; the next call of any tab of hers tells.
  signedIn.clear();
  await visitor.call("login.note", "out");
  await back.until(([kind]) => kind === "bye");
  const out = await visitor.connect(3, { store: "mine" });
  expect((await out.until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
});

test("signed out everywhere: the streams of all of a user's devices end, and come back as nobody; other users' go on", async () => {
  const { as, twin } = await start();
  const devices = [await as("ann"), await as("ann")];
  const bob = await as("bob");
  const lives = devices.map((device) => device.live({ store: "mine" }));
  const other = bob.live({ store: "mine" });
  for (const live of [...lives, other]) await live.state("mine");
  for (const device of devices) signedIn.delete(device.session);
  twin.$recheck({ user: "ann" });
  for (const live of lives) await live.until(([kind]) => kind === "bye");
  await twin.mine("ann").write("for ann alone");
  for (const device of devices) {
    expect((await device.live({ store: "mine" }).until(([kind]) => kind === "refused"))[3]).toBe("FORBIDDEN");
    expect((await device.ask("mine.write", { args: ["x"] })).error?.code).toBe("FORBIDDEN");
  }
  await bob.call("mine.write", "bob's");
  await other.state("mine", ({ text }) => text === "bob's");
});

test("a client whose access was asked anew goes on by itself", async () => {
  const { site, twin } = await start();
  const client = openClient(site.url);
  const login = await openTwin(client, "login");
  await call(login, "signIn", "ann");
  const mine = await openTwin(client, "mine");
  twin.$recheck();
  await call(mine, "write", "after");
  await shown<Secret>(mine, ({ text }) => text === "after");
});

test("neither cookies nor headers get into state, storage or what is sent", async () => {
  const saved: string[] = [];
  const inner = memory();
  const save: Storage["save"] = (id, record) => {
    saved.push(JSON.stringify([id, record]));
    return inner.save(id, record);
  };
  const storage: Storage = { ...inner, save };
  const app = await serveTwin({ stores, storage, idle: 0, context: () => ({ user: { id: "ann" } }) });
  const visitor = app.visitor();
  await visitor.post("login.note", `{"args":["x"]}`, { authorization: "Bearer hush", "x-secret": "hush" });
  const live = await visitor.connect(1, { store: "login" }, { store: "mine" });
  await live.state("mine");
  await visitor.post("login.signIn", `{"args":["x"]}`, { authorization: "Bearer hush" });
  await app.twin.close();
  const signature = (visitor.jar.cookie as string).split(".").at(-1) as string;
  expect(saved.length).toBeGreaterThan(1);
  for (const secret of ["hush", signature, SECRET]) expect(JSON.stringify([saved, live.messages])).not.toContain(secret);
});
