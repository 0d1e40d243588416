import { join } from "node:path";
import { buildApp } from "./build.js";
import { type DemoServer, startServer } from "./server.js";

const APP = join(import.meta.dirname, "../app");

export interface AppOptions {
  /** Next's `cacheComponents`. */
  cached: boolean;
  /** The React Compiler. */
  compiled: boolean;
}

/** Builds the app in the folder `app`, and starts it. */
export async function startApp({ cached, compiled }: AppOptions): Promise<DemoServer> {
  const dist = `.next/${cached ? "cached" : "plain"}-${compiled ? "compiled" : "as-is"}`;
  const env = { CACHE_COMPONENTS: cached ? "1" : "0", REACT_COMPILER: compiled ? "1" : "0", DIST: dist };
  await buildApp(APP, env, dist);
  return startServer({ cwd: APP, env });
}
