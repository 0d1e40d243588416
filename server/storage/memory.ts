import type { HostRecord, Storage } from "../storage.js";

/**
 * Keeps state in this process: it is gone with the process. The default, for development and for state that may be lost.
 * @example createTwin({ stores, storage: memory() })
 */
export function memory(): Storage {
  const records = new Map<string, { record: HostRecord; used: number }>();

  return {
    "~storage": true,
    load(id) {
      const kept = records.get(id);
      if (!kept) return undefined;
      kept.used = Date.now();
      return kept.record;
    },
    append() {
      // What this storage would keep dies with the live scope instance, which has it all.
    },
    save(id, record) {
      records.set(id, { record, used: Date.now() });
    },
    delete(id) {
      records.delete(id);
    },
    async *list(prefix) {
      for (const [id, { record }] of [...records]) if (id.startsWith(prefix)) yield { id, stores: Object.keys(record.stores) };
    },
    expire(prefix, before) {
      for (const [id, { used }] of records) if (used < before && id.startsWith(prefix)) records.delete(id);
    },
  };
}
