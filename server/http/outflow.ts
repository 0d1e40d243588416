/** How many bytes are handed on at once: what a line has taken of an answer cannot be taken back. */
const PIECE = 16_384;
/** Answers up to this many bytes are not counted. */
const SHORT = 65_536;
/** How long a reader may take nothing of a long answer, in ms. */
const PATIENCE = 30_000;

/**
 * The long answers of requests, on their way to their readers. What waits for readers that do not read is bounded, in bytes over all of them and in time.
 * Past a bound, the reader that has read nothing for longest is cut off, as by a broken line, and may send its request again.
 */
export class Outflow {
  readonly #limit: () => number;
  /** The answers, in the order in which they were last read, the latest last. */
  readonly #waiting = new Set<Outgoing>();
  #bytes = 0;
  #watch: NodeJS.Timeout | undefined;

  /** `limit`: how many bytes may wait. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** How many bytes of long answers wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A body that is handed on in pieces, as it is read. */
  open(source?: OutgoingSource): Outgoing {
    return new Outgoing(this, source);
  }

  /** A text as the body of a response. */
  text(text: string): string | ReadableStream<Uint8Array> {
    if (text.length <= SHORT) return text;
    const outgoing = this.open();
    outgoing.write(Buffer.from(text));
    outgoing.end();
    return outgoing.body;
  }

  /** Another body of a response, which is read no faster than its reader does. */
  paced(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const read = async () => {
      try {
        const { done, value } = await reader.read();
        if (done) outgoing.end();
        else outgoing.write(value);
      } catch (error) {
        outgoing.cut(error);
      }
    };
    const outgoing = this.open({ more: read, leave: () => void reader.cancel().catch(() => {}) });
    return outgoing.body;
  }

  // --- what answers tell ---

  /** An answer has so many bytes more, or fewer. */
  count(outgoing: Outgoing, before: number): void {
    const now = outgoing.counted;
    this.#bytes += now - before;
    this.#waiting.delete(outgoing);
    if (now > 0) this.#waiting.add(outgoing);
    if (this.#waiting.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
      return;
    }
    this.#watch ??= setInterval(() => this.#lookAround(), PATIENCE / 6).unref();
    // The last one has just come, or been read.
    for (const stale of this.#waiting) {
      if (this.#bytes <= this.#limit() || stale === outgoing) return;
      stale.cut(slowReader());
    }
  }

  #lookAround(): void {
    const longAgo = performance.now() - PATIENCE;
    for (const outgoing of this.#waiting) if (outgoing.touched < longAgo) outgoing.cut(slowReader());
  }
}

/** A server that pipes the response takes it for one whose line broke. */
const slowReader = () => new DOMException("The answer was not read.", "AbortError");

/** The source of an answer that is not written at once. */
interface OutgoingSource {
  /** Asks for more, as the reader has taken all that was written. */
  more(): Promise<void>;
  /** Nothing more will be read. */
  leave(): void;
}

/** An answer that is being read. */
export class Outgoing {
  readonly body: ReadableStream<Uint8Array>;
  /** When something was taken of it last. */
  touched = performance.now();
  /** How many bytes the answer counts. */
  counted = 0;
  readonly #outflow: Outflow;
  readonly #source: OutgoingSource | undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #parts: Uint8Array[] = [];
  /** How much of the first part is taken. */
  #taken = 0;
  #size = 0;
  #ended = false;
  #over = false;

  constructor(outflow: Outflow, source: OutgoingSource | undefined) {
    this.#outflow = outflow;
    this.#source = source;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        if (this.#parts.length === 0 && !this.#ended) return this.#source?.more();
        this.#flow();
      },
      cancel: () => {
        this.#finish();
        this.#source?.leave();
      },
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#parts.push(bytes);
    this.#size += bytes.byteLength;
    this.#count();
    if (!this.#over) this.#flow();
  }

  /** Ends the answer. */
  end(): void {
    this.#ended = true;
    if (!this.#over) this.#flow();
  }

  /** Breaks it off. */
  cut(error: unknown): void {
    if (this.#over) return;
    this.#controller.error(error);
    this.#finish();
    this.#source?.leave();
  }

  /** Hands on what its reader has room for. */
  #flow(): void {
    while (!this.#over && this.#parts.length > 0 && (this.#controller.desiredSize ?? 0) > 0) {
      this.touched = performance.now();
      this.#controller.enqueue(this.#next());
      if (this.counted > 0) this.#count();
    }
    if (this.#over || this.#parts.length > 0 || !this.#ended) return;
    this.#controller.close();
    this.#finish();
  }

  #next(): Uint8Array {
    const part = this.#parts[0] as Uint8Array;
    // A copy, as a line that has taken one piece would keep all of the part in memory.
    const piece = part.byteLength > PIECE ? Uint8Array.prototype.slice.call(part, this.#taken, this.#taken + PIECE) : part;
    this.#taken += piece.byteLength;
    if (this.#taken < part.byteLength) return piece;
    this.#parts.shift();
    this.#size -= part.byteLength;
    this.#taken = 0;
    return piece;
  }

  /** A part is in memory until all of it is taken. */
  #count(): void {
    const before = this.counted;
    this.counted = this.#size > SHORT ? this.#size : 0;
    if (this.counted > 0 || before > 0) this.#outflow.count(this, before);
  }

  #finish(): void {
    this.#over = true;
    this.#parts = [];
    this.#size = 0;
    this.#count();
  }
}
