import type { TestProject } from "vitest/node";
import { buildApp, buildLibrary, DEMO } from "./build.js";
import { missing } from "./chromium.js";
import { copyDemo } from "./copy.js";
import { type DemoServer, startServer } from "./server.js";

/** A server, and the folder that it runs from. */
interface Place {
  readonly url: string;
  readonly folder: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** The demo in production, with the React Compiler or without, as the project has it. */
    demo: Place;
    /** The demo in development, whose files tests may change. */
    dev: Place | undefined;
  }
}

/** Starts what all files share: the demo's production server, and in a full run its development server, which `browser-plain` does without. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (missing) console.warn(`Tests with browsers ${process.env.CI ? "fail" : "are skipped"}: one ${missing}.`);
  // The environment of a project is that of its tests: here it is not set.
  const env = { REACT_COMPILER: project.config.env.REACT_COMPILER as string };
  const compiled = env.REACT_COMPILER !== "0";
  const servers: DemoServer[] = [];
  const copies: ReturnType<typeof copyDemo>[] = [];
  const copy = () => {
    copies.push(copyDemo());
    return copies.at(-1)!.folder;
  };
  const start = async (folder: string, mode: "start" | "dev"): Promise<Place> => {
    const server = await startServer({ mode, cwd: folder, env });
    servers.push(server);
    return { url: server.url, folder };
  };
  await buildLibrary();
  const folder = compiled ? DEMO : copy();
  await buildApp(folder, env);
  project.provide("demo", await start(folder, "start"));
  if (compiled && process.env.TEST_FULL) {
    const dev = await start(copy(), "dev");
    // What is asked for first is compiled first, and that is no test's business.
    for (const path of ["/", "/board/demo", "/ticker", "/about", "/api/twin/todo"]) await fetch(dev.url + path);
    project.provide("dev", dev);
  }
  return async () => {
    for (const server of servers) await server.kill();
    for (const { remove } of copies) remove();
  };
}
