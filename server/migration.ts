import { migrateSteps } from "../lib/compact.js";
import { newerRecord, noMigration, notMigrated } from "../lib/errors.js";
import type { Steps } from "../lib/steps.js";
import type { StoreState } from "./record.js";
import { type Definition, versionOf } from "./scope.js";

/**
 * What is kept of a store, at the version of its class.
 * @throws StateError `MIGRATION` when it is of a later version, when the class has no `migrate`, and when that throws
 */
export function* migrated({ name, ...definition }: Definition, kept: StoreState): Steps<StoreState> {
  const { version: from, saved } = kept.whole;
  const to = versionOf({ name, ...definition });
  if (from === to) return kept;
  if (from > to) throw newerRecord(name, from, to);
  const Class = definition.Class as unknown as { migrate?(old: object, fromVersion: number): unknown };
  if (typeof Class.migrate !== "function") throw noMigration(name, from, to);
  const change = (old: object) => {
    try {
      return Class.migrate?.(old, from);
    } catch (error) {
      throw notMigrated(name, from, to, error);
    }
  };
  return { whole: { version: to, saved: yield* migrateSteps(name, saved, kept.tail, change) }, tail: [] };
}
