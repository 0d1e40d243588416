import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DEMO, environment } from "./kit/build.js";
import { copyDemo } from "./kit/copy.js";

/** The demo behind a custom server. */
async function start(mode: "production" | "development"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-socket-"));
  const copy = mode === "development" ? copyDemo() : undefined;
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "kit/custom-server.mjs")], {
    cwd: copy?.folder ?? DEMO,
    env: environment({ NODE_ENV: mode, TWINSTATE_SECRET: "a secret for tests of the demo", TWIN_FILE: join(folder, "twin.db") }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    if (child.exitCode === null) process.kill(-(child.pid as number), "SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
    copy?.remove();
  });
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        said += chunk;
        const port = /listening (\d+)/.exec(said)?.[1];
        if (port) resolve(`http://localhost:${port}`);
      });
    }
    child.once("exit", () => reject(new Error(said)));
  });
}

type SocketClass = new (url: string, options?: { headers: Record<string, string> }) => WebSocket;
const Socket = WebSocket as unknown as SocketClass;
const opened = (socket: WebSocket) =>
  new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("The socket was refused.")));
  });

test.for(process.env.TEST_FULL ? (["production", "development"] as const) : (["production"] as const))(
  "behind a custom server in %s, state comes over a socket on Next's own port",
  async (mode) => {
    const url = await start(mode);
    const post = (path: string, input: unknown, cookie?: string) =>
      fetch(`${url}/api/twin/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(cookie && { cookie }) },
        body: JSON.stringify(input),
      });
    const first = await post("$connect", { protocol: 1, client: "a-client-of-the-socket-test", epoch: 1, watch: [{ store: "todo" }] });
    const cookie = first.headers.get("set-cookie")?.split(";")[0] as string;
    const { result } = (await first.json()) as { result: { data: unknown } };
    const socket = new Socket(`${url.replace("http", "ws")}/api/twin/$socket`, { headers: { cookie } });
    onTestFinished(() => socket.close());
    let text = "";
    const wanted = new Map<string, () => void>();
    socket.addEventListener("message", ({ data }) => {
      text += data;
      for (const [what, found] of wanted) if (text.includes(what)) found();
    });
    const until = (what: string) => (text.includes(what) ? undefined : new Promise<void>((resolve) => wanted.set(what, resolve)));
    await opened(socket);
    socket.send(JSON.stringify(result.data));
    await until('"snapshot"');
    expect((await post("todo.add", { args: ["over a socket"] }, cookie)).status).toBe(200);
    await until("over a socket");
    if (mode === "production") return;
    // Next's own is left to Next.
    const hot = new Socket(`${url.replace("http", "ws")}/_next/hmr?id=test`);
    onTestFinished(() => hot.close());
    await opened(hot);
  },
);
