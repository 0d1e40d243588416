import { WRITTEN } from "./written.js";

/** A server of Next's that takes WebSockets. */
export const customServer = (): string => `// Runs the app with WebSockets: \`node server.mjs\` in the place of \`next start\`.
// ${WRITTEN}
import { createServer } from "node:http";
import next from "next";
import { attach } from "twinstate/server";

const dev = process.env.NODE_ENV !== "production";
const port = Number(process.env.PORT ?? 3000);
const server = createServer((request, response) => handle(request, response));
const app = next({ dev, port, httpServer: server });
const handle = app.getRequestHandler();
await app.prepare();
await attach(server);
server.listen(port, process.env.HOSTNAME, () => console.log(\`The app listens on port \${port}.\`));
// The server takes no more connections, and ends with its last answer. The twin ends its streams by itself.
if (!dev) for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => server.close(() => process.exit()));
`;
