import { expect } from "vitest";
import { board, count, shows, todos } from "./kit/demo.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** What Chromium itself writes when a request finds nobody. */
const UNREACHABLE = /Failed to load resource|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/;

test("a server that was killed and started again is found by the open page, which goes on by itself", async ({ visit, onTestFinished }) => {
  const server = await startServer();
  onTestFinished(server.kill);
  const visitor = await visit({ url: server.url });
  visitor.expects(UNREACHABLE);
  const page = await visitor.open("/");
  const list = todos(page);
  await list.add("milk");

  await server.kill();
  await page
    .getByRole("status")
    .getByText(/Reconnecting|Offline/)
    .waitFor();
  await shows(list.rows, ["milk"]);
  await server.start();

  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
  await shows(list.rows, ["milk"]);
  await list.add("bread");
  await shows(list.rows, ["milk", "bread"]);
  await page.reload();
  await shows(list.rows, ["milk", "bread"]);
});

test("those on a board meet again after the server was killed", async ({ visit, onTestFinished }) => {
  const server = await startServer();
  onTestFinished(server.kill);
  const visitors = [await visit({ url: server.url }), await visit({ url: server.url })] as const;
  for (const { expects } of visitors) expects(UNREACHABLE);
  const [one, other] = [await visitors[0].open("/board/demo"), await visitors[1].open("/board/demo")];
  await count(board(one).people, 2);
  await server.kill();
  await one
    .getByRole("status")
    .getByText(/Reconnecting|Offline/)
    .waitFor();
  await server.start();
  await board(one).add("To do", "paint");
  await board(other).card("paint").waitFor();
  await count(board(one).people, 2);
  await count(board(other).people, 2);
});

test("what was asked for while the server was away is done once it is back", async ({ visit, onTestFinished }) => {
  const server = await startServer();
  onTestFinished(server.kill);
  const visitor = await visit({ url: server.url });
  visitor.expects(UNREACHABLE);
  const page = await visitor.open("/");
  const list = todos(page);
  await list.add("bread");
  await server.kill();
  await page
    .getByRole("status")
    .getByText(/Reconnecting|Offline/)
    .waitFor();
  await list.input.fill("milk");
  await list.input.press("Enter");
  await page.getByRole("status").getByText("1 waiting").waitFor();
  await server.start();
  await shows(list.rows, ["bread", "milk"]);
});

test("what was asked for while the server was away, which has lost all that it kept, is not lost in silence", async ({ visit, onTestFinished }) => {
  const server = await startServer();
  onTestFinished(server.kill);
  const visitor = await visit({ url: server.url });
  visitor.expects(UNREACHABLE);
  const page = await visitor.open("/");
  const list = todos(page);
  // Of a list that had never changed nothing could have been lost: then the call is simply made again.
  await list.add("bread");
  await server.kill();
  await page
    .getByRole("status")
    .getByText(/Reconnecting|Offline/)
    .waitFor();
  await list.input.fill("milk");
  await list.input.press("Enter");
  await page.getByRole("status").getByText("1 waiting").waitFor();
  server.lose();
  await server.start();
  // Nobody knows whether the old server still ran it.
  await page
    .getByRole("alert")
    .getByText(/whether it ran is not known/i)
    .waitFor();
  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
  await count(list.rows, 0);
});

test("a visitor who goes offline is told, and catches up when back", async ({ visit }) => {
  const visitor = await visit();
  visitor.expects(UNREACHABLE);
  const page = await visitor.open("/");
  const list = todos(page);
  await list.add("milk");
  await visitor.context.setOffline(true);
  await page
    .getByRole("status")
    .getByText(/Reconnecting|Offline/)
    .waitFor();
  await list.input.fill("bread");
  await list.input.press("Enter");
  await page.getByRole("status").getByText("1 waiting").waitFor();
  await shows(list.rows, ["milk"]);
  await visitor.context.setOffline(false);
  await shows(list.rows, ["milk", "bread"]);
  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
  expect(await list.count.textContent()).toBe("2 items left");
});
