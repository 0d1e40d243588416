import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NextRequest, NextResponse } from "next/server.js";
import { createProxy, withSession } from "twinstate/next";
import { expect, onTestFinished, test, vi } from "vitest";
import { createSessions } from "../../server/access/session.js";

const secret = "a secret for tests alone";
const sessions = createSessions({ secret });
const cookieOf = (id: string, by = sessions) => by.cookie(id).split(";")[0] as string;

test("a session is 128 random bits, and is read from the cookie that was set for it", () => {
  const id = sessions.create();
  expect(id).toMatch(/^[\w-]{22}$/);
  expect(sessions.create()).not.toBe(id);
  expect(sessions.read(cookieOf(id))).toBe(id);
  expect(sessions.read(`theme=dark; ${cookieOf(id)}; other=1`)).toBe(id);
  expect(sessions.read(cookieOf(id))).not.toContain(secret);
});

test.for([
  ["nothing", undefined],
  ["an empty header", ""],
  ["an id without a signature", "twin_session=AAAAAAAAAAAAAAAAAAAAAA"],
  ["an empty signature", "twin_session=AAAAAAAAAAAAAAAAAAAAAA."],
  ["a made-up signature", `twin_session=AAAAAAAAAAAAAAAAAAAAAA.${"A".repeat(43)}`],
  ["another one's secret", cookieOf("AAAAAAAAAAAAAAAAAAAAAA", createSessions({ secret: "another secret, of another app" }))],
  ["an id of the wrong form", `twin_session=../../etc/passwd.${"A".repeat(43)}`],
  ["prototype names", "twin_session=__proto__.constructor"],
  ["a cookie whose name only ends alike", `x${cookieOf("AAAAAAAAAAAAAAAAAAAAAA")}`],
] as const)("%s is no session", ([, cookies]) => {
  expect(sessions.read(cookies)).toBeUndefined();
});

test("the signature of one session does not fit another", () => {
  const [one, two] = [sessions.create(), sessions.create()];
  const signature = cookieOf(one).split(".")[1];
  expect(sessions.read(`twin_session=${two}.${signature}`)).toBeUndefined();
});

test("a forged cookie beside the right one does no harm", () => {
  const id = sessions.create();
  expect(sessions.read(`twin_session=AAAAAAAAAAAAAAAAAAAAAA.AAAA; ${cookieOf(id)}`)).toBe(id);
});

test("the cookie is HttpOnly and Lax, and Secure in production", () => {
  expect(sessions.cookie("x").split("; ").slice(1)).toEqual(["Path=/", "Max-Age=34560000", "HttpOnly", "SameSite=Lax"]);
  expect(createSessions({ secret, secure: true, maxAge: 60 }).cookie("x")).toMatch(/; Max-Age=60; HttpOnly; SameSite=Lax; Secure$/);
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(createSessions({ secret }).cookie("x")).toMatch(/; Secure$/);
  expect(createSessions({ secret, secure: false }).cookie("x")).not.toContain("Secure");
});

test("a secret that is too short is refused", () => {
  expect(() => createSessions({ secret: "short" })).toThrow(/fewer than 16 characters/);
  vi.stubEnv("TWINSTATE_SECRET", "short");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(() => createSessions().cookie("x")).toThrow(/`?TWINSTATE_SECRET/);
});

test("without a secret one is made, kept beside the app for its owner alone, and used again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-"));
  const cwd = vi.spyOn(process, "cwd").mockReturnValue(folder);
  onTestFinished(() => {
    cwd.mockRestore();
    rmSync(folder, { recursive: true });
  });
  const shared = globalThis as unknown as Record<symbol, unknown>;
  const forget = () => delete shared[Symbol.for("twinstate.secret")];
  forget();
  const cookie = cookieOf("AAAAAAAAAAAAAAAAAAAAAA", createSessions());
  const file = join(folder, ".twinstate", "secret");
  expect(readFileSync(file, "utf8")).toMatch(/^[\w-]{43}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // Nobody's `git add .` takes it.
  expect(readFileSync(join(folder, ".twinstate", ".gitignore"), "utf8")).toBe("*\n");
  // The next process.
  forget();
  expect(createSessions().read(cookie)).toBe("AAAAAAAAAAAAAAAAAAAAAA");
  // One that cannot keep it works on, and says so.
  forget();
  rmSync(join(folder, ".twinstate"), { recursive: true });
  writeFileSync(join(folder, ".twinstate"), "in the way");
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  const once = createSessions();
  expect(once.read(cookieOf("AAAAAAAAAAAAAAAAAAAAAA", once))).toBe("AAAAAAAAAAAAAAAAAAAAAA");
  expect(warned.mock.calls.flat().join()).toContain("TWINSTATE_SECRET");
  forget();
});

// --- the proxy of `twinstate/next` ---

const proxy = createProxy({ secret });
const visit = (path: string, headers: Record<string, string> = { accept: "text/html,*/*" }, method = "GET") =>
  proxy(new NextRequest(`https://app.example${path}`, { method, headers }));

test("a visitor without a session gets one with the first page, which no shared cache may keep", () => {
  const response = visit("/");
  const set = response.headers.get("set-cookie") as string;
  expect(set).toMatch(/^twin_session=[\w-]{22}\.[\w-]{43}; Path=\/; /);
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  // The page that is rendered for this very request sees it.
  const seen = response.headers.get("x-middleware-request-cookie");
  expect(sessions.read(seen)).toBe(sessions.read(set));
});

test("the other cookies of the request reach the page, a forged session does not", () => {
  const response = visit("/", { accept: "text/html", cookie: "theme=dark; twin_session=AAAAAAAAAAAAAAAAAAAAAA.AAAA" });
  const seen = response.headers.get("x-middleware-request-cookie") as string;
  expect(seen).toMatch(/^theme=dark; twin_session=[\w-]{22}\.[\w-]{43}$/);
  expect(sessions.read(response.headers.get("set-cookie")?.split(";")[0])).toBe(sessions.read(seen));
});

test("a visitor who has a session keeps it, and the page its cache headers", () => {
  const response = visit("/", { accept: "text/html", cookie: cookieOf(sessions.create()) });
  expect([response.headers.get("set-cookie"), response.headers.get("cache-control")]).toEqual([null, null]);
});

test.for([
  ["a new visitor", undefined],
  ["a visitor who has a session", cookieOf("AAAAAAAAAAAAAAAAAAAAAA")],
])("what a proxy before it has put into the request reaches the page: %s", ([, cookie]) => {
  const headers = { accept: "text/html", "content-security-policy": "script-src 'nonce-abc'", ...(cookie && { cookie }) };
  expect(visit("/", headers).headers.get("x-middleware-request-content-security-policy")).toBe("script-src 'nonce-abc'");
});

test.for([
  ["the twin's route", "/api/twin/todo.add", { accept: "text/html" }, "GET"],
  ["the twin's route itself", "/api/twin", { accept: "text/html" }, "GET"],
  ["a mutation", "/", { accept: "text/html" }, "POST"],
  ["a part of a page", "/", { accept: "text/html", rsc: "1" }, "GET"],
  ["a prefetch", "/", { accept: "text/html", "next-router-prefetch": "1" }, "GET"],
  ["a script", "/app.js", { accept: "*/*", "sec-fetch-dest": "script" }, "GET"],
  ["data", "/data", { accept: "application/json" }, "GET"],
] as const)("%s gets no session", ([, path, headers, method]) => {
  const response = visit(path, headers, method);
  expect([response.headers.get("set-cookie"), response.headers.get("cache-control")]).toEqual([null, null]);
});

test("a page whose path only begins like the twin's route gets a session", () => {
  expect(visit("/api/twins").headers.get("set-cookie")).not.toBeNull();
  expect(
    createProxy({ secret, route: "/live" })(new NextRequest("https://a.example/api/twin/x", { headers: { accept: "text/html" } })).headers.get("set-cookie"),
  ).not.toBeNull();
});

// --- with a proxy of the app's own ---

const page = (path = "/", headers: Record<string, string> = {}) =>
  new NextRequest(`https://app.example${path}`, { headers: { accept: "text/html", ...headers } });
const seenBy = (response: Response) => sessions.read(response.headers.get("x-middleware-request-cookie"));
const setBy = (response: Response) => sessions.read(response.headers.get("set-cookie"));

test("beside the app's own proxy a session begins, and both that proxy and the page see its cookie", async () => {
  let seen: string | null = null;
  const response = await withSession(
    (request) => {
      seen = request.headers.get("cookie");
      const headers = new Headers(request.headers);
      headers.set("x-nonce", "abc");
      return NextResponse.next({ request: { headers }, headers: { "x-own": "1" } });
    },
    { secret },
  )(page("/", { cookie: "theme=dark" }));
  expect(setBy(response)).toMatch(/^[\w-]{22}$/);
  expect([seenBy(response), sessions.read(seen)]).toEqual([setBy(response), setBy(response)]);
  expect(response.headers.get("x-middleware-request-cookie")).toMatch(/^theme=dark; twin_session=/);
  expect(response.headers.get("x-middleware-request-x-nonce")).toBe("abc");
  expect([response.headers.get("x-own"), response.headers.get("cache-control")]).toEqual(["1", "private, no-store"]);
});

test("a proxy of the app's own that says nothing, goes on, rewrites or builds its headers anew keeps its way", async () => {
  const through = async (own: () => Response | undefined) => withSession(own, { secret })(page());
  for (const own of [() => undefined, () => NextResponse.next(), () => NextResponse.next({ request: { headers: new Headers({ "x-only": "1" }) } })]) {
    const response = await through(own);
    expect(response.headers.get("x-middleware-next")).toBe("1");
    expect(seenBy(response)).toBe(setBy(response));
    expect(setBy(response)).toBeDefined();
  }
  const rewritten = await through(() => NextResponse.rewrite(new URL("https://app.example/other")));
  expect([rewritten.headers.get("x-middleware-rewrite"), rewritten.headers.get("x-middleware-next")]).toEqual(["https://app.example/other", null]);
  expect(seenBy(rewritten)).toBe(setBy(rewritten));
});

test("where the app's own proxy ends the request, or no session is due, its response is passed on as it is", async () => {
  const redirect = NextResponse.redirect("https://app.example/sign-in");
  expect(await withSession(() => redirect, { secret })(page())).toBe(redirect);
  expect(redirect.headers.get("set-cookie")).toBeNull();
  const next = NextResponse.next();
  for (const request of [page("/", { cookie: cookieOf(sessions.create()) }), page("/api/twin/todo.add"), page("/", { rsc: "1" })]) {
    expect(await withSession(() => next, { secret })(request)).toBe(next);
    expect(next.headers.get("set-cookie")).toBeNull();
  }
});
