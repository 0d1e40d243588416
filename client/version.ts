import type { WireSchema } from "../lib/schema.js";

type WireClass = WireSchema["models"][string];

/** Whether a server still has all that a page was built on. What it has besides does no harm. */
export function serves(server: WireSchema, page: WireSchema): boolean {
  if (server.hash === page.hash) return true;
  const all = <C extends WireClass>(mine: Readonly<Record<string, C>>, theirs: Readonly<Record<string, C>>, alike: (a: C, b: C) => boolean) =>
    Object.entries(mine).every(([name, one]) => Object.hasOwn(theirs, name) && alike(one, theirs[name] as C));
  return all(page.models, server.models, covers) && all(page.stores, server.stores, (mine, theirs) => mine.scope === theirs.scope && covers(mine, theirs));
}

const covers = (mine: WireClass, theirs: WireClass) =>
  [...mine.fields, ...mine.computeds].every((name) => theirs.fields.includes(name) || theirs.computeds.includes(name)) &&
  Object.keys(mine.events).every((name) => Object.hasOwn(theirs.events, name));
