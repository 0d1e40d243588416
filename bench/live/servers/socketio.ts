import { Server } from "socket.io";
import { listen } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

const { server, port } = await listen((_, res) => res.writeHead(404).end());
const io = new Server(server);
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
