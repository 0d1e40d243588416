import { badRequest } from "../../lib/errors/errors.js";
import { fileTooLarge, noUpload, tooManyFiles, uploadOver } from "../../lib/errors/upload-errors.js";
import { createGate } from "../task/gate.js";
import { whole } from "../wire/request-input.js";
import { type FileFacts, UploadedFile } from "./uploaded-file.js";

/** How much a call may upload. */
export interface UploadLimits {
  /** How many bytes a file may have. */
  readonly maxFileSize: number;
  /** How many files a call may have. */
  readonly maxFiles: number;
}

/** The files of one call, and the id by which their bodies name it. */
export interface CallFiles {
  readonly id: string;
  readonly files: readonly UploadedFile[];
}

/** Names a file of a call. */
export type UploadName = readonly [session: string, id: string, k: number];

/** The answer to the body of a file: whether the event has all of it; or, without a body, whether one is wanted. */
export type UploadAnswer = { readonly read: boolean } | { readonly wanted: boolean };

/** How long a body waits for its call, in ms. */
const CALL_WAIT = 2000;
/** How many characters the name of a file, and its type, may have. */
const LONGEST_NAME = 1000;

/**
 * Reads what a call says of its files: `[id, [name, type, size, lastModified], …]`.
 * @throws EventError `INVALID`, `TOO_LARGE`
 */
export function filesOf(sent: unknown, { maxFileSize, maxFiles }: UploadLimits): CallFiles | undefined {
  if (sent === undefined) return undefined;
  if (!Array.isArray(sent)) throw badRequest("Expected `call.f` to be `[id, [name, type, size, lastModified], …]`");
  const [id, ...facts] = sent as unknown[];
  if (facts.length > maxFiles) throw tooManyFiles(facts.length, maxFiles);
  return { id: uploadId(id), files: facts.map((file) => new UploadedFile(factsOf(file, maxFileSize))) };
}

/** The id of a call's uploads. */
export function uploadId(id: unknown): string {
  if (typeof id !== "string" || !/^[\w-]{16,64}$/.test(id)) throw badRequest("Expected the id of an upload to have 16 to 64 letters, digits, `-` and `_`");
  return id;
}

function factsOf(file: unknown, most: number): FileFacts {
  const [name, type, size, lastModified] = Array.isArray(file) ? (file as unknown[]) : [];
  if (typeof name !== "string" || typeof type !== "string" || name.length > LONGEST_NAME || type.length > LONGEST_NAME)
    throw badRequest(`Expected a file in \`call.f\` to have a name and a type of at most ${LONGEST_NAME} characters`);
  const bytes = whole(size, "call.f[…][2]");
  if (bytes > most) throw fileTooLarge(name, bytes, most);
  return { name, type, size: bytes, lastModified: whole(lastModified, "call.f[…][3]") };
}

/** The files of the calls that run, and the bodies that wait for their calls. */
export class Uploads {
  readonly #open = new Map<string, readonly UploadedFile[]>();
  /** Called when a call begins to run. */
  readonly #awaited = new Map<string, Set<() => void>>();

  /** How many calls take files, or are waited for. */
  get size(): number {
    return this.#open.size + this.#awaited.size;
  }

  /** The bodies of these files are taken from now on, until the returned function is called. A cancelled call takes none any more. */
  open(session: string | undefined, { id, files }: CallFiles, signal: AbortSignal): () => void {
    const name = `${session} ${id}`;
    const abort = () => {
      for (const file of files) file.close(signal.reason);
    };
    this.#open.set(name, files);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    for (const told of this.#awaited.get(name) ?? []) told();
    return () => {
      signal.removeEventListener("abort", abort);
      if (this.#open.get(name) === files) this.#open.delete(name);
      for (const file of files) file.close(uploadOver(file.name));
    };
  }

  /** Whether the call of a file runs here. */
  has([session, id]: UploadName): boolean {
    return this.#open.has(`${session} ${id}`);
  }

  /**
   * The file of a name, once its call runs.
   * @throws EventError `NOT_FOUND`
   */
  async find([session, id, k]: UploadName, signal: AbortSignal): Promise<UploadedFile> {
    const name = `${session} ${id}`;
    if (!this.#open.has(name)) await this.#begun(name, signal);
    const file = this.#open.get(name)?.[k];
    if (!file) throw noUpload();
    return file;
  }

  /**
   * Gives a body that has come to its file, and waits until it is needed no more. Without a body: says whether one is wanted.
   * @throws EventError `NOT_FOUND`
   */
  async take(name: UploadName, body: ((file: UploadedFile) => ReadableStream<Uint8Array>) | undefined, signal: AbortSignal): Promise<UploadAnswer> {
    const file = await this.find(name, signal);
    if (!body) return { wanted: file.wanted };
    if (file.take(body(file), signal)) await file.ended;
    return { read: file.complete };
  }

  /** Resolves when a call runs, or does not in time. */
  async #begun(name: string, signal: AbortSignal): Promise<void> {
    const waiting = this.#awaited.get(name) ?? new Set();
    this.#awaited.set(name, waiting);
    const { opened, open } = createGate();
    const patience = setTimeout(open, CALL_WAIT);
    waiting.add(open);
    signal.addEventListener("abort", open, { once: true });
    if (signal.aborted) open();
    await opened;
    clearTimeout(patience);
    signal.removeEventListener("abort", open);
    waiting.delete(open);
    if (waiting.size === 0) this.#awaited.delete(name);
  }
}
