import { readFileSync } from "node:fs";
import { event, state } from "../../lib/index.js";
import { createTwin, scope } from "../../server/index.js";
import { listen, serveHandler } from "../live/http.ts";
import { answer } from "../live/tasks.ts";
import { edit, type Kind, type Message, makeRows, next, type Row } from "./rows.ts";

/** Where pages and their scripts are. */
const [, , folder] = process.argv;
const now = () => performance.timeOrigin + performance.now();
/** When the last op was done. */
let committed = 0;

class Table {
  @state rows: Row[] = [];
  @event edit(message: Message) {
    edit(this.rows, message);
    committed = now();
  }
}

const twin = createTwin({ stores: { table: scope.shared(Table) }, session: { secret: "a secret for the bench alone" } });
export type Twin = typeof twin;

/** A server that was written by hand: its rows, and the streams that it tells. */
const rows: Row[] = [];
const streams = new Map<string, ReadableStreamDefaultController<Uint8Array>>();
const encoder = new TextEncoder();

function tell(peer: string, message: Message): void {
  streams.get(peer)?.enqueue(encoder.encode(`data: ${JSON.stringify(message)}\n\n`));
}

function follow(peer: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      streams.set(peer, controller);
      tell(peer, { kind: "fill", rows });
    },
    cancel: () => void streams.delete(peer),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" } });
}

// Isolated, so that the page's clock is as fine as it can be.
const PAGE = { "content-type": "text/html", "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const html = (peer: string) =>
  `<!doctype html><title>${peer}</title><style>ul{margin:0;padding:0}li{contain:strict;height:20px;display:grid;grid-template-columns:repeat(4,120px);font:14px sans-serif}</style><div id="root"></div><script src="/${peer}.js"></script>`;

const { port } = await listen(
  serveHandler(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/twin")) return twin.handlers[request.method === "POST" ? "POST" : "GET"](request);
    const [, first = "", second = ""] = pathname.split("/");
    if (first === "events") return follow(second);
    if (first.endsWith(".js")) return new Response(readFileSync(`${folder}/${first}`), { headers: { "content-type": "text/javascript" } });
    return new Response(html(first), { headers: PAGE });
  }),
);

async function run(peer: string, message: Message): Promise<void> {
  if (peer === "twinstate") return void (await twin.table().edit(message));
  edit(rows, message);
  committed = now();
  tell(peer, message);
}

answer({
  port: () => port,
  fill: ({ peer, count }: { peer: string; count: number }) => run(peer, { kind: "fill", rows: makeRows(count) }),
  /** Does it, and tells when that was, in ms since 1970. */
  async run({ peer, kind }: { peer: string; kind: Kind }) {
    const before = peer === "twinstate" ? (await twin.table().$snapshot()).rows : rows;
    await run(peer, next(kind, before as readonly Row[]));
    return committed;
  },
  /** What the page should show. */
  async titles(peer: string) {
    const now = peer === "twinstate" ? (await twin.table().$snapshot()).rows : rows;
    return now.map(({ title }) => title);
  },
});
