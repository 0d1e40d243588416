import { createServer } from "node:http";
import { connect } from "node:net";
import next from "next";
import { attach } from "twinstate/server";

const dev = process.env.DEV === "1";
const server = createServer((req, res) => handle(req, res));
const app = next({ dev, httpServer: server, port: 4612 });
const handle = app.getRequestHandler();
await app.prepare();
await attach(server);
await new Promise((r) => server.listen(4612, r));
const up = (path) =>
  new Promise((resolve) => {
    const line = connect(4612, "127.0.0.1");
    let got = "";
    line.on("data", (d) => {
      got += d;
      if (got.includes("101")) {
        resolve(`101`);
        line.destroy();
      }
    });
    line.on("end", () => resolve(`ended: ${got.split("\r\n")[0]}`));
    line.on("error", () => resolve("error"));
    setTimeout(() => {
      resolve(`hangs: ${got}`);
      line.destroy();
    }, 4000);
    line.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:4612\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
  });
const paths = ["/_next/webpack-hmr", "/_next/hmr", "/x", "/", "/api/twin/$socket", "/api/twin/$socket/zzz", "/api/twin/%24socket"];
for (const path of paths) console.log("before", path, await up(path), server.listenerCount("upgrade"));
const r = await fetch("http://localhost:4612/", { headers: { accept: "text/html" } });
await r.text();
await fetch("http://localhost:4612/api/twin/health");
console.log("page", r.status);
for (const path of paths) console.log("after", path, await up(path), server.listenerCount("upgrade"));
process.exit();
