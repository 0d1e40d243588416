import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { violations } from "./kit/axe.js";
import { ROOT } from "./kit/build.js";
import { startSite } from "./kit/docs-site.js";
import { test } from "./kit/visitor.js";

describe.runIf(process.env.TEST_FULL)("the site of the docs, built and served as static files", () => {
  let url = "";
  let site: Awaited<ReturnType<typeof startSite>>;

  beforeAll(async () => {
    site = await startSite();
    url = site.url;
  }, 600_000);
  afterAll(() => site?.stop());

  const read = async (path: string) => {
    const response = await fetch(url + path);
    expect(response.status, path).toBe(200);
    return response.text();
  };

  test("has each page of docs/, and each link leads to a page, and to a heading that it has", async () => {
    const pages = new Map<string, string>();
    const links: [from: string, to: string][] = [];
    const open = ["/"];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (pages.has(path)) continue;
      const html = await read(path);
      pages.set(path, html);
      if (/\.\w+$/.test(path)) continue;
      for (const [, found = ""] of html.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        if (/^(\w+:|\/\/)/.test(found)) continue;
        const { pathname, hash } = new URL(found, url + path);
        links.push([path, pathname + decodeURIComponent(hash)]);
        open.push(pathname);
      }
    }
    const files = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md"));
    expect(pages.size).toBeGreaterThanOrEqual(files.length);
    const broken = links.filter(([, to]) => {
      const [path = "", hash] = to.split("#");
      return hash && !pages.get(path)?.includes(`id="${hash}"`);
    });
    expect(broken).toEqual([]);
  });

  test("gives assistants all pages of users as one text, without what only compilers read", async () => {
    const [index, full] = [await read("/llms.txt"), await read("/llms-full.txt")];
    for (const page of ["/tutorial", "/events", "/api/server"]) expect(index).toContain(`](${page})`);
    for (const part of ["# Tutorial", "# Events", "# twinstate/server", "npm install twinstate"]) expect(full).toContain(part);
    expect(full).not.toMatch(/^<!-- (around|with|file|app)\b/m);
  });

  test("finds a page by a word of its text", async ({ visit }) => {
    const page = await (await visit({ url })).context.newPage();
    await page.goto("/");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("textbox").fill("onInterrupted");
    await page.getByRole("dialog").getByRole("button").filter({ hasText: "onInterrupted" }).first().waitFor();
  });

  test.for(["light", "dark"] as const)("axe finds nothing wrong with three pages in %s", async (colorScheme, { visit }) => {
    const page = await (await visit({ url, colorScheme })).context.newPage();
    for (const path of ["/", "/tutorial", "/api/server"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await violations(page), path).toEqual([]);
    }
  });
});
