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

test.each(["twinstate/server", "twinstate/server/sqlite", "twinstate/server/redis", "twinstate/server/mcp", "twinstate/next"])(
  "`%s` in code of the browser is refused by bundlers, with the way out",
  async (entry) => {
    expect(await refusal(entry, "browser")).toContain(
      "the server's part of twinstate in code of the browser. Where only its types are needed, write `import type`",
    );
    expect(await refusal(entry, "node")).not.toContain("in code of the browser");
  },
);
