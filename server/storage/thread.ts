import { Worker } from "node:worker_threads";

// The sources' thread. In the built package this module is another one, with the thread's code as text (tsup.config.ts): so bundlers have no file to find.
const HOOKS = `
import { registerHooks } from "node:module";
registerHooks({ resolve: (name, context, next) => next(context.parentURL?.endsWith(".ts") && name.startsWith(".") ? name.replace(/\\.js$/, ".ts") : name, context) });
`;

/** Starts the thread that has an SQLite file open. */
export const startThread = (path: string): Worker =>
  new Worker(new URL("./sqlite-worker.ts", import.meta.url), {
    workerData: { path },
    execArgv: ["--no-warnings", "--import", `data:text/javascript,${encodeURIComponent(HOOKS)}`],
  });
