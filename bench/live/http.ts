import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves on a free port of this machine. */
export async function listen(listener: RequestListener): Promise<{ server: Server; port: number }> {
  // Lines wait while other peers have their turn.
  const server = createServer({ keepAliveTimeout: 0 }, listener);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Serves web-standard handlers, as Next's route handlers are. All peers that have such are served by this one. */
export function serveHandler(handler: (request: Request) => Promise<Response>): RequestListener {
  return (req, res) => {
    respond(handler, req, res).catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500);
      res.end(String(error));
    });
  };
}

async function respond(handler: (request: Request) => Promise<Response>, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const gone = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) gone.abort();
  });
  const { method = "GET" } = req;
  const request = new Request(`http://${req.headers.host}${req.url}`, {
    method,
    headers: req.headers as Record<string, string>,
    signal: gone.signal,
    ...(method === "POST" && { body: req, duplex: "half" }),
  } as unknown as RequestInit);
  const response = await handler(request);
  for (const [name, value] of response.headers) res.appendHeader(name, value);
  res.writeHead(response.status);
  if (!response.body) return void res.end();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (gone.signal.aborted) return void reader.cancel();
    if (!res.write(value)) await room(res);
  }
  res.end();
}

function room(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off("drain", done).off("close", done);
      resolve();
    };
    res.on("drain", done).on("close", done);
  });
}
