import { decode } from "../lib/wire/binary.js";

/** What is used of a `WebSocket`. */
export interface ClientSocket {
  /** How bytes are given: it is set to `"arraybuffer"`. */
  binaryType?: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface SocketOptions {
  /**
   * How messages are written where the stream comes by WebSocket: `"binary"` takes half of the bytes, and cannot be read in the browser's tools. It has no effect without
   * `transport: "websocket"`.
   * @default "json"
   */
  wire?: "json" | "binary" | undefined;
  /**
   * Opens the WebSockets: to add headers where there is no browser, or to test.
   * @default (url) => new WebSocket(url)
   */
  openSocket?: (url: string) => ClientSocket;
}

/** How long a socket may take to open, in ms. Some proxies let one wait for ever. */
const OPENING = 5000;
/** How long an open one may take to bring something, in ms: a busy server needs its time, and the stream as a whole is given up after 20 s. */
const BEGINNING = 10_000;
/** How long a client does without sockets after one has brought nothing, in ms. */
const PAUSE = 60_000;

/** After how many ms without an answer a call is given up: it is asked again over HTTP. */
const ANSWER_WAIT = 30_000;

/** Until when clients do without, by their options. */
const pauses = new WeakMap<SocketOptions, number>();

/** What a client has of the socket that brings its stream, while that takes events. */
export interface Taker {
  /** Calls an event, and gives its answer; `undefined` where the call is too large. Rejects where the socket breaks before the answer has come. */
  call?: ((path: string, input: unknown) => Promise<unknown> | undefined) | undefined;
}

/**
 * A stream by way of a WebSocket. Its messages go to `take`, and the text of the response tells only of the line: that it is alive, and that it is over. `undefined` where no
 * socket opens, or it brings nothing: none is tried for a while then.
 */
export async function fetchBySocket(
  options: SocketOptions,
  taker: Taker,
  url: string,
  signal: AbortSignal,
  take: (message: unknown) => void,
): Promise<Response | undefined> {
  if (signal.aborted || Date.now() < (pauses.get(options) ?? 0)) return undefined;
  const body = await listen(options, taker, url, signal, take).catch(() => undefined);
  if (body) return new Response(body);
  if (!signal.aborted) pauses.set(options, Date.now() + PAUSE);
  return undefined;
}

/** What a socket brings; `undefined` where that is nothing. */
function listen(
  options: SocketOptions,
  taker: Taker,
  url: string,
  signal: AbortSignal,
  take: (message: unknown) => void,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const [path, input] = url.split("$live?input=") as [string, string];
  return new Promise((resolve) => {
    const { openSocket = (url) => new WebSocket(url), wire } = options;
    const socket = openSocket(new URL(`${path}$socket${wire === "binary" ? "/binary" : ""}`, globalThis.location?.href).href.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    const encoder = new TextEncoder();
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const calls = new Calls((text) => socket.send(text));
    const over = () => {
      clearTimeout(patience);
      signal.removeEventListener("abort", over);
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      body?.close();
      body = undefined;
      if (taker.call === calls.call) taker.call = undefined;
      calls.end();
      resolve(undefined);
    };
    let patience = setTimeout(over, OPENING);
    signal.addEventListener("abort", over);
    socket.onopen = () => {
      clearTimeout(patience);
      patience = setTimeout(over, BEGINNING);
      socket.send(decodeURIComponent(input));
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
      // A refusal is no event.
      if (typeof data === "string" && data.startsWith("{")) return over();
      clearTimeout(patience);
      if (!body) resolve(new ReadableStream({ start: (controller) => void (body = controller) }));
      try {
        const text = typeof data === "string" ? heard(data) : spread(data);
        // What a message tells may end the stream.
        body?.enqueue(encoder.encode(text));
      } catch {
        // It is not what a server of ours says.
        over();
      }
    };
    const hand = (message: readonly unknown[]) => {
      if (signal.aborted) return;
      const [what, id, value, error] = message;
      if (what === "answer") return calls.answered(id as number, value, error);
      if (what !== "events") return take(message);
      calls.longest = id as number;
      taker.call = calls.call;
    };
    /** Hands on the messages in text, and gives what else it tells. */
    const heard = (data: string) => {
      let rest = "";
      for (const event of data.split("\n\n")) {
        if (event.startsWith("data: ")) hand(JSON.parse(event.slice(6)));
        else if (event) rest += `${event}\n\n`;
      }
      return rest || ALIVE;
    };
    /** Hands on the messages in bytes, and gives the text that tells of the line. */
    const spread = (data: ArrayBuffer) => {
      let heartbeat: number | undefined;
      for (const message of decode(new Uint8Array(data)) as (readonly unknown[])[]) {
        if (message[0] === "hello") ({ heartbeat } = message[1] as { heartbeat: number });
        hand(message);
      }
      return heartbeat ? `event: connected\ndata: {"reconnectAfterInactivityMs":${3000 * heartbeat}}\n\n` : ALIVE;
    };
    socket.onerror = socket.onclose = over;
  });
}

const ALIVE = "event: ping\ndata: \n\n";

/** The calls of a socket that have no answer yet. */
class Calls {
  /** How many bytes one may have. */
  longest = 0;
  readonly #send: (text: string) => void;
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void; patience: ReturnType<typeof setTimeout> }>();
  #last = 0;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  readonly call = (path: string, input: unknown): Promise<unknown> | undefined => {
    const id = ++this.#last;
    const text = JSON.stringify([id, path, input]);
    // A UTF-16 unit takes three bytes at most.
    if (3 * text.length > this.longest) return undefined;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject, patience: setTimeout(() => this.answered(id, null, LOST), ANSWER_WAIT) });
      this.#send(text);
    });
  };

  answered(id: number, value: unknown, error: unknown): void {
    const call = this.#open.get(id);
    this.#open.delete(id);
    clearTimeout(call?.patience);
    if (error) call?.reject(error);
    else call?.resolve(value);
  }

  /** No answer comes any more. */
  end(): void {
    for (const id of [...this.#open.keys()]) this.answered(id, null, LOST);
  }
}

/** As a request that got lost: the server has said nothing. */
const LOST = {};
