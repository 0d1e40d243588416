import type { Effect } from "../../lib/wire/protocol.js";
import { decodeValue } from "../../lib/wire/value-codec.js";

/** The address to which effects lead, where there is no browser yet that could follow them one by one: that of the last redirect. */
export function redirectIn(effects: readonly Effect[]): string | undefined {
  const args = effects.findLast(([name]) => name === "redirect")?.[1];
  return args && String((decodeValue(args) as unknown[])[0]);
}
