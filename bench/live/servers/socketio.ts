import { Server } from "socket.io";
import { listen } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

const { server, port } = await listen((_, res) => res.writeHead(404).end());
// No pings: the readers of the fan-out do not answer them.
const io = new Server(server, { pingInterval: 24 * 3_600_000 });
io.on("connection", (socket) => {
  socket.on("noop", (done: () => void) => done());
});

answer({
  ...measures,
  port: () => port,
  listeners: () => io.of("/").sockets.size,
  publish(texts: string[]) {
    const start = now();
    for (const text of texts) io.emit("text", text);
    return start;
  },
});
