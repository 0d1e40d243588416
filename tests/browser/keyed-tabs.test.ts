import { event, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { expect, onTestFinished } from "vitest";
import { serve } from "../kit/http.js";
import { shows } from "./kit/demo.js";
import { openFarSite } from "./kit/far-site.js";
import { test } from "./kit/visitor.js";

class Reply {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}

async function start(): Promise<string> {
  const twin = createTwin({
    name: `tests/keyed-tabs ${Math.random()}`,
    stores: { reply: scope.tab(Reply, { keyed: true }) },
    session: { secret: "a secret for tests alone" },
    log: () => {},
  });
  const site = await serve(twin.handlers);
  const { url, close } = await openFarSite("keyed.tsx", site.origin, { delay: 0, loss: 0 });
  onTestFinished(async () => {
    await close();
    await site.close();
    await twin.close();
  });
  return url;
}

test("behaviour 95: stores of components are independent, on the server and in the browser, and rendering twice makes no third", async ({ visit }) => {
  const url = await start();
  const { context } = await visit({ url });
  const open = async () => {
    const page = await context.newPage();
    await page.goto(`${url}/a`);
    const rows = (name: string) => page.getByRole("region", { name, exact: true }).getByRole("listitem");
    const add = (name: string) => page.getByRole("region", { name, exact: true }).getByRole("button").click();
    const turn = () => page.getByRole("button", { name: "Turn" }).click();
    return { page, rows, add, turn };
  };
  const { page, rows, add, turn } = await open();
  for (const name of ["first", "second", "first again", "own", "own"]) await add(name);
  await shows(rows("first"), ["line 1", "line 2"]);
  await shows(rows("first again"), ["line 1", "line 2"]);
  await shows(rows("second"), ["line 1"]);
  await shows(rows("own"), ["line 1", "line 2"]);
  await shows(rows("another"), []);
  await add("another");
  await turn();
  await turn();
  // A component that mounts again finds its store on the server, and begins one of its own anew.
  await shows(rows("first again"), ["line 1", "line 2"]);
  await shows(rows("another"), []);
  await shows(rows("own"), ["line 1", "line 2"]);
  // The tab keeps its stores; no other tab has them.
  await page.reload();
  await shows(rows("first"), ["line 1", "line 2"]);
  await shows(rows("own"), []);
  const other = await open();
  await shows(other.rows("first"), []);
  expect(await other.rows("second").count()).toBe(0);
});
