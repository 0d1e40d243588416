import type { ClientSocket } from "../client/socket.js";
import { type ServerSocket, SocketStream } from "../server/http/socket.js";
import type { Runtime } from "../server/runtime.js";
import { EVENTS } from "../server/wire/sse.js";

/** The client's half of a stream by socket: its messages after the first one. */
interface Upstream {
  say(text: string): void;
}

/** Extra options of `fetch` for a stream by socket. */
export interface SocketInit extends RequestInit {
  readonly upstream?: Upstream;
}

/**
 * A client's WebSocket on the network of `fetch`: one request opens it, and another one carries its messages in both directions.
 */
export function openSocket(fetch: typeof globalThis.fetch, url: string): ClientSocket {
  const control = new AbortController();
  const { signal } = control;
  const address = url.replace(/^ws/, "http");
  const upstream: Upstream = { say() {} };
  let begun = false;
  const socket: ClientSocket = {
    onopen: null,
    onmessage: null,
    onerror: null,
    onclose: null,
    send(text) {
      if (begun) return upstream.say(text);
      begun = true;
      void bring(text).then(closed, failed);
    },
    close: () => control.abort(),
  };
  const tell = (listener: unknown, event: object = {}) => (listener as ((event: object) => void) | null)?.(event);
  const closed = () => tell(socket.onclose);
  const failed = () => {
    tell(socket.onerror);
    closed();
  };

  async function bring(input: string): Promise<void> {
    const init: SocketInit = { signal, upstream };
    const response = await fetch(`${address.replace("$socket", "$live")}?input=${encodeURIComponent(input)}`, init);
    const decoder = new TextDecoder();
    // A chunk holds whole events, as a message does.
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) tell(socket.onmessage, { data: decoder.decode(chunk) });
  }

  fetch(address, { signal }).then(() => tell(socket.onopen), failed);
  return socket;
}

/** The server's end: what the package `ws` gives to a server. */
export class ServerEnd implements ServerSocket {
  readonly readyState = 1;
  readonly #listeners = new Map<string, Set<(data: Buffer) => void>>();
  readonly #sent: ((error?: Error) => void)[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** The messages that it sends. */
  readonly body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (this.#controller = controller),
      // A reader that asks for more has taken what was sent.
      pull: () => this.#sent.shift()?.(),
      cancel: () => this.#end(),
    },
    { highWaterMark: 0 },
  );

  /** Begins a stream, as a server with attached sockets does. `events`: the server takes events by sockets. */
  constructor(runtime: Runtime, { headers, url, signal }: Request, events: boolean) {
    signal.addEventListener("abort", () => this.terminate());
    void new SocketStream(runtime, this, EVENTS).begin(headers, new URL(url).searchParams.get("input") ?? "", events);
  }

  /** The client has sent a message. */
  hear(text: string): void {
    this.#emit("message", Buffer.from(text));
  }

  send(data: Uint8Array, _: unknown, done: (error?: Error) => void): void {
    if (!this.#controller) return done(new Error("The socket is closed."));
    this.#sent.push(done);
    this.#controller.enqueue(data);
  }

  /** The connection itself shows whether the client is gone. */
  ping(): void {
    this.#emit("pong");
  }

  close(): void {
    this.#controller?.close();
    this.#end();
  }

  terminate(): void {
    this.#controller?.error(new Error("The socket is broken."));
    this.#end();
  }

  #end(): void {
    if (!this.#controller) return;
    this.#controller = undefined;
    queueMicrotask(() => this.#emit("close"));
  }

  #emit(event: string, data = Buffer.alloc(0)): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener.call(this, data);
  }

  on(event: string, listener: (data: Buffer) => void): this {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
    return this;
  }

  off(event: string, listener: (data: Buffer) => void): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }
}
