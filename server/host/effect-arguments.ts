import { downloadTooLarge, noFile, unsafeAddress } from "../../lib/errors/effect-errors.js";
import { readAddress } from "../../lib/event/address.js";
import type { SentFile } from "../../lib/event/current.js";

/** The largest file that an effect takes to a browser, in bytes: it travels on the page's stream, before what comes after it. */
const MOST_BYTES = 512 * 1024;

/**
 * Checks the arguments of a built-in effect, and returns what the browser gets; a promise, if a Blob has to be read. Those of other effects stay as they are.
 * @throws StateError if the address may lead to another site, or if the file is too large
 */
export function sentArguments(effect: string, args: readonly unknown[]): readonly unknown[] | Promise<readonly unknown[]> {
  const [what, name, options] = args;
  if (effect === "redirect") checkAddress(effect, what, name);
  if (effect !== "download") return args;
  if (typeof what === "string") checkAddress(effect, what, options);
  else if (what instanceof Blob) return readBlob(what, name);
  else return [fileOf(what), name];
  return args;
}

function checkAddress(effect: string, url: unknown, options: unknown): void {
  const found = readAddress(url, (options as { external?: unknown } | null | undefined)?.external === true);
  if (typeof found === "string") throw unsafeAddress(effect, url, found);
}

function readBlob(blob: Blob, name: unknown): Promise<readonly unknown[]> {
  const { size, type } = blob;
  if (size > MOST_BYTES) throw downloadTooLarge(size, MOST_BYTES);
  const named = name ?? (blob instanceof File ? blob.name : undefined);
  return blob.arrayBuffer().then((bytes) => [{ data: new Uint8Array(bytes), type } satisfies SentFile, named]);
}

function fileOf(what: unknown): SentFile {
  const { data, type } = (what ?? {}) as { data?: unknown; type?: unknown };
  const isText = typeof data === "string";
  if ((!isText && !(data instanceof Uint8Array)) || (type !== undefined && typeof type !== "string")) throw noFile(what);
  const bytes = isText ? Buffer.byteLength(data) : data.byteLength;
  if (bytes > MOST_BYTES) throw downloadTooLarge(bytes, MOST_BYTES);
  return { data: isText ? new TextEncoder().encode(data) : data, type: type ?? (isText ? "text/plain" : "") };
}
