import { memory } from "../server/storage/memory.js";
import type { Storage } from "../server/storage/storage.js";

/**
 * A storage for tests: it keeps commits in memory, as durable storages do on disk, and outlives the servers that `net.kill()` kills.
 * @example await using net = pair({ stores: { todo: Todo }, storage: lasting() });
 */
export const lasting = (): Storage => ({ ...memory(), durable: true });
