import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { badOption, badServer } from "../../lib/errors/setup-errors.js";
import type { Runtime } from "../runtime.js";
import { EVENTS } from "../wire/sse.js";
import { BINARY } from "../wire/wire.js";
import { refuseUpgrade, Upgrades } from "./upgrades.js";

/** The options of `twin.attach`: what a server of your own takes beside requests. */
export interface AttachOptions {
  /**
   * The path of the sockets. Under `/binary` below it, sockets send bytes instead of text. Upgrades to other paths are left to other listeners, as to
   * Next's own in development; where no other listener takes upgrades, or none answers within half a minute, they are refused with 404.
   * @default "/api/twin/$socket"
   */
  path?: string | undefined;
  /**
   * Whether the server itself answers streams of server-sent events too, under `$live` beside the path of the sockets: past Next's router and proxy, and
   * the web stream in which a route handler answers. A delivery then costs a third less. As with sockets, `context` does not see what the app's proxy adds
   * to requests.
   * @default false
   */
  live?: boolean | undefined;
  /**
   * Whether clients whose streams come by sockets call events by them too: a message each way, instead of an HTTP request. Each call has the headers with
   * which its socket was opened, and `context` is made of them once. So a user who signs in or out by a cookie of the app's own stays who they were until
   * their stream ends: by any request of theirs to the twin
   * as another user, `twin.$recheck()`, or `current().session.rotate()`. Calls that are sent again, and all else, stay requests.
   * @default false
   */
  events?: boolean | undefined;
}

/** How long other listeners may take to answer an upgrade that is left to them, in ms. */
const ANSWER_WAIT = 30_000;

/**
 * Lets streams come over WebSockets too, on the same port. The first text message of a socket is the input of `$live`; the messages that it gets are
 * those of the response of `$live`, with the same guarantees. On the path `binary` below it, the same messages come as bytes. Gives what ends it.
 * @throws StateError for what is no server, or no path, and where `ws` is not installed
 */
export async function attachTo(
  server: Server,
  find: () => Runtime | undefined,
  { path = "/api/twin/$socket", live = false, events = false }: AttachOptions,
): Promise<() => void> {
  // An app of Express emits events too, and none of a server.
  if (typeof server?.address !== "function") throw badServer();
  if (!path.startsWith("/")) throw badOption("path", "does not begin with `/`");
  const upgrades = await Upgrades.load(find, events);
  const wires = new Map([
    [path, EVENTS],
    [`${path}/binary`, BINARY],
  ]);
  const livePath = live ? `${path.slice(0, path.lastIndexOf("/"))}/$live` : undefined;

  /** Takes an upgrade to one of the twin's paths. `false`: it is left to other listeners. */
  function takes(request: IncomingMessage, line: Duplex, head: Buffer): boolean {
    const asked = pathOf(request);
    const wire = wires.get(asked);
    if (wire) upgrades.take(wire, request, line, head);
    // All other paths below it are unknown, in any spelling.
    else if (decoded(asked) === path || decoded(asked).startsWith(`${path}/`)) refuseUpgrade(line, "404 Not Found");
    else {
      answerIn(line, ANSWER_WAIT);
      return false;
    }
    return true;
  }

  // No other listener may see our requests: Next ends every upgrade whose path one of its routes would take, and listens only from its first request on.
  const emit = server.emit;
  let attached = true;
  function emitOthers(this: Server, name: string | symbol, ...args: unknown[]): boolean {
    if (attached && name === "request" && answersLive(find, livePath, ...(args as [IncomingMessage, ServerResponse]))) return true;
    if (attached && name === "upgrade" && takes(...(args as [IncomingMessage, Duplex, Buffer]))) return true;
    return (emit as typeof emitOthers).call(this, name, ...args);
  }
  server.emit = emitOthers as typeof emit;
  // Node takes an upgrade without a listener for an ordinary request. With one, an upgrade that no other listener takes would stay open for ever.
  const listener = Object.assign((_: IncomingMessage, line: Duplex) => void (hasOthers(server) || refuseUpgrade(line, "404 Not Found")), { [OURS]: true });
  server.on("upgrade", listener);
  return () => {
    attached = false;
    server.off("upgrade", listener);
    if (server.emit === emitOthers) server.emit = emit;
    upgrades.end();
  };
}

/** Answers a request for a stream under the path that is ours. `false`: it is left to other listeners. */
function answersLive(find: () => Runtime | undefined, path: string | undefined, request: IncomingMessage, response: ServerResponse): boolean {
  // There is no runtime while Next has not needed the route.
  const runtime = request.method === "GET" && pathOf(request) === path ? find() : undefined;
  runtime?.live(request, response).catch((error: unknown) => {
    runtime.report("error", error);
    response.destroy();
  });
  return runtime !== undefined;
}

// Several twins may be attached to a server, each by a copy of this module of its own.
const OURS = Symbol.for("twinstate.upgrade");

/** Refuses an upgrade that no listener has answered by then. Next listens for upgrades, and leaves unknown ones open. */
function answerIn(line: Duplex & { readonly bytesWritten?: number }, ms: number): void {
  const { bytesWritten } = line;
  const patience = setTimeout(() => line.bytesWritten === bytesWritten && refuseUpgrade(line, "404 Not Found"), ms);
  patience.unref();
  line.once("close", () => clearTimeout(patience));
}

/** Whether listeners other than those of twins take upgrades. */
const hasOthers = (server: Server) => server.listeners("upgrade").some((listener) => !(OURS in listener));

const pathOf = ({ url = "/" }: IncomingMessage) => url.split("?", 1)[0] as string;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
