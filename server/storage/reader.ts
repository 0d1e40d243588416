import { inSlices } from "../task/slices.js";
import type { HostFacts } from "./host-facts.js";
import { unpack } from "./packing.js";
import { SqliteFile } from "./sqlite-file.js";
import type { LoadedHost } from "./storage.js";

/** Reads a storage, and leaves it as it is: times of use too. */
export interface StorageReader {
  /** Lists scope instances whose ids begin with a prefix, page by page. Those that were put aside as damaged have ids that begin with `~`. */
  facts(prefix: string): AsyncIterable<HostFacts>;
  /** @throws StateError if what is stored is damaged, or of a later format */
  load(id: string): Promise<LoadedHost | undefined>;
  close(): Promise<void>;
}

/**
 * Reads a file of `sqlite()`.
 * @throws StateError if another process has it open, or it is none of ours
 */
export function sqliteReader(path: string): StorageReader {
  const file = new SqliteFile(path, true);
  const explained = <R>(read: () => R): R => {
    try {
      return read();
    } catch (error) {
      throw file.explain(error);
    }
  };
  return {
    async *facts(prefix) {
      for (let after = ""; ; ) {
        const page = explained(() => file.facts(prefix, after));
        yield* page;
        const last = page.at(-1);
        if (!last) return;
        after = last.id;
      }
    },
    async load(id) {
      const packed = explained(() => file.load(id));
      return packed && inSlices(unpack(packed));
    },
    close: async () => file.close(),
  };
}
