import { isEventError } from "../../lib/errors/errors.js";

/** How many bytes one message may bring to another node. */
const MOST = 256 << 10;

/** Bytes that have come to this node, and are read by another one, part by part. At most two parts are in memory. */
export class OfferedBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read of the body, and not asked for yet. */
  #rest: Uint8Array | undefined;
  /** The last part that was asked for: its answer may get lost, so it may be asked for again. */
  #last: { readonly at: number; readonly part: Promise<Uint8Array | undefined> } | undefined;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /**
   * The part that begins at a byte; `undefined` at the end. To ask for a part acknowledges those before it.
   * @throws EventError what the body has failed with, where that says more than that it was cut
   */
  partAt(at: number): Promise<Uint8Array | undefined> {
    if (this.#last?.at !== at) this.#last = { at, part: this.#next() };
    return this.#last.part;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      while (!this.#rest?.byteLength) {
        const { value } = await this.#reader.read();
        if (!value) return undefined;
        this.#rest = value;
      }
    } catch (error) {
      if (isEventError(error)) throw error;
      return undefined;
    }
    const part = this.#rest.subarray(0, MOST);
    this.#rest = this.#rest.subarray(part.byteLength);
    return part;
  }

  /** Drops what was not read. */
  drop(): void {
    void this.#reader.cancel().catch(() => {});
  }
}
