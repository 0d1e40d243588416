import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { circles, importsFrom, importsOf, ROOMS, ROOT, roomOf, sourcesOf, upwardImports } from "../kit/rooms.js";

/** What each folder may import as it runs; types may cross any border. */
const LAYERS: Record<string, readonly (string | RegExp)[]> = {
  lib: ["lib", "mobx"],
  client: ["client", "lib", "@trpc/client"],
  react: ["react", "client", "lib", /^react(\/jsx-runtime|-dom\/client)?$/],
  server: [
    "server",
    "lib",
    "mobx",
    "croner",
    "ioredis",
    "pg",
    "reflect-metadata",
    /^@modelcontextprotocol\/sdk\//,
    /^node:/,
    /^@trpc\/server(\/|$)/,
    /^next\//,
  ],
  testing: ["testing", "server", "client", "react", "lib", "mobx", "croner", "reflect-metadata", "react", /^node:/, /^@trpc\//, /^next\//, "vitest"],
  cli: ["cli", "server", "lib", "mobx", "croner", "ioredis", "pg", "reflect-metadata", "@babel/parser", "jsonc-parser", /^node:/, /^@trpc\/server(\/|$)/],
};

/** The files of our own that a page loads must not reach these. */
const SERVER_ONLY = [/^server\//, /^node:/, "croner", "reflect-metadata", /^@trpc\/server/, /^next\//];

const matches = (rules: readonly (string | RegExp)[], what: string) => rules.some((rule) => (typeof rule === "string" ? what === rule : rule.test(what)));

/** All imports, and those of some folders' files. */
const everything = importsOf([...Object.keys(LAYERS), "demo-next"]);
const importsIn = async (folders: readonly string[]) =>
  Object.fromEntries(Object.entries(await everything).filter(([file]) => folders.includes(roomOf(file).layer)));

test("each folder imports only what stands before it", async () => {
  const found = await importsIn(Object.keys(LAYERS));
  expect(Object.keys(found).length).toBeGreaterThan(50);
  const wrong: string[] = [];
  for (const [file, targets] of Object.entries(found)) {
    for (const { path } of targets) {
      const what = path in found ? roomOf(path).layer : path;
      if (!matches(LAYERS[roomOf(file).layer] ?? [], what)) wrong.push(`${file} imports ${path}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("each room imports only from the rooms below it", async () => {
  const found = await importsIn(Object.keys(ROOMS));
  for (const [layer, rooms] of Object.entries(ROOMS)) {
    const folders = new Set(sourcesOf(layer).flatMap((file) => roomOf(file).room ?? []));
    expect([...folders].sort()).toEqual([...rooms].sort());
  }
  expect(upwardImports(found)).toEqual([]);
});

test("no files import each other in a circle as they run, in the demo neither", async () => {
  expect(circles(await everything)).toEqual([]);
});

test("an import that goes up, and a circle, are noticed", () => {
  const to = (...paths: string[]) => paths.map((path) => ({ path, lazy: false }));
  const found = { "lib/graph/a.ts": to("lib/store/b.ts"), "lib/store/b.ts": to("lib/graph/a.ts"), "lib/index.ts": [] };
  expect(upwardImports(found)).toEqual(["lib/graph/a.ts imports lib/store/b.ts"]);
  expect(circles(found)).toEqual([["lib/graph/a.ts", "lib/store/b.ts"]]);
});

/** What a stream is made of knows what it watches by this face alone: a host on another node has it too. */
const FED = ["connection", "queued", "stream-queue", "state-messages", "feed"].map((name) => `server/stream/${name}.ts`);

test("a stream knows of feeds alone, and of no host, in its types neither", () => {
  const host = /from "\.\.\/host\/(?:host|hosts|watchers|audiences|commits|ticks)\.js"/;
  const knowing = [...FED, "server/call/missed.ts"].filter((file) => host.test(readFileSync(ROOT + file, "utf8")));
  expect(knowing).toEqual([]);
});

test("nothing that a browser loads reaches the server's code", async () => {
  const found = await importsIn(["lib", "client", "react"]);
  const reached = [...new Set(Object.values(found).flatMap((targets) => targets.map(({ path }) => path)))];
  expect(reached).toContain("mobx");
  expect(reached.filter((target) => matches(SERVER_ONLY, target))).toEqual([]);
});

test("a page of views loads neither MobX nor what it reacts to, before it asks for a live twin", async () => {
  const found = await importsFrom(["react/index.ts"]);
  const loaded = new Set(["react/index.ts"]);
  // `useLocal` is a module of its own in the package, which the entry passes on: bundlers leave it out of pages without local stores.
  for (const file of loaded)
    for (const { path, lazy } of found[file] ?? []) if (!lazy && !(file === "react/index.ts" && path === "react/local.ts")) loaded.add(path);
  expect(loaded).toContain("lib/mirror/snapshot-mirror.ts");
  // What applies deltas and takes messages comes with the stream.
  expect([...loaded].filter((file) => /delta-reader|receiver|sender/.test(file))).toEqual([]);
  expect([...loaded].filter((file) => /^mobx$|^lib\/(live|store|channel|predict)\//.test(file))).toEqual([]);
});
