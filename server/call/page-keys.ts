import { badKeys } from "../../lib/errors/server-code-errors.js";
import type { Data, KeysOptions } from "./data.js";
import { requestTime } from "./request.js";

/** The keys of a store's rooms, also for pages. What Next prerenders waits for a request, as the rooms of a build would be shown for ever. */
export function keysForPage(data: Data, store: string, options: KeysOptions = {}): AsyncGenerator<string, void, undefined> {
  const { prefix, limit = Number.POSITIVE_INFINITY } = options;
  if (prefix !== undefined && typeof prefix !== "string") throw badKeys(store, "a `prefix` that is no string");
  if (typeof limit !== "number" || !(limit >= 0)) throw badKeys(store, "a `limit` that is no number from 0");
  return list(data, store, prefix, limit);
}

async function* list(data: Data, store: string, prefix: string | undefined, limit: number): AsyncGenerator<string, void, undefined> {
  await requestTime();
  let left = limit;
  const rest = data.reading();
  try {
    if (left < 1) return;
    for await (const key of data.keys(store, prefix === undefined ? {} : { prefix })) {
      yield key;
      if (--left < 1) return;
    }
  } finally {
    await rest();
  }
}
