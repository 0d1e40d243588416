import { describe, expect, inject, test } from "vitest";

const HTML = { accept: "text/html" };

/** Asks as a browser asks for a page. */
const get = (path: string, cookie?: string) => fetch(inject("demo").url + path, { headers: { ...HTML, ...(cookie && { cookie }) } });

/** What the main part of a page shows, without running anything of it. */
async function shown(path: string, cookie: string): Promise<string> {
  const html = await (await get(path, cookie)).text();
  const main = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
  return main
    .replace(/<svg.*?<\/svg>|<!--.*?-->/gs, "")
    .replace(/<[^>]*>/g, "\n")
    .replace(/\n+/g, "\n");
}

async function newSession(): Promise<string> {
  const [cookie = ""] = (await get("/")).headers.getSetCookie();
  return cookie.split(";", 1)[0] as string;
}

async function call(cookie: string, procedure: string, input: object): Promise<void> {
  const response = await fetch(`${inject("demo").url}/api/twin/${procedure}`, {
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
    expect(await shown("/", cookie)).toContain("buy a green umbrella");
  });

  test("contains nothing of another session", async () => {
    const [mine, yours] = [await newSession(), await newSession()];
    expect(mine).not.toBe(yours);
    await call(mine, "todo.add", { args: ["buy a green umbrella"] });
    expect(await shown("/", yours)).toContain("Nothing to do.");
    // Nor does the data for its scripts.
    expect((await (await get("/", yours)).text()).includes("green umbrella")).toBe(false);
  });

  test("is filtered as the URL says", async () => {
    const cookie = await newSession();
    await call(cookie, "todo.add", { args: ["buy a green umbrella"] });
    const text = await shown("/?show=completed", cookie);
    expect(text).toContain("Nothing done yet.");
    expect(text).not.toContain("buy a green umbrella");
  });
});

describe("the theme", () => {
  const themeOf = (html: string) => /<div[^>]*class="radix-themes ?([^"]*)"/.exec(html)?.[1] ?? html.slice(0, 500);
  const page = async (cookie: string) => themeOf(await (await get("/", cookie)).text());

  test("is in the HTML of each page, as the browser's cookie says, and is the system's for anything else", async () => {
    const session = await newSession();
    expect(await page(session)).not.toMatch(/dark|light/);
    expect(await page(`${session}; twin.look.theme=dark`)).toMatch(/(^| )dark( |$)/);
    expect(await page("twin.look.theme=dark")).toMatch(/(^| )dark( |$)/);
    expect(await page(`${session}; twin.look.theme=purple`)).not.toMatch(/dark|light/);
    expect(await page(session)).not.toMatch(/dark|light/);
  });
});

describe("the HTML of a board", () => {
  test("contains the cards that are on it", async () => {
    const key = `html-${Date.now()}`;
    await call(await newSession(), "board.add", { key, args: ["todo", "paint the fence"] });
    const text = await shown(`/board/${key}`, await newSession());
    expect(text).toContain("paint the fence");
    expect(text).toContain("1 card in 3 columns");
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
    const first = await get("/about/license");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(first.headers.get("cache-control")).toBe("private, no-store");
    const [cookie = ""] = first.headers.getSetCookie();
    const second = await get("/about/license", cookie.split(";", 1)[0]);
    expect(second.headers.getSetCookie()).toEqual([]);
    // It is prerendered: this is what makes the first half worth a test.
    expect(second.headers.get("cache-control")).toContain("s-maxage");
    expect((await second.text()).includes("MIT License")).toBe(true);
  });

  test("is not set twice", async () => {
    const cookie = await newSession();
    expect((await get("/", cookie)).headers.getSetCookie()).toEqual([]);
  });
});
