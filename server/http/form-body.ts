import { ReadableStream as Stream } from "node:stream/web";
import { bodyTooLarge, unreadableForm } from "../../lib/errors/errors.js";
import { cutShort, fileTooLarge, fileWithoutLength, notLastInForm, tooManyFiles, uploadOver } from "../../lib/errors/upload-errors.js";
import type { FormBody } from "../call/form.js";
import { UploadedFile } from "../call/uploaded-file.js";
import type { UploadLimits } from "../call/uploads.js";
import { HttpRefusal } from "./body.js";

interface FormLimits extends UploadLimits {
  readonly maxBody: number;
}

/** How many bytes the name and the type of a file may take where they stand in a form. */
const LONGEST_HEAD = 16_384;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Reads a form that a browser has posted, which never takes more memory than `maxBody`. A longer one may end with a file, which is read as it arrives.
 * @throws EventError `INVALID`, `TOO_LARGE`
 */
export async function readForm({ headers, body, signal }: Request, limits: FormLimits): Promise<FormBody> {
  const type = headers.get("content-type") ?? "";
  const length = Number(headers.get("content-length") ?? Number.NaN);
  const boundary = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type)?.slice(1).find(Boolean);
  if (length > limits.maxBody + (boundary === undefined ? 0 : limits.maxFileSize)) throw new HttpRefusal(bodyTooLarge(limits.maxBody), 413);
  const reader = (body ?? new Blob([]).stream()).getReader();
  try {
    const { bytes, ended } = await readUntil(reader, (size) => size > limits.maxBody);
    if (ended) return { fields: withinLimits(await parsed(bytes, type), limits), end: async () => {} };
    if (boundary === undefined) throw new HttpRefusal(bodyTooLarge(limits.maxBody), 413);
    return await streamed({ reader, head: bytes, type, boundary, length, signal }, limits);
  } catch (error) {
    if (length > 0) await dropRest(reader);
    else await reader.cancel().catch(() => {});
    throw error;
  }
}

/** Reads a body until it ends, or enough of it is there. */
async function readUntil(reader: Reader, enough: (size: number) => boolean): Promise<{ bytes: Buffer<ArrayBuffer>; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; !enough(size); ) {
    const { value, done } = await reader.read();
    if (done) return { bytes: Buffer.concat(chunks), ended: true };
    size += value.byteLength;
    chunks.push(value);
  }
  return { bytes: Buffer.concat(chunks), ended: false };
}

/** A form whose last file is on its way. */
interface LongForm {
  readonly reader: Reader;
  /** The first bytes of the body. */
  readonly head: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly boundary: string;
  readonly length: number;
  readonly signal: AbortSignal;
}

async function streamed({ reader, head: first, type, boundary, length, signal }: LongForm, limits: FormLimits): Promise<FormBody> {
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  let head = first;
  let start = lastPartOf(head, boundary);
  while (start < 0) {
    if (head.byteLength > first.byteLength + LONGEST_HEAD) throw unreadableForm();
    const { bytes, ended } = await readUntil(reader, (size) => size > 0);
    if (ended) throw unreadableForm();
    head = Buffer.concat([head, bytes]);
    start = lastPartOf(head, boundary);
  }
  // The parser sees the last part with its name and type, and without its bytes.
  const fields = await parsed(Buffer.concat([head.subarray(0, start), tail]), type);
  const [name = "", sent = ""] = fields.at(-1) ?? [];
  if (typeof sent === "string") throw new HttpRefusal(bodyTooLarge(limits.maxBody), 413);
  if (Number.isNaN(length)) throw fileWithoutLength(sent.name);
  const size = length - start - tail.byteLength;
  const file = new UploadedFile({ name: sent.name, type: sent.type, size, lastModified: sent.lastModified });
  const all = withinLimits([...fields.slice(0, -1), [name, file]], limits);
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
  const bytes = lastFile({ reader, first: head.subarray(start), delimiter: tail.subarray(0, -4), file });
  file.take(Stream.from(bytes) as ReadableStream<Uint8Array>, signal);
  const end = async () => {
    file.close(uploadOver(file.name));
    await dropRest(reader);
  };
  return { fields: all, end };
}

/** Browsers read an answer once they have sent the whole form. */
async function dropRest(reader: Reader): Promise<void> {
  let over = false;
  while (!over)
    over = await reader.read().then(
      ({ done }) => done,
      () => true,
    );
}

/** The index at which the bytes of the last part begin; -1 if its head is not whole yet. */
function lastPartOf(head: Buffer, boundary: string): number {
  const at = head.lastIndexOf(`--${boundary}\r\n`);
  const start = at < 0 ? -1 : head.indexOf("\r\n\r\n", at);
  return start < 0 ? -1 : start + 4;
}

/** The bytes of a form's last file, which end at a delimiter. */
interface LastFile {
  readonly reader: Reader;
  /** The bytes that are here. */
  readonly first: Buffer;
  readonly delimiter: Buffer;
  readonly file: UploadedFile;
}

async function* lastFile({ reader, first, delimiter, file }: LastFile): AsyncGenerator<Uint8Array> {
  let held = first;
  for (let got = 0; ; ) {
    const at = held.indexOf(delimiter);
    // What may be the beginning of a delimiter waits for the rest.
    const part = held.subarray(0, at >= 0 ? at : Math.max(0, held.byteLength - delimiter.byteLength + 1));
    got += part.byteLength;
    if (at >= 0 && got < file.size) return file.close(notLastInForm(file.name));
    if (part.byteLength > 0) yield part;
    if (at >= 0) return;
    const { value } = await reader.read().catch(() => ({ value: undefined }));
    if (!value) return file.close(cutShort(file.name, got, file.size));
    held = Buffer.concat([held.subarray(part.byteLength), value]);
  }
}

type Field = readonly [name: string, value: FormDataEntryValue];

async function parsed(bytes: Buffer<ArrayBuffer>, type: string): Promise<Field[]> {
  try {
    return [...(await new Response(bytes, { headers: { "content-type": type } }).formData())];
  } catch {
    throw unreadableForm();
  }
}

function withinLimits(fields: readonly Field[], { maxFiles, maxFileSize }: UploadLimits): readonly Field[] {
  const files = fields.flatMap(([, value]) => (typeof value === "string" || value.size === 0 ? [] : [value]));
  if (files.length > maxFiles) throw tooManyFiles(files.length, maxFiles);
  for (const { name, size } of files) if (size > maxFileSize) throw fileTooLarge(name, size, maxFileSize);
  return fields;
}
