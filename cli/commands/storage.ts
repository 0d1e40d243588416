import { extraArgument, extraUrl, missingArgument, noInstance, strangeFlag, unknownSubcommand } from "../../lib/errors/command-errors.js";
import { messageOf, StateError } from "../../lib/errors/errors.js";
import type { StorageReader } from "../../server/storage/reader.js";
import { twinModule } from "../app/twin-module.js";
import { deleteInstances } from "../storage/deletion.js";
import { exportLines } from "../storage/exporting.js";
import { list } from "../storage/listing.js";
import { migrateStorage } from "../storage/migrating.js";
import { type Place, placeOf, reader, writer } from "../storage/place.js";
import { type Command, command, UsageError } from "../terminal/command.js";
import { near } from "../terminal/near.js";
import { writeLine } from "../terminal/output.js";
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
  prefix: { type: "string" },
  json: { type: "boolean" },
  yes: { type: "boolean" },
  "dry-run": { type: "boolean" },
} as const;

/** The flags that each takes. One that it would not heed is refused: who gives `--dry-run` wants nothing deleted. */
const ACTIONS: Readonly<Record<string, readonly (keyof typeof flags)[]>> = {
  list: ["url", "keys", "prefix", "json"],
  export: ["url", "keys", "prefix"],
  delete: ["url", "keys", "yes"],
  migrate: ["dry-run"],
};

export const storage: Command = command({ help, flags }, async (values, [action, ...rest]) => {
  const names = Object.keys(ACTIONS);
  if (action === undefined) throw new UsageError(missingArgument(`What to do, ${names.map((name) => `\`${name}\``).join(", ")},`));
  const taken = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (!taken) throw new UsageError(unknownSubcommand("storage", action, near(action, names)));
  const { url, keys, prefix = "", json = false, yes = false, "dry-run": dryRun = false } = values;
  if (action === "migrate" && url !== undefined) throw new UsageError(extraUrl());
  const strange = (Object.keys(values) as (keyof typeof flags)[]).find((flag) => !taken.includes(flag));
  if (strange !== undefined) throw new UsageError(strangeFlag(strange, `storage ${action}`));
  const most = action === "delete" ? rest.length : action === "migrate" ? 1 : 0;
  if (rest.length > most) throw new UsageError(extraArgument(rest[most] as string));
  if (action === "migrate") return migrateStorage(twinModule(process.cwd(), rest[0]), dryRun);
  const place = placeOf(url, keys, process.env);
  if (action !== "delete") return read(place, (open) => (action === "list" ? list(open, prefix, json, writeLine) : exportAll(open, prefix)));
  if (rest.length === 0) throw new UsageError(missingArgument("The id of a scope instance"));
  return remove(place, [...new Set(rest)], yes);
});

/** Reads a storage, and gives what that gives. */
async function read<R>(place: Place, run: (open: StorageReader) => Promise<R>): Promise<R> {
  const open = await reader(place);
  try {
    return await run(open);
  } finally {
    await open.close();
  }
}

async function exportAll(open: StorageReader, prefix: string): Promise<number> {
  const unread = await exportLines(open, prefix, writeLine);
  for (const { id, error } of unread) console.error(`${id}: ${messageOf(error)}`);
  return unread.length > 0 ? 1 : 0;
}

async function remove(place: Place, ids: readonly string[], yes: boolean): Promise<number> {
  await read(place, async (open) => {
    for (const id of ids) if (!(await isKept(open, id))) throw noInstance(id);
  });
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

/** Whether something is kept under an id. What is damaged is there too, and may be deleted. */
async function isKept(open: StorageReader, id: string): Promise<boolean> {
  try {
    return (await open.load(id)) !== undefined;
  } catch (error) {
    if (error instanceof StateError && error.code === "DAMAGED") return true;
    throw error;
  }
}
