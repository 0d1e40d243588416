import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { preview, treePartsOf } from "../../react/devtools/parts.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

const APP = `
  import { createElement } from "react";
  import { createHooks } from "./react/index.ts";
  const { TwinProvider, useTodo } = createHooks();
  const List = () => useTodo().items.length;
`;
const PLAIN = `${APP} export default createElement(TwinProvider, null, createElement(List));`;
const WITH_TOOLS = `import { TwinDevtools } from "./react/devtools/index.tsx"; ${APP} export default createElement(TwinProvider, null, createElement(List), createElement(TwinDevtools));`;

/** All that a page of this app loads, as its bundler makes it. */
async function bundle(contents: string, mode: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: "ts" },
    outdir: "never-written",
    bundle: true,
    splitting: true,
    write: false,
    minify: true,
    packages: "external",
    format: "esm",
    define: { "process.env.NODE_ENV": JSON.stringify(mode) },
    logLevel: "silent",
    jsx: "automatic",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

/** What the tools are known by, in the page and in the client. */
const TRACES = /devtools|Failed to fetch|server-sent events|ms:\s*performance|round trip/i;

describe("a bundle", () => {
  test("for production has nothing of the devtools, in the page or in the client", async () => {
    const [plain, withTools] = [await bundle(PLAIN, "production"), await bundle(WITH_TOOLS, "production")];
    expect(withTools).toContain("useSyncExternalStore");
    expect(withTools.match(TRACES)).toBeNull();
    expect(withTools).not.toContain("react-dom");
    // An empty component, in its place.
    expect(gzipSync(withTools).length - gzipSync(plain).length).toBeLessThan(60);
  });

  test("for development has all of them", async () => {
    const withTools = await bundle(WITH_TOOLS, "development");
    for (const trace of ["twinstate-devtools", "Failed to fetch", "react-dom/client"]) expect(withTools).toContain(trace);
  });
});

class Book {
  readonly title: string;
  sequel: Book | undefined;
  constructor(title: string) {
    this.title = title;
  }
}

const ring = new Book("a");
ring.sequel = ring;

test.for<[unknown, string]>([
  ["it's", '"it\'s"'],
  ["x".repeat(300), `"${"x".repeat(200)}…"`],
  [-0, "-0"],
  [Number.NaN, "NaN"],
  [12n, "12n"],
  [null, "null"],
  [undefined, "undefined"],
  [[1, 2], "Array(2)"],
  [new Map([[1, 2]]), "Map(1)"],
  [new Set(), "Set(0)"],
  [new Date(0), "Date 1970-01-01T00:00:00.000Z"],
  [new Date(Number.NaN), "Invalid Date"],
  [new URL("https://a.example"), "URL https://a.example/"],
  [/a+/g, "/a+/g"],
  [new Uint8Array(3), "Uint8Array(3)"],
  [{}, "{}"],
  [{ a: 1, b: { c: 2 }, d: [], e: "x", f: 1 }, '{ a: 1, b: {…}, d: Array(0), e: "x", … }'],
  [ring, 'Book { title: "a", sequel: Book {…} }'],
])("the devtools show %s as %s", ([value, text]) => {
  expect(preview(value)).toBe(text);
});

test("the devtools take what a value holds a part at a time", () => {
  expect(treePartsOf(Array.from({ length: 1000 }, (_, i) => i))?.slice(998, 1000)).toEqual([
    ["998", 998],
    ["999", 999],
  ]);
  expect(treePartsOf(new Map([[{ id: 1 }, "one"]]))?.slice(0, 1)).toEqual([["{ id: 1 } →", "one"]]);
  expect(treePartsOf(new Set(["a", "b"]))?.slice(1, 2)).toEqual([["1", "b"]]);
  expect(treePartsOf(new Uint8Array([7, 8]))?.slice(0, 2)).toEqual([
    ["0", 7],
    ["1", 8],
  ]);
  for (const empty of [[], {}, new Map(), new Set(), new Date(), /a/, new URL("https://a.example"), new ArrayBuffer(2), "text", null])
    expect(treePartsOf(empty)).toBeUndefined();
});
