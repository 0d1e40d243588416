import { createHash } from "node:crypto";
import { event, newId, state, update } from "twinstate";
import { z } from "zod";

/** The SHA-256 of files, each read as it comes and kept nowhere: of any size, they take no memory. */
export class Checksum {
  @state files: { id: string; name: string; size: number; sum: string }[] = [];

  @event({ background: true, input: [z.file().max(500_000_000, "The file may have 500 MB.")] }) async read(file: File) {
    const hash = createHash("sha256");
    for await (const chunk of file.stream()) hash.update(chunk);
    const { name, size } = file;
    const sum = hash.digest("hex");
    await update(() => {
      this.files = [{ id: newId(), name, size, sum }, ...this.files].slice(0, 5);
    });
    return sum;
  }
}
