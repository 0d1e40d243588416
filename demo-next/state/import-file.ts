import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { rowsOf } from "./csv";

/** How long a file that nobody has removed is kept, in ms: a server that was killed leaves some behind. */
const LIFE = 24 * 60 * 60_000;

const folder = () => join(dirname(process.env.TWIN_FILE ?? "twin.db"), "imports");
const pathOf = (id: string) => join(folder(), `${id}.csv`);

/** Keeps a file that is being uploaded until its import ends: all of it, or nothing. `received` is told how many bytes have come. */
export async function receive(id: string, file: File, signal: AbortSignal, received: (bytes: number) => Promise<unknown>): Promise<void> {
  const part = `${pathOf(id)}.part`;
  let bytes = 0;
  async function* chunks() {
    for await (const chunk of file.stream()) {
      bytes += chunk.byteLength;
      await received(bytes);
      yield chunk;
    }
  }
  await mkdir(folder(), { recursive: true });
  await removeOld();
  try {
    await pipeline(chunks, createWriteStream(part), { signal });
    await rename(part, pathOf(id));
  } finally {
    await rm(part, { force: true });
  }
}

/** The rows of a file, read as they are wanted. */
export const rowsIn = (id: string) => rowsOf(createReadStream(pathOf(id)));

export const discard = (id: string) => rm(pathOf(id), { force: true });

async function removeOld(): Promise<void> {
  for (const name of await readdir(folder())) {
    const path = join(folder(), name);
    const written = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (written < Date.now() - LIFE) await rm(path, { force: true });
  }
}
