import type { Duplex } from "node:stream";
import { HEARTBEAT, MOST_CALLS } from "../../lib/wire/protocol.js";
import type { Runtime } from "../runtime.js";
import type { StreamConnection } from "../stream/connection.js";
import type { Wire } from "../wire/wire.js";
import type { SocketCalls } from "./socket-calls.js";
import { sealed } from "./ws-header.js";

/** How many bytes a message of a client may have. */
export const LONGEST_INPUT = 1 << 20;

/** The part of the package `ws` that is used. */
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

/** A socket that fails closes too, and its listener for that does the rest. One function, as sockets are many. */
function ignore(): void {}

/** A stream over a socket: the messages that the response of `$live` would carry, as text or as bytes. */
export class SocketStream {
  readonly #runtime: Runtime;
  readonly #socket: ServerSocket;
  /** The connection under the socket, where messages may be written past it. */
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

  /** Takes a message after the first one, once the stream has begun. */
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
    // Nothing may follow a close frame: the socket knows whether there was one. It buffers nothing, so writes past it stay in order.
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
