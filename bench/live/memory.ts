import { randomBytes } from "node:crypto";
import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { launch } from "./child.ts";
import type { Part } from "./section.ts";

const COUNT = 1000;

interface Used {
  readonly heap: number;
  readonly buffers: number;
}

/** What is measured: what a thousand of them add to a server that has some already. */
const CASES: readonly { what: string; server: string; stream?: string; args?: readonly string[] }[] = [
  { what: "twinstate: idle session in memory", server: "twinstate", args: ["0"] },
  { what: "twinstate: session that was used in the last minute", server: "twinstate" },
  { what: "twinstate: connected session, SSE", server: "twinstate", stream: "session" },
  { what: "twinstate: connected session, SSE past the handler", server: "twinstate", stream: "session, attached" },
  { what: "twinstate: reader of a room of 1,000, SSE", server: "twinstate", stream: "twinstate" },
  { what: "twinstate: connected session, WebSocket", server: "twinstate", stream: "session, ws" },
  { what: "raw SSE: connection", server: "sse", stream: "sse" },
  { what: "tRPC: subscription, SSE", server: "trpc", stream: "trpc" },
  { what: "ws: connection", server: "ws", stream: "ws" },
  { what: "socket.io: connection, WebSocket", server: "socketio", stream: "socketio" },
];

/** Heap bytes on the server. */
export const memory: Part = async ({ log, short }) => {
  const found = new Map<string, Used>();
  for (const { what, server: name, stream, args = [] } of CASES) {
    if (short && !name.startsWith("twinstate")) continue;
    const server = await launch(`servers/${name}`, { args });
    const client = await launch("clients/listen");
    try {
      const port = await server.ask<number>("port");
      const more = (count: number) =>
        stream
          ? client.ask("open", { peer: stream, port, count })
          : server.ask(
              "sessions",
              Array.from({ length: count }, () => randomBytes(16).toString("base64url")),
            );
      // What is made once does not count.
      await more(100);
      const before = await server.ask<Used>("heap");
      await more(COUNT);
      const after = await server.ask<Used>("heap");
      const each = { heap: (after.heap - before.heap) / COUNT, buffers: (after.buffers - before.buffers) / COUNT };
      found.set(what, each);
      log(`memory, ${what}: ${Math.round(each.heap)} B of heap, ${Math.round(each.buffers)} B of buffers`);
    } finally {
      await Promise.all([client.stop(), server.stop()]);
    }
  }
  const count = (value: number | undefined) => Math.round(value ?? 0).toLocaleString("en");
  const kilobytes = (what: string) => (found.get(what)?.heap ?? Number.NaN) / 1000;
  return {
    title: "Memory",
    text: "What each adds to the heap of the server's process, measured after collection, over 1,000 of them. Buffers are beside the heap. A connection includes Node's own socket, request and response. A session that nobody uses leaves its live store after a minute: `memory()` then holds what there is to keep of it.",
    tables: [
      table(
        ["bytes for each", "heap", "buffers"],
        [...found].map(([what, { heap, buffers }]) => [what, count(heap), count(buffers)]),
      ),
    ],
    rounds: [],
    verdicts: [
      verdict("heap of an idle session in memory", kilobytes("twinstate: idle session in memory"), 3, "kB"),
      verdict("heap of a connected session, SSE", kilobytes("twinstate: connected session, SSE"), 55, "kB"),
      verdict("heap of a connected session, WebSocket", kilobytes("twinstate: connected session, WebSocket"), 16, "kB"),
    ],
  };
};
