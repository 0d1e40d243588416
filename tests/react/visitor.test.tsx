import { act } from "react";
import { expect, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { join } from "./kit/joined.js";
import { hydrate, serverHtml, show } from "./kit/page.js";
import { Visited } from "./kit/pages.js";

const SINCE = new Date("2026-05-05");
const visitor = (name: string | null) => encodeValue(name && { name, since: SINCE });
const preloaded = (name: string | null) => ({ schema: { hash: "", stores: {}, models: {} }, session: "s", visitor: visitor(name), stores: [] }) as never;
const told = (name: string | null) => ({ text: JSON.stringify(visitor(name)) });
const greetings = (element: Element) => [...element.querySelectorAll("b")].map((one) => one.textContent);

test("the visitor stands in the HTML, and stays as the page hydrates; what has no preload is told after that", async () => {
  const state = preloaded("Ann");
  const text = await serverHtml("Visited", { state });
  expect(text).toBe("<b>undefined</b><b>Ann since 2026</b>");
  const seen: unknown[] = [];
  const page = await hydrate(join(), text, <Visited state={state} seen={seen} />);
  expect(greetings(page.element)).toEqual(["Ann since 2026", "Ann since 2026"]);
  for (const one of seen) expect(one).toEqual({ name: "Ann", since: SINCE });
  expect(new Set(seen).size).toBe(1);
});

test("parts of a page that were rendered for different visitors hydrate, and then show the one that the stream tells", async () => {
  const [state, later] = [preloaded(null), preloaded("Ann")];
  const text = (await serverHtml("Visited", { state, later })).replaceAll("<!--$-->", "").replaceAll("<!--/$-->", "");
  expect(text).toBe("<b>undefined</b><b>null</b><b>Ann since 2026</b>");
  const client = join();
  const page = await hydrate(client, await serverHtml("Visited", { state, later }), <Visited state={state} later={later} />);
  await act(async () => client.visitor.update(told("Bob")));
  expect(greetings(page.element)).toEqual(Array(3).fill("Bob since 2026"));
});

test("a component gets the same value until it is another one", async () => {
  const client = join();
  const seen: unknown[] = [];
  const state = preloaded("Ann");
  const page = await show(client, <Visited state={state} seen={seen} />);
  await act(async () => client.visitor.update(told("Ann")));
  await page.render(<Visited state={state} seen={seen} />);
  expect(new Set(seen).size).toBe(1);
  await act(async () => client.visitor.update(told(null)));
  expect(greetings(page.element)).toEqual(["null", "null"]);
  expect(new Set(seen)).toEqual(new Set([{ name: "Ann", since: SINCE }, null]));
});
