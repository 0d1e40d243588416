// The entry of `npm run bench`: fetches the peers, which the root's `npm ci` leaves out, and starts.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const folder = import.meta.dirname;
if (!existsSync(`${folder}/node_modules/yjs`) || !existsSync(`${folder}/node_modules/socket.io`))
  execFileSync("npm", ["ci"], { cwd: folder, stdio: "inherit" });
await import("./bench.ts");
