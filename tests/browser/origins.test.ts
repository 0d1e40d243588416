import { event, state } from "twinstate";
import { createTwin } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { serve } from "../kit/http.js";
import { shows } from "./kit/demo.js";
import { openFarSite } from "./kit/far-site.js";
import { test } from "./kit/visitor.js";

class Note {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}

/** A site with a page, and nothing else. */
async function openSite(): Promise<string> {
  const { url, close } = await openFarSite("elsewhere.tsx", "", { delay: 0, loss: 0 });
  onTestFinished(close);
  return url;
}

test("a page of a named origin uses the app with its visitor's session, one of another cannot read a thing", async ({ visit }) => {
  const [named, unnamed] = [await openSite(), await openSite()];
  const twin = createTwin({ name: "tests/origins", stores: { note: Note }, session: { secret: "a secret for tests alone" }, origins: [named], log: () => {} });
  const site = await serve(twin.handlers);
  onTestFinished(async () => {
    await site.close();
    await twin.close();
  });
  const visitor = await visit({ url: named });
  const page = await visitor.context.newPage();
  await page.goto(`/#${encodeURIComponent(site.url)}`);
  const lines = page.getByRole("listitem");
  const add = page.getByRole("button", { name: "Add" });
  await add.click();
  await shows(lines, ["line 1"]);
  await add.click();
  await shows(lines, ["line 1", "line 2"]);
  await page.reload();
  await shows(lines, ["line 1", "line 2"]);

  visitor.expects(/CORS|Failed to load resource|Cross-Origin|twinstate/);
  await page.goto(`${unnamed}/#${encodeURIComponent(site.url)}`);
  const tried = await page.evaluate((url) => {
    const input = encodeURIComponent(JSON.stringify({ watch: [{ store: "note" }] }));
    const read = (response: Promise<Response>) =>
      response.then(
        () => "read",
        () => "refused",
      );
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ args: ["theirs"] }) };
    return Promise.all([
      read(fetch(`${url}/$live?input=${input}`, { credentials: "include" })),
      read(fetch(`${url}/note.add`, { ...post, credentials: "include" })),
      // Without a question first, as forms are sent: nothing is read, and nothing is done.
      fetch(`${url}/note.add`, { ...post, headers: { "content-type": "text/plain" }, credentials: "include", mode: "no-cors" }).then(({ type }) => type),
    ]);
  }, site.url);
  expect(tried).toEqual(["refused", "refused", "opaque"]);
  await page.goto(`${named}/#${encodeURIComponent(site.url)}`);
  await shows(lines, ["line 1", "line 2"]);
});
