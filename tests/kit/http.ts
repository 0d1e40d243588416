import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { HANDLED } from "./transport.js";

export interface Handlers {
  GET(request: Request): Promise<Response>;
  POST(request: Request): Promise<Response>;
  OPTIONS?(request: Request): Promise<Response>;
}

export interface Site {
  readonly origin: string;
  /** Where the twin's route is mounted. */
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** Serves a twin's handlers over real HTTP, under `/api/twin` or another path. `prepare` is called before anybody can come. */
export async function serve(handlers: Handlers, path = "/api/twin", port = 0, prepare?: (server: Server) => Promise<unknown>): Promise<Site> {
  const server = createServer((req, res) => void respond(handlers, req, res));
  const lines = new Set<Socket>();
  server.on("connection", (line) => {
    lines.add(line);
    line.once("close", () => lines.delete(line));
  });
  await prepare?.(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: origin + path,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Those of WebSockets are no longer the server's.
        for (const line of lines) line.destroy();
      }),
  };
}

async function respond(handlers: Handlers, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const gone = new AbortController();
  res.on("close", () => gone.abort());
  try {
    if (!HANDLED && req.headers.accept === "text/event-stream") throw new Error("This run has its streams another way.");
    const method = req.method === "POST" || req.method === "OPTIONS" ? req.method : "GET";
    const body = method === "POST" ? (Readable.toWeb(req) as ReadableStream) : null;
    const headers = new Headers();
    for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i] as string, req.rawHeaders[i + 1] as string);
    const request = new Request(`http://${req.headers.host}${req.url}`, { method, headers, body, signal: gone.signal, duplex: "half" } as RequestInit);
    const response = await (handlers[method] ?? handlers.GET)(request);
    // What is left of a body that was refused would stand before the next request on this line.
    if (!req.complete) res.setHeader("connection", "close");
    for (const [name, value] of response.headers) res.appendHeader(name, value);
    res.writeHead(response.status);
    if (!response.body) return void res.end();
    for await (const chunk of response.body) {
      if (gone.signal.aborted) break;
      if (!res.write(chunk)) await room(res);
    }
    res.end();
  } catch (error) {
    if (gone.signal.aborted) return;
    // A body that breaks breaks its line.
    if (res.headersSent) return void res.destroy();
    console.error(error);
    res.writeHead(500).end(String(error));
  }
}

/** Resolves when the response takes more, or is gone. */
function room(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off("drain", done).off("close", done);
      resolve();
    };
    res.on("drain", done).on("close", done);
  });
}

/** A browser's worth of cookies: what the server sets comes back with the next request. */
export class Jar {
  #cookie: string | undefined;

  get cookie(): string | undefined {
    return this.#cookie;
  }

  set cookie(cookie: string | undefined) {
    this.#cookie = cookie;
  }

  readonly fetch = async (input: RequestInfo | URL | string, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    if (this.#cookie) headers.set("cookie", this.#cookie);
    const response = await fetch(input, { ...init, headers });
    const set = response.headers.get("set-cookie");
    if (set) this.#cookie = set.split(";")[0];
    return response;
  };

  readonly openSocket = (url: string, headers: Record<string, string> = {}): WebSocket =>
    new (WebSocket as unknown as NodeWebSocket)(url, { headers: { ...(this.#cookie && { cookie: this.#cookie }), ...headers } });
}

/** Node's takes headers. */
type NodeWebSocket = new (url: string, options: { headers: Record<string, string> }) => WebSocket;
