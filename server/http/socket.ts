import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { noWebSockets } from "../../lib/errors/errors.js";
import type { Runtime } from "../runtime.js";
import type { StreamConnection } from "../stream/connection.js";
import { HEARTBEAT } from "../stream/streams.js";
import { EVENTS } from "../wire/sse.js";
import { BINARY, type Wire } from "../wire/wire.js";
import { mayCall } from "./fetch-handler.js";
import { headersOf } from "./node-response.js";
import type { SocketCalls } from "./socket-calls.js";
import { sealed } from "./ws-header.js";

export interface AttachOptions {
  /**
   * The path of the sockets; under `/binary` below it they bring bytes in the place of text. Upgrades to other paths are left to others, as to Next's own in development; where
   * nobody else listens for upgrades, or none answers within half a minute, they are refused with 404.
   * @default "/api/twin/$socket"
   */
  path?: string;
  /**
   * Whether streams that come as server-sent events are answered by the server itself too, under `$live` beside the path of the sockets: past Next's router and proxy, and the web
   * stream in which a route handler answers. It takes a third from what a delivery costs. As with sockets, what the app's proxy adds to requests is not there for `context`.
   * @default false
   */
  live?: boolean;
  /**
   * Takes events by the sockets too, of the clients whose streams come by them: a message each way, in the place of a request over HTTP. Each is heard with the headers that its socket was opened with,
   * and `context` is made of them once. So who signs in or out by a cookie of the app's own is heard as who they were before until their stream ends: by any request of theirs to the twin
   * as another user, `twin.$recheck()`, or `current().session.rotate()`. Calls that are asked again, and all else, stay requests.
   * @default false
   */
  events?: boolean;
}

/** How long a socket may take to say what it is for, in ms. */
const INPUT_WAIT = 10_000;
/** How many bytes that may have. */
const LONGEST_INPUT = 1 << 20;
/** How many sockets may be about to say it. */
const MOST_MUTE = 1000;

/** How many calls of a socket may be without an answer. */
const MOST_CALLS = 1000;

/** How long others may take to answer an upgrade that they have been left, in ms. */
const ANSWER_WAIT = 30_000;

/** How long sockets may take to close by themselves, in ms. */
const CLOSE_WAIT = 2000;

/** What is used of the package `ws`. */
export interface ServerSocket {
  readonly readyState: number;
  send(data: Uint8Array, options: { binary: boolean }, done: (error?: Error | null) => void): void;
  ping(): void;
  close(code: number, reason?: string): void;
  terminate(): void;
  on(event: "message", listener: (this: ServerSocket, data: Buffer) => void): this;
  on(event: "close" | "pong" | "error", listener: () => void): this;
  off(event: "message" | "close", listener: (data: Buffer) => void): this;
}
interface SocketServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: ServerSocket) => void): void;
}
type SocketServerClass = new (options: { noServer: true; maxPayload: number; perMessageDeflate: false }) => SocketServer;

/**
 * Lets streams come over WebSockets too, on the same port. A socket says first, in a text message, what `$live` takes as its input; what it gets, in text messages, is what
 * the response of `$live` would carry: so all that holds for that holds here. On the path `binary` below it, the same messages come as bytes. Gives what ends it.
 */
export async function attachTo(
  server: Server,
  find: () => Runtime | undefined,
  { path = "/api/twin/$socket", live = false, events = false }: AttachOptions,
): Promise<() => void> {
  const Sockets = await socketServer();
  const sockets = new Sockets({ noServer: true, maxPayload: LONGEST_INPUT, perMessageDeflate: false });
  const open = new Set<ServerSocket>();
  const wires = new Map([
    [path, EVENTS],
    [`${path}/binary`, BINARY],
  ]);
  let mute = 0;

  function upgrade(wire: Wire, request: IncomingMessage, line: Duplex, head: Buffer): void {
    const headers = headersOf(request.rawHeaders);
    const runtime = find();
    // Next has not needed the route yet: whoever has a ticket has called it.
    if (!runtime) return refuse(line, "503 Service Unavailable");
    if (!mayCall(headers, runtime)) return refuse(line, "403 Forbidden");
    if (mute >= MOST_MUTE) return refuse(line, "503 Service Unavailable");
    sockets.handleUpgrade(request, line, head, (socket) => {
      keepOpen(socket, open);
      const stream = new Stream(runtime, socket, wire, line);
      mute++;
      // What waits for the first message goes with it: a head is large, and sockets are many.
      const heard = () => {
        mute--;
        clearTimeout(patience);
        socket.off("message", begin).off("close", heard);
      };
      const begin = (data: Buffer) => {
        heard();
        void stream.begin(headers, data.toString(), events);
      };
      const patience = setTimeout(() => socket.terminate(), INPUT_WAIT);
      socket.on("message", begin).on("close", heard);
    });
  }

  const livePath = live ? `${path.slice(0, path.lastIndexOf("/"))}/$live` : undefined;

  /** Whether a request is for a stream that is answered here. */
  function answers(request: IncomingMessage, response: ServerResponse): boolean {
    const runtime = request.method === "GET" && pathOf(request) === livePath ? find() : undefined;
    // Without one, Next has not needed the route yet.
    runtime?.live(request, response).catch((error: unknown) => {
      runtime.report("error", error);
      response.destroy();
    });
    return runtime !== undefined;
  }

  // Nobody else may see ours: Next ends every upgrade whose path one of its routes would take, and listens only from its first request on.
  const emit = server.emit;
  let attached = true;
  function emitOthers(this: Server, name: string | symbol, ...args: unknown[]): boolean {
    if (attached && name === "request" && answers(...(args as [IncomingMessage, ServerResponse]))) return true;
    if (!attached || name !== "upgrade") return (emit as typeof emitOthers).call(this, name, ...args);
    const [request, line, head] = args as [IncomingMessage, Duplex, Buffer];
    const asked = pathOf(request);
    const wire = wires.get(asked);
    if (wire) upgrade(wire, request, line, head);
    // Whatever else stands below it is nobody's, however its letters are written.
    else if (decoded(asked) === path || decoded(asked).startsWith(`${path}/`)) refuse(line, "404 Not Found");
    else {
      answerIn(line, ANSWER_WAIT);
      return (emit as typeof emitOthers).call(this, name, ...args);
    }
    return true;
  }
  server.emit = emitOthers as typeof emit;
  // Without a listener, Node takes an upgrade for an ordinary request. With it, nobody answers what no other listener takes: Node waits for ever.
  const listener = Object.assign((_: IncomingMessage, line: Duplex) => void (hasOthers(server) || refuse(line, "404 Not Found")), { [OURS]: true });
  server.on("upgrade", listener);
  return () => {
    attached = false;
    server.off("upgrade", listener);
    if (server.emit === emitOthers) server.emit = emit;
    // A twin that closes says goodbye on each of them.
    setTimeout(() => {
      for (const socket of open) socket.terminate();
    }, CLOSE_WAIT).unref();
  };
}

// Several twins may be attached to a server, each by a copy of this module of its own.
const OURS = Symbol.for("twinstate.upgrade");

/** Refuses an upgrade that nobody has answered by then. Next listens for upgrades, and leaves those open that it does not know. */
function answerIn(line: Duplex & { readonly bytesWritten?: number }, ms: number): void {
  const { bytesWritten } = line;
  const patience = setTimeout(() => line.bytesWritten === bytesWritten && refuse(line, "404 Not Found"), ms);
  patience.unref();
  line.once("close", () => clearTimeout(patience));
}

/** Whether somebody but twins listens for upgrades. */
const hasOthers = (server: Server) => server.listeners("upgrade").some((listener) => !(OURS in listener));

/** Counts a socket among those that are open. A function of its own, as what waits for its end would keep all that is at hand where it opens: its head is large. */
function keepOpen(socket: ServerSocket, open: Set<ServerSocket>): void {
  open.add(socket);
  socket.on("close", () => open.delete(socket));
}

/** A socket that fails closes, and that is heard. */
function ignore(): void {}

/** What a socket brings: what the response of `$live` would carry, as text or as bytes. */
export class Stream {
  readonly #runtime: Runtime;
  readonly #socket: ServerSocket;
  /** What is under it, where messages may be written past it. */
  readonly #line: Duplex | undefined;
  readonly #wire: Wire;
  readonly #beat: NodeJS.Timeout;
  #connection: StreamConnection | undefined;
  #calls: SocketCalls | undefined;
  /** Something is on its way to the network. Nothing more is made until it has left, so a reader that does not read makes nothing pile up here. */
  #sending = false;
  /** The other end has given a sign of life since the last beat. */
  #alive = true;
  #over = false;

  constructor(runtime: Runtime, socket: ServerSocket, wire: Wire, line?: Duplex) {
    this.#runtime = runtime;
    this.#socket = socket;
    this.#line = line;
    this.#wire = wire;
    this.#beat = setInterval(() => this.#knock(), HEARTBEAT * 1000);
    socket.on("error", ignore);
    socket.on("pong", () => {
      this.#alive = true;
    });
    socket.on("close", () => this.end());
  }

  /** Begins what the first message asks for. */
  async begin(headers: Headers, input: string, events: boolean): Promise<void> {
    this.#socket.on("message", (data) => this.#receive(data));
    const opened = await this.#runtime.open(headers, input, events);
    if (typeof opened === "string") {
      if (this.#over) return;
      this.#send(Buffer.from(opened), true);
      return this.#socket.close(1008);
    }
    const { connection, calls } = opened;
    if (this.#over) return this.#runtime.streams.leave(connection);
    this.#connection = connection;
    this.#calls = calls;
    if (calls) connection.takes(Math.min(calls.longest, LONGEST_INPUT));
    this.#send(this.#wire.beginning(HEARTBEAT * 1000));
    connection.onWaiting(() => this.#flow());
  }

  /** What it says after its first message is heard from when its stream has begun. */
  #receive(data: Buffer): void {
    const [connection, calls] = [this.#connection, this.#calls];
    if (this.#over || connection?.closed) return;
    if (!connection || !calls) return this.#refuse(1008, "Only one message is expected.");
    if (data.length > calls.longest) return this.#refuse(1009, "The call is too large.");
    if (calls.pending + connection.answers >= MOST_CALLS) return this.#refuse(1008, "Too many calls are without an answer.");
    if (!calls.receive(data.toString())) this.#refuse(1008, 'A call is expected: `[id, "store.event", input]`.');
  }

  #refuse(code: number, why: string): void {
    this.#socket.close(code, why);
    this.end();
  }

  #flow(): void {
    const connection = this.#connection as StreamConnection;
    if (this.#sending || this.#over) return;
    const waiting = connection.take(this.#wire);
    if (waiting) return this.#send(waiting);
    if (!connection.closed) return;
    this.#send(this.#wire.end);
    this.#socket.close(1001);
    this.end();
  }

  #send(data: Uint8Array, text = this.#wire.text): void {
    this.#sending = true;
    // After a goodbye nothing may follow: the socket knows whether there was one. It keeps nothing back, so what goes past it stays in order.
    const whole = this.#line && this.#socket.readyState === OPEN ? sealed(data, text) : undefined;
    if (whole) this.#line?.write(whole, this.#sent);
    else this.#socket.send(data, text ? AS_TEXT : AS_BYTES, this.#sent);
  }

  readonly #sent = (error?: Error | null): void => {
    this.#sending = false;
    // The line broke, of which the socket may not have told yet.
    if (error) this.#socket.terminate();
    else if (this.#connection) this.#flow();
  };

  /** Ends a socket whose other end is gone without a word; tells the others that all is well. */
  #knock(): void {
    if (!this.#alive) return this.#socket.terminate();
    this.#alive = false;
    this.#socket.ping();
    if (this.#connection && !this.#sending) this.#send(this.#wire.ping);
  }

  /** The socket is closed, or about to be. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#beat);
    if (this.#connection) this.#runtime.streams.leave(this.#connection);
  }
}

const OPEN = 1;
const AS_TEXT = { binary: false };
const AS_BYTES = { binary: true };

function refuse(line: Duplex, status: string): void {
  if (!line.writable) return;
  // Nobody listens to it any more, and one that breaks meanwhile must not end the process.
  line.on("error", ignore);
  // The other end may leave its half open.
  line.once("finish", () => line.destroy());
  line.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const pathOf = ({ url = "/" }: IncomingMessage) => url.split("?", 1)[0] as string;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function socketServer(): Promise<SocketServerClass> {
  try {
    // Not to be found by bundlers, which would ask for it where nobody has it.
    const name = "ws";
    const { WebSocketServer } = (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)) as {
      WebSocketServer: SocketServerClass;
    };
    return WebSocketServer;
  } catch (error) {
    throw noWebSockets(error);
  }
}
