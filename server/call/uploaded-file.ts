import { cutShort, fileTooLong, noSlice, readTwice, uploadOver, uploadStalled } from "../../lib/errors/upload-errors.js";
import { countGarbage } from "../task/collection.js";
import { createGate } from "../task/gate.js";

/** How long the bytes of a file that an event reads may stay away, in ms. */
const STALLED = 30_000;

/** What a client says of a file: nothing of it is checked but the size. */
export interface FileFacts {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly lastModified: number;
}

type Body = ReadableStreamDefaultReader<Uint8Array>;

/**
 * A file on its way: a `File` whose bytes come from its own request, as fast as the event reads them. Nothing of it is kept. It is read once, while the event
 * runs.
 */
export class UploadedFile extends File {
  readonly #size: number;
  #arrival = createGate();
  readonly #end = createGate();
  #body: Body | undefined;
  #read = false;
  #got = 0;
  #over: { readonly reason: unknown } | undefined;

  constructor({ name, type, size, lastModified }: FileFacts) {
    super([], name, { type, lastModified });
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  /** Resolves when the body is needed no more: it was read to its end, or the event has ended. */
  get ended(): Promise<void> {
    return this.#end.opened;
  }

  /**
   * Takes the body, until the signal says that its client is gone. `false`: another body is being read, or the event has ended. A body of which nothing
   * was read yet gives way.
   */
  take(body: ReadableStream<Uint8Array>, signal: AbortSignal): boolean {
    if (this.#over || this.#got > 0) return false;
    this.#drop();
    const reader = body.getReader();
    this.#body = reader;
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
    this.#arrival.open();
    return true;
  }

  #drop(reason?: unknown): void {
    this.#body?.cancel(reason).catch(() => {});
    this.#body = undefined;
  }

  /** Whether the event has all of it. */
  get complete(): boolean {
    return this.#read && this.#got === this.#size;
  }

  /** Whether a body is still wanted. */
  get wanted(): boolean {
    return !this.#over && !this.#body;
  }

  /** Ends it: what reads it gets the reason, and the rest of the body is dropped. */
  close(reason: unknown): void {
    if (this.#over) return;
    this.#over = { reason };
    this.#drop(reason);
    this.#arrival.open();
    this.#end.open();
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#read) throw readTwice(this.name);
    this.#read = true;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      try {
        const chunk = await this.#next();
        if (chunk) return controller.enqueue(chunk);
        controller.close();
        this.close(uploadOver(this.name));
      } catch (error) {
        controller.error(error);
        this.close(error);
      }
    };
    // Nothing is asked of the socket before somebody reads.
    return new ReadableStream({ pull, cancel: (reason) => this.close(reason) }, { highWaterMark: 0 });
  }

  /** The next bytes; `undefined` after the last. */
  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#got === this.size && this.size === 0) return undefined;
    let patience: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      patience = setTimeout(() => reject(uploadStalled(this.name, this.#got, this.size, STALLED)), STALLED);
    });
    try {
      const value = await Promise.race([this.#bytes(), stalled]);
      this.#got += value?.byteLength ?? 0;
      countGarbage(value?.byteLength ?? 0);
      if (this.#got > this.size) throw fileTooLong(this.name, this.size);
      if (!value && this.#got < this.size) throw cutShort(this.name, this.#got, this.size);
      return value;
    } finally {
      clearTimeout(patience);
    }
  }

  /** The next bytes of the body, once there is one; `undefined` at its end. A body that breaks before its first byte may be sent again. */
  async #bytes(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      await this.#arrival.opened;
      if (this.#over) throw this.#over.reason;
      const body = this.#body as Body;
      const { value } = await body.read().catch(() => ({ value: undefined }));
      if (this.#over) throw (this.#over as { readonly reason: unknown }).reason;
      if (value || this.#got > 0) return value as Uint8Array<ArrayBuffer> | undefined;
      // Another body has taken its place, or is awaited.
      if (body !== this.#body) continue;
      this.#body = undefined;
      this.#arrival = createGate();
    }
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const all = new Uint8Array(this.size);
    let at = 0;
    for await (const chunk of this.stream()) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  override slice(): never {
    throw noSlice(this.name);
  }
}
