import type { Encoded } from "../../lib/wire/codec.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { labelOf } from "../definition/scope.js";
import type { BegunCall } from "../storage/records.js";
import { plainOf } from "../wire/plain-values.js";
import type { CommittingEvent } from "./commits.js";

/** How many characters of arguments are kept with an event that goes on. */
const MOST_ARGUMENTS = 65_536;

/** What is stored of the call of an event that goes on. */
export function begunCall({ definition, owner, event, args, eventId = "" }: CommittingEvent): BegunCall {
  const kept = encoded(args);
  const store = definition?.name ?? "";
  const name = owner && event ? labelOf(owner, event).slice(store.length + 1) : "";
  return { store, event: name, id: eventId, ...(kept && { args: kept }) };
}

/** Gives arguments as data; `undefined` where they are too long, or are no data. */
function encoded(args: unknown): Encoded | undefined {
  try {
    const value = encodeValue(plainOf(args, MOST_ARGUMENTS));
    return JSON.stringify(value).length <= MOST_ARGUMENTS ? value : undefined;
  } catch {
    return undefined;
  }
}
