import { own } from "../lib/node.js";
import type { WireSchema } from "../lib/schema.js";

type WireClass = WireSchema["models"][string] & { readonly scope?: string };

/** Whether a server still has all that a page was built on. What it has besides does no harm. */
export function serves(server: WireSchema, page: WireSchema): boolean {
  if (server.hash === page.hash) return true;
  return (["stores", "models"] as const).every((kind) =>
    Object.entries(page[kind]).every(([name, mine]) => covers(own(server[kind], name) as WireClass, mine)),
  );
}

const covers = (theirs: WireClass | undefined, mine: WireClass): boolean =>
  theirs !== undefined &&
  theirs.scope === mine.scope &&
  namesOf(mine).every((name) => namesOf(theirs).includes(name)) &&
  Object.keys(mine.events).every((name) => Object.hasOwn(theirs.events, name));

const namesOf = ({ fields, computeds }: WireClass) => [...fields, ...computeds];
