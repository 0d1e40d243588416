/** What is used of a `WebSocket`. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface SocketOptions {
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
 * A stream by way of a WebSocket, which brings the same text as a `fetch` of `url` would. `undefined` where no socket opens, or it brings nothing: none is tried for
 * a while then.
 */
export async function fetchBySocket(options: SocketOptions, url: string, signal: AbortSignal): Promise<Response | undefined> {
  if (signal.aborted || Date.now() < (pauses.get(options) ?? 0)) return undefined;
  const body = await listen(options, url, signal).catch(() => undefined);
  if (body) return new Response(body);
  if (!signal.aborted) pauses.set(options, Date.now() + PAUSE);
  return undefined;
}

/** What a socket brings; `undefined` where that is nothing. */
function listen(options: SocketOptions, url: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined> {
  const [path, input] = url.split("$live?input=") as [string, string];
  return new Promise((resolve) => {
    const { openSocket = (url) => new WebSocket(url) } = options;
    const socket = openSocket(new URL(`${path}$socket`, globalThis.location?.href).href.replace(/^http/, "ws"));
    const encoder = new TextEncoder();
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const over = () => {
      clearTimeout(patience);
      signal.removeEventListener("abort", over);
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      body?.close();
      resolve(undefined);
    };
    let patience = setTimeout(over, OPENING);
    signal.addEventListener("abort", over);
    socket.onopen = () => {
      clearTimeout(patience);
      patience = setTimeout(over, BEGINNING);
      socket.send(decodeURIComponent(input));
    };
    socket.onmessage = ({ data }: { data: string }) => {
      // A refusal is no event.
      if (data.startsWith("{")) return over();
      clearTimeout(patience);
      if (!body) resolve(new ReadableStream({ start: (controller) => void (body = controller) }));
      body?.enqueue(encoder.encode(data));
    };
    socket.onerror = socket.onclose = over;
  });
}
