import { extraArgument } from "../../lib/errors/command-errors.js";
import { loadTwin, twinModule } from "../app/twin-module.js";
import { callableEvents, eventTable, runtimeDefinitions } from "../events/event-table.js";
import { type Command, command, UsageError } from "../terminal/command.js";

const help = `twinstate events [--json] [<module>]

Lists what clients can call: the events of the stores and of their models, with parameters, guards and options. <module> exports the app's twin: state/server.ts.
By default, the one that calls createTwin. It is loaded, and runs nothing: storages stay closed.

  --json   with the JSON Schema of each event's input`;

export const events: Command = command({ help, flags: { json: { type: "boolean", default: false } } }, async ({ json }, [file, extra]) => {
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  const found = callableEvents(runtimeDefinitions(await loadTwin(twinModule(process.cwd(), file))));
  console.log(json ? JSON.stringify(found, null, 2) : eventTable(found));
  return 0;
});
