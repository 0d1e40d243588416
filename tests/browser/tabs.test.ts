import type { BrowserContext, Page, Request } from "playwright";
import { describe, expect } from "vitest";
import { connection, SERVERS, todos } from "./kit/demo.js";
import { test as base, type Visitor } from "./kit/visitor.js";

/** What browsers write of requests that were cut. */
const CUT = /Failed to load resource|ERR_FAILED|ERR_ABORTED|ERR_INCOMPLETE_CHUNKED_ENCODING/;

/** More than the connections that browsers allow to one origin by HTTP/1.1, which are six. */
const TABS = process.env.TEST_FULL ? 12 : 8;

/** Notes when each to-do was seen first, and how often it was there at most. */
function watchTodos(): void {
  const seen: Record<string, number> = {};
  const most: Record<string, number> = {};
  Object.assign(window, { seen, most });
  const look = () => {
    const now: Record<string, number> = {};
    for (const box of document.querySelectorAll("main li [role=checkbox]")) {
      const title = box.getAttribute("aria-label") ?? "";
      seen[title] ??= performance.timeOrigin + performance.now();
      now[title] = (now[title] ?? 0) + 1;
      most[title] = Math.max(most[title] ?? 0, now[title] as number);
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

type Watching = Window & { seen: Record<string, number>; most: Record<string, number>; entered: number };

/** The tabs of one browser, all on the to-do page. */
class Tabs {
  readonly pages: Page[] = [];
  /** How many streams were open at once, at most. */
  most = 0;
  readonly #context: BrowserContext;
  readonly #streams = new Set<Request>();

  constructor({ context }: Visitor) {
    this.#context = context;
    context.on("request", (request) => {
      if (!request.url().includes("/$live")) return;
      this.#streams.add(request);
      this.most = Math.max(this.most, this.streams.length);
    });
    for (const end of ["requestfinished", "requestfailed"] as const) context.on(end as "requestfinished", (request) => void this.#streams.delete(request));
  }

  /** The streams that are open: those of pages that are gone are not. */
  get streams(): Request[] {
    return [...this.#streams].filter((request) => this.#pageOf(request) !== undefined);
  }

  #pageOf(request: Request): Page | undefined {
    const page = request.frame().page();
    return this.#gone.has(page) || page.isClosed() ? undefined : page;
  }

  readonly #gone = new Set<Page>();

  /** Opens a tab. Gives how long that took, in ms. */
  async open(): Promise<number> {
    const page = await this.#context.newPage();
    await page.addInitScript(watchTodos);
    const since = performance.now();
    await page.goto("/");
    await connection(page).live.waitFor();
    this.pages.push(page);
    return performance.now() - since;
  }

  /** The tab whose stream all share. */
  async leader(): Promise<Page> {
    await expect.poll(() => this.streams.length).toBe(1);
    return this.#pageOf(this.streams[0] as Request) as Page;
  }

  #without(page: Page): void {
    this.#gone.add(page);
    this.pages.splice(this.pages.indexOf(page), 1);
  }

  async close(page: Page): Promise<void> {
    this.#without(page);
    await page.close();
  }

  async crash(page: Page): Promise<void> {
    const devtools = await this.#context.newCDPSession(page);
    this.#without(page);
    const crashed = page.waitForEvent("crash");
    void devtools.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Stops all that runs in a tab, which keeps its lines and its lock: as a browser that freezes it, which Chromium does to none that it thinks is shown. Gives what thaws it. */
  async freeze(page: Page): Promise<() => Promise<void>> {
    const devtools = await this.#context.newCDPSession(page);
    this.pages.splice(this.pages.indexOf(page), 1);
    await devtools.send("Debugger.enable");
    const paused = new Promise((resolve) => devtools.once("Debugger.paused", resolve));
    await devtools.send("Debugger.pause");
    await paused;
    return async () => {
      await devtools.send("Debugger.disable");
      this.pages.push(page);
    };
  }

  /** Adds a to-do in a tab. Gives how long it took until all tabs had it, in ms, as they have seen it. */
  async add(page: Page, title: string): Promise<number> {
    await page.evaluate(() =>
      addEventListener("keydown", () => Object.assign(window, { entered: performance.timeOrigin + performance.now() }), { once: true, capture: true }),
    );
    await todos(page).enter(title);
    const seen = await Promise.all(this.pages.map((one) => this.#sees(one, title)));
    return Math.max(...seen) - (await page.evaluate(() => (window as unknown as Watching).entered));
  }

  async #sees(page: Page, title: string): Promise<number> {
    const when = await page.waitForFunction((title) => (window as unknown as Watching).seen[title], title, { polling: 50 });
    return (await when.jsonValue()) as number;
  }

  /** All tabs show just these to-dos, and none has ever shown one twice. */
  async show(titles: readonly string[]): Promise<void> {
    for (const page of this.pages) {
      await expect.poll(async () => (await todos(page).rows.allTextContents()).sort()).toEqual([...titles].sort());
      const most = await page.evaluate(() => (window as unknown as Watching).most);
      expect(Object.values(most).filter((count) => count > 1)).toEqual([]);
    }
  }
}

const test = base.extend<{ tabs(): Promise<{ tabs: Tabs; visitor: Visitor }> }>({
  tabs: async ({ visit }, use) => {
    await use(async () => {
      const visitor = await visit({ url: SERVERS[0]?.[1] as string });
      visitor.expects(CUT);
      return { tabs: new Tabs(visitor), visitor };
    });
  },
});

const ms = (...times: number[]) => times.map((time) => `${Math.round(time)}`).join(" ");

test(`${TABS} tabs of one app over HTTP/1.1 load, are live and up to date by one stream, whatever becomes of the tab that has it`, async ({ tabs: start }) => {
  const { tabs } = await start();
  const loaded: number[] = [];
  for (let i = 0; i < TABS; i++) loaded.push(await tabs.open());
  expect(tabs.streams.length).toBe(1);
  const titles: string[] = [];
  const add = (title: string) => {
    titles.push(title);
    return tabs.add(tabs.pages[titles.length % tabs.pages.length] as Page, title);
  };
  const live = [await add("one"), await add("two"), await add("three")];
  await tabs.close(await tabs.leader());
  const closed = await add("after it was closed");
  await tabs.crash(await tabs.leader());
  const crashed = await add("after it has crashed");
  const thaw = await tabs.freeze(await tabs.leader());
  const frozen = await add("while it is frozen");
  expect(tabs.streams.length).toBe(2);
  await thaw();
  const thawed = await add("after it has thawed");
  await tabs.show(titles);
  await expect.poll(() => tabs.streams.length).toBe(1);
  for (const page of tabs.pages) await connection(page).live.waitFor();
  expect(tabs.most).toBeLessThanOrEqual(2);
  console.log(
    `loaded in ${ms(...loaded)} ms; in all tabs after ${ms(...live)} ms, closed ${ms(closed)}, crashed ${ms(crashed)}, frozen ${ms(frozen)}, thawed ${ms(thawed)}`,
  );
});

describe.runIf(process.env.TEST_FULL)("at length", () => {
  test("under load, with one request in twenty cut, nothing is lost or doubled, whatever becomes of the tab that has the stream", { timeout: 600_000 }, async ({
    tabs: start,
  }) => {
    const { tabs, visitor } = await start();
    let lossy = true;
    await visitor.context.route("**/api/twin/**", async (route) => {
      const luck = lossy ? Math.random() : 1;
      if (luck > 0.05) return route.continue();
      // It never arrives, or its answer gets lost.
      if (luck < 0.025 && route.request().method() === "POST") await route.fetch().catch(() => {});
      await route.abort().catch(() => {});
    });
    for (let i = 0; i < TABS; i++) await tabs.open();
    let over = false;
    const told: string[] = [];
    const asked: string[] = [];
    /** Adds one to-do after the other in a tab, as long as it is there. */
    const write = async (page: Page, name: string) => {
      for (let n = 0; !over; n++) {
        const title = `${name} ${n}`;
        asked.push(title);
        await todos(page).enter(title);
        await page.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached", timeout: 60_000 });
        told.push(title);
        await page.waitForTimeout(500);
      }
    };
    const writers = tabs.pages.slice(0, 4).map((page, i) => write(page, `writer ${i}`).catch(() => {}));
    for (let round = 0; round < 2; round++) {
      for (const befall of [() => tabs.leader().then((page) => tabs.close(page)), () => tabs.leader().then((page) => tabs.crash(page))]) {
        await tabs.pages[0]?.waitForTimeout(3000);
        await befall();
        await tabs.open();
      }
      await tabs.pages[0]?.waitForTimeout(3000);
      const thaw = await tabs.freeze(await tabs.leader());
      await tabs.pages[0]?.waitForTimeout(10_000);
      await thaw();
    }
    over = true;
    await Promise.all(writers);
    lossy = false;
    const [first] = tabs.pages;
    await expect
      .poll(async () => (await todos(first as Page).rows.allTextContents()).filter((title) => told.includes(title)).length, { timeout: 60_000 })
      .toBe(told.length);
    const shown = await todos(first as Page).rows.allTextContents();
    expect(shown.filter((title) => !asked.includes(title))).toEqual([]);
    await tabs.show(shown);
    await expect.poll(() => tabs.streams.length, { timeout: 60_000 }).toBe(1);
    console.log(`${told.length} to-dos told of, ${shown.length} shown, of ${asked.length} asked for; at most ${tabs.most} streams at once`);
  });
});

test("a browser without locks keeps no stream for a tab that is hidden for a while, and has one again when it is shown", async ({ tabs: start }) => {
  const { tabs, visitor } = await start();
  await visitor.context.addInitScript(() => {
    Object.defineProperty(navigator, "locks", { value: undefined });
    let hidden = false;
    Object.defineProperty(document, "hidden", { get: () => hidden });
    Object.assign(window, {
      hide(now: boolean) {
        hidden = now;
        document.dispatchEvent(new Event("visibilitychange"));
      },
    });
  });
  await visitor.context.clock.install();
  await tabs.open();
  await tabs.open();
  await expect.poll(() => tabs.streams.length).toBe(2);
  const [shown, other] = tabs.pages as [Page, Page];
  const hide = (now: boolean) => other.evaluate((now) => (window as unknown as { hide(now: boolean): void }).hide(now), now);
  await hide(true);
  await other.clock.fastForward(15_000);
  // What comes is a sign of life, for which a client does not wait much longer.
  await todos(shown).enter("soon");
  await todos(other).row("soon").waitFor();
  expect(tabs.streams.length).toBe(2);
  await other.clock.fastForward(16_000);
  await expect.poll(() => tabs.streams.length).toBe(1);
  await todos(shown).enter("meanwhile");
  await todos(shown).row("meanwhile").waitFor();
  expect(await todos(other).row("meanwhile").count()).toBe(0);
  // It still acts, by answers.
  await todos(other).enter("hidden");
  await todos(shown).row("hidden").waitFor();
  await hide(false);
  await todos(other).row("meanwhile").waitFor();
  await tabs.show(["soon", "meanwhile", "hidden"]);
  await expect.poll(() => tabs.streams.length).toBe(2);
});
