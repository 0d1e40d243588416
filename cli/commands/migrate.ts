import { extraArgument } from "../../lib/errors/command-errors.js";
import { twinModule } from "../app/twin-module.js";
import { migrateStorage } from "../storage/migrating.js";
import { type Command, command, UsageError } from "../terminal/command.js";

const help = `twinstate migrate [--dry-run] [<module>]

Brings all that is kept to the versions of the stores' classes. <module> exports the app's twin: state/server.ts. By default, the one that calls createTwin.
The server must not be running: try it on a copy of the file.

  --dry-run   only look whether that can be done`;

export const migrate: Command = command({ help, flags: { "dry-run": { type: "boolean", default: false } } }, async (values, [file, extra]) => {
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  return migrateStorage(twinModule(process.cwd(), file), values["dry-run"]);
});
