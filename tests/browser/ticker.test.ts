import type { Page } from "playwright";
import { describe, expect } from "vitest";
import { SERVERS } from "./kit/demo.js";
import { test } from "./kit/visitor.js";

/** What stands on the page at one moment. */
const look = (page: Page) =>
  page.evaluate(() => {
    const number = (name: string) => {
      const term = [...document.querySelectorAll("dt")].find(({ textContent }) => textContent === name);
      return Number(term?.nextElementSibling?.textContent);
    };
    return {
      trades: number("Trades so far"),
      seen: number("Since you came"),
      rendered: number("Rows rendered"),
      quotes: [...document.querySelectorAll("main li")].map(({ textContent }) => textContent),
    };
  });

const reaches = async (page: Page, trades: number) => {
  await page.waitForFunction(
    (least) => Number([...document.querySelectorAll("dt")].find((dt) => dt.textContent === "Since you came")?.nextElementSibling?.textContent) >= least,
    trades,
  );
};

describe.for(SERVERS)("the ticker, on %s", ([, url]) => {
  /** How many trades a page that is rendered now tells of. Nobody watches for that. */
  const trades = async () => Number(/Trades so far<\/dt><dd[^>]*>(\d+)/.exec(await (await fetch(`${url}/ticker`)).text())?.[1]);

  test("comes with all of its rows in the HTML", async () => {
    const html = await (await fetch(`${url}/ticker`)).text();
    expect(html.slice(html.indexOf("<main"), html.indexOf("</main>")).match(/<li /g)).toHaveLength(1000);
    expect(await trades()).toBeGreaterThanOrEqual(0);
  });

  test("changes by itself, and renders the rows that have changed alone", async ({ visit }) => {
    const page = await (await visit({ url })).open("/ticker");
    await reaches(page, 1);
    const before = await look(page);
    expect(before.quotes).toHaveLength(1000);
    await reaches(page, before.seen + 60);
    // What an effect counts may stand there a moment after what it counts.
    await expect.poll(async () => look(page).then(({ seen, rendered }) => rendered - seen), { interval: 10 }).toBe(before.rendered - before.seen);
    const after = await look(page);
    const changed = after.quotes.filter((text, i) => text !== before.quotes[i]).length;
    expect(changed).toBe(Math.min(after.trades - before.trades, 1000));
  });

  test("shows two visitors the same", async ({ visit }) => {
    const [one, other] = [await (await visit({ url })).open("/ticker"), await (await visit({ url })).open("/ticker")];
    for (const page of [one, other]) await reaches(page, 20);
    // They stop at the same time, as both are looked at after the last trade.
    await expect
      .poll(
        async () => {
          const [mine, theirs] = await Promise.all([look(one), look(other)]);
          return mine.trades === theirs.trades ? [mine.quotes, theirs.quotes].map((quotes) => quotes.join()) : [];
        },
        { interval: 7 },
      )
      .toSatisfy(([mine, theirs]: string[]) => mine !== undefined && mine === theirs);
  });

  test("stops when the last one has left, and goes on when somebody comes", async ({ visit }) => {
    const visitors = [await visit({ url }), await visit({ url })] as const;
    for (const visitor of visitors) await reaches(await visitor.open("/ticker"), 2);
    await visitors[0].context.close();
    const running = await trades();
    await expect.poll(trades).toBeGreaterThan(running);
    await visitors[1].context.close();
    const stands = async () => {
      const before = await trades();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return (await trades()) - before;
    };
    await expect.poll(stands).toBe(0);
    const page = await (await visit({ url })).open("/ticker");
    await reaches(page, 2);
  });
});
