import { plainSteps } from "../../lib/store/compact.js";
import type { HostFacts } from "../../server/storage/host-facts.js";
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
  for await (const facts of open.facts(prefix)) {
    let line: string | undefined;
    try {
      line = await lineOf(open, facts);
    } catch (error) {
      unread.push({ id: facts.id, error });
    }
    if (line !== undefined) await write(line);
  }
  return unread;
}

/** A scope instance with its state. `undefined`: it is not there any more. */
async function lineOf(open: StorageReader, { id, used }: HostFacts): Promise<string | undefined> {
  const loaded = await open.load(id);
  if (!loaded) return undefined;
  const { revision, stores } = fold(loaded.record, loaded.tail);
  const states: Record<string, object> = {};
  for (const [name, { whole, tail }] of stores) states[name] = { version: whole.version, state: plainJson(await inSlices(plainSteps(whole.saved, tail))) };
  return JSON.stringify({ id, revision, used: new Date(used).toISOString(), stores: states });
}
