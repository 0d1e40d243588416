import { describe, expect, inject, test } from "vitest";

const HTML = { accept: "text/html" };

/** Asks as a browser asks for a page, without running anything of it. */
const get = (path: string, cookie?: string) => fetch(inject("demo") + path, { headers: { ...HTML, ...(cookie && { cookie }) } });

async function newSession(): Promise<string> {
  const [cookie = ""] = (await get("/")).headers.getSetCookie();
  return cookie.split(";", 1)[0] as string;
}

async function call(cookie: string, procedure: string, input: object): Promise<void> {
  const response = await fetch(`${inject("demo")}/api/twin/${procedure}`, {
    method: "POST",
    headers: { cookie, "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  expect(response.status, await response.text()).toBe(200);
}

describe("the HTML of the to-do page", () => {
  test("contains the to-dos of the session whose cookie asks", async () => {
    const cookie = await newSession();
    await call(cookie, "todo.add", { args: ["buy a green umbrella"] });
    expect(await (await get("/", cookie)).text()).toContain(">buy a green umbrella<");
  });

  test("contains nothing of another session", async () => {
    const [mine, yours] = [await newSession(), await newSession()];
    expect(mine).not.toBe(yours);
    await call(mine, "todo.add", { args: ["buy a green umbrella"] });
    const html = await (await get("/", yours)).text();
    expect(html).not.toContain("green umbrella");
    expect(html).toContain("Nothing to do.");
  });

  test("is filtered as the URL says", async () => {
    const cookie = await newSession();
    await call(cookie, "todo.add", { args: ["buy a green umbrella"] });
    const html = await (await get("/?show=completed", cookie)).text();
    expect(html).toContain("Nothing done yet.");
    expect(html).not.toContain(">buy a green umbrella<");
  });
});

describe("the HTML of a board", () => {
  test("contains the cards that are on it", async () => {
    const key = `html-${Date.now()}`;
    await call(await newSession(), "board.add", { key, args: ["todo", "paint the fence"] });
    const html = await (await get(`/board/${key}`, await newSession())).text();
    expect(html).toContain(">paint the fence<");
    expect(html).toContain("1 card in 3 columns");
  });

  test("of a key that no board can have is not found", async () => {
    expect((await get("/board/No%20Such%20Key")).status).toBe(404);
  });
});

describe("a session's cookie", () => {
  test("comes with the first page, and that page is kept by nobody else", async () => {
    const { headers } = await get("/");
    const [cookie = ""] = headers.getSetCookie();
    expect(cookie).toMatch(/^twin_session=.*HttpOnly; SameSite=Lax; Secure$/);
    expect(headers.get("cache-control")).toMatch(/private|no-store/);
  });

  test("never travels with a page that may be kept by shared caches", async () => {
    const first = await get("/about");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(first.headers.get("cache-control")).toBe("private, no-store");
    const [cookie = ""] = first.headers.getSetCookie();
    const second = await get("/about", cookie.split(";", 1)[0]);
    expect(second.headers.getSetCookie()).toEqual([]);
    // The page is prerendered: this is what makes the first half worth a test.
    expect(second.headers.get("cache-control")).toContain("s-maxage");
    expect(await second.text()).toContain("How it works");
  });

  test("is not set twice", async () => {
    const cookie = await newSession();
    expect((await get("/", cookie)).headers.getSetCookie()).toEqual([]);
  });
});
