import { randomBytes } from "node:crypto";
import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { PreloadData } from "../../server/call/preload.js";
import { type App, serveTwin, type Visitor } from "../kit/app.js";
import { openClient } from "../kit/client.js";
import { inRequest } from "../kit/next.js";

const Theme = z.enum(["light", "dark"]);

class Prefs {
  @state({ keep: "cookie", input: Theme }) theme: z.infer<typeof Theme> = "light";
  @state({ keep: "cookie" }) note: string = "";
  @state({ keep: "localStorage" }) size: number = 10;
  @state({ keep: "localStorage", input: z.json() }) layout: unknown = null;
  @state({ keep: "localStorage", input: z.any() }) anything: unknown = null;
  @state admin: boolean = false;
  @state loads: string[] = [];
  @state({ private: true }) private secret: string = "s";

  protected onLoad() {
    this.loads.push(this.theme);
  }
  @event(Theme) set(theme: z.infer<typeof Theme>) {
    this.theme = theme;
  }
  @event(z.number()) resize(size: number) {
    this.size = size;
  }
  @event reveal() {
    return `${this.secret} ${this.admin}`;
  }
}

class Plain {
  @state n: number = 0;
}

const served = () => serveTwin({ stores: { prefs: Prefs, plain: Plain, tab: scope.tab(Plain) } });

/** Opens a stream as the next page of a client, which says what its browser keeps, and gives the store's state. */
async function bring(visitor: Visitor, ...kept: unknown[]): Promise<Record<string, unknown>> {
  const page = Object.assign(Object.create(visitor) as Visitor, { client: `${visitor.client}.${randomBytes(8).toString("base64url")}` });
  const follower = await page.connect(1, { store: "prefs", kept } as never);
  return follower.state("prefs");
}

const preloadOf = ({ twin }: App<{ prefs: typeof Prefs }, {}>, visitor: Visitor, cookies: string) =>
  inRequest({ cookie: [visitor.jar.cookie, cookies].filter(Boolean).join("; ") }, () => twin.preload({ prefs: true })) as unknown as Promise<PreloadData>;

/** The state of the store with which a page begins. */
function shownBy(page: PreloadData): Record<string, unknown> {
  const client = openClient("http://nowhere.test/api/twin");
  client.preload(page);
  return client.twin("prefs").mirror.view() as Record<string, unknown>;
}

describe("what a client brings", () => {
  test("behaviour 88: sets the declared kept fields, and nothing else", async () => {
    const app = await served();
    const visitor = app.visitor();
    const texts = { theme: "dark", size: "11", admin: "true", secret: "mine", constructor: "x", set: "x", onLoad: "x", "layout.a": "1", nothing: "1" };
    const polluting = JSON.parse('{ "__proto__": "polluted" }') as object;
    expect(await bring(visitor, { ...texts, ...polluting })).toMatchObject({ theme: "dark", size: 11, admin: false, layout: null });
    expect(await visitor.call("prefs.reveal")).toBe("s false");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("is there before the first event, whose call may come before the stream", async () => {
    const app = await served();
    const visitor = app.visitor();
    await visitor.call("prefs.reveal");
    const snapshot = () => app.twin.prefs(visitor.session).$snapshot();
    expect(await snapshot()).toMatchObject({ theme: "light", size: 10 });
    await visitor.number("prefs.reveal", 1, [], { kept: [{ theme: "dark", size: "3" }] } as never);
    expect(await snapshot()).toMatchObject({ theme: "dark", size: 3 });
    // The stream of the same page says it once more.
    await visitor.number("prefs.set", 2, ["light"]);
    for (const size of [4, 5]) await visitor.number("prefs.resize", size - 1, [size]);
    const follower = await visitor.connect(1, { store: "prefs", kept: [{ theme: "dark", size: "3" }] } as never);
    expect(await follower.state("prefs")).toMatchObject({ theme: "light", size: 5 });
  });

  test("a client that does not say what it keeps is not sent the store, as its hooks would run before that is known", async () => {
    const app = await served();
    const follower = await app.visitor().connect(1, { store: "prefs" }, { store: "plain" });
    await follower.state("plain");
    expect(follower.all("snapshot").map(([, , store]) => store)).toEqual(["plain"]);
  });

  test("a store that it has made begins with it, and takes no storage", async () => {
    const app = await served();
    const visitor = app.visitor();
    expect(await bring(visitor, { theme: "dark" })).toMatchObject({ theme: "dark", loads: ["dark"] });
    expect(app.runtime.hosts.live.map(({ touched }) => touched)).toEqual([false]);
  });

  test.for([[{ theme: 1 }], [[]], ["dark"], [{ theme: { nested: true } }], [{ theme: "dark" }, 5]])("anything else is refused: %j", async (kept) => {
    const app = await served();
    const { error } = await app.visitor().ask("$connect", { protocol: 2, client: "x".repeat(22), epoch: 1, watch: [{ store: "prefs", kept }] });
    expect(error).toMatchObject({ code: "INVALID", message: expect.stringContaining("kept") });
  });

  test.for([
    "[".repeat(50_000),
    JSON.stringify("x".repeat(70_000)),
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    "\u0000\ud800",
    "NaN",
    "1e999",
    "",
  ])("what no field takes leaves the default: %#", async (text) => {
    const app = await served();
    const state = await bring(app.visitor(), { theme: text, size: text, layout: text });
    expect(state).toMatchObject({ theme: "light", size: 10 });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(app.logs).toEqual([]);
  });

  test.for([`${"[".repeat(200)}${"]".repeat(200)}`, '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'])(
    "values beyond the bounds of arguments are texts at most, whatever a schema takes: %#",
    async (text) => {
      const app = await served();
      expect(await bring(app.visitor(), { anything: text })).toMatchObject({ anything: text });
    },
  );

  test.for(["x".repeat(5000), "\ud800", JSON.stringify("ü".repeat(900))])(
    "a store that is there already takes no value that its place could not hold: %#",
    async (note) => {
      const app = await served();
      const visitor = app.visitor();
      await bring(visitor, { note: "first" });
      const state = await bring(visitor, { note, size: "5" });
      expect(state).toMatchObject({ note: "", size: 5 });
      expect(app.logs).toEqual([]);
    },
  );

  test("fields of which it says nothing stay as they are", async () => {
    const app = await served();
    const visitor = app.visitor();
    await bring(visitor, { theme: "dark", size: "4" });
    expect(await bring(visitor, { theme: null })).toMatchObject({ theme: "light", size: 4 });
  });

  test("others' stores are out of reach", async () => {
    const app = await served();
    const [one, other] = [app.visitor(), app.visitor()];
    await bring(one, { theme: "dark" });
    expect(await bring(other, {})).toMatchObject({ theme: "light" });
  });
});

describe("a page that is rendered", () => {
  test("behaviour 86: has the value of the cookie, also for a session that begins with it", async () => {
    const app = await served();
    const visitor = app.visitor();
    expect(shownBy(await preloadOf(app as never, visitor, "a=1; twin.prefs.theme=dark; twin.prefs.size=5; twin.prefs.admin=true"))).toMatchObject({
      theme: "dark",
      size: 10,
      admin: false,
      loads: ["dark"],
    });
    await visitor.call("prefs.reveal");
    expect(shownBy(await preloadOf(app as never, visitor, "twin.prefs.theme=dark"))).toMatchObject({ theme: "dark" });
    expect(shownBy(await preloadOf(app as never, visitor, ""))).toMatchObject({ theme: "light" });
  });

  test.for(["purple", "%", "%E0%A4%A", '"dark', "dark%00", "[[[[", "x".repeat(9000)])("takes no value that the field does not take: %s", async (value) => {
    const app = await served();
    expect(shownBy(await preloadOf(app as never, app.visitor(), `twin.prefs.theme=${value}`))).toMatchObject({ theme: "light" });
  });
});

describe("a form that is posted without JavaScript", () => {
  async function post({ jar, url }: Visitor, theme: string, cookies = ""): Promise<string[]> {
    const { origin } = new URL(url);
    const body = new URLSearchParams({ "$prefs.set": "", theme });
    const headers = { origin, cookie: [jar.cookie, cookies].filter(Boolean).join("; ") };
    const response = await fetch(`${url}/$form`, { method: "POST", body, headers, redirect: "manual" });
    return response.headers.getSetCookie().filter((cookie) => cookie.startsWith("twin."));
  }

  test("behaviour 86: its answer sets the cookie of the field that it has set, with the right attributes, and removes it with the default", async () => {
    const app = await served();
    const visitor = app.visitor();
    await visitor.call("prefs.reveal");
    expect(await post(visitor, "dark")).toEqual(["twin.prefs.theme=dark; Path=/; Max-Age=31536000; SameSite=Lax"]);
    expect(shownBy(await preloadOf(app as never, visitor, "twin.prefs.theme=dark"))).toMatchObject({ theme: "dark" });
    expect(await post(visitor, "dark", "twin.prefs.theme=dark")).toEqual([]);
    expect(await post(visitor, "light", "twin.prefs.theme=dark")).toEqual(["twin.prefs.theme=; Path=/; Max-Age=0; SameSite=Lax"]);
  });

  test("in production the cookie goes over HTTPS alone", async () => {
    const app = await serveTwin({ stores: { prefs: Prefs }, session: { secret: "a secret for tests alone", secure: true } });
    const visitor = app.visitor();
    expect(await post(visitor, "dark")).toEqual(["twin.prefs.theme=dark; Path=/; Max-Age=31536000; SameSite=Lax; Secure"]);
  });

  test("its event finds what the cookie keeps", async () => {
    const app = await served();
    const visitor = app.visitor();
    await visitor.call("prefs.reveal");
    expect(await post(visitor, "purple", "twin.prefs.theme=dark")).toEqual([]);
    expect(await post(visitor, "light", "twin.prefs.theme=dark")).toEqual(["twin.prefs.theme=; Path=/; Max-Age=0; SameSite=Lax"]);
  });
});
