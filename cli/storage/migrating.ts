import { loadTwin } from "../app/twin-module.js";

/** Brings all that an app keeps to the versions of its classes, and says what has become of it. Gives the exit code. */
export async function migrateStorage(file: string, dryRun: boolean): Promise<number> {
  const twin = await loadTwin(file);
  try {
    const { records, migrated, failed } = await twin.$migrate({ dryRun });
    for (const { id, store, error } of failed)
      console.error(`${id}${store === undefined ? "" : ` ${store}`}: ${error instanceof Error ? error.message : String(error)}`);
    console.log(`${records} records, ${migrated} ${dryRun ? "to migrate" : "migrated"}, ${failed.length} that cannot be migrated`);
    return failed.length > 0 ? 1 : 0;
  } finally {
    await twin.close();
  }
}
