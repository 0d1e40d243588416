import { describe, expect, inject, test } from "vitest";

/** How often a page's scripts ask for what the React Compiler has kept. React itself has the name once. */
async function uses(url: string): Promise<number> {
  const html = await (await fetch(url, { headers: { accept: "text/html" } })).text();
  const scripts = new Set([...html.matchAll(/src="(\/_next\/[^"]+\.js)[^"]*"/g)].map(([, path]) => path as string));
  const texts = await Promise.all([...scripts].map(async (path) => (await fetch(url + path)).text()));
  return texts.join().split("memo_cache_sentinel").length - 1;
}

describe("the demo's scripts", () => {
  test("are built with the React Compiler", async () => {
    expect(await uses(inject("demo"))).toBeGreaterThan(10);
  });

  test.runIf(inject("plain"))("and for the other half of the tests without it", async () => {
    expect(await uses(inject("plain")!)).toBeLessThan(3);
  });
});
