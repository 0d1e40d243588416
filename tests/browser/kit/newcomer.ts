import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Page, Request } from "playwright";
import { freePort } from "../../kit/port.js";
import { environment, run } from "./build.js";

import { usable, VISITS, type Visit } from "./visits.js";

/** Notes how long a step takes. */
export type Note = <T>(step: string, work: () => Promise<T>) => Promise<T>;

/** A server that one of an app's scripts has started. */
interface ScriptServer {
  readonly url: string;
  /** What it has written. */
  readonly said: string;
  stop(): Promise<void>;
}

const PATIENCE = 180_000;

/** Runs `npm run dev` or `npm start`. It answers when this resolves. */
async function serve(folder: string, script: "dev" | "start"): Promise<ScriptServer> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  // A group of its own: npm starts further processes.
  const child = spawn("npm", ["run", script], { cwd: folder, env: environment({ PORT: String(port) }), stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = Date.now() + PATIENCE;
  const answers = () =>
    fetch(`${url}/icon.svg`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`\`npm run ${script}\` does not answer:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    get said() {
      return said;
    },
    async stop() {
      if (child.exitCode === null) process.kill(-(child.pid as number), "SIGTERM");
      await ended;
    },
  };
}

/**
 * Walks through the first minutes with an app that is installed: starts it in development, adds something in a browser, changes the source of a store while
 * it runs, runs its tests, builds it, and looks at the page in production. Each step that fails throws.
 */
export async function walk(folder: string, template: string, page: Page, note: Note): Promise<void> {
  const visit = VISITS[template] as Visit;
  const dev = await note("`npm run dev`, to the first page in a browser", async () => {
    const server = await serve(folder, "dev");
    try {
      // The first page is compiled while it is asked for.
      await page.goto(server.url, { timeout: PATIENCE });
      await usable(page, visit);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  });
  try {
    await note("something is added, and the server has it", () => answered(page, () => visit.add(page)));
    await note("a store's source is changed: new code runs, the state is kept", () => change(folder, page, visit));
  } finally {
    await dev.stop();
  }
  await note("`npm test`", () => run("npm", ["test"], folder));
  await note("`npm run build`", () => run("npm", ["run", "build"], folder));
  const production = await note("`npm start`, to the page with its state", async () => {
    const server = await serve(folder, "start");
    await look(page, server, visit);
    return server;
  });
  await production.stop();
}

/** Opens the page of a server that has run before, and waits for what was added. Ends the server if that is not there. */
async function look(page: Page, server: ScriptServer, visit: Visit): Promise<void> {
  try {
    await page.goto(server.url);
    await usable(page, visit);
    await visit.there(page);
  } catch (error) {
    const shown = await page.locator("body").ariaSnapshot();
    await server.stop();
    throw new Error(`${(error as Error).message}\nThe page shows:\n${shown}\nThe server has said:\n${server.said}`);
  }
}

/**
 * Does something that calls events, and waits until no call is open: an optimistic event shows before its answer. A page that gives up a call of its own, as a
 * later search does, is no fault; a reload loses answers, and throws.
 */
async function answered<T>(page: Page, work: () => Promise<T>): Promise<T> {
  const open = new Set<Request>();
  let asked = false;
  let reloaded = false;
  const begin = (request: Request) => {
    if (!/\/api\/twin\/\w+\.\w+/.test(request.url())) return;
    asked = true;
    open.add(request);
  };
  const end = (request: Request) => void open.delete(request);
  const reload = (frame: Frame) => {
    if (frame === page.mainFrame() && open.size > 0) reloaded = true;
  };
  page.on("request", begin).on("requestfinished", end).on("requestfailed", end).on("framenavigated", reload);
  try {
    const result = await work();
    const late = Date.now() + PATIENCE;
    while (!reloaded && (!asked || open.size > 0)) {
      if (Date.now() > late) throw new Error(`Not answered: ${asked ? [...open].map((request) => request.url()).join(", ") : "nothing was asked"}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (reloaded) throw new Error("The page was loaded anew before it had its answers.");
    return result;
  } finally {
    page.off("request", begin).off("requestfinished", end).off("requestfailed", end).off("framenavigated", reload);
  }
}

/** Changes a store's source, and does something until it is done as the source says now. Then puts it back. */
async function change(folder: string, page: Page, visit: Visit): Promise<void> {
  const { file, from, to } = visit.edit;
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  if (!before.includes(from)) throw new Error(`${file} has no \`${from}\`.`);
  writeFileSync(path, before.replace(from, to));
  const end = Date.now() + PATIENCE;
  const changed = async () => {
    // A click before React has taken over calls nothing.
    await usable(page, visit);
    return answered(page, () => visit.changed(page));
  };
  // Next notices when it notices. A class that the browser has too makes it load the page anew, and what is done meanwhile may be lost.
  while (!(await changed().catch(() => false))) {
    if (Date.now() > end) throw new Error(`${file} was changed, and the app still does what it did.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await visit.there(page);
  writeFileSync(path, before);
}
