import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page, WebSocket } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { compiled, environment, nextOf } from "./kit/build.js";
import { copyDemo } from "./kit/copy.js";
import { shows, todos } from "./kit/demo.js";
import { startServer } from "./kit/server.js";
import { test } from "./kit/visitor.js";

/** What sockets bring: text in the builds with the React Compiler, bytes in those without. */
const wire = compiled ? "json" : "binary";

/** The demo, whose pages want sockets. */
let demo: ReturnType<typeof copyDemo>;

interface Started {
  readonly url: string;
  readonly folder: string;
  kill(): Promise<unknown>;
}

interface How {
  /** It takes events by its sockets. */
  readonly events?: boolean;
  /** One that was killed, in whose place it comes. */
  readonly after?: Started;
}

/** The demo behind a custom server. */
async function start(mode: "production" | "development", { events = false, after }: How = {}): Promise<Started> {
  const folder = after?.folder ?? mkdtempSync(join(tmpdir(), "twinstate-socket-"));
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "kit/custom-server.mjs")], {
    cwd: demo.folder,
    env: environment({
      NODE_ENV: mode,
      TWINSTATE_SECRET: "a secret for tests of the demo",
      TWIN_FILE: join(folder, "twin.db"),
      SOCKET_EVENTS: events ? "1" : "0",
      ...(after && { PORT: new URL(after.url).port }),
    }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), "SIGKILL");
    return ended;
  };
  onTestFinished(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        said += chunk;
        const port = /listening (\d+)/.exec(said)?.[1];
        if (port) resolve({ url: `http://localhost:${port}`, folder, kill });
      });
    }
    child.once("exit", () => reject(new Error(said)));
  });
}

/** What a page opens from now on. */
function streamsOf(page: Page) {
  const sockets: WebSocket[] = [];
  const streams: string[] = [];
  const posts: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket));
  page.on("request", (request) => request.url().includes("/$live") && streams.push(request.url()));
  page.on("request", (request) => request.method() === "POST" && /\/api\/twin\/todo\./.test(request.url()) && posts.push(request.url()));
  return { sockets, streams, posts, own: () => sockets.filter((socket) => socket.url().endsWith(`/api/twin/$socket${wire === "json" ? "" : "/binary"}`)) };
}

// A build of its own takes Next a minute.
describe.runIf(process.env.TEST_FULL)("a demo whose pages want sockets", () => {
  beforeAll(async () => {
    demo = copyDemo();
    const file = join(demo.folder, "state/client.ts");
    const text = readFileSync(file, "utf8");
    const wanting = text.replace(/createHooks<Twin>\((?:\{(.*)\})?\)/s, `createHooks<Twin>({ transport: "websocket", wire: "${wire}", $1 })`);
    expect(wanting).not.toBe(text);
    writeFileSync(file, wanting);
    await promisify(execFile)(process.execPath, [nextOf(demo.folder), "build"], { cwd: demo.folder, env: environment() });
  });
  afterAll(() => demo.remove());

  test.for(compiled ? (["production", "development"] as const) : (["production"] as const))(
    "behind a custom server in %s, pages are kept up to date by sockets on Next's own port",
    { timeout: 180_000 },
    async (mode, { visit }) => {
      const { url } = await start(mode);
      if (mode === "development") for (const path of ["/", "/api/twin/todo"]) await fetch(url + path);
      const { open } = await visit({ url });
      const [page, other] = [await open("/"), await open("/about")];
      const { sockets, streams, own } = streamsOf(page);
      await page.reload();
      await other.goto("/");
      await todos(page).add("milk");
      await shows(todos(other).rows, ["milk"]);
      await todos(other).add("bread");
      await shows(todos(page).rows, ["milk", "bread"]);
      expect(own().map((socket) => socket.isClosed())).toEqual([false]);
      expect(streams).toEqual([]);
      // Next's own is left to Next.
      if (mode === "development") expect(sockets.filter((socket) => socket.url().includes("/_next/") && !socket.isClosed()).length).toBe(1);
    },
  );

  test("a server that takes events by its sockets gets them there, and what was called while it was away, once", {
    timeout: 180_000,
  }, async ({ visit }) => {
    const server = await start("production", { events: true });
    const { open, expects } = await visit({ url: server.url });
    expects(/WebSocket|Failed to load resource|ERR_/);
    const page = await open("/");
    const { own, posts } = streamsOf(page);
    await page.reload();
    await todos(page).add("first");
    await shows(todos(page).rows, ["first"]);
    // The stream may have opened after the first event.
    posts.length = 0;
    await todos(page).add("milk");
    await todos(page).add("bread");
    await shows(todos(page).rows, ["first", "milk", "bread"]);
    await page.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached" });
    expect(posts).toEqual([]);
    expect(own().map((socket) => socket.isClosed())).toEqual([false]);
    await server.kill();
    await todos(page).enter("while it was away");
    await start("production", { events: true, after: server });
    await page.locator('[role="status"][data-pending="0"]').first().waitFor({ state: "attached" });
    await shows(todos(page).rows, ["first", "milk", "bread", "while it was away"]);
    const fresh = await open("/");
    await shows(todos(fresh).rows, ["first", "milk", "bread", "while it was away"]);
  });

  test("where the server has no sockets, pages are kept up to date all the same", async ({ visit }) => {
    const server = await startServer({ cwd: demo.folder });
    onTestFinished(server.kill);
    const { open, expects } = await visit({ url: server.url });
    expects(/WebSocket connection to .* failed/);
    const [page, other] = [await open("/"), await open("/about")];
    const { streams, own } = streamsOf(page);
    await page.reload();
    await other.goto("/");
    await todos(page).add("milk");
    await shows(todos(other).rows, ["milk"]);
    await todos(other).add("bread");
    await shows(todos(page).rows, ["milk", "bread"]);
    expect(own().length).toBe(1);
    expect(streams.length).toBe(1);
  });
});
