import { newerRecord, noMigration, notMigrated } from "../../lib/errors/storage-errors.js";
import { compactSteps, migrateSteps } from "../../lib/store/compact.js";
import { createStoreSteps } from "../../lib/store/store.js";
import type { Steps } from "../../lib/wire/steps.js";
import { type Definition, type Models, versionOf } from "../definition/scope.js";
import { inSlices } from "../task/slices.js";
import type { HostRecord, HostState, StoreRecord, StoreState } from "./records.js";

/**
 * Brings a store's stored state to the version of its class.
 * @throws StateError `MIGRATION` when it is of a later version, when the class has no `migrate`, and when that throws
 */
export function* migrated({ name, ...definition }: Definition, kept: StoreState): Steps<StoreState> {
  const { version: from, saved } = kept.whole;
  const to = versionOf({ name, ...definition });
  if (from === to) return kept;
  if (from > to) throw newerRecord(name, from, to);
  const { Class } = definition;
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

/** Whether a later release has written any of these stores. */
export const isLaterState = ({ stores }: HostState, definitions: ReadonlyMap<string, Definition>): boolean =>
  [...stores].some(([name, { whole }]) => {
    const definition = definitions.get(name);
    return definition !== undefined && whole.version > versionOf(definition);
  });

/** The result of `twin.$migrate()`. */
export interface MigrationReport {
  /** How many records were looked at. */
  readonly records: number;
  /** How many of them were of earlier versions, and have been brought to those of now; in a dry run: could be. */
  readonly migrated: number;
  /** The stores that could not be migrated. They are left as they are. */
  readonly failed: readonly MigrationFailure[];
}

/** A record that could not be migrated, and why. */
export interface MigrationFailure {
  readonly id: string;
  /** Missing, where the whole record cannot be read. */
  readonly store: string | undefined;
  readonly error: unknown;
}

/** A record with all stores at the versions of their classes; `undefined` where all were, or one could not be brought there. */
export async function rewritten(
  { stores, ...rest }: HostState,
  definitions: ReadonlyMap<string, Definition>,
  models: Models,
  failed: (store: string, error: unknown) => void,
): Promise<HostRecord | undefined> {
  const records: { [store: string]: StoreRecord } = {};
  let [old, whole] = [false, true];
  for (const [name, kept] of stores) {
    const definition = definitions.get(name);
    try {
      const { whole: record, tail } = definition ? await inSlices(migrated(definition, kept)) : kept;
      if (definition) await inSlices(createStoreSteps({ name, instance: new definition.Class(), models, restore: record.saved, tail }));
      old ||= record !== kept.whole;
      records[name] = tail.length > 0 ? { version: record.version, saved: await inSlices(compactSteps(record.saved, tail)) } : record;
    } catch (error) {
      whole = false;
      failed(name, error);
    }
  }
  return old && whole ? { ...rest, stores: records } : undefined;
}
