import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Why a bundle for this platform cannot be made. */
async function refusal(entry: string, platform: "browser" | "node"): Promise<string> {
  const contents = `import * as server from ${JSON.stringify(entry)}; console.log(server);`;
  // The package as it is built, past the paths of tsconfig.json, which lead to its sources.
  const bundle = build({
    tsconfigRaw: {},
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    platform,
    format: "esm",
    packages: "bundle",
    logLevel: "silent",
  });
  return bundle.then(
    () => "",
    (error: Error) => error.message,
  );
}

test.each(["twinstate/server", "twinstate/server/sqlite", "twinstate/server/redis", "twinstate/server/postgres", "twinstate/server/mcp", "twinstate/next"])(
  "`%s` in code of the browser is refused by bundlers, with the way out",
  async (entry) => {
    expect(await refusal(entry, "browser")).toContain(
      "the server's part of twinstate in code of the browser. Where only its types are needed, write `import type`",
    );
    expect(await refusal(entry, "node")).not.toContain("in code of the browser");
  },
);

test("a server component gets of `twinstate/react` what it may render; making hooks there names `use client`", async () => {
  const inBrowser = await import("../../react/index.js");
  const inServer = await import("../../react/server-component.js");
  expect(Object.keys(inServer).sort()).toEqual(Object.keys(inBrowser).sort());
  expect(() => inServer.createHooks()).toThrow('Begin the module that calls it, as `state/client.ts`, with `"use client"`');
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, Record<string, string>> };
  // A condition counts only if it stands before `default`.
  expect(Object.keys(exports["./react"] ?? {})).toEqual(["types", "react-server", "default"]);
  const built = readFileSync(join(root, exports["./react"]?.["react-server"] ?? ""), "utf8");
  expect(built).toContain('from "./react.js"');
  expect(built).not.toContain('"use client";');
});
