import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright";
import { test as base, expect, inject } from "vitest";
import { launchOptions, missing } from "./chromium.js";
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

/** A test with browsers. It is skipped where there are none, but on a CI machine it fails. */
export const test = base.extend<Fixtures & { browser: Browser | undefined }>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures it needs from the pattern
    async ({}, use) => {
      const browser = missing ? undefined : await chromium.launch(launchOptions);
      await use(browser);
      await browser?.close();
    },
    { scope: "file" },
  ],
  visit: async ({ browser, skip }, use) => {
    if (!browser) {
      if (process.env.CI) throw new Error(missing);
      skip(missing);
    }
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    await use(async ({ url = inject("demo"), ...options } = {}) => {
      const context = await browser!.newContext({ baseURL: url, viewport: { width: 1280, height: 800 }, ...options });
      contexts.push(context);
      context.setDefaultTimeout(10_000);
      context.setDefaultNavigationTimeout(30_000);
      const expected = [PREFETCHED];
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
