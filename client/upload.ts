import { type EventError, isEventError } from "../lib/errors/errors.js";
import { refusedUpload, unreadableFile } from "../lib/errors/file-errors.js";
import { backoff, FIRST } from "./backoff.js";
import type { OpenCall } from "./client-call.js";
import type { CallFiles } from "./files.js";
import type { OutboxEntry, OutboxWorld } from "./outbox.js";
import { settle } from "./settle.js";

/** How many bodies of a call are on their way at once: browsers give a site six HTTP/1.1 connections, and the stream and the call need one each. */
const AT_ONCE = 3;

type World = Pick<OutboxWorld, "url" | "get" | "ownFetch">;

const uploads = new WeakMap<OutboxEntry, Upload>();

/** Sends the files of a call that is being sent, for the first time or once more. */
export function upload(entry: OutboxEntry, world: World): void {
  const begun = uploads.get(entry);
  if (begun) begun.again();
  else if (entry.files) uploads.set(entry, new Upload(entry.files, entry.open, world));
}

/** The files of one call on their way. Each is sent until the server has it, or the call has ended. */
class Upload {
  readonly #files: CallFiles;
  readonly #open: OpenCall;
  readonly #world: World;
  readonly #control = new AbortController();
  /** How many bytes of each file are sent. */
  readonly #sent: number[];
  /** The files that wait to be sent. */
  readonly #waiting: number[];
  /** The files that were sent, or tried. */
  readonly #tried = new Set<number>();
  #running = 0;

  constructor(files: CallFiles, open: OpenCall, world: World) {
    this.#files = files;
    this.#open = open;
    this.#world = world;
    this.#sent = files.list.map(() => 0);
    this.#waiting = [...files.list.keys()];
    const stop = () => this.#control.abort();
    settle(
      open.call,
      () => {
        stop();
        this.#tell(1);
      },
      () => {
        stop();
        return false;
      },
    );
    this.#tell(0);
    this.#run();
  }

  /** The call is sent again: perhaps it begins anew, on a server that has nothing of its files. */
  again(): void {
    for (const k of this.#tried) if (!this.#waiting.includes(k)) this.#waiting.push(k);
    this.#run();
  }

  #run(): void {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) {
      this.#running++;
      const k = this.#waiting.shift() as number;
      void this.#send(k).finally(() => {
        this.#running--;
        this.#tried.add(k);
        this.#run();
      });
    }
  }

  async #send(k: number): Promise<void> {
    const { signal } = this.#control;
    let asked = this.#tried.has(k);
    this.#tried.delete(k);
    for (let trouble = 0; !signal.aborted; asked = true) {
      try {
        if (asked && !(await this.#wanted(k))) return;
        const { ok, read, refused } = await this.#post(k);
        if (read) this.#count(k, (this.#files.list[k] as Blob).size);
        if (ok) return;
        if (refused !== undefined) return this.#refuse(refusedUpload(this.#nameOf(k), refused));
      } catch {
        // The line broke: what the server has of it is of no use, unless it has everything. Browsers say the same of a file that they cannot read.
        if (!signal.aborted && !(await isReadable(this.#files.list[k] as Blob))) return this.#refuse(unreadableFile(this.#nameOf(k)));
      }
      await pause(backoff(trouble), signal);
      // The pauses double, as how long an attempt takes goes by the size of the file.
      trouble = 2 * (trouble + FIRST);
    }
  }

  #urlOf(k: number): string {
    return `${this.#world.url}/$upload?id=${this.#files.id}&k=${k}`;
  }

  async #wanted(k: number): Promise<boolean> {
    const response = await this.#world.get(`${this.#urlOf(k)}&ask`, { method: "POST", signal: this.#control.signal });
    if (!response.ok) throw new Error(String(response.status));
    return ((await response.json()) as { wanted: boolean }).wanted;
  }

  async #post(k: number): Promise<Posted> {
    const body = this.#files.list[k] as Blob;
    const { signal } = this.#control;
    const { get, ownFetch } = this.#world;
    if (!ownFetch && typeof XMLHttpRequest !== "undefined") return postByXhr(this.#urlOf(k), body, signal, (bytes) => this.#count(k, bytes));
    try {
      const response = await get(this.#urlOf(k), { method: "POST", headers: HEADERS, body, signal });
      return { ok: response.ok, read: isRead(await response.text()) };
    } catch (error) {
      if (isEventError(error)) return { ok: false, refused: (error as { status?: number }).status ?? 0 };
      throw error;
    }
  }

  #nameOf(k: number): string {
    return this.#files.list[k]?.name ?? "blob";
  }

  /** No body will come: the call would wait for it in vain. */
  #refuse(error: EventError): void {
    const { call, reject } = this.#open;
    reject(error);
    call.cancel();
  }

  #count(k: number, bytes: number): void {
    this.#sent[k] = Math.min(bytes, (this.#files.list[k] as Blob).size);
    const all = this.#files.list.reduce((sum, { size }) => sum + size, 0);
    if (all > 0 && !this.#control.signal.aborted) this.#tell(this.#sent.reduce((sum, part) => sum + part, 0) / all);
  }

  #tell(part: number): void {
    const { call } = this.#open;
    if (call.progress === part) return;
    call.progress = part;
    call.progressed?.(part);
    call.onProgress?.(part);
  }
}

/** What came of a body. `read`: the event has all of it. `refused`: the status with which a proxy has refused it. */
interface Posted {
  readonly ok: boolean;
  readonly read?: boolean;
  readonly refused?: number;
}

const HEADERS = { "content-type": "application/octet-stream" };

/** Whether the browser can still read a file: one that was moved or changed since it was chosen, or is a folder, it cannot. */
const isReadable = (file: Blob): Promise<boolean> =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

const isRead = (answer: string) => answer.includes('"read":true');

/** Posts a body. `fetch` cannot tell how much of it is sent. */
function postByXhr(url: string, body: Blob, signal: AbortSignal, sent: (bytes: number) => void): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", url);
    request.withCredentials = true;
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => sent(loaded);
    request.onload = () => {
      const { status } = request;
      const ours = status >= 500 || status < 400 || request.getResponseHeader("content-type")?.includes("json");
      resolve({ ok: status >= 200 && status < 300, read: isRead(request.responseText), ...(!ours && { refused: status }) });
    };
    request.onerror = () => reject(new TypeError("The upload was cut"));
    request.onabort = request.onerror;
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    request.send(body);
  });
}

/** Waits so many ms, or until the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
