import { once } from "node:events";
import { extraArgument, extraUrl, missingArgument, noInstance, unknownSubcommand } from "../../lib/errors/command-errors.js";
import { twinModule } from "../app/twin-module.js";
import { deleteInstances } from "../storage/deletion.js";
import { exportLines } from "../storage/exporting.js";
import { list } from "../storage/listing.js";
import { migrateStorage } from "../storage/migrating.js";
import { type Place, placeOf, reader, writer } from "../storage/place.js";
import { type Command, command, UsageError } from "../terminal/command.js";
import { near } from "../terminal/near.js";
import { agreed } from "../terminal/question.js";

const help = `twinstate storage list [--prefix <ids>] [--json]
twinstate storage export [--prefix <ids>]
twinstate storage delete <id>... [--yes]
twinstate storage migrate [--dry-run] [<module>]

list      scope instances: id, revision, size, last use, stores with the versions of their classes
export    their state, a line of JSON for each
delete    deletes scope instances, after a question
migrate   as \`twinstate migrate\`

  --url <storage>   a file of sqlite(), redis://… or postgres://…; by default TWIN_FILE or REDIS_URL of the environment (.env files are not read)
  --keys <name>     what the keys in Redis begin with (default: twin:), or the schema in PostgreSQL (default: twinstate)
  --prefix <ids>    only ids that begin with this, such as room/board/
  --json            a line of JSON for each
  --yes             delete without a question

A file of sqlite() belongs to the process that has it open: stop the server first. Redis and PostgreSQL are read beside the servers, and an instance that one of them has in
use is not deleted. \`list\` and \`export\` change nothing, not even the times of use.`;

const flags = {
  url: { type: "string" },
  keys: { type: "string" },
  prefix: { type: "string", default: "" },
  json: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
} as const;

const ACTIONS = ["list", "export", "delete", "migrate"];

export const storage: Command = command({ help, flags }, async ({ url, keys, prefix, json, yes, "dry-run": dryRun }, [action, ...rest]) => {
  if (action === undefined) throw new UsageError(missingArgument(`What to do, ${ACTIONS.map((name) => `\`${name}\``).join(", ")},`));
  if (!ACTIONS.includes(action)) throw new UsageError(unknownSubcommand("storage", action, near(action, ACTIONS)));
  const [first, extra] = action === "delete" || action === "migrate" ? [rest[0], action === "migrate" ? rest[1] : undefined] : [undefined, rest[0]];
  if (extra !== undefined) throw new UsageError(extraArgument(extra));
  if (action === "migrate") {
    if (url !== undefined) throw new UsageError(extraUrl());
    return migrateStorage(twinModule(process.cwd(), first), dryRun);
  }
  const place = placeOf(url, keys, process.env);
  if (action === "delete") {
    if (first === undefined) throw new UsageError(missingArgument("The id of a scope instance"));
    return remove(place, rest, yes);
  }
  const open = await reader(place);
  try {
    if (action === "list") await list(open, prefix, json, write);
    else {
      const unread = await exportLines(open, prefix, write);
      for (const { id, error } of unread) console.error(`${id}: ${error instanceof Error ? error.message : String(error)}`);
      return unread.length > 0 ? 1 : 0;
    }
    return 0;
  } finally {
    await open.close();
  }
});

/** Writes a line, as fast as it is read. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

async function remove(place: Place, ids: readonly string[], yes: boolean): Promise<number> {
  const open = await reader(place);
  try {
    for (const id of ids) if ((await open.load(id)) === undefined) throw noInstance(id);
  } finally {
    await open.close();
  }
  for (const id of ids) console.log(`- ${id}`);
  if (!yes && !(await agreed(`Delete ${ids.length === 1 ? "this scope instance" : `these ${ids.length} scope instances`} for good?`))) return 1;
  const storage = await writer(place);
  try {
    await deleteInstances(storage, ids, (id) => console.log(`deleted ${id}`));
  } finally {
    await storage.close?.();
  }
  return 0;
}
