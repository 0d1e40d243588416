import { plainSteps } from "../../lib/store/compact.js";
import type { StorageReader } from "../../server/storage/reader.js";
import { fold } from "../../server/storage/records.js";
import { inSlices } from "../../server/task/slices.js";
import { plainJson } from "./plain-json.js";

/** What an export could not read. */
export interface Unread {
  readonly id: string;
  readonly error: unknown;
}

/** Writes scope instances as lines of JSON, one after the other. Gives those that could not be read. */
export async function exportLines(open: StorageReader, prefix: string, write: (line: string) => void | Promise<void>): Promise<Unread[]> {
  const unread: Unread[] = [];
  for await (const { id, used } of open.facts(prefix)) {
    try {
      const loaded = await open.load(id);
      if (!loaded) continue;
      const { revision, stores } = fold(loaded.record, loaded.tail);
      const states: Record<string, object> = {};
      for (const [name, { whole, tail }] of stores) states[name] = { version: whole.version, state: plainJson(await inSlices(plainSteps(whole.saved, tail))) };
      await write(JSON.stringify({ id, revision, used: new Date(used).toISOString(), stores: states }));
    } catch (error) {
      unread.push({ id, error });
    }
  }
  return unread;
}
