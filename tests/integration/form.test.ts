import { current, EventError, effect, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { serveTwin, type Visitor } from "../kit/app.js";

const Person = z.object({ name: z.string().min(2), age: z.coerce.number().int(), tags: z.array(z.string()).or(z.string()).optional() });

class Todo {
  @state items: { title: string; count: number; done: boolean }[] = [];
  @state people: unknown[] = [];
  @event add(title: string, count: number = 1, done: boolean = false) {
    if (title === "closed") throw new EventError("FORBIDDEN", "It is <b>closed</b>.");
    if (title === "sold") throw new EventError("SOLD_OUT", "All are sold.", { issues: count } as never);
    if (title === "odd") throw new EventError("INVALID", "That is odd.", { issues: "none" } as never);
    if (title === "broken") throw new Error("the password is swordfish");
    this.items.push({ title, count, done });
  }
  @event(z.string().min(2), z.number().max(9)) rename(title: string, count: number) {
    this.items = [{ title, count, done: false }];
  }
  @event(Person) meet(person: z.infer<typeof Person>) {
    this.people.push(person);
  }
  @event(z.string(), Person) change(id: string, person: z.infer<typeof Person>) {
    this.people.push({ id, ...person });
  }
  @event save(note: { text: string }) {
    this.people.push(note);
  }
  @event({ guard: () => false }) locked() {}
  @event go(to: string, external: boolean = false) {
    effect.redirect(to, { external });
  }
  @event leave() {
    effect.redirect(`/goodbye?${current().session?.id.length}`);
  }
  hidden() {
    this.items = [];
  }
}

class Board {
  @state titles: string[] = [];
  @event add(title: string) {
    this.titles.push(title);
  }
}

const served = async (options: object = {}) => {
  const app = await serveTwin({ stores: { todo: Todo, board: scope.room(Board, { allow: (_, key) => key !== "closed" }) }, ...options });
  const visitor = app.visitor();
  // Browsers have a session before they see a form.
  await visitor.call("todo.leave");
  return { ...app, visitor, snapshot: () => app.twin.todo(visitor.session).$snapshot() };
};

interface Posted {
  readonly status: number;
  readonly location: string | null;
  readonly html: string;
  readonly headers: Headers;
}

/** Posts a form as a browser does that runs no scripts. */
async function post({ jar, url }: Visitor, fields: readonly (readonly [string, string | Blob])[], more: Record<string, string> = {}): Promise<Posted> {
  const { origin } = new URL(url);
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  const headers = { origin, referer: `${origin}/list?show=all`, "sec-fetch-site": "same-origin", ...more };
  const response = await jar.fetch(`${url}/$form`, { method: "POST", body, headers, redirect: "manual" });
  return { status: response.status, location: response.headers.get("location"), html: await response.text(), headers: response.headers };
}

const todo = (event: string, ...fields: [string, string][]): [string, string][] => [[`$todo.${event}`, ""], ...fields];

describe("a form that is posted without JavaScript", () => {
  test("runs its event, and leads back to its page", async () => {
    const { visitor, snapshot } = await served();
    const { status, location, headers } = await post(visitor, todo("add", ["$ACTION_REF_1", ""], ["title", "milk"], ["count", "3"], ["done", "on"]));
    expect([status, location]).toEqual([303, `${new URL(visitor.url).origin}/list?show=all`]);
    expect(headers.get("cache-control")).toContain("no-store");
    expect((await snapshot()).items).toEqual([{ title: "milk", count: 3, done: true }]);
  });

  test.each([
    ["sold", 422, "All are sold."],
    ["odd", 400, "That is odd."],
  ])("tells an app's own refusal, whatever its data is named: %s", async (title, status, message) => {
    const { visitor } = await served();
    const posted = await post(visitor, todo("add", ["title", title]));
    expect([posted.status, posted.html]).toEqual([status, expect.stringContaining(`<p>${message}</p>`)]);
  });

  test("may be urlencoded, and need not tell where it stands", async () => {
    const { visitor, snapshot } = await served();
    const { origin } = new URL(visitor.url);
    const response = await visitor.jar.fetch(`${visitor.url}/$form`, {
      method: "POST",
      body: new URLSearchParams({ "$todo.add": "", title: "milk & honey" }),
      // What browsers send from pages whose policy is `no-referrer`.
      headers: { origin: "null", "sec-fetch-site": "same-origin" },
      redirect: "manual",
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/"]);
    expect((await snapshot()).items.map(({ title }) => title)).toEqual(["milk & honey"]);
    expect(origin).not.toBe("null");
  });

  test("reaches the room of its key, if that lets it in", async () => {
    const { visitor, twin } = await served();
    const add = (key: string) =>
      post(visitor, [
        [`$board.add?key=${key}`, ""],
        ["title", "milk"],
      ]);
    expect((await add("one")).status).toBe(303);
    expect((await twin.board("one").$snapshot()).titles).toEqual(["milk"]);
    expect((await add("closed")).status).toBe(403);
    expect((await twin.board("closed").$snapshot()).titles).toEqual([]);
  });

  test("begins with the arguments that are bound", async () => {
    const { visitor, snapshot } = await served();
    const { status } = await post(visitor, [
      ['$todo.change?bound=["a"]', ""],
      ["name", "Ann"],
      ["age", "7"],
    ]);
    expect([status, (await snapshot()).people]).toEqual([303, [{ id: "a", name: "Ann", age: 7 }]]);
  });

  test("calls the event of the button that was pressed, where that has one of its own", async () => {
    const { visitor, snapshot } = await served();
    const { status } = await post(visitor, [...todo("add", ["title", "milk"]), ["$todo.save", ""]]);
    const { items, people } = await snapshot();
    expect([status, items, people]).toEqual([303, [], [{ title: "milk" }]]);
  });

  test("goes where its event redirects it", async () => {
    const { visitor } = await served();
    const { status, location } = await post(visitor, todo("leave"));
    expect([status, location]).toEqual([303, "/goodbye?22"]);
  });

  test("goes to addresses in any script, percent-encoded as browsers have them", async () => {
    const { visitor } = await served();
    const leads = async (to: string, external = "off") => (await post(visitor, todo("go", ["to", to], ["external", external]))).location;
    const lead = {
      "/日本?q=é#ß": "/%E6%97%A5%E6%9C%AC?q=%C3%A9#%C3%9F",
      "/é": "/%C3%A9",
      "/a%20b": "/a%20b",
      " /a b ": "/a%20b",
    };
    for (const [to, header] of Object.entries(lead)) {
      expect(await leads(to)).toBe(header);
      expect(new URL(header, visitor.url).href).toBe(new URL(to, visitor.url).href);
    }
    expect(await leads("/\ud800")).toBe("/%EF%BF%BD");
    expect(await leads("https://bücher.example/", "on")).toBe("https://b%C3%BCcher.example/");
    expect(new URL("https://b%C3%BCcher.example/").href).toBe(new URL("https://bücher.example/").href);
  });

  test("reads the address of its redirect from its page", async () => {
    const { visitor } = await served();
    const { origin } = new URL(visitor.url);
    const leads = async (to: string, more?: Record<string, string>) => (await post(visitor, todo("go", ["to", to]), more)).location;
    expect([await leads("?page=2"), await leads("next"), await leads("#end")]).toEqual([
      `${origin}/list?page=2`,
      `${origin}/next`,
      `${origin}/list?show=all#end`,
    ]);
    expect(await leads("next?a#b", { referer: "" })).toBe("/next?a#b");
  });

  test("never leads to another site", async () => {
    const { visitor } = await served();
    for (const to of ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "/x\r\nset-cookie: a=b", "..//evil.example"]) {
      const { status, location, html } = await post(visitor, todo("go", ["to", to]), { referer: "" });
      expect([status, location, html.includes("evil")], to).toEqual([500, null, false]);
    }
    for (const referer of ["https://evil.example/", "https://evil.example", "//evil.example/", "javascript:alert(1)", "data:text/html,x", ""]) {
      const { status, location } = await post(visitor, todo("add", ["title", "milk"]), { referer });
      expect([status, location], referer).toEqual([303, "/"]);
    }
  });

  test("that is refused says why on a page that runs nothing, with the way back", async () => {
    const { visitor, snapshot } = await served();
    const { status, html, headers } = await post(visitor, todo("add", ["title", "closed"]));
    expect(status).toBe(403);
    expect(html).toContain("<p>It is &lt;b&gt;closed&lt;/b&gt;.</p>");
    expect(html).toContain(`<a href="${new URL(visitor.url).origin}/list?show=all">`);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'");
    expect((await snapshot()).items).toEqual([]);
  });

  test("names the fields that are wrong, escaped", async () => {
    const { visitor } = await served();
    const { status, html } = await post(visitor, todo("meet", ["name", "A"], ["age", "old"], ["tags", "<script>"]));
    expect(status).toBe(400);
    expect(html).toMatch(/<p>name: .*<\/p><p>age: .*<\/p>/);
    const odd = await post(visitor, todo("add", ["title", "x"], ["<img src=x>", "many"]));
    expect(odd.html).toContain("&lt;img src=x&gt;: Expected number, got string");
  });

  test("tells nothing of the server's insides", async () => {
    const { visitor } = await served();
    const { status, html } = await post(visitor, todo("add", ["title", "broken"]));
    expect(status).toBe(500);
    expect(html).not.toContain("swordfish");
  });

  test.each<[string, number, [string, string | Blob][]]>([
    ["an unknown event", 404, [["$todo.nothing", ""]]],
    ["an unknown store", 404, [["$other.add", ""]]],
    ["a method that is no event", 404, [["$todo.hidden", ""]]],
    ["the constructor", 404, [["$todo.constructor", ""]]],
    ["__proto__", 404, [["$__proto__.add", ""]]],
    ["no event", 400, [["title", "milk"]]],
    ["a name that is no event's", 400, [["$todo", ""]]],
    ["a guarded event", 403, [["$todo.locked", ""]]],
    [
      "a room without a key",
      400,
      [
        ["$board.add", ""],
        ["title", "milk"],
      ],
    ],
    [
      "too many fields",
      400,
      [
        ["$todo.add", ""],
        ["a", "1"],
        ["b", "2"],
        ["c", "on"],
        ["d", ""],
      ],
    ],
    [
      "a file",
      400,
      [
        ["$todo.add", ""],
        ["title", new Blob(["milk"])],
      ],
    ],
    ["bound arguments that are no JSON", 400, [["$todo.add?bound=[", ""]]],
    ["bound arguments that are no list", 400, [["$todo.add?bound={}", ""]]],
  ])("%s is refused", async (_, status, fields) => {
    const { visitor, snapshot } = await served();
    const answer = await post(visitor, fields);
    expect([answer.status, answer.html.startsWith("<!doctype html>")]).toEqual([status, true]);
    expect((await snapshot()).items).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ["of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["of another site, whose browser does not say how far that is", { origin: "https://evil.example", "sec-fetch-site": "" }],
    ["of a neighbour", { origin: "https://other.example", "sec-fetch-site": "same-site" }],
    ["of a page that hides whence it comes", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["of which nothing is said", { origin: "", "sec-fetch-site": "" }],
  ])("a form %s is refused, and gets no cookie", async (_, more) => {
    const { visitor, snapshot } = await served();
    const { origin } = new URL(visitor.url);
    const given = Object.entries({ origin, referer: `${origin}/`, ...more }).filter(([, value]) => value !== "");
    const body = new URLSearchParams({ "$todo.add": "", title: "milk" });
    const response = await fetch(`${visitor.url}/$form`, {
      method: "POST",
      body,
      headers: Object.fromEntries([...given, ["cookie", visitor.jar.cookie ?? ""]]),
    });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
    expect((await snapshot()).items).toEqual([]);
  });

  test("of an origin that the app names may be sent", async () => {
    const { visitor, snapshot } = await served({ origins: ["https://app.example"] });
    const { status, location } = await post(visitor, todo("add", ["title", "milk"]), {
      origin: "https://app.example",
      referer: "https://app.example/list",
      "sec-fetch-site": "cross-site",
    });
    expect([status, location]).toEqual([303, "https://app.example/list"]);
    expect((await snapshot()).items).toHaveLength(1);
  });

  test("that is too large, or no form, is refused", async () => {
    const { visitor, snapshot } = await served({ maxBody: 1000 });
    expect((await post(visitor, todo("add", ["title", "x".repeat(2000)]))).status).toBe(413);
    const { origin } = new URL(visitor.url);
    for (const type of ["application/json", "text/plain", "multipart/form-data"]) {
      const response = await visitor.jar.fetch(`${visitor.url}/$form`, { method: "POST", body: "$todo.add=", headers: { origin, "content-type": type } });
      expect(response.status, type).toBe(type.startsWith("multipart") ? 400 : 415);
    }
    expect((await snapshot()).items).toEqual([]);
  });

  test("counts as an event of its session", async () => {
    const { visitor } = await served({ eventRate: 0.2 });
    const answers = [await post(visitor, todo("add", ["title", "a"])), await post(visitor, todo("add", ["title", "b"]))];
    expect(answers.map(({ status }) => status)).toEqual([303, 429]);
  });
});

describe("a form in the place of arguments", () => {
  const send = async (event: string, fields: [string, string][], bound?: unknown[]) => {
    const { visitor, snapshot } = await served();
    const { error } = await visitor.ask(`todo.${event}`, { args: { fields, bound } });
    return { issues: (error?.data as { issues?: object[] } | undefined)?.issues, state: await snapshot() };
  };

  test("one parameter that takes an object gets the fields as one, with lists of names that come more than once", async () => {
    const { state } = await send("meet", [
      ["name", "Ann"],
      ["age", "7"],
      ["tags", "a"],
      ["tags", "b"],
      ["$ACTION_KEY", "x"],
    ]);
    expect(state.people).toEqual([{ name: "Ann", age: 7, tags: ["a", "b"] }]);
    expect((await send("save", [["text", "hello"]])).state.people).toEqual([{ text: "hello" }]);
  });

  test("issues begin with the name of the field", async () => {
    expect((await send("meet", [["name", "A"]])).issues).toMatchObject([{ path: ["name"] }, { path: ["age"] }]);
    expect(
      (
        await send(
          "change",
          [
            ["name", "A"],
            ["age", "1"],
          ],
          ["id"],
        )
      ).issues,
    ).toMatchObject([{ path: ["name"] }]);
    expect(
      (
        await send("rename", [
          ["the title", "m"],
          ["count", "10"],
        ])
      ).issues,
    ).toMatchObject([{ path: ["the title"] }, { path: ["count"] }]);
    expect((await send("rename", [["count", "1"]], [7])).issues).toMatchObject([{ path: [0] }]);
  });

  test("the values are the arguments, numbers and booleans by the parameters' types", async () => {
    expect(
      (
        await send("rename", [
          ["title", "milk"],
          ["count", " 4 "],
        ])
      ).state.items,
    ).toEqual([{ title: "milk", count: 4, done: false }]);
    const added = async (count: string, done: string) =>
      (
        await send("add", [
          ["t", "1"],
          ["c", count],
          ["d", done],
        ])
      ).state.items;
    expect(await added("", "off")).toEqual([{ title: "1", count: 1, done: false }]);
    expect(await added("0.5", "true")).toEqual([{ title: "1", count: 0.5, done: true }]);
    expect(
      (
        await send("add", [
          ["t", "1"],
          ["how many", "x"],
          ["d", "maybe"],
        ])
      ).issues,
    ).toEqual([
      { message: "Expected number, got string", path: ["how many"] },
      { message: "Expected boolean, got string", path: ["d"] },
    ]);
  });

  test("a name that comes a hundred thousand times costs no more than its bytes", async () => {
    const { visitor, snapshot } = await served();
    const { origin } = new URL(visitor.url);
    const body = `%24todo.save=&${"a=b&".repeat(100_000)}`;
    const headers = { origin, "content-type": "application/x-www-form-urlencoded" };
    expect((await visitor.jar.fetch(`${visitor.url}/$form`, { method: "POST", body, headers, redirect: "manual" })).status).toBe(303);
    expect(((await snapshot()).people[0] as { a: unknown[] }).a).toHaveLength(100_000);
  });

  test("names of fields are mere names, and `__proto__` is none", async () => {
    const fields: [string, string][] = [
      ["text", "y"],
      ["constructor", "z"],
    ];
    const { state } = await send("save", fields);
    expect(Object.keys(state.people[0] as object).toSorted()).toEqual(["constructor", "text"]);
    expect((await send("save", [["__proto__", "x"], ...fields])).issues).toEqual([{ message: expect.stringContaining("`__proto__`"), path: [] }]);
    expect(({} as { text?: string }).text).toBe(undefined);
  });

  test.each<[string, object]>([
    ["fields that are no pairs", { fields: ["title"] }],
    ["a value that is no text", { fields: [["title", 1]] }],
    ["bound arguments that are no list", { fields: [], bound: 1 }],
    ["fields that are no list", { fields: 1 }],
  ])("%s are refused", async (_, args) => {
    const { visitor, snapshot } = await served();
    expect((await visitor.ask("todo.add", { args })).error).toMatchObject({ code: "INVALID" });
    expect((await snapshot()).items).toEqual([]);
  });
});
