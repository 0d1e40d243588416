import { createHash } from "node:crypto";
import { openAsBlob, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventError } from "twinstate";
import { describe, expect } from "vitest";
import { call, openClient, openTwin } from "../kit/client.js";
import { temporaryFolder } from "../kit/files.js";
import { Jar } from "../kit/http.js";
import { test } from "../kit/nginx.js";
import { type Probed, startProbed } from "./kit/probed.js";

const MB = 1 << 20;
const SIZE = 200 * MB;

interface Memory {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  /** How many files and sockets are open. */
  readonly open: number;
}

/** A file on the disk of the test, so that the test's own memory does not grow either, and its SHA-256. */
async function largeFile(size: number): Promise<{ file: File; sum: string }> {
  const path = join(temporaryFolder(), "large.bin");
  const bytes = Buffer.alloc(size, "a large file of no great interest; ");
  writeFileSync(path, bytes);
  return { file: new File([await openAsBlob(path)], "large.bin"), sum: createHash("sha256").update(bytes).digest("hex") };
}

const part = (file: File, size: number) => new File([file.slice(0, size)], "part.bin");

/** Somebody who sends files to the demo. */
async function sender(url: string) {
  const jar = new Jar();
  // A page gives a session.
  await jar.fetch(url, { headers: { accept: "text/html" } });
  const client = openClient(`${url}/api/twin`, { line: jar });
  return openTwin(client, "checksum");
}

/** Runs something, and gives by how much the server's memory has grown at most meanwhile, in MB: with its garbage (`memory`), or without (`held`). */
async function grownBy({ ask }: Probed, run: () => Promise<unknown>, what: "memory" | "held" = "memory"): Promise<{ held: number; rss: number }> {
  const look = async () => (await ask(what)) as Memory;
  // It collects all garbage first: the memory before is that of what is held.
  await ask("objects");
  const before = await look();
  let [held, rss, over] = [0, 0, false];
  const watching = (async () => {
    while (!over) {
      const now = await look();
      held = Math.max(held, now.heapUsed + now.external - before.heapUsed - before.external);
      rss = Math.max(rss, now.rss - before.rss);
      // A collection stops the server.
      await new Promise((resolve) => setTimeout(resolve, what === "held" ? 500 : 50));
    }
  })();
  try {
    await run();
  } finally {
    over = true;
    await watching;
  }
  return { held: Math.round(held / MB), rss: Math.round(rss / MB) };
}

/** What the server had open before, it has open again, and no more. */
async function leavesNothing({ ask }: Probed, before: Memory): Promise<void> {
  await expect.poll(async () => ((await ask("memory")) as Memory).open, { timeout: 60_000, interval: 200 }).toBeLessThanOrEqual(before.open);
}

const refusalOf = (ended: PromiseLike<unknown>) => Promise.resolve(ended).catch(({ code, message }: EventError) => ({ code, message }));

const SETTINGS = "client_max_body_size 0; proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 1h;";

test("200 MB come through nginx and next start right, and take no more than 30 MB", { timeout: 300_000 }, async ({ nginx }) => {
  const server = await startProbed("start");
  const proxy = await nginx({ upstream: server.url, location: SETTINGS });
  const { file, sum } = await largeFile(SIZE);
  const checksum = await sender(proxy.url);
  // What the first one loads and compiles stays.
  await call(checksum, "read", part(file, 20 * MB));
  const grown = await grownBy(server, async () => expect(await call(checksum, "read", file)).toBe(sum));
  console.info(`200 MB through nginx and next start: heap and buffers grew by ${grown.held} MB at most, the process by ${grown.rss} MB.`);
  expect(grown.held).toBeLessThan(30);
});

test("a file that is cancelled, or whose line is cut, leaves nothing open on next start, and nothing at nginx", { timeout: 300_000 }, async ({ nginx }) => {
  const server = await startProbed("start");
  const proxy = await nginx({ upstream: server.url, location: SETTINGS });
  const { file } = await largeFile(SIZE);
  const checksum = await sender(proxy.url);
  await call(checksum, "read", part(file, MB));
  const before = (await server.ask("memory")) as Memory;
  const cancelled = call(checksum, "read", file);
  await expect.poll(async () => ((await server.ask("memory")) as Memory).open, { interval: 20 }).toBeGreaterThan(before.open);
  cancelled.cancel();
  expect(await refusalOf(cancelled)).toMatchObject({ code: "CANCELLED" });
  await leavesNothing(server, before);

  // The line is cut between the client and nginx: another nginx is stopped in the middle.
  const other = await nginx({ upstream: server.url, location: SETTINGS });
  const gone = await sender(other.url);
  const cut = call(gone, "read", file);
  // It has nobody to ask any more, and ends with its client.
  cut.catch(() => {});
  await expect.poll(async () => ((await server.ask("memory")) as Memory).open, { interval: 20 }).toBeGreaterThan(before.open + 2);
  await other.stop();
  await leavesNothing(server, before);
  expect(readdirSync(join(proxy.folder, "client_body_temp"))).toEqual([]);
  expect(await call(checksum, "read", part(file, MB))).toMatch(/^[0-9a-f]{64}$/);
});

describe.runIf(process.env.TEST_FULL)("in development", () => {
  const slowly = (folder: string) =>
    edit(
      folder,
      "state/checksum.ts",
      "hash.update(chunk);",
      "{\n      hash.update(chunk);\n      await new Promise((resolve) => setTimeout(resolve, 1));\n    }",
    );
  const matched = (folder: string) => edit(folder, "proxy.ts", "/((?!api|_next", "/((?!_next");

  test.for([
    ["at full speed", () => {}],
    ["to a slow reader", slowly],
  ] as const)("200 MB come through next dev right, %s, and hold no more than 30 MB", { timeout: 600_000 }, async ([, change]) => {
    const server = await startProbed("dev", change);
    const { file, sum } = await largeFile(SIZE);
    const checksum = await sender(server.url);
    await call(checksum, "read", part(file, 20 * MB));
    // Its tools for developers follow each promise, so garbage gets old there, and waits longer for its collection.
    const grown = await grownBy(server, async () => expect(await call(checksum, "read", file)).toBe(sum), "held");
    console.info(`200 MB through next dev: heap and buffers without garbage grew by ${grown.held} MB at most, the process by ${grown.rss} MB.`);
    expect(grown.held).toBeLessThan(30);
  });

  test("a body that Next cuts at 10 MB, as proxy.ts matches the route, is refused, and the call names the setting", { timeout: 300_000 }, async () => {
    const server = await startProbed("dev", matched);
    const { file } = await largeFile(16 * MB);
    const checksum = await sender(server.url);
    const { code, message } = (await refusalOf(call(checksum, "read", file))) as { code: string; message: string };
    expect([code, message]).toEqual(["CUT_SHORT", expect.stringContaining("`experimental.proxyClientMaxBodySize`")]);
    expect(message).toContain(`of ${16 * MB} bytes`);
  });
});

function edit(folder: string, path: string, from: string, to: string): void {
  const text = readFileSync(join(folder, path), "utf8");
  expect(text).toContain(from);
  writeFileSync(join(folder, path), text.replace(from, to));
}
