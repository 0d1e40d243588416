import { createTRPCClient, httpLink } from "@trpc/client";
import { current, EventError, effect, event, state } from "twinstate";
import { scope, type TwinOptions } from "twinstate/server";
import { pair as pairOver } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { type Answer, type Numbered, serveTwin, type Visitor } from "../kit/app.js";
import { hear } from "../kit/heard.js";
import { inRequest } from "../kit/next.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

interface User {
  readonly id: string;
  readonly admin: boolean;
}

/** Who is signed in, by session: what an app keeps in a database. */
const signedIn = new Map<string, User>();
/** The user of a context. Its type is registered nowhere here. */
const userOf = (context: object) => (context as { user: User | null }).user;
/** The guards that were asked, in their order. */
let asked: string[] = [];

class Notes {
  @state lines: string[] = [];
  @event add(text: string) {
    this.lines.push(text);
    return this.lines.length;
  }
  @event({ guard: (context) => note("event", userOf(context)?.admin === true || refuse("Only for admins")) }) clear() {
    this.lines = [];
  }
}
/** The store that everybody may use. */
class Start {
  @state visits = 0;
  @event visit() {
    return ++this.visits;
  }
}
class Board extends Notes {
  @state members = ["ann"];
  @event remove(name: string) {
    this.members = this.members.filter((member) => member !== name);
  }
}

function note<R>(name: string, answer: R): R {
  asked.push(name);
  return answer;
}
function refuse(message: string): false {
  effect.toast(message);
  return false;
}
function signIn(): false {
  effect.redirect("/sign-in");
  return false;
}

const stores = {
  start: Start,
  notes: Notes,
  mine: scope.user(Notes),
  draft: scope.tab(Notes, { guard: (context) => note("draft", userOf(context)?.id !== "eve" || refuse("No drafts")) }),
  settings: scope.session(Notes, { guard: async (context) => note("settings", userOf(context)?.admin === true || refuse("Only for admins")) }),
  stats: scope.shared(Notes, { guard: (context) => note("stats", userOf(context)?.admin === true) }),
  board: scope.room(Board, {
    guard: (_, key) => note(`board ${key}`, key !== "closed" || refuse("Closed")),
    allow: (context, key, board) => note(`allow ${key}`, board.members.includes(userOf(context)?.id ?? "") || refuse("Not a member")),
  }),
};
const options: TwinOptions<typeof stores, {}> = {
  stores,
  context: ({ session }) => ({ user: signedIn.get(session ?? "") ?? null }),
  guard: (context, store) => note("app", userOf(context) !== null || store === "start" || signIn()),
};

const serve = (more: Partial<typeof options> = {}) => {
  asked = [];
  return serveTwin({ ...options, ...more });
};

/** A visitor, signed in by a name, if any. */
async function come(app: { visitor(): Visitor }, name?: string, admin = false): Promise<Visitor> {
  const visitor = app.visitor();
  await visitor.call("start.visit");
  if (name) signedIn.set(visitor.session, { id: name, admin });
  asked = [];
  return visitor;
}

const toldOf = ({ status, error }: Answer) => [status, error?.code, error?.message];
const FORBIDDEN = (store: string) => [403, "FORBIDDEN", `You may not use \`${store}\`.`];
/** The items of a refused call. */
const itemsOf = ({ error }: Answer) => {
  const { o: [first, ...items] = [], ...done } = (error as unknown as { done: Numbered & { o?: [number, ...["effect", string, never][]] } }).done;
  return { first, items: items.map(([what, name, args]) => [what, name, decodeValue(args)]), done };
};

describe("guards of stores, and of the app", () => {
  test("are asked in order: the app's, the store's, `allow`, the event's; the first that refuses ends it", async () => {
    const app = await serve();
    const ann = await come(app, "ann", true);
    await ann.callIn("a", "board.add", "x");
    expect(asked.splice(0)).toEqual(["app", "board a", "allow a"]);
    await ann.callIn("a", "board.clear");
    expect(asked.splice(0)).toEqual(["app", "board a", "allow a", "event"]);
    expect(toldOf(await ann.ask("board.add", { key: "closed", args: ["x"] }))).toEqual(FORBIDDEN("board"));
    expect(asked.splice(0)).toEqual(["app", "board closed"]);
    const nobody = await come(app);
    expect(toldOf(await nobody.ask("board.add", { key: "a", args: ["x"] }))).toEqual(FORBIDDEN("board"));
    expect(asked.splice(0)).toEqual(["app"]);
    expect((await app.twin.board("a").$snapshot()).lines).toEqual([]);
  });

  test("hold for each scope, a bare class among them, and for each door: calls, numbered calls, a batch's, watches", async () => {
    const app = await serve();
    const nobody = await come(app);
    for (const [store, n] of [
      ["notes", 1],
      ["settings", 2],
      ["mine", 1],
      ["stats", 1],
    ] as const) {
      expect(toldOf(await nobody.ask(`${store}.add`, { args: ["x"] }))).toEqual(FORBIDDEN(store));
      expect(toldOf(await nobody.number(`${store}.add`, n, ["x"]))).toEqual(FORBIDDEN(store));
    }
    const batch = await nobody.jar.fetch(`${nobody.url}/notes.add?batch=1`, {
      method: "POST",
      headers: { "content-type": "application/json", "trpc-accept": "application/jsonl" },
      body: JSON.stringify({ 0: { args: ["x"] } }),
    });
    expect(await batch.text()).toContain("You may not use `notes`.");
    const stream = nobody.live({ store: "notes" }, { store: "mine" }, { store: "stats" }, { store: "board", key: "a" }, { store: "start" });
    await stream.until(() => stream.all("refused").length === 4 && stream.all("snapshot").length === 1);
    expect(
      stream
        .all("refused")
        .map(([, store, , code]) => [store, code])
        .sort(),
    ).toEqual([
      ["board", "FORBIDDEN"],
      ["mine", "FORBIDDEN"],
      ["notes", "FORBIDDEN"],
      ["stats", "FORBIDDEN"],
    ]);
    // The redirect of all four is one letter.
    await stream.until(() => stream.all("effect").length > 0);
    expect(stream.all("effect").map(([, name, args, id]) => [name, decodeValue(args as never), id])).toEqual([
      ["redirect", ["/sign-in"], expect.stringMatching(/^[\w-]{12}\.\d+$/)],
    ]);
    const ann = await come(app, "ann");
    expect(await ann.call("notes.add", "x")).toBe(1);
    expect(await ann.call("mine.add", "x")).toBe(1);
    expect(toldOf(await ann.ask("settings.add", { args: ["x"] }))).toEqual(FORBIDDEN("settings"));
    expect(toldOf(await ann.number("draft.add", 1, ["x"]))).toEqual([200, undefined, undefined]);
  });

  test("hold for stock tRPC clients, and for callers of the router", async () => {
    const app = await serve();
    const nobody = await come(app);
    const client = createTRPCClient<typeof app.twin.router>({ links: [httpLink({ url: nobody.url, fetch: nobody.jar.fetch as typeof fetch })] });
    await expect(client.notes.add.mutate({ args: ["x"] })).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
    await expect(app.twin.router.createCaller({ user: null } as never).stats.add({ args: ["x"] })).rejects.toThrow("You may not use `stats`.");
  });

  test("are not asked for server code", async () => {
    const app = await serve();
    await app.twin.stats().add("x");
    await app.twin.board("closed").add("x");
    await app.twin.mine("nobody").clear();
    expect(asked).toEqual([]);
  });

  test("may refuse by an EventError, which the caller gets; any other error is INTERNAL, logged, and no permission", async () => {
    let fail: () => boolean = () => true;
    const app = await serve({ guard: () => fail() });
    const ann = await come(app, "ann");
    fail = () => {
      throw new EventError("PAYMENT_DUE", "Pay first.", { plan: "team" } as never);
    };
    expect((await ann.ask("notes.add", { args: ["x"] })).error).toMatchObject({ code: "PAYMENT_DUE", message: "Pay first.", data: { plan: "team" } });
    fail = () => {
      effect.redirect("/never");
      throw new TypeError("The database is away.");
    };
    const answer = await ann.number("notes.add", 1, ["x"]);
    expect(answer.error).toMatchObject({ code: "INTERNAL", httpStatus: 500 });
    expect(answer.text).not.toMatch(/database|never/);
    expect(app.logs.splice(0).map(({ message, event }) => [message, event])).toEqual([["The database is away.", "notes.add"]]);
    fail = () => true;
    expect((await app.twin.notes(ann.session).$snapshot()).lines).toEqual([]);
  });

  test("have `current()`, read, and change nothing; their effects are for the caller alone", async () => {
    let ask: () => boolean | Promise<boolean> = () => true;
    const app = await serve({ guard: () => ask() });
    const ann = await come(app, "ann");
    let seen: unknown;
    ask = async () => {
      await Promise.resolve();
      const { session, key, connection, signal } = current();
      seen = [userOf(current()), session?.id, key, connection?.id.length, signal.aborted];
      return true;
    };
    await ann.number("board.add", 1, ["x"], { key: "a" });
    expect(seen).toEqual([{ id: "ann", admin: false }, ann.session, "a", 22, false]);
    for (const [wrong, message] of [
      [() => effect.everyone.toast("x"), /`effect\.everyone\.toast\(\)` was called in a guard/],
      [() => effect.to("a").toast("x"), /`effect\.to\(…\)\.toast\(\)` was called in a guard/],
      [() => current().get(Notes), /`current\(\)\.get\(\)` was called in the guard/],
      [() => current().cancel(Notes.prototype.add), /`current\(\)\.cancel\(\)` was called in the guard/],
    ] as const) {
      ask = () => {
        wrong();
        return true;
      };
      expect((await ann.ask("notes.add", { args: ["x"] })).error?.code).toBe("INTERNAL");
      expect(app.logs.splice(0).map(({ message }) => message)).toEqual([expect.stringMatching(message)]);
    }
  });
});

describe("a guard that refuses answers with effects", () => {
  test("behaviour 44: a guard blocks an event and answers its caller with effects, a toast and a redirect, without running it", async () => {
    const app = await serve();
    const nobody = await come(app);
    const answer = await nobody.number("notes.add", 1, ["x"]);
    expect(toldOf(answer)).toEqual(FORBIDDEN("notes"));
    expect(itemsOf(answer)).toEqual({
      first: 1,
      items: [["effect", "redirect", ["/sign-in"]]],
      done: { h: null, i: expect.any(String), r: 0, y: 1 },
    });
    const ann = await come(app, "ann");
    expect(itemsOf(await ann.number("settings.add", 1, ["x"])).items).toEqual([["effect", "toast", ["Only for admins"]]]);
    expect(itemsOf(await ann.number("notes.clear", 1, [])).items).toEqual([["effect", "toast", ["Only for admins"]]]);
    expect(await app.twin.notes(nobody.session).$snapshot()).toEqual({ lines: [] });
    // A call that is sent again has the same answer, and the guard is not heard twice.
    expect(itemsOf(await nobody.number("notes.add", 1, ["x"], { y: 0 })).items).toEqual([["effect", "redirect", ["/sign-in"]]]);
    expect(itemsOf(await nobody.number("notes.add", 1, ["x"], { y: 1 })).items).toEqual([]);
  });

  test("and its caller learns nothing of the store: no frame, no snapshot, no revision", async () => {
    const app = await serve();
    const ann = await come(app, "ann");
    for (let n = 1; n <= 3; n++) await ann.number("notes.add", n, [`secret ${n}`]);
    signedIn.delete(ann.session);
    for (const n of [4, 4]) {
      const refused = await ann.number("notes.add", n, ["x"], { at: 0, y: 0 });
      expect(itemsOf(refused).done).toEqual({ h: null, i: expect.any(String), r: 0, y: 1 });
      expect(refused.text).not.toContain("secret");
    }
    // Nor by the answer of a call that has run before the right was lost.
    expect((await ann.number("notes.add", 3, ["x"], { at: 0 })).text).not.toContain("secret");
  });

  test("to a form without JavaScript: it leads where the guard does, else it says why", async () => {
    const app = await serve();
    const post = async ({ jar, url }: Visitor, event: string) => {
      const { origin } = new URL(url);
      const response = await jar.fetch(`${url}/$form`, {
        method: "POST",
        body: new URLSearchParams({ [`$${event}`]: "", text: "x" }),
        headers: { origin, referer: `${origin}/list` },
        redirect: "manual",
      });
      return [response.status, response.headers.get("location")];
    };
    const nobody = await come(app);
    expect(await post(nobody, "notes.add")).toEqual([303, "/sign-in"]);
    // Nobody is signed in, so there is no such store: the guard answers all the same.
    expect(await post(nobody, "mine.add")).toEqual([303, "/sign-in"]);
    const ann = await come(app, "ann");
    expect(await post(ann, "mine.add")).toEqual([303, `${new URL(ann.url).origin}/list`]);
    expect(await post(ann, "settings.add")).toEqual([403, null]);
  });

  test("to a page that is rendered: Next redirects, unless the page decides", async () => {
    const app = await serve();
    const nobody = await come(app);
    const headers = { cookie: nobody.jar.cookie as string };
    const render = (what: object, more?: object) => inRequest(headers, () => app.twin.preload(what, more));
    for (const what of [{ notes: true }, { start: true, mine: true }, { board: "a" }])
      await expect(render(what)).rejects.toMatchObject({ digest: expect.stringMatching(/^NEXT_REDIRECT;\w+;\/sign-in;307;$/) });
    const told: unknown[] = [];
    const page = await render({ notes: true, start: true }, { refused: (error: EventError, ...more: unknown[]) => told.push([error.code, ...more]) });
    expect(told).toEqual([["FORBIDDEN", "notes", null, "/sign-in"]]);
    expect(JSON.stringify(page)).not.toContain("sign-in");
    signedIn.set(nobody.session, { id: "eve", admin: false });
    // A guard without a redirect leaves it to the hook in the page.
    const refused = (await render({ settings: true })) as unknown as { stores: object[] };
    expect(refused.stores).toEqual([{ store: "settings", key: null, refused: ["FORBIDDEN", "You may not use `settings`."] }]);
  });
});

// --- clients ---

const pair = () => {
  asked = [];
  return pairOver({ transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...options });
};
const codeOf = (what: Promise<unknown>) =>
  what.then(
    () => "OK",
    ({ code }: EventError) => code,
  );

describe("a client whose watch is refused", () => {
  test("gets the guard's effects by its stream: each once, however many stores it watches and however often its line breaks", async () => {
    await using net = pair();
    const a = net.client();
    const heard = hear(a);
    const start = await a.start();
    await start.visit();
    const codes = Promise.all([codeOf(a.notes()), codeOf(a.mine()), codeOf(a.settings()), codeOf(a.board("a"))]);
    await net.quiet();
    expect([await codes, heard]).toEqual([["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"], ["/sign-in"]]);
    for (let i = 0; i < 3; i++) {
      net.break(a);
      await net.wait(5000);
    }
    await net.quiet();
    expect(heard).toEqual(["/sign-in"]);
  });

  test("gets them also where its line is cut before they come, and no second time", async () => {
    await using net = pair();
    const a = net.client();
    const heard = hear(a);
    net.stall(a);
    const code = codeOf(a.notes());
    await net.wait(500);
    // The guard has refused, and nobody has heard of it.
    expect([asked.length, heard]).toEqual([1, []]);
    net.break(a);
    await net.wait(500);
    await net.quiet();
    expect([await code, heard]).toEqual(["FORBIDDEN", ["/sign-in"]]);
    expect(asked.length).toBeGreaterThan(1);
  });

  test("that comes back to the page later is led away again", async () => {
    await using net = pair();
    const a = net.client();
    const heard = hear(a);
    expect(await codeOf(a.notes())).toBe("FORBIDDEN");
    await net.quiet();
    const b = net.reload(a);
    const again = hear(b);
    expect(await codeOf(b.notes())).toBe("FORBIDDEN");
    await net.quiet();
    expect([heard, again]).toEqual([["/sign-in"], ["/sign-in"]]);
  });

  test("is asked again with `$recheck`, and as another user; commits ask `allow` alone, whose effects it gets", async () => {
    await using net = pair();
    const a = net.client();
    const heard = hear(a);
    const start = await a.start();
    await start.visit();
    const session = net.session(a);
    signedIn.set(session, { id: "ann", admin: false });
    net.server.$recheck({ session });
    await net.quiet();
    await a.board("a");
    await a.notes();
    await net.quiet();
    asked = [];
    await net.server.board("a").add("x");
    await net.quiet();
    await net.server.board("a").remove("ann");
    await net.wait(1500);
    expect([new Set(asked), heard]).toEqual([new Set(["allow a"]), ["Not a member"]]);
    signedIn.delete(session);
    net.server.$recheck({ session });
    await net.quiet();
    expect(heard).toEqual(["Not a member", "/sign-in"]);
  });

  test("and whose calls are refused: each has its effects once, in order, over a bad line too", async () => {
    await using net = pair();
    const a = net.client();
    const start = await a.start();
    await start.visit();
    signedIn.set(net.session(a), { id: "ann", admin: false });
    net.server.$recheck();
    await net.quiet();
    const notes = await a.notes();
    const heard = hear(a);
    const calls: Promise<string>[] = [];
    for (let i = 0; i < 5; i++) {
      calls.push(codeOf(notes.add("x")), codeOf(notes.clear()));
      net.next(a, "lose");
      if (i % 2 === 0) net.break(a);
      await net.wait(200);
    }
    await net.quiet();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? "OK" : "FORBIDDEN")));
    expect(heard).toEqual(Array.from({ length: 5 }, () => "Only for admins"));
    expect(notes.lines).toHaveLength(5);
  });
});

test("an encoded value is what an effect of a guard takes along", async () => {
  const app = await serve({
    guard() {
      effect.toast("Later", { duration: Number.POSITIVE_INFINITY });
      effect.download({ data: "why", type: "text/plain" }, "why.txt");
      return false;
    },
  });
  const visitor = app.visitor();
  const { items } = itemsOf(await visitor.ask("notes.add", { args: encodeValue(["x"]), call: { client: visitor.client, epoch: 1, n: 1, at: null, seen: 0 } }));
  expect(items).toEqual([
    ["effect", "toast", ["Later", { duration: Number.POSITIVE_INFINITY }]],
    ["effect", "download", [{ data: expect.any(Uint8Array), type: "text/plain" }, "why.txt"]],
  ]);
});
