import type { Storage } from "../server/storage/storage.js";
import { recordCases } from "./record-cases.js";
import { scheduleCases } from "./schedule-cases.js";

/** One duty of a storage, as a test. */
export interface StorageCase {
  readonly name: string;
  /**
   * @param open Opens the storage. Called again after `close()`, it must open the same storage.
   * @throws AssertionError when the storage fails its duty
   */
  run(open: () => Storage | Promise<Storage>): Promise<void>;
}

/**
 * The duties of a storage as tests, for authors of storages: see {@link Storage}. They run in any test runner. Each case needs an empty storage of its own.
 * @example
 * describe("mine", () => {
 *   for (const { name, run } of storageContract) test(name, () => run(() => mine(newPlace())));
 * });
 */
export const storageContract: readonly StorageCase[] = [...recordCases, ...scheduleCases];
