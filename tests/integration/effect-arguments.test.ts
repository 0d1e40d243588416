import { openAsBlob } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventError, effect, event, state, update } from "twinstate";
import { expect, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";

const TEXT = "name;count\r\nmilk;3\n";

/** A Blob whose file is gone before it is read. */
async function lost(path: string): Promise<Blob> {
  await writeFile(path, TEXT);
  const blob = await openAsBlob(path);
  await rm(path);
  return blob;
}

class Shop {
  @state visits = 0;
  @event go(to: string, options: { external?: boolean; replace?: boolean } = {}) {
    this.visits++;
    effect.redirect(to, options);
  }
  @event fetch(from: string, external: boolean = false) {
    this.visits++;
    effect.download(from, "file", { external });
  }
  @event report() {
    effect.download({ data: TEXT, type: "text/csv" }, "report.csv");
    effect.download({ data: "é" });
    effect.download({ data: new Uint8Array([1, 2, 3]) }, "bytes");
    effect.download(new Blob([TEXT], { type: "text/csv" }), "blob.csv");
    effect.download(new File(["x"], "file.txt", { type: "text/plain" }));
    effect.toast("done");
  }
  @event shout(letters: number) {
    this.visits++;
    effect.toast("x".repeat(letters));
  }
  @event large(bytes: number, kind: string) {
    this.visits++;
    const data = "x".repeat(bytes);
    effect.download(kind === "text" ? { data } : kind === "bytes" ? { data: Buffer.from(data) } : new Blob([data]), "large");
  }
  @event odd(what: unknown) {
    this.visits++;
    effect.download(what as string);
  }
  @event({ background: true }) async prepare() {
    effect.download(new Blob(["first"]), "1");
    await update(() => this.visits++);
    effect.download(new Blob(["second"]), "2");
  }
  @event failing() {
    effect.download(new Blob(["x"]), "never");
    throw new EventError("INVALID", "No.", { issues: [] });
  }
  @event({ background: true }) async tryTwice(path: string) {
    effect.download(await lost(path), "gone");
    await update(() => this.visits++).catch((error) => this.failed(error));
    effect.download(new Blob(["second"]), "2");
    await update(() => this.visits++);
  }
  private failed(error: Error) {
    effect.toast(error.name);
  }
  @event async gone(path: string) {
    this.visits++;
    effect.download(await lost(path), "gone");
  }
}

async function open() {
  const { site, twin, logs } = await serveTwin({ stores: { shop: Shop } });
  const client = openClient(site.url);
  const shop = await openTwin(client, "shop");
  const got: unknown[][] = [];
  client.onEffect((name, args) => got.push([name, ...args]));
  const logged = () => logs.map(({ error }) => error as { code?: string; message: string });
  return { shop, twin, got, logged };
}

const text = (file: unknown) => {
  const { data, type } = file as { data: Uint8Array; type: string };
  return [new TextDecoder().decode(data), type];
};

test("a redirect or download to another site, or to a script, fails in its event, which is undone; where the app allows other sites, it is followed", async () => {
  const { shop, got, logged } = await open();
  for (const url of ["//evil.example", "https://evil.example", "javascript:alert(1)", "data:text/html,x", "/\\evil.example", "/\t/evil.example"]) {
    await expect(call(shop, "go", url)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logged().at(-1)).toMatchObject({ code: "UNSAFE_URL", message: expect.stringContaining("`effect.redirect()` was given the address") });
    await expect(call(shop, "fetch", url)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logged().at(-1)).toMatchObject({ code: "UNSAFE_URL", message: expect.stringContaining("`effect.download()` was given the address") });
  }
  await expect(call(shop, "go", "javascript:alert(1)", { external: true })).rejects.toMatchObject({ code: "INTERNAL" });
  await call(shop, "go", "/list", { replace: true });
  await call(shop, "go", "https://other.example/", { external: true });
  await call(shop, "fetch", "https://other.example/file", true);
  await expect.poll(() => got.length).toBe(3);
  expect(got).toEqual([
    ["redirect", "/list", { replace: true }],
    ["redirect", "https://other.example/", { external: true }],
    ["download", "https://other.example/file", "file", { external: true }],
  ]);
  expect(shop.mirror.read("visits")).toBe(3);
});

test("a file that an event has made arrives in its bytes, also that of a Blob, and in the order of the effects", async () => {
  const { shop, got } = await open();
  await call(shop, "report");
  await expect.poll(() => got.length).toBe(6);
  expect(got.map(([name]) => name)).toEqual([...Array(5).fill("download"), "toast"]);
  expect(got.slice(0, 5).map(([, file, name]) => [...text(file), name])).toEqual([
    [TEXT, "text/csv", "report.csv"],
    ["é", "text/plain", undefined],
    ["\u0001\u0002\u0003", "", "bytes"],
    [TEXT, "text/csv", "blob.csv"],
    ["x", "text/plain", "file.txt"],
  ]);
});

test("a commit waits for the bytes of its Blobs, those of a background event too", async () => {
  const { shop, got } = await open();
  await call(shop, "prepare");
  await expect
    .poll(() => got.map(([, file, name]) => [text(file)[0], name]))
    .toEqual([
      ["first", "1"],
      ["second", "2"],
    ]);
});

test("an effect beyond the bounds of values fails in its event, which is undone", async () => {
  const { shop, got, logged } = await open();
  await expect(call(shop, "shout", 2 ** 26 + 1)).rejects.toMatchObject({ code: "INTERNAL" });
  expect(logged().at(-1)?.message).toContain("67108864 characters");
  expect([got, (shop.mirror.view() as Shop).visits]).toEqual([[], 0]);
});

test("a file that is too large, is none, or cannot be read fails in its event, which is undone", async () => {
  const { shop, got, logged } = await open();
  for (const kind of ["text", "bytes", "blob"]) {
    await expect(call(shop, "large", 512 * 1024 + 1, kind)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logged().at(-1)?.message).toContain("was given 524,289 bytes, and takes 524,288 at most");
  }
  for (const what of [null, 5, {}, { data: 5 }, { data: "x", type: 5 }, ["x"]]) {
    await expect(call(shop, "odd", what)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logged().at(-1)?.message).toContain("`effect.download()` was given");
  }
  const folder = await mkdtemp(join(tmpdir(), "twinstate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await expect(call(shop, "gone", join(folder, "file"))).rejects.toMatchObject({ code: "INTERNAL" });
  await expect(call(shop, "failing")).rejects.toMatchObject({ code: "INVALID" });
  await call(shop, "large", 512 * 1024, "blob");
  await expect.poll(() => got.length).toBe(1);
  expect(shop.mirror.read("visits")).toBe(1);
});

test("a file that cannot be read fails one change of a background event, which may go on without it", async () => {
  const { shop, got } = await open();
  const folder = await mkdtemp(join(tmpdir(), "twinstate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await call(shop, "tryTwice", join(folder, "file"));
  await expect.poll(() => got.map(([name, what]) => (name === "toast" ? what : text(what)[0]))).toEqual(["NotReadableError", "second"]);
  expect(shop.mirror.read("visits")).toBe(1);
});
