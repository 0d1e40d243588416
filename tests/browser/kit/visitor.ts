import type { Browser, BrowserContext, BrowserContextOptions, Page, Route } from "playwright";
import { test as base, expect, inject } from "vitest";
import { PATIENCE } from "../../kit/patience.js";
import { type Engine, launch, missingOf } from "./engine.js";
import { hydrated } from "./hydrated.js";

/** Somebody with a browser of their own: own cookies, any number of tabs. */
export interface Visitor {
  readonly context: BrowserContext;
  /** Opens a tab, and waits until it can be used. */
  open(path: string): Promise<Page>;
  /** Takes messages of the console that are no fault in this test, as those of a network that was taken away. */
  expects(message: RegExp): void;
}

interface VisitorOptions extends BrowserContextOptions {
  /** Where the demo is. @default the production server of this run */
  url?: string;
}

interface Fixtures {
  /** Another visitor. When the test ends, nothing may have gone wrong in their pages. */
  visit(options?: VisitorOptions): Promise<Visitor>;
}

/** Next fetches the styles of linked pages before they are asked for, and Chromium remarks on those that nobody has opened. */
const PREFETCHED = /was preloaded using link preload but not used/;
/** Browsers ask for this by themselves, where the link to a page's icon streams in late. */
const FAVICON = /\/favicon\.ico/;

/** WebKit keeps no `Secure` cookie that came without TLS, not even from this machine: pages come without that attribute. */
async function unsecured(route: Route): Promise<void> {
  if (route.request().resourceType() !== "document") return route.continue();
  const response = await route.fetch({ maxRedirects: 0 });
  const headers = response.headers();
  if (headers["set-cookie"]) headers["set-cookie"] = headers["set-cookie"].replace(/; Secure/g, "");
  await route.fulfill({ response, headers });
}

/** A test with browsers. It is skipped where there are none, but on a CI machine Chromium must be there. */
export const test = base.extend<Fixtures & { engine: Engine; browserOf(engine: Engine): Promise<Browser> }>({
  engine: "chromium",
  browserOf: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures it needs from the pattern
    async ({}, use) => {
      const browsers = new Map<Engine, Promise<Browser>>();
      await use((engine) => {
        const browser = browsers.get(engine) ?? launch(engine);
        browsers.set(engine, browser);
        return browser;
      });
      for (const browser of browsers.values()) await (await browser).close();
    },
    { scope: "file" },
  ],
  visit: async ({ engine, browserOf, skip }, use) => {
    const missing = missingOf(engine);
    if (missing) {
      if (process.env.CI && engine === "chromium") throw new Error(missing);
      skip(missing);
    }
    const browser = await browserOf(engine);
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    await use(async ({ url = inject("demo").url, ...options } = {}) => {
      const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 }, ...options });
      contexts.push(context);
      if (engine === "webkit") await context.route("**", unsecured);
      context.setDefaultTimeout(PATIENCE);
      const expected = [PREFETCHED, FAVICON];
      const note = (problem: string) => {
        if (!expected.some((message) => message.test(problem))) problems.push(problem);
      };
      context.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") note(`${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => note(String(error.error().stack ?? error.error())));
      return {
        context,
        open: async (path) => {
          const page = await context.newPage();
          await page.goto(path);
          await hydrated(page);
          return page;
        },
        expects: (message) => void expected.push(message),
      };
    });
    for (const context of contexts) await context.close();
    expect(problems, "what pages complained of").toEqual([]);
  },
});
