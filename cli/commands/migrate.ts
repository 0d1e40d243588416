import { resolve } from "node:path";
import { extraArgument, missingArgument } from "../../lib/errors/command-errors.js";
import { loadTwin } from "../app/twin-module.js";
import { type Command, command, UsageError } from "../terminal/command.js";

const help = `twinstate migrate [--dry-run] <module>

Brings all that is kept to the versions of the stores' classes. <module> exports the app's twin: state/server.ts.
The server must not be running: try it on a copy of the file.

  --dry-run   only look whether that can be done`;

export const migrate: Command = command({ help, flags: { "dry-run": { type: "boolean", default: false } } }, async (values, [file, extra]) => {
  if (file === undefined) throw new UsageError(missingArgument("<module>"));
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  const dryRun = values["dry-run"];
  const twin = await loadTwin(resolve(file));
  const { records, migrated, failed } = await twin.$migrate({ dryRun });
  await twin.close();
  for (const { id, store, error } of failed)
    console.error(`${id}${store === undefined ? "" : ` ${store}`}: ${error instanceof Error ? error.message : String(error)}`);
  console.log(`${records} records, ${migrated} ${dryRun ? "to migrate" : "migrated"}, ${failed.length} that cannot be migrated`);
  return failed.length > 0 ? 1 : 0;
});
