import { messageOf, StateError, shown, wrong } from "./errors.js";

// The errors of storages and of what they keep: the server alone has them.

export const notNext = (id: string) =>
  new StateError(
    "NOT_NEXT",
    `A commit of \`${id}\` does not follow what the storage has of it. Another process may have written: let one process alone use a storage.`,
  );
export const damagedRecord = (id: string, what: string) => new StateError("DAMAGED", `What the storage has of \`${id}\` is damaged: ${what}.`);
export const laterFormat = (id: string, version: unknown) =>
  new StateError(
    "NEWER",
    `What the storage has of \`${id}\` is of format ${shown(version)}, which this version of twinstate does not read: it is left as it is. Use the version that wrote it.`,
  );
export const foreignFile = (file: string, version?: number) =>
  new StateError(
    "STORAGE",
    version === undefined
      ? `${file} is no file of twinstate's: it is left as it is. Give \`sqlite()\` another name.`
      : `${file} is of format ${version}, which this version of twinstate does not read: it is left as it is. Use the version that wrote it.`,
  );
export const emptyFile = (file: string) => new StateError("STORAGE", `${file} is empty: nothing has been kept in it.`);
export const storageBusy = (file: string) =>
  new StateError("STORAGE", `${file} is in use by another process: one process alone may have it open. Stop the other one, or give this one another file.`);
const STORAGE_LOST = "STORAGE_LOST";
const SQLITE_CAUSES: Readonly<Record<number, string>> = {
  8: "it is read-only. Give the process the right to write to it and to its folder",
  10: "the disk gave an error. Look at the disk",
  11: "it is damaged. Restore a backup",
  13: "the disk is full. Make room: what was not acknowledged is asked again",
  14: "it cannot be opened. Does its folder exist, and may the process write there?",
  26: "it is no SQLite file. Give `sqlite()` another name, or restore a backup",
};
/** `code`: SQLite's, where it has one. */
export const storageFailed = (file: string, code: number | undefined, message: string) =>
  new StateError("STORAGE", `${file}: ${(code !== undefined && SQLITE_CAUSES[code]) || "SQLite failed"} (${message}).`);
export const lostFile = (file: string) =>
  new StateError(
    STORAGE_LOST,
    `${file} is not what was opened any more: it, or the log beside it, was removed, moved or overwritten. Nothing is stored or loaded until it is back in its place. What was acknowledged is still in this process: write it to a new file with \`storage.backup()\`, put that in its place, and start the server anew.`,
  );
/** Whether an error comes of a storage that is not where it was. */
export function lostStorage(error: unknown): StateError | undefined {
  try {
    let one = error as { readonly code?: unknown; readonly cause?: unknown } | null | undefined;
    for (let n = 0; n < 10 && one; n++, one = one.cause as typeof one) if (one.code === STORAGE_LOST) return one as StateError;
  } catch {
    // An error of the app's that throws when it is looked at.
  }
  return undefined;
}
export const threadEnded = (file: string, cause: unknown) =>
  new StateError("STORAGE", `The thread that has ${file} open has ended (${messageOf(cause)}). It is started anew.`, {
    cause,
  });
export const closedStorage = (file: string) => new StateError("STORAGE", `${file} was closed, with \`twin.close()\` or \`storage.close()\`.`);
export const needsSqlite = (version: string) =>
  wrong("STORAGE", `\`sqlite()\` needs \`node:sqlite\`, which Node ${version} does not have. Use Node 22.13 or newer, or another storage.`);

const migration = (message: string, cause?: unknown) => new StateError("MIGRATION", message, cause === undefined ? undefined : { cause });
export const newerRecord = (store: string, from: number, to: number) =>
  migration(
    `What is kept of \`${store}\` is of version ${from}, and its class of version ${to}: it was written by a later release. It is left as it is. Use that release.`,
  );
export const noMigration = (store: string, from: number, to: number) =>
  migration(
    `What is kept of \`${store}\` is of version ${from}, and its class of version ${to} has no \`static migrate(old, fromVersion)\` to bring it there. It is left as it is.`,
  );
export const notMigrated = (store: string, from: number, to: number, cause: unknown) =>
  migration(`What is kept of \`${store}\` could not be brought from version ${from} to ${to}, and is left as it is: ${messageOf(cause)}`, cause);
