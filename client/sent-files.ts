import type { CallFiles } from "./files.js";
import type { OutboxEntry, OutboxWorld } from "./outbox.js";

/** What the server is told of a call's files: PROTOCOL.md §2. */
export const factsOf = (files: CallFiles | undefined) =>
  files && [
    files.id,
    ...files.list.map(({ name = "blob", type, size, lastModified = 0 }) => [name, type, size, Math.max(0, Math.floor(lastModified))] as const),
  ];

/** Sends the files of a call that is being sent. Where the code for that cannot be loaded, the server says that the files have not come. */
export function sendFiles(entry: OutboxEntry, world: OutboxWorld): void {
  if (entry.files)
    void import("./upload.js").then(
      ({ upload }) => upload(entry, world),
      () => {},
    );
}
