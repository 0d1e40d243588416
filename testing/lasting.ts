import { memory } from "../server/storage/memory.js";
import type { Storage } from "../server/storage/storage.js";
import { SharedStorage, type SharedStorageOptions } from "./shared-storage.js";

/**
 * A storage for tests: it keeps commits in memory, as durable storages do on disk, and outlives the servers that `net.kill()` kills. With `nodes` it is one
 * that several servers of this process share: each gets its own end of it.
 * @example await using net = pair({ stores: { todo: Todo }, storage: lasting() });
 * @example
 * const shared = lasting({ nodes: true });
 * const [one, two] = ["a", "b"].map((node) => createTwin({ stores, name: node, storage: shared.node(node) }));
 */
export function lasting(options: { readonly nodes: true } & SharedStorageOptions): SharedStorage;
export function lasting(options?: { readonly nodes?: false }): Storage;
export function lasting({ nodes, ...options }: { readonly nodes?: boolean } & SharedStorageOptions = {}): Storage | SharedStorage {
  return nodes ? new SharedStorage(options) : { ...memory(), durable: true };
}
