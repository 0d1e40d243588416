import { EventEmitter, on } from "node:events";
import { initTRPC, tracked } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { listen, serveHandler } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

const t = initTRPC.create({ isDev: false, sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 45_000 } } });
const news = new EventEmitter().setMaxListeners(0);

export const router = t.router({
  noop: t.procedure.mutation(() => null),
  // As tRPC's documentation has it.
  live: t.procedure.subscription(async function* ({ signal }) {
    let n = 0;
    for await (const [text] of on(news, "text", signal ? { signal } : {})) yield tracked(String(++n), text as string);
  }),
});

const { port } = await listen(serveHandler((req) => fetchRequestHandler({ endpoint: "/api/twin", req, router, createContext: () => ({}) })));

answer({
  ...measures,
  port: () => port,
  listeners: () => news.listenerCount("text"),
  publish(texts: string[]) {
    const start = now();
    for (const text of texts) news.emit("text", text);
    return start;
  },
});
