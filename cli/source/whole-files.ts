import { accessSync, chmodSync, constants, existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unwritable } from "../../lib/errors/deploy-errors.js";

/** The names of files that are not in their places yet: a kill leaves them, and the next run takes them. */
export const UNFINISHED = /\.twinstate-new$/;

/**
 * Writes files in a folder: all of them or none, each of them whole. A text is written beside its place first, and takes it when all are there, so that neither
 * a full disk nor a kill leaves half a file.
 * @throws StateError if one cannot be written
 */
export function writeWhole(folder: string, files: ReadonlyMap<string, string>): void {
  const made: string[] = [];
  const ready: { readonly from: string; readonly to: string }[] = [];
  let at = "";
  try {
    for (const [path, text] of files) {
      at = path;
      const to = placeOf(join(folder, path));
      const outermost = mkdirSync(dirname(to), { recursive: true });
      if (outermost !== undefined) made.push(outermost);
      const from = `${to}.twinstate-new`;
      made.push(from);
      writeFileSync(from, text);
      if (existsSync(to)) chmodSync(from, statSync(to).mode);
      ready.push({ from, to });
    }
    for (const { from, to } of ready) renameSync(from, to);
  } catch (error) {
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    throw unwritable(at, (error as Error).message);
  }
}

/** The place of a file, also of one that is a link. Throws for a folder, and for what may not be written. */
function placeOf(file: string): string {
  if (!existsSync(file)) return file;
  if (!statSync(file).isFile()) throw new Error("something else is there");
  accessSync(file, constants.W_OK);
  return realpathSync(file);
}
