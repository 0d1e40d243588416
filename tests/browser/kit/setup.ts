import type { TestProject } from "vitest/node";
import { build, buildApp } from "./build.js";
import { missing } from "./chromium.js";
import { copyDemo } from "./copy.js";
import { type DemoServer, startServer } from "./server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The demo in production. */
    demo: string;
    /** The demo in development, and the folder that it runs from, which tests may change. */
    dev: { readonly url: string; readonly folder: string } | undefined;
    /** The demo in production, built without the React Compiler. */
    plain: string | undefined;
  }
}

/** Starts what all files share: the demo's production server, and in a full run its development server, and one that was built without the React Compiler, too. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (missing) console.warn(`Tests with browsers ${process.env.CI ? "fail" : "are skipped"}: one ${missing}.`);
  await build();
  const servers: DemoServer[] = [await startServer()];
  project.provide("demo", servers[0]!.url);
  const copies = process.env.TEST_FULL ? [copyDemo(), copyDemo()] : [];
  const [copy, plain] = copies;
  if (plain) {
    const env = { REACT_COMPILER: "0" };
    await buildApp(plain.folder, env);
    const server = await startServer({ cwd: plain.folder, env });
    servers.push(server);
    project.provide("plain", server.url);
  }
  if (copy) {
    const dev = await startServer({ mode: "dev", cwd: copy.folder });
    servers.push(dev);
    // What is asked for first is compiled first, and that is no test's business.
    for (const path of ["/", "/board/demo", "/ticker", "/about", "/api/twin/todo"]) await fetch(dev.url + path);
    project.provide("dev", { url: dev.url, folder: copy.folder });
  }
  return async () => {
    for (const server of servers) await server.kill();
    for (const { remove } of copies) remove();
  };
}
