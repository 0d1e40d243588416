import { decode } from "../lib/wire/binary.js";
import { ANSWER_WAIT, type Message, SILENT_HEARTBEATS, type TabMessage } from "../lib/wire/protocol.js";

/** The parts of a `WebSocket` that are used. */
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
   * How messages are written where the stream comes by WebSocket: `"binary"` takes half of the bytes, and cannot be read in the browser's tools. It has no
   * effect without `transport: "websocket"`.
   * @default "json"
   */
  wire?: "json" | "binary" | undefined;
  /**
   * Opens the WebSockets: to add headers where there is no browser, or to test.
   * @default (url) => new WebSocket(url)
   */
  openSocket?: ((url: string) => ClientSocket) | undefined;
}

/** How long a socket may take to open, in ms. Some proxies let one wait for ever. */
const OPENING = 5000;
/** How long an open one may take to bring something, in ms: a busy server needs its time, and the stream as a whole is given up after 20 s. */
const BEGINNING = 10_000;
/** How long a client does without sockets after one has brought nothing, in ms. */
const PAUSE = 60_000;

/** The times until which clients do without sockets, by their options. */
const pauses = new WeakMap<SocketOptions, number>();

/** Calls events by the socket that brings the stream, while that takes them. */
export interface Taker {
  /** Calls an event, and gives its answer; `undefined` where the call is too large. Rejects where the socket breaks before the answer has come. */
  call?: ((path: string, input: unknown) => Promise<unknown> | undefined) | undefined;
}

/** The parts that a stream by socket needs. */
export interface SocketWorld {
  readonly options: SocketOptions;
  readonly taker: Taker;
  /** The URL of the twin's route. */
  readonly url: string;
  readonly ticket: string;
  /** Aborted when the stream is no longer wanted. */
  readonly signal: AbortSignal;
  take(message: TabMessage): void;
}

/**
 * Opens a stream by a WebSocket. Its messages go to `take`, and the text that it gives tells only of the line: that it is alive, and that it is over.
 * `undefined` where no socket opens, or it brings nothing: no socket is tried for a while then.
 */
export async function fetchBySocket(world: SocketWorld): Promise<ReadableStream<string> | undefined> {
  const { options, signal } = world;
  if (signal.aborted || Date.now() < (pauses.get(options) ?? 0)) return undefined;
  let lines: ReadableStream<string> | undefined;
  try {
    lines = await new SocketReader(world).lines;
  } catch {
    // No socket can be made.
  }
  if (!lines && !signal.aborted) pauses.set(options, Date.now() + PAUSE);
  return lines;
}

/** Reads one socket, from its opening to its end. */
class SocketReader {
  /** The events that tell of the line; `undefined` where the socket ends before it has brought anything. */
  readonly lines: Promise<ReadableStream<string> | undefined>;
  readonly #world: SocketWorld;
  readonly #socket: ClientSocket;
  readonly #calls: Calls;
  #begin!: (lines: ReadableStream<string> | undefined) => void;
  #line: ReadableStreamDefaultController<string> | undefined;
  /** Runs out when the socket has not opened, or has brought nothing, for too long. */
  #patience: ReturnType<typeof setTimeout>;

  constructor(world: SocketWorld) {
    const { options, signal, ticket, url } = world;
    const { openSocket = (url) => new WebSocket(url), wire } = options;
    const socket = openSocket(new URL(`${url}/$socket${wire === "binary" ? "/binary" : ""}`, globalThis.location?.href).href.replace(/^http/, "ws"));
    this.#world = world;
    this.#socket = socket;
    this.#calls = new Calls((text) => socket.send(text));
    this.lines = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#patience = setTimeout(this.#end, OPENING);
    signal.addEventListener("abort", this.#end);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      clearTimeout(this.#patience);
      this.#patience = setTimeout(this.#end, BEGINNING);
      socket.send(JSON.stringify({ ticket }));
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => this.#receive(data);
    socket.onerror = socket.onclose = this.#end;
  }

  readonly #end = (): void => {
    const { signal, taker } = this.#world;
    const socket = this.#socket;
    clearTimeout(this.#patience);
    signal.removeEventListener("abort", this.#end);
    socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
    this.#line?.close();
    this.#line = undefined;
    if (taker.call === this.#calls.call) taker.call = undefined;
    this.#calls.end();
    this.#begin(undefined);
  };

  #receive(data: string | ArrayBuffer): void {
    // A refusal is no event.
    if (typeof data === "string" && data.startsWith("{")) return this.#end();
    clearTimeout(this.#patience);
    if (!this.#line) this.#begin(new ReadableStream({ start: (controller) => void (this.#line = controller) }));
    try {
      const text = typeof data === "string" ? this.#takeText(data) : this.#takeBytes(data);
      // A message may have ended the stream.
      this.#line?.enqueue(text);
    } catch {
      // No server of ours writes this.
      this.#end();
    }
  }

  /** Takes the messages that come as text. Gives the other events, which tell of the line. */
  #takeText(data: string): string {
    let rest = "";
    for (const event of data.split("\n\n")) {
      if (event.startsWith("data: ")) this.#take(JSON.parse(event.slice(6)) as Message);
      else if (event) rest += `${event}\n\n`;
    }
    return rest || ALIVE;
  }

  /** Takes the messages that come as bytes. Gives the events that tell of the line. */
  #takeBytes(data: ArrayBuffer): string {
    let heartbeat: number | undefined;
    for (const message of decode(new Uint8Array(data)) as Message[]) {
      if (message[0] === "hello") ({ heartbeat } = message[1]);
      this.#take(message);
    }
    return heartbeat ? `event: connected\ndata: {"reconnectAfterInactivityMs":${SILENT_HEARTBEATS * 1000 * heartbeat}}\n\n` : ALIVE;
  }

  #take(message: Message): void {
    const { signal, take, taker } = this.#world;
    if (signal.aborted) return;
    switch (message[0]) {
      case "answer":
        return this.#calls.answered(message[1], message[2], message[3]);
      case "events":
        this.#calls.longest = message[1];
        taker.call = this.#calls.call;
        return;
      default:
        take(message);
    }
  }
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

/** The error of a call that got lost: the server has not answered. */
const LOST = {};
