// The custom server of docs/OPERATION.md, on a port of its own choice, or of the test's.
import { createServer } from "node:http";
import next from "next";
import { attach } from "twinstate/server";

const server = createServer((req, res) => handle(req, res));
const app = next({ dev: process.env.NODE_ENV !== "production", dir: process.cwd(), httpServer: server });
const handle = app.getRequestHandler();
await app.prepare();
await attach(server, { events: process.env.SOCKET_EVENTS === "1" });
server.listen(Number(process.env.PORT ?? 0), () => console.log("listening", server.address().port));
