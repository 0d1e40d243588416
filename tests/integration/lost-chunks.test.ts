import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { event, state } from "twinstate";
import { expect, onTestFinished, test } from "vitest";
import type { createClient as CreateClient } from "../../client/client.js";
import { serveTwin } from "../kit/app.js";
import { call, shown, status } from "../kit/client.js";
import { Jar } from "../kit/http.js";
import { ROOT } from "../kit/rooms.js";
import { TRANSPORT, WIRE } from "../kit/transport.js";

// An old page loads code late, and a deploy of another build has removed the files: the client's own bundle, with a file taken away.

class Todo {
  @state items: string[] = [];
  @event add(title: string) {
    this.items.push(title);
  }
}

/** A client of a bundle whose code for the stream is away, until it is put back. */
async function pageWithoutStreamCode() {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-chunks-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [`${ROOT}client/client.ts`],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    chunkNames: "[name]-[hash]",
    logLevel: "error",
  });
  const chunk = join(folder, readdirSync(folder).find((file) => file.startsWith("online-")) as string);
  renameSync(chunk, `${chunk}.away`);
  const { createClient } = createRequire(import.meta.url)(join(folder, "client.mjs")) as { createClient: typeof CreateClient };
  const app = await serveTwin({ stores: { todo: Todo } });
  const { fetch, openSocket } = new Jar();
  const client = createClient({ url: app.site.url, transport: TRANSPORT, wire: WIRE, fetch, openSocket });
  onTestFinished(() => client.close());
  const todo = client.twin("todo");
  return { client, todo, putBack: () => renameSync(`${chunk}.away`, chunk) };
}

test("a page whose code for the stream is gone from the server is outdated: stores that wait and calls are refused, nothing hangs", async () => {
  const loose: unknown[] = [];
  const note = (error: unknown) => loose.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const { client, todo } = await pageWithoutStreamCode();
  todo.use();
  const early = call(todo, "add", "one").then(
    () => undefined,
    (error: unknown) => error,
  );
  await todo.ready;
  await status(client, ({ status }) => status === "outdated");
  expect([todo.state, todo.error?.code, client.status.current]).toEqual(["refused", "OUTDATED", { status: "outdated", pending: 0 }]);
  expect(await early).toMatchObject({ code: "OUTDATED", message: expect.stringContaining("has no code of this page any more. Reload the page.") });
  await expect(call(todo, "add", "two")).rejects.toMatchObject({ code: "OUTDATED" });
  expect(loose).toEqual([]);
});

test("code that did not come once is asked for again: the page goes on, and its calls are made", async () => {
  const { client, todo, putBack } = await pageWithoutStreamCode();
  todo.use();
  const early = call(todo, "add", "one");
  await status(client, ({ status }) => status === "reconnecting");
  putBack();
  await early;
  await shown<Todo>(todo, ({ items }) => items.join() === "one");
  expect(client.status.current.status).toBe("online");
});
