// Serves the built site on port 3001 (PORT overrides), as a host of static files does.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const out = join(import.meta.dirname, "out");
const port = Number(process.env.PORT ?? 3001);
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

const isFile = (path) => existsSync(path) && statSync(path).isFile();

createServer((request, response) => {
  const path = join(out, normalize(decodeURIComponent(new URL(request.url, "http://site").pathname)));
  const file = [path, `${path}.html`, join(path, "index.html")].find((one) => one.startsWith(out) && isFile(one));
  response.writeHead(file ? 200 : 404, { "content-type": types[extname(file ?? "404.html")] ?? "application/octet-stream" });
  createReadStream(file ?? join(out, "404.html")).pipe(response);
}).listen(port, () => console.log(`The docs are on http://localhost:${port}`));
