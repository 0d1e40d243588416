import { WebSocketServer } from "ws";
import { listen } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

const { server, port } = await listen((_, res) => res.writeHead(404).end());
const sockets = new WebSocketServer({ server });

answer({
  ...measures,
  port: () => port,
  listeners: () => sockets.clients.size,
  publish(texts: string[]) {
    const start = now();
    for (const text of texts) {
      const message = Buffer.from(JSON.stringify(text));
      for (const socket of sockets.clients) socket.send(message, { binary: false });
    }
    return start;
  },
});
