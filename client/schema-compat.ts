import type { WireClass, WireSchema } from "../lib/class/schema.js";
import { own } from "../lib/graph/node.js";

/** Tells whether a server still has all that a page was built on. More names on the server do no harm. */
export function serves(server: WireSchema, page: WireSchema): boolean {
  const kinds = ["stores", "models"] as const;
  return (
    server.hash === page.hash || kinds.every((kind) => Object.entries(page[kind]).every(([name, mine]) => covers(own(server[kind], name) as WireClass, mine)))
  );
}

function covers(theirs: WireClass | undefined, mine: WireClass): boolean {
  const has = new Set(theirs && partsOf(theirs));
  return partsOf(mine).every((part) => has.has(part));
}

const partsOf = ({ fields, computeds, events, scope }: WireClass & { readonly scope?: string }) => [
  ...fields,
  ...computeds,
  ...Object.keys(events).map((name) => `${name}()`),
  ` ${scope}`,
];
