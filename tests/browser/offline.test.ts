import type { Page } from "playwright";
import { expect, inject } from "vitest";
import { until } from "../kit/soon.js";
import { connection, count, shows, todos } from "./kit/demo.js";
import { hydrated } from "./kit/hydrated.js";
import { type DemoServer, startServer } from "./kit/server.js";
import { test as base } from "./kit/visitor.js";

/** What browsers write themselves when a request finds nobody. */
const UNREACHABLE = /Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/;

const test = base.extend<{ server: DemoServer }>({
  /** A server of the test's own, which it may kill: service workers would reach one that is there. */
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures it needs from the pattern
  server: async ({}, use) => {
    const server = await startServer({ cwd: inject("demo").folder });
    await use(server);
    await server.kill();
  },
});

/** Everything in the databases of a page's browser, as text. */
const databases = (page: Page) =>
  page.evaluate(async () => {
    const answer = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    let text = "";
    for (const { name } of await indexedDB.databases()) {
      const db = await answer(indexedDB.open(name as string));
      for (const store of db.objectStoreNames) text += JSON.stringify(await answer(db.transaction(store).objectStore(store).getAll()));
      db.close();
    }
    return text;
  });

/** How many files the service worker keeps, and whether it keeps this page. */
const pages = (page: Page) =>
  page.evaluate(async () => {
    const files = await (await caches.open("twinstate-files")).keys();
    const loaded = new Set(performance.getEntriesByType("resource").flatMap(({ name }) => (name.includes("/_next/static/") ? [name] : [])));
    const missing = [...loaded].filter((name) => !files.some(({ url }) => url === name));
    return { missing, page: (await caches.match(location.href, { ignoreVary: true })) !== undefined };
  });

/** Turns `offline` on, and waits until everything of the page is kept. */
async function keep(page: Page, title: string): Promise<void> {
  const loaded = page.waitForEvent("load");
  await page.getByRole("switch", { name: "Works without a network" }).click();
  await loaded;
  await hydrated(page);
  await page.getByRole("switch", { name: "Works without a network", checked: true }).waitFor();
  await until(async () => (await databases(page)).includes(title));
  await until(async () => {
    const kept = await pages(page);
    return kept.page && kept.missing.length === 0;
  });
}

test("a list that is opened without a network shows its last state, and what is added there is on it once afterwards, though its tab was closed", async ({
  visit,
  server,
}) => {
  const visitor = await visit({ url: server.url });
  visitor.expects(UNREACHABLE);
  const page = await visitor.open("/");
  await todos(page).add("milk");
  await keep(page, "milk");
  // What came after the page that is kept.
  await todos(page).add("bread");
  await until(async () => (await databases(page)).includes("bread"));
  await server.kill();
  await visitor.context.setOffline(true);
  await page.reload();
  await shows(todos(page).rows, ["milk", "bread"]);
  await connection(page).offline.waitFor();
  await todos(page).enter("tea");
  await shows(todos(page).rows, ["milk", "bread", "tea"]);
  await todos(page).done("milk").click();
  await connection(page).waiting(2).waitFor();
  await page.reload();
  await shows(todos(page).rows, ["milk", "bread", "tea"]);
  await page.close();
  await visitor.context.setOffline(false);
  await server.start();
  const again = await visitor.open("/");
  await shows(todos(again).rows, ["milk", "bread", "tea"]);
  await connection(again).live.waitFor();
  // As the server has it.
  const elsewhere = await visit({ url: server.url, storageState: await visitor.context.storageState() });
  elsewhere.expects(UNREACHABLE);
  const other = await elsewhere.open("/");
  await shows(todos(other).rows, ["milk", "bread", "tea"]);
  // The test ends its server before its pages.
  await other.close();
  await expect.poll(() => todos(again).done("milk").getAttribute("aria-checked")).toBe("true");
  await again.close();
});

test("a sign-out deletes what was kept for the user", async ({ visit }) => {
  const visitor = await visit();
  visitor.expects(/may not use `profile`/);
  const page = await visitor.open("/");
  await todos(page).add("milk");
  await keep(page, "milk");
  await page.goto("/account");
  await page.getByLabel("Name", { exact: true }).fill("bob");
  await page.getByLabel("Password").fill("battery staple");
  await page.getByRole("button", { name: "Sign in" }).click();
  const note = `a note ${Date.now()}`;
  await page.getByLabel("Your note").fill(note);
  await until(async () => (await databases(page)).includes(note));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await until(async () => !(await databases(page)).includes(note));
  await count(page.getByText(note), 0);
  await until(() => page.evaluate(async () => (await caches.match("/account", { ignoreVary: true })) === undefined));
});
