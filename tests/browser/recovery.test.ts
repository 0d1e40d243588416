import type { Page } from "playwright";
import { describe, expect, inject } from "vitest";
import { board, connection, count, shows, todos } from "./kit/demo.js";
import { ENGINES } from "./kit/engine.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test as base } from "./kit/visitor.js";

/** What browsers themselves write when a request finds nobody. */
const UNREACHABLE = /Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/;

const test = base.extend<{ server: DemoServer; open(path: string): Promise<Page> }>({
  /** A server of the test's own, which it may kill. */
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures it needs from the pattern
  server: async ({}, use) => {
    const server = await startServer({ cwd: inject("demo").folder });
    await use(server);
    await server.kill();
  },
  /** A page of another visitor, on that server. */
  open: async ({ visit, server }, use) => {
    await use(async (path) => {
      const visitor = await visit({ url: server.url });
      visitor.expects(UNREACHABLE);
      return visitor.open(path);
    });
  },
});

/** Kills the server, and waits until the page has noticed. */
async function kill(server: DemoServer, page: Page): Promise<void> {
  await server.kill();
  await connection(page).broken.waitFor();
}

/** Asks for milk while the server is away, which has the bread. Of a list that had never changed nothing could have been lost. */
async function askOfNobody(server: DemoServer, page: Page) {
  const list = todos(page);
  await list.add("bread");
  await kill(server, page);
  await list.enter("milk");
  await connection(page).waiting(1).waitFor();
  return { page, list };
}

describe.for(ENGINES)("in %s", (engine) => {
  test.override({ engine });

  test("a server that was killed and started again is found by the open page, which goes on by itself", async ({ server, open }) => {
    const page = await open("/");
    const list = todos(page);
    await list.add("milk");
    await kill(server, page);
    await shows(list.rows, ["milk"]);
    await server.start();
    await connection(page).live.waitFor();
    await shows(list.rows, ["milk"]);
    await list.add("bread");
    await shows(list.rows, ["milk", "bread"]);
    await page.reload();
    await shows(list.rows, ["milk", "bread"]);
  });

  test("those on a board meet again after the server was killed", async ({ server, open }) => {
    const [one, other] = [await open("/board/demo"), await open("/board/demo")];
    await count(board(one).people, 2);
    await kill(server, one);
    await server.start();
    await board(one).add("To do", "paint");
    await board(other).card("paint").waitFor();
    await count(board(one).people, 2);
    await count(board(other).people, 2);
  });

  test("what was asked for while the server was away is done once it is back", async ({ server, open }) => {
    const { list } = await askOfNobody(server, await open("/"));
    await server.start();
    await shows(list.rows, ["bread", "milk"]);
  });

  test("what was asked for while the server was away, which has lost all that it kept, is not lost in silence", async ({ server, open }) => {
    const { page, list } = await askOfNobody(server, await open("/"));
    server.lose();
    await server.start();
    // Nobody knows whether the old server still ran it.
    await page
      .getByRole("alert")
      .getByText(/whether it ran is not known/i)
      .waitFor();
    await connection(page).live.waitFor();
    await count(list.rows, 0);
  });

  test("three clicks of a visitor who is offline show as waiting, and are done once and in order when the visitor is back", async ({ visit }) => {
    const visitor = await visit();
    visitor.expects(UNREACHABLE);
    const page = await visitor.open("/");
    const list = todos(page);
    await list.add("milk", "bread", "tea");
    await list.done("milk").click();
    await list.clear.waitFor();
    await visitor.context.setOffline(true);
    await connection(page).offline.waitFor();
    await list.done("bread").click();
    await list.clear.click();
    await list.done("tea").click();
    await connection(page).waiting(3).waitFor();
    // As the page sees it, before the server knows of it.
    await shows(list.rows, ["tea"]);
    await visitor.context.setOffline(false);
    await connection(page).live.waitFor();
    // And as the server has it: `bread` is cleared only if it was ticked before, and `tea` is ticked only if that was done once.
    const other = todos(await visitor.open("/"));
    await shows(other.rows, ["tea"]);
    await expect.poll(() => other.done("tea").getAttribute("aria-checked")).toBe("true");
    await list.add("eggs");
    await shows(list.rows, ["tea", "eggs"]);
  });
});
