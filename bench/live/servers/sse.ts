import type { ServerResponse } from "node:http";
import { listen } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

const readers = new Set<ServerResponse>();
const { port } = await listen((_, res) => {
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  res.write("event: connected\ndata: {}\n\n");
  readers.add(res);
  res.on("close", () => readers.delete(res));
});
let id = 0;

answer({
  ...measures,
  port: () => port,
  listeners: () => readers.size,
  publish(texts: string[]) {
    const start = now();
    for (const text of texts) {
      const frame = Buffer.from(`data: ${JSON.stringify(text)}\nid: ${++id}\n\n`);
      for (const res of readers) res.write(frame);
    }
    return start;
  },
});
