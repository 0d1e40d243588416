import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

export interface Handlers {
  GET(request: Request): Promise<Response>;
  POST(request: Request): Promise<Response>;
}

export interface Site {
  readonly origin: string;
  /** Where the twin's route is mounted. */
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** Serves a twin's handlers over real HTTP, under `/api/twin` or another path. */
export async function serve(handlers: Handlers, path = "/api/twin", port = 0): Promise<Site> {
  const server = createServer((req, res) => void respond(handlers, req, res));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: origin + path,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(handlers: Handlers, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const gone = new AbortController();
  res.on("close", () => gone.abort());
  try {
    const method = req.method === "POST" ? "POST" : "GET";
    const body = method === "POST" ? (Readable.toWeb(req) as ReadableStream) : null;
    const headers = new Headers();
    for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i] as string, req.rawHeaders[i + 1] as string);
    const request = new Request(`http://${req.headers.host}${req.url}`, { method, headers, body, signal: gone.signal, duplex: "half" } as RequestInit);
    const response = await handlers[method](request);
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
}

export interface Listener {
  /** What has come so far. */
  readonly messages: unknown[][];
  /** The first message that fits, from those that have come or will. */
  until(fits: (message: unknown[]) => boolean): Promise<unknown[]>;
  /** The stream has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Reads a stream as a browser's EventSource does, with plain `fetch`. */
export function listen(url: string, input: unknown, jar: Jar): Listener {
  const control = new AbortController();
  const messages: unknown[][] = [];
  const waiting = new Set<() => void>();
  const notice = () => {
    for (const wake of waiting) wake();
  };
  const ended = (async () => {
    const response = await jar.fetch(`${url}/$live?input=${encodeURIComponent(JSON.stringify(input))}`, {
      signal: control.signal,
      headers: { accept: "text/event-stream" },
    });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event === "serialized-error") messages.push(["error", JSON.parse(data ?? "null")]);
        else if (event === undefined && data !== undefined) messages.push(JSON.parse(data) as unknown[]);
        notice();
      }
    }
  })().catch((error: unknown) => {
    if (!control.signal.aborted) throw error;
  });
  ended.finally(notice).catch(() => {});
  return {
    messages,
    ended,
    close: () => control.abort(),
    async until(fits) {
      for (;;) {
        const found = messages.find(fits);
        if (found) return found;
        await new Promise<void>((resolve, reject) => {
          const wake = () => {
            clearTimeout(timer);
            waiting.delete(wake);
            resolve();
          };
          const timer = setTimeout(() => {
            waiting.delete(wake);
            reject(new Error(`No such message came. So far: ${JSON.stringify(messages)}`));
          }, 20_000);
          waiting.add(wake);
        });
      }
    },
  };
}
