import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

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
const TRACES = /devtools|Failed to fetch|server-sent events|performance\.now|round trip/i;

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
