/** A request of a client: when it was made, and what came of it. Times are those of `performance.now()`. */
export interface Sent {
  readonly id: string;
  readonly what: string;
  readonly at: number;
  /** The head of the response. */
  head?: number;
  status?: number;
  end?: number;
  /** How it has ended. */
  how?: string;
  /** The refusals in it. */
  refusals: string[];
}

/** The header by which the balancer tells requests apart. */
export const NAME = "x-request-name";

/** The requests of one client. */
export class Requests {
  readonly sent: Sent[] = [];
  readonly #client: number;

  constructor(client: number) {
    this.#client = client;
  }

  /** Makes a request under a name of its own, and notes what comes of it. */
  async make(ask: typeof fetch, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const sent: Sent = { id: `${this.#client}.${this.sent.length}`, what: whatOf(String(input)), at: performance.now(), refusals: [] };
    this.sent.push(sent);
    const headers = new Headers(init?.headers);
    headers.set(NAME, sent.id);
    const end = (how: string) => {
      sent.end ??= performance.now();
      sent.how ??= how;
    };
    try {
      const response = await ask(input, { ...init, headers });
      sent.head = performance.now();
      sent.status = response.status;
      if (response.body)
        return new Response(
          response.body.pipeThrough(
            noted(end, (text) => {
              for (const [, refusal = ""] of text.matchAll(/"error":\{.{0,9}"message":"([^"]*)"/g)) sent.refusals.push(refusal);
            }),
          ),
          { status: response.status, headers: response.headers },
        );
      end("whole");
      return response;
    } catch (error) {
      end((error as Error).name);
      throw error;
    }
  }

  /** Those that were under way at some time between two. */
  between(begin: number, end: number): Sent[] {
    return this.sent.filter((sent) => sent.at < end && (sent.end ?? Infinity) > begin);
  }
}

/** Notes how a body ends. */
function noted(end: (how: string) => void, take: (text: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => end("broken off"));
  return {
    readable,
    writable: new WritableStream<Uint8Array>({
      write(chunk) {
        take(Buffer.from(chunk).toString("latin1"));
        return writer.write(chunk);
      },
      close() {
        end("whole");
        return writer.close();
      },
      abort(reason) {
        end("broken");
        return writer.abort(reason);
      },
    }),
  };
}

/** The procedures of a request, each once. */
function whatOf(url: string): string {
  const path = new URL(url).pathname.split("/").pop() as string;
  return [...new Set(path.split(","))].join(",");
}
