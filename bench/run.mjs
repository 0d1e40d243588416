// The entry of `npm run bench`: fetches the peers, which the root's `npm ci` leaves out, and starts.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const folder = import.meta.dirname;
if (["yjs", "socket.io", "zustand"].some((name) => !existsSync(`${folder}/node_modules/${name}`)))
  execFileSync("npm", ["ci"], { cwd: folder, stdio: "inherit" });
await import("./bench.ts");
