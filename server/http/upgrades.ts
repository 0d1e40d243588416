import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { noWebSockets } from "../../lib/errors/setup-errors.js";
import type { Runtime } from "../runtime.js";
import type { Wire } from "../wire/wire.js";
import { mayCall } from "./fetch-handler.js";
import { headersOf } from "./node-response.js";
import { LONGEST_INPUT, type ServerSocket, SocketStream } from "./socket.js";

/** How long a client may take to send the first message of a socket, in ms. */
const INPUT_WAIT = 10_000;
/** How many sockets may wait for their first message. */
const MOST_MUTE = 1000;
/** How long sockets may take to close by themselves, in ms. */
const CLOSE_WAIT = 2000;

interface SocketServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: ServerSocket) => void): void;
}
type SocketServerClass = new (options: { noServer: true; maxPayload: number; perMessageDeflate: false }) => SocketServer;

/** The upgrades to WebSockets that a twin takes, and the sockets that they have opened. */
export class Upgrades {
  readonly #sockets: SocketServer;
  readonly #find: () => Runtime | undefined;
  readonly #events: boolean;
  readonly #open = new Set<ServerSocket>();
  /** How many sockets have not sent their first message. */
  #mute = 0;

  private constructor(sockets: SocketServer, find: () => Runtime | undefined, events: boolean) {
    this.#sockets = sockets;
    this.#find = find;
    this.#events = events;
  }

  /**
   * Loads the package `ws`. `find` gives the runtime, which Next may start later; `events`: sockets may call events.
   * @throws StateError where `ws` is not installed
   */
  static async load(find: () => Runtime | undefined, events: boolean): Promise<Upgrades> {
    const Sockets = await socketServer();
    return new Upgrades(new Sockets({ noServer: true, maxPayload: LONGEST_INPUT, perMessageDeflate: false }), find, events);
  }

  /** Opens a socket, or refuses it with an HTTP status. */
  take(wire: Wire, request: IncomingMessage, line: Duplex, head: Buffer): void {
    const headers = headersOf(request.rawHeaders);
    const runtime = this.#find();
    // Next has not needed the route yet: a client with a ticket has called it.
    if (!runtime) return refuseUpgrade(line, "503 Service Unavailable");
    if (!mayCall(headers, runtime)) return refuseUpgrade(line, "403 Forbidden");
    if (this.#mute >= MOST_MUTE) return refuseUpgrade(line, "503 Service Unavailable");
    runtime.ends.add(this.end);
    this.#sockets.handleUpgrade(request, line, head, (socket) => {
      keepOpen(socket, this.#open);
      this.#awaitInput(new SocketStream(runtime, socket, wire, line), socket, headers);
    });
  }

  /** Begins the stream of a socket with its first message. */
  #awaitInput(stream: SocketStream, socket: ServerSocket, headers: Headers): void {
    this.#mute++;
    // The listeners are removed with the first message: they keep the head, which is large, and sockets are many.
    const stop = () => {
      this.#mute--;
      clearTimeout(patience);
      socket.off("message", begin).off("close", stop);
    };
    const begin = (data: Buffer) => {
      stop();
      void stream.begin(headers, data.toString(), this.#events);
    };
    const patience = setTimeout(() => socket.terminate(), INPUT_WAIT);
    socket.on("message", begin).on("close", stop);
  }

  /** Cuts off, after a while, the sockets that are still open. */
  readonly end = (): void => {
    // A twin that closes sends its last messages on each of them.
    setTimeout(() => {
      for (const socket of this.#open) socket.terminate();
    }, CLOSE_WAIT).unref();
  };
}

/** Counts an open socket. A function of its own, as a listener keeps all that is in scope, and the head of a request is large. */
function keepOpen(socket: ServerSocket, open: Set<ServerSocket>): void {
  open.add(socket);
  socket.on("close", () => open.delete(socket));
}

/** Answers an upgrade with an HTTP status, and closes its line. */
export function refuseUpgrade(line: Duplex, status: string): void {
  if (!line.writable) return;
  // Node has removed its own listeners: without one, an error of the line would end the process.
  line.on("error", () => {});
  // The other end may leave its half of the line open.
  line.once("finish", () => line.destroy());
  line.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function socketServer(): Promise<SocketServerClass> {
  try {
    // The name is hidden from bundlers, which would demand the package where it is not installed.
    const name = "ws";
    const { WebSocketServer } = (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)) as {
      WebSocketServer: SocketServerClass;
    };
    return WebSocketServer;
  } catch (error) {
    throw noWebSockets(error);
  }
}
