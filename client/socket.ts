import { decode } from "../lib/binary.js";

/** What is used of a `WebSocket`. */
export interface Socket {
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
  openSocket?: (url: string) => Socket;
}

/** How long a socket may take to open, in ms. Some proxies let one wait for ever. */
const OPENING = 5000;
/** How long an open one may take to bring something, in ms: a busy server needs its time, and the stream as a whole is given up after 20 s. */
const BEGINNING = 10_000;
/** How long a client does without sockets after one has brought nothing, in ms. */
const PAUSE = 60_000;

/** Until when clients do without, by their options. */
const pauses = new WeakMap<SocketOptions, number>();

/**
 * A stream by way of a WebSocket, which brings the same text as a `fetch` of `url` would. What it brings as bytes goes to `take`, message by message, and the text tells
 * only that the line is alive. `undefined` where no socket opens, or it brings nothing: none is tried for a while then.
 */
export async function fetchBySocket(options: SocketOptions, url: string, signal: AbortSignal, take: (message: unknown) => void): Promise<Response | undefined> {
  if (signal.aborted || Date.now() < (pauses.get(options) ?? 0)) return undefined;
  const body = await listen(options, url, signal, take).catch(() => undefined);
  if (body) return new Response(body);
  if (!signal.aborted) pauses.set(options, Date.now() + PAUSE);
  return undefined;
}

/** What a socket brings; `undefined` where that is nothing. */
function listen(options: SocketOptions, url: string, signal: AbortSignal, take: (message: unknown) => void): Promise<ReadableStream<Uint8Array> | undefined> {
  const [path, input] = url.split("$live?input=") as [string, string];
  return new Promise((resolve) => {
    const { openSocket = (url) => new WebSocket(url), wire } = options;
    const socket = openSocket(new URL(`${path}$socket${wire === "binary" ? "/binary" : ""}`, globalThis.location?.href).href.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    const encoder = new TextEncoder();
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const over = () => {
      clearTimeout(patience);
      signal.removeEventListener("abort", over);
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      body?.close();
      body = undefined;
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
        const text = typeof data === "string" ? data : spread(data);
        // What a message tells may end the stream.
        body?.enqueue(encoder.encode(text));
      } catch {
        // It is not what a server of ours says.
        over();
      }
    };
    /** Hands on the messages in bytes, and gives the text that tells of the line. */
    const spread = (data: ArrayBuffer) => {
      let heartbeat: number | undefined;
      for (const message of decode(new Uint8Array(data)) as (readonly unknown[])[]) {
        if (message[0] === "hello") ({ heartbeat } = message[1] as { heartbeat: number });
        if (!signal.aborted) take(message);
      }
      return heartbeat ? `event: connected\ndata: {"reconnectAfterInactivityMs":${3000 * heartbeat}}\n\n` : "event: ping\ndata: \n\n";
    };
    socket.onerror = socket.onclose = over;
  });
}
