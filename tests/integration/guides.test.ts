import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "twinstate/client";
import { createTwin, scope, type TwinApp } from "twinstate/server";
import { pair } from "twinstate/testing";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { LocalStore } from "../../client/local-store.js";
import { startFakeModel } from "../../demo-next/model/fake-model.js";
import { TrackedView } from "../../react/tracked-view.js";
import { sqlite } from "../../server/storage/sqlite.js";
import { type Files, guide, ROOT, write } from "../kit/guide.js";
import { serve } from "../kit/http.js";

// The code of the guides, as it is written, over real HTTP.

type Handler = (request: Request) => Response | Promise<Response>;
// What it declares is known where it is compiled: tests/types/guides.test.ts.
type Loose = any;

beforeEach(() => {
  vi.stubEnv("AUTH_DATABASE", ":memory:");
  for (const name of ["AUTH_SECRET", "BETTER_AUTH_SECRET", "TWINSTATE_SECRET"]) vi.stubEnv(name, "dGhlIHNlY3JldHMgb2YgdGVzdHMgYXJlIGtub3duIHRvIGFsbA");
  return () => vi.unstubAllEnvs();
});

/** A browser, with all its cookies. */
class Browser {
  readonly cookies = new Map<string, string>();

  readonly fetch: typeof fetch = async (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/Max-Age=0/.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  };
}

let apps = 0;

/** Serves an app of files, as Next would: its routes where their files are. */
async function serveApp(files: Files) {
  const folder = `${ROOT}test-results/guide-${process.pid}-${++apps}`;
  const compilerOptions = { target: "es2023", experimentalDecorators: true, emitDecoratorMetadata: true };
  write(folder, { ...files, "tsconfig.json": JSON.stringify({ compilerOptions, include: ["**/*.ts"] }) });
  const load = (path: string): Promise<Loose> => import(/* @vite-ignore */ `${folder}/${path}`);
  const routes = Object.keys(files).filter((path) => path.endsWith("/route.ts"));
  let twin: TwinApp<Loose> | undefined;
  const answer = (method: "GET" | "POST") => async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/twin")) return (twin as TwinApp<Loose>).handlers[method](request);
    const route = routes.find((path) => pathname.startsWith(`/${path.replace("app/", "").replace(/\/(\[[^\]]+\]\/)?route\.ts$/, "")}`));
    return ((await load(route as string)) as Record<string, Handler>)[method]?.(request) as Promise<Response>;
  };
  const site = await serve({ GET: answer("GET"), POST: answer("POST") });
  vi.stubEnv("BETTER_AUTH_URL", site.origin);
  twin = ((await load("state/server.ts")) as { twin: TwinApp<Loose> }).twin;
  onTestFinished(async () => {
    await site.close();
    await twin?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (browser: Browser, classes: object = {}) => {
    const client = connect<Loose>({ url: site.url, fetch: browser.fetch, ...classes }) as Loose;
    onTestFinished(() => client.$close());
    return client;
  };
  return { site, twin: twin as Loose, load, open };
}

/** What both apps must do. */
async function signsInAndOut(app: Awaited<ReturnType<typeof serveApp>>, name: string, signIn: (browser: Browser) => Promise<unknown>, out: string) {
  const [phone, laptop] = [new Browser(), new Browser()];
  const client = app.open(phone);
  const wall = await client.wall();
  expect(client.$visitor).toBe(null);
  await expect(wall.write("hello")).rejects.toMatchObject({ code: "FORBIDDEN" });
  const effects: unknown[] = [];
  client.$onEffect((...effect: unknown[]) => effects.push(effect));
  await expect(client.notes()).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect.poll(() => effects).toEqual([["redirect", ["/sign-in"]]]);

  await signIn(phone);
  await wall.write("hello");
  expect(wall.lines.at(-1)).toEqual({ by: name, text: "hello" });
  await expect.poll(() => client.$visitor).toMatchObject({ name });
  const notes = await client.notes();
  await notes.add("milk");

  await signIn(laptop);
  const other = app.open(laptop);
  const same = await other.notes();
  expect([...same.lines]).toEqual(["milk"]);
  expect(other.$visitor).toEqual(client.$visitor);
  const copy = new Browser();
  for (const cookie of phone.cookies) copy.cookies.set(...cookie);

  const headers = { "content-type": "application/json", origin: app.site.origin };
  const answer = await phone.fetch(app.site.origin + out, { method: "POST", headers, body: "{}" });
  expect(answer.ok || answer.status === 303).toBe(true);
  // The live stream ends, and comes back as nobody's.
  await expect.poll(() => client.$visitor).toBe(null);
  await expect(wall.write("again")).rejects.toMatchObject({ code: "FORBIDDEN" });
  // So is whoever has a copy of the cookie, and the other device is not.
  await expect((await app.open(copy).wall()).write("mine")).rejects.toMatchObject({ code: "FORBIDDEN" });
  await same.add("bread");
  await expect.poll(() => [...same.lines]).toEqual(["milk", "bread"]);
  await expect.poll(() => other.$visitor).toMatchObject({ name });
  expect([...notes.lines]).toEqual(["milk"]);
  await (await other.wall()).write("still here");
  await expect.poll(() => wall.lines.length).toBe(2);
}

test("docs/AUTH.md, a cookie of one's own: sign in, call what is guarded; the live stream ends at sign-out, and comes back as nobody's", async () => {
  const app = await serveApp(guide("AUTH", "cookie"));
  const post = (browser: Browser, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    browser.fetch(`${app.site.origin}/api/sign-in`, { method: "POST", body: new URLSearchParams(fields), headers });
  const ann = { name: "ann", password: "correct horse" };
  const nobody = new Browser();
  expect((await post(nobody, { ...ann, password: "wrong" })).status).toBe(403);
  expect((await post(nobody, { name: "bob", password: "" })).status).toBe(403);
  expect((await post(nobody, ann, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect(nobody.cookies.size).toBe(0);
  const signIn = async (browser: Browser) => expect((await post(browser, ann)).status).toBe(303);
  await signsInAndOut(app, "ann", signIn, "/api/sign-out");
  // A cookie that nobody has signed is nobody's.
  const { userOf } = await app.load("state/auth.ts");
  const forger = new Browser();
  await signIn(forger);
  const [id, signature = ""] = (forger.cookies.get("auth") as string).split(".");
  const of = (cookie: string) => userOf(new Headers({ cookie }));
  expect(of(`x=1; auth=${id}.${signature}`)).toEqual({ id: "1", name: "ann" });
  expect(of(`auth=${id}.${signature.slice(0, -1)}x`)).toBe(null);
  expect(of(`auth=${id}.`)).toBe(null);
  expect(of(`xauth=${id}.${signature}`)).toBe(null);
});

test("docs/AUTH.md, better-auth: sign in, call what is guarded; the live stream ends at sign-out, and comes back as nobody's", async () => {
  const app = await serveApp(guide("AUTH", "better-auth"));
  vi.stubEnv("NEXT_RUNTIME", "nodejs");
  await (await app.load("instrumentation.ts")).register();
  const post = async (browser: Browser, path: string, body: object) => {
    const headers = { "content-type": "application/json", origin: app.site.origin };
    const response = await browser.fetch(`${app.site.origin}/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBe(200);
  };
  const ann = { email: "ann@mail.example", password: "correct horse" };
  await post(new Browser(), "/sign-up/email", { ...ann, name: "Ann" });
  await signsInAndOut(app, "Ann", (browser) => post(browser, "/sign-in/email", ann), "/api/auth/sign-out");
});

test("docs/EVENTS.md: who calls, what is guarded, who is here, cancelled and cleaned up, and the server's own code", async () => {
  vi.stubEnv("WEBHOOK_TOKEN", "token");
  vi.stubEnv("NEXT_RUNTIME", "nodejs");
  const app = await serveApp(guide("EVENTS"));
  const { signIn } = await app.load("state/auth.ts");
  const { Poll } = await app.load("state/poll.ts");
  const enter = (name: string) => {
    const browser = new Browser();
    browser.cookies.set("auth", /auth=([^;]+)/.exec(signIn({ id: name, name }))?.[1] as string);
    return { browser, client: app.open(browser, { stores: { poll: Poll } }) };
  };
  const [ann, bob, nobody] = [enter("ann"), enter("bob"), app.open(new Browser())];

  await expect((await nobody.polls()).create("Tea?", [])).rejects.toMatchObject({ code: "FORBIDDEN" });
  const id = (await (await ann.client.polls()).create("Tea?", ["yes", "no"])) as string;
  await expect(nobody.poll("another")).rejects.toMatchObject({ code: "FORBIDDEN" });
  const [mine, his, theirs] = await Promise.all([ann.client.poll(id), bob.client.poll(id), nobody.poll(id)]);
  expect(mine.$snapshot()).toMatchObject({ question: "Tea?", owner: "ann" });

  // What both ends know is shown at once, and server code alone is not there for clients.
  const vote = mine.vote("yes");
  await vote.local;
  expect([...mine.votes]).toEqual([["ann", "yes"]]);
  await vote;
  await expect(theirs.vote("no")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(() => his.open("Coffee?", [])).toThrow();
  const posted = await bob.browser.fetch(`${app.site.url}/poll.closeIfDue`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: id, args: [] }),
  });
  expect(posted.status).toBe(404);

  // Three tabs are two people.
  const tab = app.open(ann.browser);
  await tab.poll(id);
  await expect.poll(() => [mine.here.size, mine.people]).toEqual([4, 3]);
  tab.$close();
  await expect.poll(() => mine.here.size).toBe(3);

  await his.say("hello");
  await mine.block("bob");
  await expect(his.say("again")).rejects.toThrow("You are blocked here.");
  await expect(his.say("")).rejects.toMatchObject({ code: "INVALID" });
  const steps: number[] = [];
  for await (const step of mine.announce(["a", "b"])) steps.push(step);
  expect(steps).toEqual([2, 3]);

  const importing = mine.importChat(Array.from({ length: 1000 }, (_, n) => `${n}`));
  await expect.poll(() => his.progress).toBeGreaterThan(0);
  await expect(his.importChat(["x"])).rejects.toMatchObject({ code: "DROPPED" });
  importing.cancel();
  await expect(importing).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => his.progress).toBe(null);

  await (await ann.client.mine()).note(id, "a secret");
  expect([...(await (await bob.client.mine()).$snapshot()).notes]).toEqual([]);

  const hook = (token: string) =>
    fetch(`${app.site.origin}/api/webhook`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ poll: id, text: "paid" }),
    });
  expect((await hook("wrong")).status).toBe(401);
  expect((await hook("token")).status).toBe(204);
  await expect.poll(() => mine.chat.at(-1)).toEqual({ by: "the webhook", text: "paid" });

  await app.twin.poll("due").open("Now?", [], 0);
  const timer = vi.spyOn(globalThis, "setInterval");
  await (await app.load("instrumentation.ts")).register();
  const [run] = timer.mock.calls.find(([, ms]) => ms === 60_000) as [() => void];
  timer.mockRestore();
  run();
  await expect.poll(async () => (await app.twin.poll("due").$snapshot()).closed).toBe(true);
  expect(mine.closed).toBe(false);

  await expect(his.close()).rejects.toMatchObject({ code: "FORBIDDEN" });
  await mine.close();
  await expect(mine.vote("no")).rejects.toMatchObject({ code: "CLOSED", data: { votes: 1 } });
});

test("docs/FIELDS.md: admins see what a shop earns and drafts, and visitors what is published", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { signIn } = await app.load("state/auth.ts");
  const admin = new Browser();
  admin.cookies.set("auth", /auth=([^;]+)/.exec(signIn({ id: "ann", name: "ann" }))?.[1] as string);
  const [mine, theirs] = await Promise.all([app.open(admin).shop(), app.open(new Browser()).shop()]);
  expect(await mine.draft("tea", 5, 2)).toMatchObject({ title: "tea", cost: 2, margin: 3 });
  await expect(theirs.draft("milk", 1, 1)).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(theirs.$snapshot()).toEqual({ products: [] });
  await mine.publish();
  await expect.poll(() => theirs.products.length).toBe(1);
  await theirs.buy("tea");
  expect(theirs.$snapshot()).toEqual({ products: [{ title: "tea", price: 5 }] });
  await expect.poll(() => mine.$snapshot()).toEqual({ products: [{ title: "tea", price: 5, cost: 2, margin: 3 }], drafts: [], revenue: 5 });
  expect(await app.twin.shop().$snapshot()).toEqual(mine.$snapshot());
});

test("docs/FIELDS.md: a room follows a talk, whose slides alone are stored", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { Talk } = await app.load("talk/talk.ts");
  const net = pair({ stores: { talk: scope.room(Talk, { allow: () => true }) } });
  onTestFinished(() => net[Symbol.asyncDispose]());
  const [speaker, listener]: Loose[] = [net.client(), net.client()];
  const [mine, theirs] = await Promise.all([speaker.talk("a"), listener.talk("a")]);
  await mine.add("Bye");
  await mine.show(1);
  expect([mine.slide, mine.pointer]).toEqual(["Bye", null]);
  await mine.point(3, 4);
  await expect.poll(() => [theirs.slide, theirs.pointer]).toEqual(["Bye", { x: 3, y: 4 }]);
});

test("docs/FIELDS.md: a draft is a local store", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { Draft } = await app.load("drafts/draft.ts");
  const store = new LocalStore(new Draft("first"), { effect() {}, unheard() {} });
  const view = (): Loose => new TrackedView(store).view;
  await view().add({ text: "a line" });
  await expect(view().add({ text: "" })).rejects.toMatchObject({ code: "INVALID", message: "Write something" });
  await view().lines[0].toggle();
  expect([view().left, view().lines[0].done]).toEqual([0, true]);
  const sent: unknown[] = [];
  await view().save(async (...what: unknown[]) => sent.push(what));
  expect([sent, view().saved, view().lines]).toEqual([[["first", ["a line"]]], true, []]);
});

test("docs/FIELDS.md: each comment has a reply of its own, in each tab", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { Reply } = await app.load("replies/reply.ts");
  const net = pair({ stores: { reply: scope.tab(Reply, { keyed: true }) } });
  onTestFinished(() => net[Symbol.asyncDispose]());
  const tab: Loose = net.client();
  const [one, two] = await Promise.all([tab.reply("comment 1"), tab.reply("comment 2")]);
  await one.setText("Yes");
  await expect(two.setText("x".repeat(1001))).rejects.toMatchObject({ code: "INVALID" });
  expect([await one.send(), await two.send(), one.text]).toEqual(["Yes", "", ""]);
});

test("docs/FIELDS.md: a browser keeps its theme and its sidebar, and a tab its panel", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { Panel, Prefs } = await app.load("prefs/prefs.ts");
  const net = pair({ stores: { prefs: Prefs, panel: scope.tab(Panel) } });
  onTestFinished(() => net[Symbol.asyncDispose]());
  const tab: Loose = net.client();
  const [prefs, panel] = await Promise.all([tab.prefs(), tab.panel()]);
  await Promise.all([prefs.choose("dark"), prefs.resize(300), panel.open("second")]);
  expect(net.storages(tab)).toMatchObject({
    cookie: { "twin.prefs.theme": "dark" },
    localStorage: { "twin.prefs.sidebar": "300" },
    sessionStorage: { "twin.panel.tab": "second" },
  });
  const again: Loose = net.reload(tab);
  expect(await again.prefs()).toMatchObject({ theme: "dark", sidebar: 300 });
  expect((await again.panel()).tab).toBe("second");
});

test("docs/SCHEDULES.md: an auction closes by itself, a late bid puts that off, and the digest is made once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv("TWIN_FILE", join(folder, "twin.db"));
  vi.stubEnv("NEXT_RUNTIME", "nodejs");
  const app = await serveApp(guide("SCHEDULES"));
  const auction = await app.open(new Browser()).auction("a");
  await auction.begin("vase", new Date(Date.now() + 200));
  await expect.poll(() => auction.$snapshot()).toMatchObject({ open: false, news: ["vase: sold for nothing."] });
  await auction.begin("clock", new Date(Date.now() + 40_000));
  expect(await auction.bid(5)).toBe(true);
  const [close, announce] = await app.twin.auction("a").$schedules();
  expect(close).toMatchObject({ id: "close", event: "close", args: [] });
  expect(close.at.getTime()).toBeGreaterThan(Date.now() + 50_000);
  expect(announce).toMatchObject({ event: "announce", args: ["The auction of the vase goes on."] });
  const { stuck } = await app.load("scripts/schedules.ts");
  expect(await stuck("a")).toBe(true);
  expect(await stuck("a")).toBe(false);
  await auction.stop();
  expect(auction.news.at(-1)).toBe("clock: sold for 5.");

  const { register } = await app.load("instrumentation.ts");
  await register();
  await register();
  expect(await app.twin.digest().$schedules()).toMatchObject([
    { id: "check", event: "check", args: [], every: 300_000 },
    { id: "morning", event: "send", args: ["morning"], every: "0 9 * * MON-FRI", timeZone: "Europe/Berlin" },
  ]);
});

test("docs/TASKS.md: an order is paid and waits for its parcel, also over a page that has gone, and another one is stopped", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv("TWIN_FILE", join(folder, "twin.db"));
  const app = await serveApp(guide("TASKS"));
  const order = await app.open(new Browser()).order("a");
  const bought = order.buy("vase");
  await expect
    .poll(() => order.$snapshot())
    .toMatchObject({
      item: "vase",
      paid: "payment of vase once",
      tasks: [{ event: "buy", running: true, step: "packed", progress: 0.5 }],
    });
  await expect(order.buy("clock")).rejects.toMatchObject({ code: "DROPPED" });
  expect(await order.pack()).toBe(1);
  expect(await bought).toBe("parcel of vase");
  expect(order.$snapshot()).toMatchObject({ parcel: "parcel of vase", tasks: [] });

  const other = await app.open(new Browser()).order("b");
  const stopped = other.buy("clock");
  await expect.poll(() => other.$snapshot().tasks).toMatchObject([{ step: "packed" }]);
  const { stuck } = await app.load("scripts/tasks.ts");
  expect(await stuck("b")).toEqual([true]);
  await expect(stopped).rejects.toMatchObject({ code: "STOPPED" });
  expect(await stuck("b")).toEqual([]);
});

test("docs/UPLOADS.md, behaviours 93 and 94: a picture is stored and served as a download, a cancelled one leaves no file, a form brings a note", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv("GALLERY", folder);
  const app = await serveApp(guide("UPLOADS"));
  const browser = new Browser();
  const gallery = await app.open(browser).gallery();
  const bytes = new Uint8Array(3_000_000).map((_, i) => i % 251);
  const id: string = await gallery.add(new File([bytes], "<script>.png", { type: "image/png" }));
  expect(gallery.pictures).toMatchObject([{ id, name: "<script>.png", type: "image/png", size: bytes.length }]);
  const served = await fetch(`${app.site.origin}/pictures/${id}`);
  expect(Object.fromEntries(served.headers)).toMatchObject({ "content-disposition": "attachment", "x-content-type-options": "nosniff" });
  expect(Buffer.compare(Buffer.from(await served.arrayBuffer()), bytes)).toBe(0);

  await expect(gallery.add(new File(["a"], "a.txt", { type: "text/plain" }))).rejects.toMatchObject({ code: "INVALID" });
  const cancelled = gallery.add(new File([new Uint8Array(40_000_000)], "b.png", { type: "image/png" }));
  await expect.poll(() => readdirSync(folder), { interval: 5 }).toHaveLength(2);
  cancelled.cancel();
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => readdirSync(folder)).toEqual([id]);

  const form = new FormData();
  form.set("title", "Hi");
  form.set("text", new File(["there"], "note.txt"));
  await gallery.note.form(form);
  expect([...gallery.notes]).toEqual(["Hi: there"]);
});

test("docs/UPLOADS.md: an import adds its rows without its page and over the end of its server, refuses the wrong ones, and is cancelled", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv("IMPORTS", join(folder, "imports"));
  const app = await serveApp(guide("UPLOADS"));
  const { Contacts } = await app.load("import/contacts.ts");
  const stores = { contacts: scope.room(Contacts, { allow: () => true }) };
  const options = { stores, storage: sqlite(join(folder, "import.db")), name: "import", log: () => {}, closeGrace: 0 };
  let twin = createTwin(options);
  onTestFinished(() => twin.close());
  const open = async (): Promise<[site: Awaited<ReturnType<typeof serve>>, contacts: Loose, close: () => void]> => {
    const site = await serve(twin.handlers);
    onTestFinished(() => site.close());
    const client = connect<Loose>({ url: site.url, fetch: new Browser().fetch }) as Loose;
    return [site, await client.contacts("a"), () => client.$close()];
  };
  const rows = Array.from({ length: 20_000 }, (_, i) => (i % 1000 === 7 ? `person ${i}` : `person ${i}, p${i}@example.com`));
  const file = () => new File([rows.join("\n")], "a.csv");
  const [site, contacts, close] = await open();
  await contacts.importFrom(file());
  await expect.poll(() => contacts.import?.read, { interval: 5 }).toBeGreaterThan(0);
  close();
  await site.close();
  await twin.close();
  twin = createTwin({ ...options, storage: sqlite(join(folder, "import.db")) });
  const [, again, end] = await open();
  expect(again.import.read).toBeLessThan(rows.length);
  await expect.poll(() => again.import.phase).toBe("done");
  expect([...again.people].map(({ email }: { email: string }) => email)).toEqual(rows.flatMap((_, i) => (i % 1000 === 7 ? [] : [`p${i}@example.com`])));
  expect([...again.import.refused].map(({ row }: { row: number }) => row)).toEqual(Array.from({ length: 20 }, (_, i) => i * 1000 + 8));
  expect(readdirSync(join(folder, "imports"))).toEqual([]);

  await again.importFrom(file());
  await again.cancelImport();
  expect(again.import.phase).toBe("cancelled");
  const added = again.people.length;
  await expect.poll(() => readdirSync(join(folder, "imports"))).toEqual([]);
  await again.cancelImport();
  expect(again.people.length).toBe(added);
  end();
});

test("docs/FIELDS.md: the weather comes when there is some, also in a page, and what to wear comes from another store", async () => {
  const stations: Record<string, unknown> = { Bern: { degrees: 25, sky: "clear" } };
  const answer = async (request: Request) => {
    const station = stations[new URL(request.url).searchParams.get("city") ?? ""];
    return station ? Response.json(station) : new Response("", { status: 404 });
  };
  const service = await serve({ GET: answer, POST: answer });
  onTestFinished(() => service.close());
  vi.stubEnv("WEATHER_URL", service.url);
  const app = await serveApp(guide("FIELDS"));
  const { Forecast } = await app.load("forecast/forecast.ts");
  const { Clothes } = await app.load("forecast/clothes.ts");
  const twin = createTwin({ stores: { forecast: Forecast, clothes: Clothes }, name: "weather", log: () => {}, preloadTimeout: 20_000 });
  const site = await serve(twin.handlers);
  const browser = new Browser();
  const client = connect<Loose>({ url: site.url, fetch: browser.fetch }) as Loose;
  onTestFinished(async () => {
    client.$close();
    await site.close();
    await twin.close();
  });
  const [forecast, clothes] = await Promise.all([client.forecast(), client.clothes()]);
  await expect.poll(() => forecast.weather).toEqual({ value: { degrees: 25, sky: "clear" }, pending: false, error: undefined });
  await expect.poll(() => clothes.advice.value).toBe("shirt");
  await forecast.move("Atlantis");
  await expect.poll(() => forecast.weather).toMatchObject({ value: { degrees: 25 }, pending: false, error: { code: "NO_STATION" } });
  expect(clothes.title).toBe("To wear in Atlantis");
});

test("docs/FIELDS.md: those who draw on a canvas see each other's names and cursors", async () => {
  const app = await serveApp(guide("FIELDS"));
  const { Canvas } = await app.load("canvas/canvas.ts");
  const context = () => ({ user: { id: "ann", name: "Ann" } });
  const net = pair({ stores: { canvas: scope.room(Canvas, { allow: () => true }) }, context });
  onTestFinished(() => net[Symbol.asyncDispose]());
  const canvas: Loose = await (net.client() as Loose).canvas("sky");
  const other: Loose = await (net.client() as Loose).canvas("sky");
  other.$present("people", { cursor: { x: 1, y: 2 }, drawing: true });
  await net.wait(200);
  expect(canvas.$snapshot().people).toEqual([
    { id: expect.any(String), name: "Ann" },
    { id: expect.any(String), name: "Ann", cursor: { x: 1, y: 2 }, drawing: true },
  ]);
  expect(canvas.busy).toBe(1);
});

/** How many parts a model's answer has. @default it goes on as long as somebody listens */
let parts: number | undefined;

/** Answers as a model does. */
async function speak(): Promise<Response> {
  let left = parts ?? Number.POSITIVE_INFINITY;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (left-- > 0) controller.enqueue(new TextEncoder().encode("on "));
      else controller.close();
    },
  });
  return new Response(body);
}

test("docs/EVENTS.md: a model's answer in each of the three forms, and stopped from another device", async () => {
  const model = await serve({ GET: speak, POST: speak });
  onTestFinished(() => model.close());
  vi.stubEnv("MODEL_URL", model.url);
  const app = await serveApp(guide("EVENTS"));
  const { Chat, Message } = await app.load("state/chat.ts");
  const { Writer } = await app.load("state/writer.ts");
  const { Recital } = await app.load("state/recital.ts");
  const stores = { chat: scope.room(Chat, { allow: () => true }), writer: Writer, recital: Recital };
  const twin = createTwin({ stores, models: { Message }, context: () => ({ user: { id: "ann" } }), name: "answers", log: () => {} });
  const site = await serve(twin.handlers);
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
  const open = () => {
    const client = connect<Loose>({ url: site.url, fetch: new Browser().fetch }) as Loose;
    onTestFinished(() => client.$close());
    return client;
  };

  const [mine, device] = await Promise.all([open().chat("a"), open().chat("a")]);
  const answer = mine.answer("Hello?");
  const ended = answer.catch((error: { code: string }) => error.code);
  await expect.poll(() => device.messages[0]?.text.length).toBeGreaterThan(10);
  expect(await device.stop()).toBe(1);
  expect(await ended).toBe("CANCELLED");
  await expect.poll(() => [mine, device].map(({ messages }) => messages[0].open)).toEqual([false, false]);
  expect(device.messages[0].text).toMatch(/^(on )+$/);
  expect(mine.messages[0].text).toBe(device.messages[0].text);

  const writer = await open().writer();
  parts = 3;
  await writer.write("More.");
  expect(writer.draft).toBe("on on on ");
  parts = undefined;
  let heard = "";
  for await (const part of writer.suggest("What?")) {
    heard += part;
    if (heard.length > 9) break;
  }
  expect(heard).toMatch(/^(on )+$/);

  const recital = await open().recital();
  for await (const line of recital.recite(["a", "b"])) expect(["a", "b"]).toContain(line);
  expect(recital.text).toBe("ab");
  expect(await recital.stop()).toBe(0);
});

test("docs/STREAMING.md: tokens on two devices, stopped from the other, cut off and gone on, a call that is approved, faster than commits, and by fetch alone", async () => {
  const model = await startFakeModel();
  const folder = mkdtempSync(join(tmpdir(), "twinstate-streaming-"));
  onTestFinished(async () => {
    await model.close();
    rmSync(folder, { recursive: true, force: true });
  });
  vi.stubEnv("MODEL_URL", model.url);
  vi.stubEnv("TWIN_FILE", join(folder, "twin.db"));
  const complained = vi.spyOn(console, "error").mockImplementation(() => {});
  const app = await serveApp(guide("STREAMING"));
  const { Chat } = await app.load("state/chat.ts");
  const { Message, TextPart, ToolCall } = await app.load("state/message.ts");
  const stores = { chat: scope.room(Chat, { allow: () => true }) };
  const context = () => ({ user: { id: "ann", name: "Ann" } }) as never;
  const twin = createTwin({ stores, models: { Message, TextPart, ToolCall }, context, name: "streaming", log: () => {} });
  const site = await serve(twin.handlers);
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
  const open = async () => {
    const client = connect<Loose>({ url: site.url, fetch: new Browser().fetch }) as Loose;
    onTestFinished(() => client.$close());
    return client.chat("a");
  };
  const [mine, device] = await Promise.all([open(), open()]);
  const last = (chat: Loose) => chat.messages.at(-1);

  const stopped = mine.ask("Count to 900 every 2 ms").catch((error: { code: string }) => error.code);
  await expect.poll(() => last(device)?.parts[0]?.text.length).toBeGreaterThan(10);
  await device.stop();
  expect(await stopped).toBe("CANCELLED");
  expect((await model.answers[0]!.ended).whole).toBe(false);
  await expect.poll(() => last(device).status).toBe("stopped");
  await device.goOn();
  expect(last(device).parts[0].text).toBe(Array.from({ length: 900 }, (_, i) => i + 1).join(" "));

  await mine.ask("Count to 30 at once, break off after 9");
  expect(last(mine).status).toBe("failed");
  expect(complained).toHaveBeenCalledTimes(1);
  await mine.goOn();
  expect(last(mine)).toMatchObject({ status: "done", parts: [{ text: Array.from({ length: 30 }, (_, i) => i + 1).join(" ") }] });

  await mine.ask("Name this chat Launch");
  const [, call] = last(mine).parts;
  expect(call).toMatchObject({ name: "name_chat", input: { title: "Launch" }, state: "proposed" });
  await device.decide(call.id, true);
  await expect.poll(() => [mine.title, last(mine).status]).toEqual(["Launch", "done"]);
  expect(last(mine).parts[2].text).toBe("Done. The chat is now called Launch.");

  const { gather } = await app.load("state/gather.ts");
  const { tokensOf } = await app.load("state/plain-model.ts");
  let text = "";
  const question = { role: "user", content: "Count to 50 at once" };
  for await (const tokens of gather(tokensOf([question], AbortSignal.timeout(20_000)))) text += (tokens as string[]).join("");
  expect(text).toBe(Array.from({ length: 50 }, (_, i) => i + 1).join(" "));
  const cut = tokensOf([{ role: "user", content: "Count to 50 at once, break off after 9" }], AbortSignal.timeout(20_000));
  await expect(
    (async () => {
      for await (const token of cut) text = token as string;
    })(),
  ).rejects.toThrow();
});

test("docs/AGENTS.md: an agent lists tools and calls them as its user, a script posts, and the document names both events", async () => {
  const app = await serveApp(guide("AGENTS"));
  const { agent } = await app.load("scripts/agent.ts");
  const { tools, added, refused, contents } = await agent(`${app.site.origin}/mcp`, "token-of-ann");
  expect(tools).toEqual(["tasks-add", "tasks-finish", "project-note"]);
  expect(added).toEqual({ value: expect.stringMatching(/^[\w-]{22}$/), effects: [{ name: "toast", args: ["Added: Buy milk"] }] });
  expect(refused).toMatchObject({ error: { code: "INVALID" } });
  expect(JSON.parse(contents[0].text)).toEqual({ tasks: [{ id: added.value, title: "Buy milk", done: false }] });

  const post = (path: string, body: object, token = "token-of-ann") =>
    fetch(`${app.site.url}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  expect(await (await post("tasks.finish", { args: [added.value] })).json()).toEqual({ result: { data: true } });
  expect((await post("project.note", { key: "house", args: ["Call the roofer."] })).status).toBe(200);
  const none = await post("project.note", { key: "house", args: ["x"] }, "none");
  expect([none.status, await none.json()]).toMatchObject([403, { error: { data: { code: "FORBIDDEN", httpStatus: 403 } } }]);
  const invalid = await post("tasks.add", { args: [""] });
  const [, shown = ""] = /```json\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/AGENTS.md"), "utf8")) ?? [];
  expect(JSON.parse((await invalid.text()).replace(/"message":"[^"]*"/g, '"message":"…"'))).toEqual(JSON.parse(shown));
  const document = (await (await fetch(`${app.site.origin}/api/openapi`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toEqual(["/tasks.add", "/tasks.finish", "/project.note"]);
});

test("docs/SERVER.md: a notice goes to all rooms, which the sitemap lists", async () => {
  vi.stubEnv("ANNOUNCE_TOKEN", "token");
  const app = await serveApp(guide("SERVER"));
  for (const key of ["a", "b"]) await app.twin.board(key).add("milk");
  const post = (token: string) =>
    fetch(`${app.site.origin}/api/announce`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "Tea is ready." });
  expect((await post("wrong")).status).toBe(401);
  expect(await (await post("token")).json()).toEqual({ done: 2, failed: [] });
  expect((await app.twin.board("b").$snapshot()).notice).toBe("Tea is ready.");
  const sitemap = await (await app.load("app/sitemap.ts")).default();
  expect(sitemap.map(({ url }: { url: string }) => url).sort()).toEqual(["https://app.example/boards/a", "https://app.example/boards/b"]);
});

test("docs/WEBHOOKS.md: genuine deliveries count once, also after a restart, and no other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv("TWIN_FILE", join(folder, "twin.db"));
  vi.stubEnv("PAYMENTS_SECRET", "whsec");
  vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  const app = await serveApp(guide("WEBHOOKS"));
  const now = () => Math.floor(Date.now() / 1000);
  const sign = (body: string, time = now(), secret = "whsec") => `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
  const paid = (id: string, order: string, payment = id, amount = 5) =>
    JSON.stringify({ id, type: "payment.succeeded", data: { shop: "tea", order, payment, amount } });
  const post = async (body: string, signature?: string, to = app) => {
    const headers: Record<string, string> = signature === undefined ? {} : { "payments-signature": signature };
    return (await fetch(`${to.site.origin}/api/payments`, { method: "POST", body, headers })).status;
  };
  await app.twin.shop("tea").order("1", 10);
  const one = paid("evt_1", "1");
  const total = async () => (await app.twin.shop("tea").$snapshot()).orders.get("1").paid;

  // Nothing counts that is not signed, or long ago.
  const wrong = [undefined, "", "t=1", sign(one, now(), "another"), sign(one, now() - 301), sign(one, now() + 400), sign(`${one} `), `t=${now()},v1=zz`];
  for (const signature of wrong) expect(await post(one, signature), signature ?? "none").toBe(401);
  expect(await total()).toBe(0);
  const large = paid("evt_large", "1", "x".repeat(100_000));
  expect(await post(large, sign(large))).toBe(413);

  // Delivered at once, and again, under an old secret beside the new one.
  const statuses = await Promise.all(Array.from({ length: 10 }, () => post(one, sign(one))));
  expect(new Set(statuses)).toEqual(new Set([204]));
  expect(await post(one, `v1=${"0".repeat(64)},${sign(one)}`)).toBe(204);
  expect(await total()).toBe(5);
  // Another delivery of the same payment.
  const twice = paid("evt_2", "1", "evt_1");
  expect(await post(twice, sign(twice))).toBe(204);
  expect(await total()).toBe(5);

  // What is not there yet is delivered again, and what is nothing for us is not.
  const early = paid("evt_3", "2");
  expect(await post(early, sign(early))).toBe(503);
  await app.twin.shop("tea").order("2", 10);
  expect(await post(early, sign(early))).toBe(204);
  for (const other of ["no JSON", "{}", JSON.stringify({ ...JSON.parse(one), type: "payment.failed" })]) expect(await post(other, sign(other))).toBe(204);
  expect((await app.twin.shop("tea").$snapshot()).orders.get("2").paid).toBe(5);

  // Another process on the same file has neither lost it nor counts it again.
  await app.site.close();
  await app.twin.close();
  const next = await serveApp(guide("WEBHOOKS"));
  expect(await post(one, sign(one), next)).toBe(204);
  expect((await next.twin.shop("tea").$snapshot()).orders.get("1").paid).toBe(5);
});
