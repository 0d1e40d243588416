import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { noWebSockets } from "../lib/errors.js";
import { mayCall } from "./handler.js";
import type { Runtime } from "./runtime.js";
import { HEARTBEAT } from "./streams.js";

export interface AttachOptions {
  /**
   * The path of the sockets. Upgrades to other paths are left to others, as to Next's own in development.
   * @default "/api/twin/$socket"
   */
  path?: string;
}

/** How long a socket may take to say what it is for, in ms. */
const INPUT_WAIT = 10_000;
/** How many bytes that may have. */
const LONGEST_INPUT = 1 << 20;
/** How many sockets may be about to say it. */
const MOST_MUTE = 1000;

/** How long sockets may take to close by themselves, in ms. */
const CLOSE_WAIT = 2000;

/** What is used of the package `ws`. */
interface Socket {
  send(data: Uint8Array, options: { binary: boolean }, done: (error?: Error | null) => void): void;
  ping(): void;
  close(code: number, reason?: string): void;
  terminate(): void;
  on(event: "message", listener: (data: Buffer) => void): void;
  on(event: "close" | "pong" | "error", listener: () => void): void;
}
interface SocketServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: Socket) => void): void;
}
type SocketServerClass = new (options: { noServer: true; maxPayload: number; perMessageDeflate: false }) => SocketServer;

/**
 * Lets streams come over WebSockets too, on the same port. A socket says first, in a text message, what `$live` takes as its input; what it gets, in text messages, is what
 * the response of `$live` would carry: so all that holds for that holds here. Gives what ends it.
 */
export async function attachTo(server: Server, find: () => Runtime | undefined, { path = "/api/twin/$socket" }: AttachOptions): Promise<() => void> {
  const Sockets = await socketServer();
  const sockets = new Sockets({ noServer: true, maxPayload: LONGEST_INPUT, perMessageDeflate: false });
  const open = new Set<Socket>();
  let mute = 0;

  function upgrade(request: IncomingMessage, line: Duplex, head: Buffer): void {
    const headers = headersOf(request);
    const runtime = find();
    // Next has not needed the route yet: whoever has a ticket has called it.
    if (!runtime) return refuse(line, "503 Service Unavailable");
    if (!mayCall(headers, runtime.origins)) return refuse(line, "403 Forbidden");
    if (mute >= MOST_MUTE) return refuse(line, "503 Service Unavailable");
    sockets.handleUpgrade(request, line, head, (socket) => {
      open.add(socket);
      mute++;
      let heard = false;
      const hear = () => {
        if (heard) return;
        heard = true;
        mute--;
        clearTimeout(patience);
      };
      const patience = setTimeout(() => socket.terminate(), INPUT_WAIT);
      const gone = new AbortController();
      const beat = heartbeat(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        hear();
        clearInterval(beat);
        open.delete(socket);
        gone.abort();
      });
      socket.on("message", (data) => {
        if (heard) return socket.close(1008, "Only one message is expected.");
        hear();
        const live = `http://${headers.get("host")}${path.slice(0, path.lastIndexOf("/"))}/$live?input=${encodeURIComponent(data.toString())}`;
        void carry(runtime, socket, new Request(live, { headers, signal: gone.signal }));
      });
    });
  }

  /** Sends the response as fast as it is read. */
  async function carry(runtime: Runtime, socket: Socket, request: Request): Promise<void> {
    try {
      const response = await runtime.serve(request);
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        // The line broke, of which the socket may not have told yet.
        if (!(await sent(socket, chunk))) return socket.terminate();
      }
      socket.close(response.ok ? 1001 : 1008);
    } catch (error) {
      if (!request.signal.aborted) runtime.report("error", error);
      socket.terminate();
    }
  }

  // Nobody else may see ours: Next ends every upgrade whose path one of its routes would take, and listens only from its first request on.
  const emit = server.emit;
  let attached = true;
  function emitOthers(this: Server, name: string | symbol, ...args: unknown[]): boolean {
    const [request, line, head] = args as Parameters<typeof upgrade>;
    if (!attached || name !== "upgrade" || pathOf(request) !== path) return (emit as typeof emitOthers).call(this, name, ...args);
    upgrade(request, line, head);
    return true;
  }
  server.emit = emitOthers as typeof emit;
  // Without a listener, Node takes an upgrade for an ordinary request.
  const listener = () => {};
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

/** Resolves when the data has left for the network, or cannot: nothing more is made before, so a reader that does not read makes nothing pile up here. */
const sent = (socket: Socket, data: Uint8Array) => new Promise<boolean>((resolve) => socket.send(data, { binary: false }, (error) => resolve(!error)));

/** Ends a socket whose other end is gone without a word. */
function heartbeat(socket: Socket): NodeJS.Timeout {
  let alive = true;
  socket.on("pong", () => {
    alive = true;
  });
  return setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, HEARTBEAT * 1000);
}

function refuse(line: Duplex, status: string): void {
  line.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const pathOf = ({ url = "/" }: IncomingMessage) => url.split("?", 1)[0];

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  return headers;
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
