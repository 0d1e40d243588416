import { join } from "node:path";
import { buildApp, compiled } from "./build.js";
import { postsFile } from "./posts.js";
import { type DemoServer, startServer } from "./server.js";

const APP = join(import.meta.dirname, "../app");

export interface AppOptions {
  /** Next's `cacheComponents`. */
  cached: boolean;
}

/** Builds the app in the folder `app`, and starts it. */
export async function startApp({ cached }: AppOptions): Promise<DemoServer> {
  const dist = `.next/${cached ? "cached" : "plain"}-${compiled ? "compiled" : "as-is"}`;
  const env = { CACHE_COMPONENTS: cached ? "1" : "0", DIST: dist, POSTS_FILE: await postsFile("one") };
  await buildApp(APP, env, dist);
  return startServer({ cwd: APP, env });
}
