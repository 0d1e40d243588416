// Serves one route of an app's files, in a process that a test kills: `node app-server.mjs <folder> <route> <port>`. Vite compiles the files, as in tests.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createServer as createVite } from "vite";

const [folder, route, port] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url));
const vite = await createVite({
  root,
  configFile: `${root}vitest.config.ts`,
  logLevel: "error",
  server: { middlewareMode: true, hmr: false, ws: false },
  appType: "custom",
});
const handlers = await vite.ssrLoadModule(`${folder}/${route}`);

createServer(async (incoming, outgoing) => {
  const body = await Array.fromAsync(incoming);
  const request = new Request(`http://localhost${incoming.url}`, { method: incoming.method, headers: incoming.headers, body: Buffer.concat(body) });
  const response = await handlers[incoming.method](request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()));
}).listen(Number(port), "127.0.0.1");
