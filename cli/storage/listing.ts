import type { HostFacts } from "../../server/storage/host-facts.js";
import type { StorageReader } from "../../server/storage/reader.js";

/** Lists scope instances, page by page, so that any number of them fits into memory. Gives the exit code. */
export async function list(open: StorageReader, prefix: string, json: boolean, say: (line: string) => void | Promise<void>): Promise<number> {
  let [count, bytes] = [0, 0];
  for await (const facts of open.facts(prefix)) {
    if (count++ === 0 && !json) await say(row("id", "revision", "size", "last use (UTC)", "stores"));
    bytes += facts.bytes;
    await say(json ? JSON.stringify(facts) : rowOf(facts));
  }
  if (!json) await say(`${count} scope ${count === 1 ? "instance" : "instances"}, ${sizeOf(bytes)}`);
  return 0;
}

const row = (id: string, revision: string, size: string, used: string, stores: string) =>
  `${id.padEnd(44)} ${revision.padStart(9)} ${size.padStart(9)}  ${used.padEnd(16)}  ${stores}`;

function rowOf({ id, revision, bytes, used, stores, unreadable }: HostFacts): string {
  const names = Object.entries(stores).map(([name, version]) => (version === undefined || version === 1 ? name : `${name} v${version}`));
  return row(
    shown(id),
    String(revision),
    sizeOf(bytes),
    new Date(used).toISOString().slice(0, 16).replace("T", " "),
    unreadable ? `cannot be read (${unreadable})` : names.join(", "),
  );
}

/** An id as one line: what a terminal would not show is escaped. */
const shown = (id: string) => JSON.stringify(id).slice(1, -1);

function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}
